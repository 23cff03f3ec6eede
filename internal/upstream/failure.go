package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// otherWays says how to do without the network.
func (f *finder) otherWays() string {
	return "give --offline where the chart was read before, or --upstream with a directory or a .tgz file"
}

// fill is the command that puts into the cache what --offline lacks.
func (f *finder) fill(version string) string {
	command := "helm livekit diff-upstream --upstream " + f.shown
	if version != "" {
		command += " --upstream-version " + quote(version)
	}
	return "run `" + command + "` once with a network, or give --upstream a directory or a .tgz file"
}

func quote(text string) string {
	if strings.ContainsAny(text, " <>|*^~&") {
		return "'" + text + "'"
	}
	return text
}

// failure gives an error of reading u with what to do about it. login is the
// command that stores credentials.
func (f *finder) failure(err error, u *url.URL, what, login string) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	at := shown(u.String())
	step := f.stepOf(err, u, what, login)
	return remedy.Errorf(step, "read %s from %s: %w", what, at, err)
}

func (f *finder) stepOf(err error, u *url.URL, what, login string) string {
	var refused *statusError
	if errors.As(err, &refused) {
		return f.stepOfStatus(refused, u, what, login)
	}
	var large *tooLargeError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &large):
		return "look what the server sends there; fetch the chart with `helm pull` and give the .tgz to --upstream"
	case notPlain(err) && u.Scheme == "https":
		return "write http:// in place of https://, or for oci:// give --plain-http, where the server has no TLS"
	case errors.As(err, &certificate):
		return "give --ca-file with the authority that signed the server's certificate"
	case isAlert(err):
		return "give --cert-file and --key-file where the server asks for the client's certificate"
	case errors.Is(err, errDowngrade), errors.Is(err, errRedirects):
		return "give the address that the server leads to, or --upstream with a directory or a .tgz file"
	case isProxied(u):
		return "look at HTTPS_PROXY and NO_PROXY; else " + f.otherWays()
	}
	return f.otherWays()
}

func (f *finder) stepOfStatus(e *statusError, u *url.URL, what, login string) string {
	switch {
	case e.code == http.StatusBadRequest && u.Scheme == "http":
		return "write https:// in place of http://, or for oci:// leave out --plain-http, where the server has TLS"
	case e.code == http.StatusUnauthorized:
		return "log in with " + login
	case e.code == http.StatusForbidden:
		return "use credentials that may read it (" + login + "); some servers answer so for what is not there, so look for a slip in the address, too"
	case e.code == http.StatusNotFound, e.code == http.StatusGone:
		return stepOfMissing(what)
	case e.code == http.StatusProxyAuthRequired:
		return "put user and password of the proxy into HTTPS_PROXY"
	case e.code == http.StatusTooManyRequests && e.retryAfter > 0:
		return fmt.Sprintf("try again in %s; else %s", e.retryAfter, f.otherWays())
	case e.code == http.StatusTooManyRequests:
		return "try again later; else " + f.otherWays()
	case e.code >= 500:
		return "the server is in trouble: try again later; else " + f.otherWays()
	}
	return "look for a slip in the address; else " + f.otherWays()
}

func stepOfMissing(what string) string {
	switch what {
	case theIndex:
		return "give the URL that `helm repo add` takes, the URL of a .tgz file, or oci://HOST/PATH"
	case theArchive:
		return "look for a slip in the address, or give --upstream-version with another version"
	}
	return "look for a slip in the address: its last part is the chart's name, as in oci://registry.example.com/charts/livekit-server"
}

// What is read, as errors name it.
const (
	theIndex    = "the index"
	theArchive  = "the chart"
	theTags     = "the versions"
	theManifest = "the manifest"
)
