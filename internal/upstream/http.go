package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// client reads from one chart repository.
type client struct {
	http  *http.Client
	retry *oci.Retry
	user  string // of User-Agent

	// Credentials go to the origin of home alone; with passAll to the first host of any request. A redirect takes
	// them nowhere else.
	home               *url.URL
	username, password string
	passAll            bool
}

const (
	tries = 3
	// silence is how long a server may be silent after a request.
	silence = 30 * time.Second
	// maxPause is the longest pause that a server may ask for.
	maxPause = 30 * time.Second
	// maxAnswer bounds an index, an archive and all else that is read, packed.
	maxAnswer = 64 << 20
)

// connection gives the options' files before those of the repository.
func (f *finder) connection(r repository) oci.Options {
	t := f.o.TLS
	t.InsecureSkipTLSVerify = t.InsecureSkipTLSVerify || r.InsecureSkipVerify
	if t.CAFile == "" {
		t.CAFile = r.CAFile
	}
	if t.CertFile == "" {
		t.CertFile, t.KeyFile = r.CertFile, r.KeyFile
	}
	return oci.Options{
		TLS: t, PlainHTTP: f.o.PlainHTTP, RegistryConfig: f.o.RegistryConfig, UserAgent: f.o.UserAgent,
		Silence: silence, Debug: f.o.Log,
	}
}

// client gives the client of a repository, nil where the network is not to be used.
func (f *finder) client(r repository) (*client, error) {
	if f.o.Offline {
		return nil, nil
	}
	transport, err := oci.Transport(f.connection(r), f.retry.Secrets)
	if err != nil {
		return nil, err
	}
	return &client{
		http: &http.Client{Transport: transport, CheckRedirect: checkRedirect}, retry: f.retry, user: f.o.UserAgent,
		home: r.url, username: r.Username, password: r.Password, passAll: r.PassCredentialsAll,
	}, nil
}

func (c *client) close() {
	if c != nil {
		c.http.CloseIdleConnections()
	}
}

// checkRedirect lets a redirect take no credentials to another origin. net/http would take them to other ports of the
// host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http" {
		return oci.ErrDowngrade
	}
	if !sameOrigin(req.URL, via[0].URL) {
		req.Header.Del("Authorization")
	}
	return nil
}

// get reads what lies at a URL, three times where a failure may pass. what is one of the names below.
func (c *client) get(ctx context.Context, u *url.URL, what string) (data []byte, err error) {
	err = c.retry.Do(ctx, "read "+shown(u.String()), func(ctx context.Context) (err error) {
		data, err = c.once(ctx, u, what)
		return plain(err)
	})
	return data, err
}

func (c *client) once(ctx context.Context, u *url.URL, what string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, bare(u).String(), nil)
	if err != nil {
		return nil, err
	}
	if what == theArchive { // net/http would unpack one that a server calls gzipped
		req.Header.Set("Accept-Encoding", "identity")
	}
	if c.user != "" {
		req.Header.Set("User-Agent", c.user)
	}
	if c.username != "" && (c.passAll || sameOrigin(u, c.home)) {
		req.SetBasicAuth(c.username, c.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &oci.StatusError{Code: resp.StatusCode}
	}
	return io.ReadAll(http.MaxBytesReader(nil, resp.Body, maxAnswer))
}

// plain gives an error without the address that net/http puts before it: addresses have credentials and signatures in
// them.
func plain(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// isProxied tells whether the environment sends a request through a proxy.
func isProxied(u *url.URL) bool {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	return err == nil && proxy != nil
}
