package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
)

// attempt is one try of an operation, which may take several requests.
type attempt struct {
	// expect is the digest that the registry must name wherever it names one,
	// "" where any will do.
	expect digest.Digest

	requests   atomic.Int32
	retryAfter atomic.Int64 // what the registry asked for, in nanoseconds
}

// mostRequests ends a try that redirects lead round in circles.
const mostRequests = 40

type attemptKey struct{}

func withAttempt(ctx context.Context, a *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// attemptOf gives the attempt that a request belongs to, an empty one where it
// belongs to none.
func attemptOf(ctx context.Context) *attempt {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		return a
	}
	return &attempt{}
}

// Errors that another try does not mend.
var (
	errNotPlain      = errors.New("the registry leads to plain HTTP, which is not allowed")
	errManyRedirects = errors.New("the registry redirects without end")
)

// wrongDigestError says that a registry has other content than it was sent.
type wrongDigestError struct {
	what      string
	sent, got digest.Digest
}

func (e *wrongDigestError) Error() string {
	return fmt.Sprintf("%s: the registry answers with digest %s for what has digest %s", e.what, e.got, e.sent)
}

// watcher looks at each request and response of a push on its way.
type watcher struct {
	next      http.RoundTripper
	host      string // the registry's
	plainHTTP bool
	secrets   *secrets
	debug     io.Writer // nil for none
}

// RoundTrip is net/http's.
func (w *watcher) RoundTrip(req *http.Request) (*http.Response, error) {
	a := attemptOf(req.Context())
	if a.requests.Add(1) > mostRequests {
		return nil, errManyRedirects
	}
	req, err := w.schemed(req)
	if err != nil {
		return nil, err
	}
	if header := req.Header.Get("Authorization"); header != "" {
		w.secrets.addHeader(header)
	}
	started := time.Now()
	resp, err := w.next.RoundTrip(req)
	w.log(req, resp, err, time.Since(started))
	if err != nil {
		return nil, err
	}
	a.retryAfter.Store(int64(retryAfter(resp.Header.Get("Retry-After"), time.Now())))
	if err := checkDigest(a.expect, req, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// schemed gives the request with the scheme that the user chose for the
// registry. go-containerregistry tries HTTPS first, and for private addresses
// falls back to HTTP by itself: with the credentials.
func (w *watcher) schemed(req *http.Request) (*http.Request, error) {
	want := "https"
	if w.plainHTTP {
		want = "http"
	}
	switch {
	case req.URL.Scheme == want:
		return req, nil
	case req.URL.Host == w.host:
		req = req.Clone(req.Context())
		req.URL.Scheme = want
		return req, nil
	case req.URL.Scheme == "http":
		return nil, errNotPlain
	}
	return req, nil
}

func checkDigest(expect digest.Digest, req *http.Request, resp *http.Response) error {
	if expect == "" || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil
	}
	got, err := digest.Parse(resp.Header.Get("Docker-Content-Digest"))
	if err != nil || got.Algorithm() != expect.Algorithm() || got == expect {
		return nil
	}
	return &wrongDigestError{req.Method + " " + req.URL.Path, expect, got}
}

// log writes a line of a request. Headers, bodies and queries hold
// credentials, and are left out.
func (w *watcher) log(req *http.Request, resp *http.Response, err error, took time.Duration) {
	if w.debug == nil {
		return
	}
	outcome := ""
	if err != nil {
		outcome = err.Error()
	} else {
		outcome = resp.Status
	}
	bare := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}
	fmt.Fprintln(w.debug, w.secrets.clean(fmt.Sprintf("%s %s: %s (%s)", req.Method, bare.String(), outcome, took.Round(time.Millisecond))))
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110,
// 10.2.3). It gives 0 where there is none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		const most = 1 << 30 // more overflows, and is more than anyone waits
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
