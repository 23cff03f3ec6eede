package oci

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
)

// maxAnswer bounds what is read of an answer. The largest are blobs.
const maxAnswer = 64 << 20

// maxRedirects is how often a server may send a request elsewhere.
const maxRedirects = 10

// Errors that another try does not mend.
var (
	ErrDowngrade = errors.New("the server leads from https to plain HTTP")
	ErrRedirects = errors.New("the server redirects without end")
	ErrPrivate   = errors.New("the server leads to an address of a private network")
)

// DigestError says that a registry has other content than what was sent or asked for.
type DigestError struct {
	What      string // of the request
	Got, Want digest.Digest
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s: the registry answers with digest %s for what has digest %s", e.What, e.Got, e.Want)
}

// pauseKey leads in a context to the pause that the server asked for last: an operation may take several requests.
type pauseKey struct{}

// observer looks at each request and response: it keeps to the scheme, checks digests, bounds answers, and logs.
type observer struct {
	next     *http.Transport
	registry string // its host, "" for another server
	scheme   string // the registry's, which the user chose
	secrets  *Secrets
	debug    io.Writer // nil for none
}

// RoundTrip is net/http's.
func (o *observer) RoundTrip(req *http.Request) (*http.Response, error) {
	redirects := 0
	for r := req; r.Response != nil && r.Response.Request != nil; r = r.Response.Request {
		if redirects++; redirects > maxRedirects {
			return nil, ErrRedirects
		}
	}
	req, err := o.prepared(req)
	if err != nil {
		return nil, err
	}
	o.secrets.addHeader(req.Header.Get("Authorization"))
	started := time.Now()
	resp, err := o.next.RoundTrip(req)
	o.log(req, resp, err, time.Since(started))
	if err != nil {
		return nil, err
	}
	if asked, ok := req.Context().Value(pauseKey{}).(*atomic.Int64); ok {
		asked.Store(int64(retryAfter(resp.Header.Get("Retry-After"), time.Now())))
	}
	if err := checkDigest(req, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}

// prepared gives the request with the scheme that the user chose for the registry, and without the address that it
// comes from, which may be signed. go-containerregistry tries HTTPS first, and for private addresses falls back to
// HTTP by itself: with the credentials.
func (o *observer) prepared(req *http.Request) (*http.Request, error) {
	req = req.Clone(req.Context())
	req.Header.Del("Referer")
	if req.URL.Host == o.registry {
		req.URL.Scheme = o.scheme
	}
	if req.URL.Scheme == "http" && o.scheme == "https" {
		return nil, ErrDowngrade
	}
	return req, nil
}

// checkHost refuses to be led from one host to another that is an address of the user's own network.
func checkHost(from, to *url.URL) error {
	if host := to.Hostname(); host != from.Hostname() && isPrivate(host) {
		return ErrPrivate
	}
	return nil
}

// isPrivate reports whether a host is an address that is not public. Of the other ways to write an address, such as
// 0x7f.1, all are taken for private.
func isPrivate(host string) bool {
	host, _, _ = strings.Cut(host, "%")
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.Unmap().IsGlobalUnicast() || ip.Unmap().IsPrivate()
	}
	_, err := strconv.ParseUint(host[strings.LastIndex(host, ".")+1:], 0, 64)
	return err == nil
}

// checkDigest compares the digest that the registry names, if it names one.
func checkDigest(req *http.Request, resp *http.Response) error {
	want := wantedDigest(req)
	if want == "" || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil
	}
	got, err := digest.Parse(resp.Header.Get("Docker-Content-Digest"))
	if err != nil || got.Algorithm() != want.Algorithm() || got == want {
		return nil
	}
	return &DigestError{req.Method + " " + req.URL.Path, got, want}
}

// content is the path of a manifest or blob.
var content = regexp.MustCompile(`^/v2/.+/(manifests|blobs)/[^/]+$`)

// wantedDigest gives the digest of what a request reads or writes, "" where any will do.
func wantedDigest(req *http.Request) digest.Digest {
	if d, err := digest.Parse(req.URL.Query().Get("digest")); err == nil && req.Method == http.MethodPut {
		return d // the end of an upload
	}
	if !content.MatchString(req.URL.Path) {
		return ""
	}
	if d, err := digest.Parse(path.Base(req.URL.Path)); err == nil {
		return d
	}
	if req.Method != http.MethodPut || req.GetBody == nil {
		return ""
	}
	body, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	d, _ := digest.FromReader(body) // "" where it cannot be read
	return d
}

// log writes a line of a request. Headers, bodies and queries hold credentials, and are left out.
func (o *observer) log(req *http.Request, resp *http.Response, err error, took time.Duration) {
	if o.debug == nil {
		return
	}
	outcome := fmt.Sprint(err)
	if err == nil {
		outcome = resp.Status
	}
	bare := url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: req.URL.Path}
	line := fmt.Sprintf("%s %s: %s (%s)", req.Method, bare.String(), outcome, took.Round(time.Millisecond))
	fmt.Fprintln(o.debug, o.secrets.Clean(line))
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110, 10.2.3). It gives 0 where there is none.
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
