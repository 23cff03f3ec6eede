package upstream

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

const (
	tries = 3
	// silence is how long a server may be silent after a request.
	silence = 30 * time.Second
	// maxPause is the longest pause that a server may ask for.
	maxPause = 30 * time.Second
	// maxAnswer bounds an index, an archive and all else that is read of the disk, packed.
	maxAnswer = 64 << 20
)

// connection gives the options' files before those of the repository.
func (f *finder) connection(r *repository) oci.Options {
	t := f.o.TLS
	t.InsecureSkipTLSVerify = t.InsecureSkipTLSVerify || r.InsecureSkipVerify
	t.CAFile = cmp.Or(t.CAFile, r.CAFile)
	if t.CertFile == "" {
		t.CertFile, t.KeyFile = r.CertFile, r.KeyFile
	}
	return oci.Options{
		TLS: t, PlainHTTP: f.o.PlainHTTP, RegistryConfig: f.o.RegistryConfig, UserAgent: f.o.UserAgent,
		Silence: silence, Debug: f.o.Log,
	}
}

// checkRedirect lets a redirect take no credentials to another origin: net/http would, to other ports of the host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http" {
		return oci.ErrDowngrade
	}
	if !sameOrigin(req.URL, via[0].URL) {
		req.Header.Del("Authorization")
	}
	return nil
}

// get reads what lies at a URL, three times where a failure may pass, and says what to do where it cannot.
func (f *finder) get(ctx context.Context, r *repository, u *url.URL, what subject) (data []byte, err error) {
	if r.client == nil {
		transport, err := oci.Transport(f.connection(r), f.retry.Secrets)
		if err != nil {
			return nil, err
		}
		r.client = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	}
	err = f.retry.Do(ctx, "read "+shown(u.String()), func(ctx context.Context) (err error) {
		data, err = f.once(ctx, r, u, what)
		return plain(err)
	})
	if err != nil {
		login := "`helm repo add NAME " + u.Scheme + "://" + u.Host + "/... --username USER --password-stdin`, " +
			"and give the NAME to --upstream"
		return nil, failure(err, u, what, login)
	}
	return data, nil
}

// once reads with the credentials of the repository. They go to its origin alone; where Helm passes them to all, to
// the first host of any request. A redirect takes them nowhere else.
func (f *finder) once(ctx context.Context, r *repository, u *url.URL, what subject) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, bare(u).String(), nil)
	if err != nil {
		return nil, err
	}
	if what == theArchive { // net/http would unpack one that a server calls gzipped
		req.Header.Set("Accept-Encoding", "identity")
	}
	req.Header.Set("User-Agent", f.o.UserAgent)
	if r.Username != "" && (r.PassCredentialsAll || sameOrigin(u, r.url)) {
		req.SetBasicAuth(r.Username, r.Password)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &oci.StatusError{Code: resp.StatusCode}
	}
	return io.ReadAll(resp.Body) // bounded by oci.Transport
}

// plain gives an error without the address before it, which may have credentials and signatures in it.
func plain(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}
