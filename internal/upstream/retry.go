package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// retry does something again whose failure may pass.
func (c *client) retry(ctx context.Context, what string, do func() error) error {
	wait := c.wait
	for n := 1; ; n++ {
		err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case n >= tries || !mayPass(err):
			return err
		}
		pause := wait + rand.N(wait/2+1)
		var refused *statusError
		if errors.As(err, &refused) && refused.retryAfter > 0 {
			pause = refused.retryAfter
		}
		if deadline, ok := ctx.Deadline(); pause > maxPause || (ok && time.Until(deadline) < pause) {
			return err // nobody waits that long
		}
		c.log("Trying again in %s: %s: %v", pause.Round(time.Millisecond), what, err)
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
		wait *= 2
	}
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

// mayPass tells whether another try has a chance. What it does not know is taken
// for a broken connection.
func mayPass(err error) bool {
	var refused *statusError
	if errors.As(err, &refused) {
		switch refused.code {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
			return false
		}
		return refused.code >= 500
	}
	var large *tooLargeError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var lookup *net.DNSError
	switch {
	case errors.Is(err, errDowngrade), errors.Is(err, errRedirects), errors.As(err, &large), errors.As(err, &certificate),
		errors.As(err, &record), isAlert(err), notPlain(err), strings.Contains(err.Error(), "unsupported protocol scheme"):
		return false
	case errors.As(err, &lookup):
		return !lookup.IsNotFound
	}
	return true
}

// notPlain knows the error of TLS with a server that has none, which has no type.
func notPlain(err error) bool {
	return strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// isAlert tells whether the server ended the handshake of TLS: in crypto/tls its
// word has no type of its own, but the operation a name.
func isAlert(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "remote error"
}
