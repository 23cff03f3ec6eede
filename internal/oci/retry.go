package oci

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Retry tries operations again whose failure may pass.
type Retry struct {
	Tries   int           // at most, of each operation
	Wait    time.Duration // after the first failure; it doubles
	MaxWait time.Duration // the longest that a server may ask for, 0 for any
	Notes   io.Writer     // a line for each pause
	Secrets *Secrets

	again atomic.Int64
}

// Again counts how often something was tried again.
func (r *Retry) Again() int64 { return r.again.Load() }

// Error is the failure of an operation.
type Error struct {
	Op  string // such as "write 1.0.0"
	Err error
	// Wait is how long the next try would have had to wait, where there was no time for it.
	Wait time.Duration
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusError is an answer of a server that is a refusal.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", e.Code, http.StatusText(e.Code)))
}

// maxPause ends the doubling.
const maxPause = 15 * time.Second

// Do tries an operation. The error is of type *Error and has that of the last try.
func (r *Retry) Do(ctx context.Context, op string, operation func(context.Context) error) error {
	wait := r.Wait
	for n := 1; ; n++ {
		var after atomic.Int64
		err := operation(context.WithValue(ctx, pauseKey{}, &after))
		if err == nil {
			return nil
		}
		err = shorten(err)
		if ctx.Err() != nil || n >= r.Tries || !mayPass(err) {
			return &Error{Op: op, Err: err}
		}
		asked := time.Duration(after.Load())
		pause := max(wait+rand.N(wait/2+1), asked)
		deadline, limited := ctx.Deadline()
		if (r.MaxWait > 0 && asked > r.MaxWait) || (limited && time.Until(deadline) < pause) {
			return &Error{op, err, pause}
		}
		line := fmt.Sprintf("Trying again in %s: %s: %v", pause.Round(time.Millisecond), op, err)
		fmt.Fprintln(r.Notes, r.Secrets.Clean(line))
		r.again.Add(1)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return &Error{Op: op, Err: err}
		}
		wait = min(2*wait, maxPause)
	}
}

const noToken = "no token in the answer of the token server"

// greetings are the errors of go-containerregistry's two tries to say hello.
var greetings = regexp.MustCompile(`(Get "https://[^"]*/v2/": .*); Get "http://[^"]*/v2/": .*`)

// shorten takes out of go-containerregistry's errors the second of two tries to say hello, and the whole answer of a
// token server. It says of an answer without end how much is read.
func shorten(err error) error {
	text := greetings.ReplaceAllString(err.Error(), "$1")
	if before, _, found := strings.Cut(text, "no token in bearer response:\n"); found {
		text = before + noToken
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		text = fmt.Sprintf("it is larger than %d MiB, which is the most that is read", large.Limit>>20)
	}
	return withText(text, err)
}

// mayPass reports whether another try of a whole operation has a chance.
func mayPass(err error) bool {
	// An upload that the registry lost, or that arrived damaged, begins anew.
	if HasCode(err, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID", "DIGEST_INVALID", "SIZE_INVALID", "TOOMANYREQUESTS") {
		return true
	}
	switch code := Status(err); code {
	case 0:
		return !isLasting(err)
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	default:
		return code >= 500
	}
}

// isLasting knows the failures that no waiting mends. What it does not know is taken for a broken connection.
func isLasting(err error) bool {
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return lookup.IsNotFound
	}
	is := func(lasting error) bool { return errors.Is(err, lasting) }
	has := func(text string) bool { return strings.Contains(err.Error(), text) }
	return isA[*DigestError](err) || isA[*http.MaxBytesError](err) || IsBadCertificate(err) || IsAlert(err) ||
		isA[tls.RecordHeaderError](err) || IsPlainServer(err) ||
		slices.ContainsFunc([]error{ErrDowngrade, ErrRedirects, ErrPrivate, ErrTagPages, ErrTagsElsewhere,
			context.Canceled}, is) ||
		slices.ContainsFunc([]string{ // these have no type
			"SSRF protection", "invalid realm", "missing realm", noToken, "unsupported protocol scheme",
		}, has)
}

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// IsBadCertificate tells whether a server's certificate is not to be trusted.
func IsBadCertificate(err error) bool { return isA[*tls.CertificateVerificationError](err) }

// IsPlainServer knows the error of TLS with a server that has none, which has no type.
func IsPlainServer(err error) bool {
	return strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// IsAlert tells whether the server ended the handshake of TLS, as one does that wants a client's certificate: in
// crypto/tls its word has no type of its own, but the operation a name.
func IsAlert(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "remote error"
}

// Status gives the HTTP status of a refusal, 0 for any other error.
func Status(err error) int {
	if refused, ok := errors.AsType[*transport.Error](err); ok {
		return refused.StatusCode
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Code
	}
	return 0
}

// HasCode reports whether a registry refused with one of these codes
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes).
func HasCode(err error, codes ...string) bool {
	refused, ok := errors.AsType[*transport.Error](err)
	return ok && slices.ContainsFunc(refused.Errors, func(d transport.Diagnostic) bool {
		return slices.Contains(codes, string(d.Code))
	})
}
