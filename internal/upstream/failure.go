package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// otherWays says how to do without the network.
const otherWays = "give --offline where the chart was read before, or --upstream with a directory or a .tgz file"

// fill is the command that puts into the cache what --offline lacks.
func (f *finder) fill(version string) string {
	command := "helm livekit diff-upstream --upstream " + f.shown
	if strings.ContainsAny(version, " <>|*^~&") {
		version = "'" + version + "'"
	}
	if version != "" {
		command += " --upstream-version " + version
	}
	return "run `" + command + "` once with a network, or give --upstream a directory or a .tgz file"
}

// notCached says what --offline lacks.
func (f *finder) notCached(format string, args ...any) error {
	return remedy.Errorf(f.fill(f.version), format, args...)
}

// failure gives an error of reading u with what to do about it. login is the command that stores credentials.
func failure(err error, u *url.URL, what subject, login string) error {
	return remedy.Errorf(stepOf(err, u, what, login), "read %s from %s: %w", what.name, shown(u.String()), cause(err))
}

// cause gives an error without a server's words, which may repeat credentials, and addresses, which may be signed.
func cause(err error) error {
	if code := oci.Status(err); code != 0 {
		return &oci.StatusError{Code: code}
	}
	if failed, ok := errors.AsType[*oci.Error](err); ok {
		err = failed.Err
	}
	return plain(err)
}

func stepOf(err error, u *url.URL, what subject, login string) string {
	if code := oci.Status(err); code != 0 {
		return stepOfStatus(err, code, u, what, login)
	}
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: u})
	_, isLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case isLarge:
		return "look what the server sends there; fetch the chart with `helm pull` and give the .tgz to --upstream"
	case oci.IsPlainServer(err) && u.Scheme == "https":
		return "write http:// in place of https://, or for oci:// give --plain-http, where the server has no TLS"
	case oci.IsBadCertificate(err):
		return "give --ca-file with the authority that signed the server's certificate"
	case oci.IsAlert(err):
		return "give --cert-file and --key-file where the server asks for the client's certificate"
	case errors.Is(err, oci.ErrDowngrade), errors.Is(err, oci.ErrRedirects):
		return "give the address that the server leads to, or --upstream with a directory or a .tgz file"
	case proxy != nil:
		return "look at HTTPS_PROXY and NO_PROXY; else " + otherWays
	}
	return otherWays
}

func stepOfStatus(err error, code int, u *url.URL, what subject, login string) string {
	var failed *oci.Error
	switch {
	case code == http.StatusBadRequest && u.Scheme == "http":
		return "write https:// in place of http://, or for oci:// leave out --plain-http, where the server has TLS"
	case code == http.StatusUnauthorized:
		return "log in with " + login
	case code == http.StatusForbidden:
		return "use credentials that may read it (" + login + "); some servers answer so for what is not there, " +
			"so look for a slip in the address, too"
	case code == http.StatusNotFound, code == http.StatusGone:
		return what.missing
	case code == http.StatusProxyAuthRequired:
		return "put user and password of the proxy into HTTPS_PROXY"
	case code == http.StatusTooManyRequests && errors.As(err, &failed) && failed.Wait >= time.Second:
		return fmt.Sprintf("try again in %s; else %s", failed.Wait.Round(time.Second), otherWays)
	case code == http.StatusTooManyRequests:
		return "try again later; else " + otherWays
	case code >= 500:
		return "the server is in trouble: try again later; else " + otherWays
	}
	return "look for a slip in the address; else " + otherWays
}

// subject is what is read.
type subject struct {
	name    string // in errors
	missing string // what to do where it is not there
}

const noChart = "look for a slip in the address: its last part is the chart's name, " +
	"as in oci://registry.example.com/charts/livekit-server"

var (
	theIndex = subject{"the index",
		"give the URL that `helm repo add` takes, the URL of a .tgz file, or oci://HOST/PATH"}
	theArchive = subject{"the chart",
		"look for a slip in the address, or give --upstream-version with another version"}
	theRegistry = subject{"the registry", noChart}
	theTags     = subject{"the versions", noChart}
	theManifest = subject{"the manifest", noChart}
)
