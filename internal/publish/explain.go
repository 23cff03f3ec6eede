package publish

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// explain gives an error of the registry with what to do about it, and without
// any credential.
func (p *Plan) explain(r *retrier, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	err = shorten(err)
	step := remedy.Step(err)
	if step == "" {
		step = p.step(err)
	}
	err = r.secrets.cleanError(err)
	if step == "" {
		return err
	}
	return &remedy.Error{Err: err, Step: step}
}

// shorten takes out of go-containerregistry's errors the second of two tries
// to say hello, and the whole answer of a token server.
func shorten(err error) error {
	text := twice.ReplaceAllString(err.Error(), "$1")
	if before, _, found := strings.Cut(text, "no token in bearer response:\n"); found {
		text = before + "no token in the answer of the token server"
	}
	return &cleaned{text, err}
}

var twice = regexp.MustCompile(`(Get "https://[^"]*/v2/": .*); Get "http://[^"]*/v2/": .*`)

// ecr is the host of a registry of AWS, which makes no repositories by itself
// and may close the connection instead of saying so.
var ecr = regexp.MustCompile(`^\d+\.dkr\.ecr[.-].*amazonaws\.com`)

// step finds what the user can do.
func (p *Plan) step(err error) string {
	host, repository := p.tag.RegistryStr(), p.tag.RepositoryStr()
	create := "create the repository " + repository + " in the registry first"
	if strings.Contains(err.Error(), "HTTP request to an HTTPS server") {
		return "leave out --plain-http"
	}
	var refused *transport.Error
	if errors.As(err, &refused) {
		return stepOfRefusal(refused, host, create)
	}
	var certificate *tls.CertificateVerificationError
	var lookup *net.DNSError
	switch {
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "give --plain-http where the registry has no TLS"
	case errors.Is(err, errNotPlain):
		return "look at the registry's settings: its address within them should begin with https"
	case errors.As(err, &certificate):
		return "give --ca-file with the authority that signed the registry's certificate"
	case errors.As(err, &lookup):
		return "look for a slip in the host's name"
	case errors.Is(err, io.EOF) && ecr.MatchString(host):
		return create
	case errors.Is(err, errGone):
		return "push again, and look at the registry's storage"
	}
	return ""
}

func stepOfRefusal(refused *transport.Error, host, create string) string {
	const kept = "give the chart a new version: the registry keeps tags from being changed"
	for _, d := range refused.Errors {
		switch d.Code {
		case transport.NameUnknownErrorCode:
			return create
		case transport.TagInvalidErrorCode: // of a registry of AWS with immutable tags
			return kept
		}
	}
	switch refused.StatusCode {
	case http.StatusUnauthorized:
		return "log in with `helm registry login " + host + "`, or give --username and --password-stdin"
	case http.StatusForbidden:
		return "use credentials that may push to this repository"
	case http.StatusNotFound:
		return create + ", and look for a slip in its name"
	case http.StatusRequestEntityTooLarge:
		return "raise the limit on the size of requests at the proxy before the registry"
	case http.StatusConflict, http.StatusMethodNotAllowed:
		return kept
	case http.StatusTooManyRequests:
		return "try again later"
	}
	return ""
}
