package oci

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	dockerconfig "github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// TLS says whom a connection trusts, and as whom it speaks.
type TLS struct {
	CAFile                string // the only authorities to trust, in place of the system's
	CertFile, KeyFile     string // the client's certificate and its key
	InsecureSkipTLSVerify bool   // take any certificate
}

// Options say how to reach a registry and as whom.
type Options struct {
	TLS
	PlainHTTP bool // HTTP, and never HTTPS; HTTPS alone otherwise

	// Username and Password are used in place of those that are stored.
	Username, Password string
	// RegistryConfig is the file in which Helm stores credentials.
	RegistryConfig string
	// UserAgent names this program to the registry.
	UserAgent string
	// Silence is how long a registry may be silent after a request before the connection counts as broken.
	Silence time.Duration
	// Debug takes a line for each request; nil for none.
	Debug io.Writer
}

// config reads the files that TLS names.
func (t TLS) config() (*tls.Config, error) {
	const pemForm = "give a file of certificates in PEM"
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: t.InsecureSkipTLSVerify, //nolint:gosec // the user's flag
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, remedy.Errorf(pemForm, "read the authorities to trust: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, remedy.Errorf(pemForm, "%s: no certificate in it", t.CAFile)
		}
	}
	if t.CertFile == "" && t.KeyFile == "" {
		return config, nil
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return nil, remedy.Errorf("give both", "a client's certificate and its key belong together, and one is missing")
	}
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, remedy.Errorf("give a certificate and its key in PEM",
			"read the client's certificate %s and its key %s: %w", t.CertFile, t.KeyFile, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// connections makes connections as the environment's proxies want them, and does nothing else.
func (o Options) connections() (*http.Transport, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: o.Silence,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
	}, nil
}

// authenticator gives the credentials for a repository: those of the options, else what Helm stored, else Docker's
// and its credential helpers', else none.
func (o Options) authenticator(ctx context.Context, repo name.Repository) (authn.Authenticator, error) {
	if o.Username != "" || o.Password != "" {
		return authn.FromConfig(authn.AuthConfig{Username: o.Username, Password: o.Password}), nil
	}
	var auth authn.Authenticator
	done := make(chan error, 1)
	// A credential helper is a program that hears of no context.
	go func() {
		chain := authn.NewMultiKeychain(helmKeychain{o.RegistryConfig}, authn.DefaultKeychain)
		var err error
		auth, err = authn.Resolve(ctx, chain, resource{repo})
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			host := repo.RegistryStr()
			step := "mend the file, install the helper, or log in with `helm registry login " + host + "`"
			return nil, remedy.Errorf(step, "read the stored credentials for %s: %w", host, err)
		}
		return auth, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// resource is a repository under the name that credentials are stored for: Docker Hub has several.
type resource struct{ name.Repository }

func (r resource) RegistryStr() string {
	if r.Repository.RegistryStr() == "registry-1.docker.io" {
		return name.DefaultRegistry
	}
	return r.Repository.RegistryStr()
}

// helmKeychain reads the file that `helm registry login` writes, which has the form of Docker's.
type helmKeychain struct{ file string }

// Resolve is go-containerregistry's.
func (k helmKeychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	data, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(bytes.TrimSpace(data)) == 0) {
		return authn.Anonymous, nil
	}
	if err != nil {
		return nil, err
	}
	config, err := dockerconfig.LoadFromReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.file, err)
	}
	key := target.RegistryStr()
	if key == name.DefaultRegistry {
		key = authn.DefaultAuthKey
	}
	stored, err := config.GetAuthConfig(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.file, err)
	}
	found := authn.AuthConfig{
		Username: stored.Username, Password: stored.Password, Auth: stored.Auth,
		IdentityToken: stored.IdentityToken, RegistryToken: stored.RegistryToken,
	}
	if found == (authn.AuthConfig{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(found), nil
}

// HasLogin reports whether credentials are stored for a registry, without using them.
func HasLogin(ctx context.Context, o Options, host string) (bool, error) {
	repo, err := NewRepository(host, "any", false)
	if err != nil {
		return false, remedy.Errorf("name a host such as ghcr.io", "%w", err)
	}
	auth, err := o.authenticator(ctx, repo.repo)
	if err != nil {
		return false, err
	}
	config, err := auth.Authorization()
	if err != nil {
		return false, fmt.Errorf("read the stored credentials for %s: %w", host, err)
	}
	return *config != authn.AuthConfig{}, nil
}
