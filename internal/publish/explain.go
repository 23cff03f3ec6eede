package publish

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// errLimit is the cause of a context that ended by --timeout.
var errLimit = errors.New("time is up")

// explain gives an error of the registry with what to do about it, and without any credential. An interruption by the
// user stays as it is, for the command line knows it.
func (p *plan) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errLimit) {
		return ctx.Err()
	}
	failed, ok := errors.AsType[*oci.Error](err)
	switch {
	case !ok:
	case ctx.Err() != nil:
		err = remedy.Errorf("raise --timeout, or look at the registry",
			"%s: not done within %s: %v", failed.Op, p.o.Timeout, failed.Err)
	case failed.Wait > 0:
		wait := failed.Wait.Round(time.Millisecond)
		err = remedy.Errorf("try again later, or raise --timeout",
			"%w; the next try would be in %s, and the push may take %s", err, wait, p.o.Timeout)
	}
	step := cmp.Or(remedy.Step(err), p.step(err))
	return &remedy.Error{Err: p.retry.Secrets.CleanError(err), Step: step}
}

// ecr is a host of AWS, which makes no repositories by itself and may close the connection in place of saying so.
var ecr = regexp.MustCompile(`^\d+\.dkr\.ecr[.-].*amazonaws\.com`)

// step finds what the user can do.
func (p *plan) step(err error) string {
	create := "create the repository " + p.repo.Path() + " in the registry first"
	if status := oci.Status(err); status != 0 {
		return p.stepOfRefusal(err, status, create)
	}
	_, isLookup := errors.AsType[*net.DNSError](err)
	connection, isConnection := errors.AsType[*net.OpError](err)
	switch {
	case oci.IsPlainServer(err):
		return "give --plain-http where the registry has no TLS"
	case errors.Is(err, oci.ErrDowngrade):
		return "look at the registry's settings: its address within them should begin with https"
	case oci.IsBadCertificate(err):
		return "give --ca-file with the authority that signed the registry's certificate"
	case isLookup:
		return "look for a slip in the host's name"
	case isConnection && connection.Op == "dial":
		return "look whether a registry listens at " + p.repo.Host() + ", and whether a proxy or firewall is in between"
	case errors.Is(err, io.EOF) && ecr.MatchString(p.repo.Host()):
		return create
	case errors.Is(err, errGone):
		return "push again, and look at the registry's storage"
	}
	return ""
}

func (p *plan) stepOfRefusal(err error, status int, create string) string {
	const kept = "give the chart a new version: the registry keeps tags from being changed"
	switch {
	case strings.Contains(err.Error(), "HTTP request to an HTTPS server"):
		return "leave out --plain-http"
	case oci.HasCode(err, "NAME_UNKNOWN"):
		return create
	case oci.HasCode(err, "TAG_INVALID"): // of a registry of AWS with immutable tags
		return kept
	}
	return map[int]string{
		http.StatusUnauthorized: "log in with `helm registry login " + p.repo.Host() +
			"`, or give --username and --password-stdin",
		http.StatusForbidden:             "use credentials that may push to this repository",
		http.StatusNotFound:              create + ", and look for a slip in its name",
		http.StatusRequestEntityTooLarge: "raise the limit on the size of requests at the proxy before the registry",
		http.StatusConflict:              kept,
		http.StatusMethodNotAllowed:      kept,
		http.StatusTooManyRequests:       "try again later",
	}[status]
}
