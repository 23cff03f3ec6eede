package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// retrier tries operations again whose failure may pass.
type retrier struct {
	tries   int           // at most, of each operation
	wait    time.Duration // after the first failure; it doubles
	limit   time.Duration // of everything, for messages
	notes   io.Writer
	secrets *secrets

	again atomic.Int64 // how often something was tried again
}

// mostWait ends the doubling.
const mostWait = 15 * time.Second

// do tries an operation. Where the registry names the digest of what the
// operation is about, it must be expect.
func (r *retrier) do(ctx context.Context, what string, expect digest.Digest, operation func(context.Context) error) error {
	wait := r.wait
	for n := 1; ; n++ {
		a := &attempt{expect: expect}
		err := operation(withAttempt(ctx, a))
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return r.ended(ctx, what, err)
		}
		if n >= r.tries || !mayPass(err) {
			return fmt.Errorf("%s: %w", what, err)
		}
		pause := max(wait+rand.N(wait/2+1), time.Duration(a.retryAfter.Load()))
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
			return remedy.Errorf("try again later, or raise --timeout",
				"%s: %w; the next try would be in %s, and the push may take %s", what, err, pause.Round(time.Millisecond), r.limit)
		}
		fmt.Fprintln(r.notes, r.secrets.clean(fmt.Sprintf("Trying again in %s: %s: %v", pause.Round(time.Millisecond), what, err)))
		r.again.Add(1)
		if !sleep(ctx, pause) {
			return r.ended(ctx, what, err)
		}
		wait = min(2*wait, mostWait)
	}
}

// errLimit is the cause of a context that ended by --timeout.
var errLimit = errors.New("time is up")

// ended gives the error of an operation that its context ended: that of the
// user's interruption as it is, for the command line knows it.
func (r *retrier) ended(ctx context.Context, what string, last error) error {
	if !errors.Is(context.Cause(ctx), errLimit) {
		return ctx.Err()
	}
	return remedy.Errorf("raise --timeout, or look at the registry", "%s: not done within %s: %v", what, r.limit, last)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// mayPass reports whether another try of a whole operation has a chance.
func mayPass(err error) bool {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return statusMayPass(refused)
	}
	return !isLasting(err)
}

func statusMayPass(e *transport.Error) bool {
	// An upload that the registry lost, or that arrived damaged, begins anew.
	for _, d := range e.Errors {
		switch d.Code {
		case transport.BlobUploadUnknownErrorCode, transport.BlobUploadInvalidErrorCode,
			transport.DigestInvalidErrorCode, transport.SizeInvalidErrorCode, transport.TooManyRequestsErrorCode:
			return true
		}
	}
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return e.StatusCode >= 500
}

// isLasting knows the failures that no waiting mends. What it does not know
// is taken for a broken connection.
func isLasting(err error) bool {
	for _, lasting := range []error{errNotPlain, errManyRedirects, context.Canceled} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	var wrong *wrongDigestError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &wrong) || errors.As(err, &certificate) || errors.As(err, &record) || isAlert(err) {
		return true
	}
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return lookup.IsNotFound
	}
	// These have no type.
	return slices.ContainsFunc([]string{"server gave HTTP response to HTTPS client", "SSRF protection", "invalid realm", "missing realm", "no token in bearer response", "unsupported protocol scheme"},
		func(text string) bool { return strings.Contains(err.Error(), text) })
}

// isAlert tells whether the registry ended the handshake of TLS, as one does that
// wants a client's certificate: in crypto/tls its word has no type of its own, but
// the operation a name.
func isAlert(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "remote error"
}
