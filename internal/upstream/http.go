package upstream

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// client reads from one repository or registry.
type client struct {
	http *http.Client
	log  func(format string, args ...any)
	wait time.Duration
	user string // of User-Agent

	// Credentials go to the origin of home alone; with passAll to the first
	// host of any request. A redirect takes them nowhere else.
	home               *url.URL
	username, password string
	passAll            bool
}

const (
	tries        = 3
	maxRedirects = 10
	// silence is how long a server may be silent after a request.
	silence = 30 * time.Second
	// maxPause is the longest pause that a server may ask for.
	maxPause = 30 * time.Second
)

// Errors that another try does not mend.
var (
	errDowngrade = errors.New("the server leads from https to plain HTTP")
	errRedirects = errors.New("the server redirects without end")
)

// tooLargeError says that an answer is larger than anything legal.
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("it is larger than %d MiB, which is the most that is read", e.limit>>20)
}

// statusError is an answer that is a refusal.
type statusError struct {
	code       int
	retryAfter time.Duration
}

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", e.code, http.StatusText(e.code)))
}

// trust says whom a connection trusts, and as whom it speaks.
type trust struct {
	caFile, certFile, keyFile string
	insecure                  bool
}

// trust gives the options' files before those of the repository.
func (f *finder) trust(r repository) trust {
	t := trust{f.o.CAFile, f.o.CertFile, f.o.KeyFile, f.o.InsecureSkipTLSVerify || r.insecure}
	if t.caFile == "" {
		t.caFile = r.caFile
	}
	if t.certFile == "" {
		t.certFile, t.keyFile = r.certFile, r.keyFile
	}
	return t
}

// transport makes connections as the environment's proxies want them.
func (t trust) transport() (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.insecure} //nolint:gosec // the user's wish
	if t.caFile != "" {
		pem, err := readFile(t.caFile, maxRepositories)
		if err != nil {
			return nil, remedy.Errorf("give a file of certificates in PEM", "read the authorities to trust: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, remedy.Errorf("give a file of certificates in PEM", "%s: no certificate in it", t.caFile)
		}
	}
	if t.certFile != "" || t.keyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.certFile, t.keyFile)
		if err != nil {
			return nil, remedy.Errorf("give a certificate and its key in PEM", "read the client's certificate %s and its key %s: %w", t.certFile, t.keyFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: silence,
	}, nil
}

// client gives the client of a repository.
func (f *finder) client(r repository) (*client, error) {
	t, err := f.trust(r).transport()
	if err != nil {
		return nil, err
	}
	return &client{
		http: &http.Client{Transport: t, CheckRedirect: checkRedirect}, log: f.log, wait: f.o.Wait, user: f.o.UserAgent,
		home: r.url, username: r.username, password: r.password, passAll: r.passAll,
	}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// checkRedirect lets a redirect take nothing to another origin but the question.
// net/http would take credentials to other ports of the host, and addresses with
// signatures in them as the referrer.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) >= maxRedirects:
		return errRedirects
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return errDowngrade
	}
	req.Header.Del("Referer")
	if !sameOrigin(req.URL, via[0].URL) {
		req.Header.Del("Authorization")
	}
	return nil
}

// question is what is asked of a server.
type question struct {
	url    *url.URL
	limit  int64       // of the answer, in bytes
	header http.Header // may be nil
}

// reply is what a server says to a question.
type reply struct {
	data           []byte
	header         http.Header
	notModified    bool
	etag, modified string
}

// get asks a question, three times where a failure may pass.
func (c *client) get(ctx context.Context, q question) (*reply, error) {
	var out *reply
	err := c.retry(ctx, "read "+shown(q.url.String()), func() (err error) {
		out, err = c.once(ctx, q)
		return err
	})
	return out, err
}

func (c *client) once(ctx context.Context, q question) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, bare(q.url).String(), nil)
	if err != nil {
		return nil, plain(err)
	}
	for name, values := range q.header {
		req.Header[name] = values
	}
	if c.user != "" {
		req.Header.Set("User-Agent", c.user)
	}
	if c.username != "" && (c.passAll || sameOrigin(q.url, c.home)) {
		req.SetBasicAuth(c.username, c.password)
	}
	c.log("Reading %s", shown(q.url.String()))
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer resp.Body.Close()
	out := &reply{header: resp.Header, etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}
	switch {
	case resp.StatusCode == http.StatusNotModified && conditional(q.header):
		out.notModified = true
		return out, nil
	case resp.StatusCode != http.StatusOK:
		return nil, &statusError{resp.StatusCode, retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	case resp.ContentLength > q.limit:
		return nil, &tooLargeError{q.limit}
	}
	out.data, err = readBody(resp, q.limit)
	return out, err
}

func conditional(h http.Header) bool {
	return h.Get("If-None-Match") != "" || h.Get("If-Modified-Since") != ""
}

func readBody(resp *http.Response, limit int64) ([]byte, error) {
	var buffer bytes.Buffer
	if resp.ContentLength > 0 {
		buffer.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
	if _, err := buffer.ReadFrom(io.LimitReader(resp.Body, limit+1)); err != nil {
		return nil, plain(err)
	}
	if int64(buffer.Len()) > limit {
		return nil, &tooLargeError{limit}
	}
	return buffer.Bytes(), nil
}

// plain gives an error without the address that net/http puts before it:
// addresses have credentials and signatures in them.
func plain(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110,
// 10.2.3). It gives 0 where there is none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		const most = 1 << 30 // more overflows
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// isProxied tells whether the environment sends a request through a proxy.
func isProxied(u *url.URL) bool {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	return err == nil && proxy != nil
}
