package publish

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Connection says how to reach a registry and as whom.
type Connection struct {
	PlainHTTP         bool   // HTTP, and never HTTPS; HTTPS alone otherwise
	CAFile            string // the only authorities to trust, in place of the system's
	CertFile, KeyFile string // the client's certificate and its key
	SkipTLSVerify     bool   // take any certificate

	// Username and Password are used in place of those that are stored.
	Username, Password string
	// RegistryConfig is the file in which Helm stores credentials, Helm's own
	// default where empty.
	RegistryConfig string
	// UserAgent names this program to the registry.
	UserAgent string
}

// silence is how long a registry may be silent after a request before the
// connection counts as broken.
const silence = 90 * time.Second

// transport makes connections, and nothing else.
func (c Connection) transport() (http.RoundTripper, error) {
	config, err := c.tls()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: silence,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
	}, nil
}

func (c Connection) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.SkipTLSVerify} //nolint:gosec // the user's flag
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read --ca-file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, remedy.Errorf("give a file of certificates in PEM", "--ca-file %s: no certificate in it", c.CAFile)
		}
	}
	if c.CertFile == "" && c.KeyFile == "" {
		return config, nil
	}
	if c.CertFile == "" || c.KeyFile == "" {
		return nil, remedy.Errorf("give both", "--cert-file and --key-file belong together, and one is missing")
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read --cert-file %s and --key-file %s: %w", c.CertFile, c.KeyFile, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
