package signal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/netfault"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// answer is what came back instead of what was asked for.
type answer struct {
	status   int
	server   string // the header that names the server's software
	location string
	body     string // its beginning, without tokens
}

// tokens are JSON Web Tokens: the server repeats the one that it refuses.
var tokens = regexp.MustCompile(`[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}`)

func answerOf(res *http.Response) answer {
	const enough = 2048
	body, _ := io.ReadAll(io.LimitReader(res.Body, enough))
	return answer{
		status: res.StatusCode, server: res.Header.Get("Server"), location: res.Header.Get("Location"),
		body: clean(string(body)),
	}
}

// clean makes one short line, without tokens, of what a server said.
func clean(body string) string {
	const long = 160
	body = strings.Join(strings.Fields(tokens.ReplaceAllString(body, "(token)")), " ")
	if len(body) > long {
		body = body[:long] + "..."
	}
	return body
}

// refused makes an error of an answer that is not the one that was asked for.
// plain says that the same server answers requests that need no upgrade.
func (s *Server) refused(a answer, plain bool) error {
	what := fmt.Sprintf("%s answered %d %s", s.URL, a.status, http.StatusText(a.status))
	if a.body != "" && !strings.Contains(a.body, "<") {
		what += ": " + a.body
	}
	var step string
	switch {
	case a.status == http.StatusUnauthorized && strings.Contains(a.body, "invalid API key"):
		step = "the server does not know LIVEKIT_API_KEY: read the key from the Secret of this release, and restart " +
			"the server if the Secret was changed by hand"
	case a.status == http.StatusUnauthorized && strings.Contains(a.body, "expired"),
		a.status == http.StatusUnauthorized && strings.Contains(a.body, "not valid yet"):
		step = "the clocks of this machine and of the server differ: set them"
	case a.status == http.StatusUnauthorized && strings.Contains(a.body, "invalid token"):
		step = "LIVEKIT_API_SECRET is not the secret of this key: read both from the Secret of this release"
	case a.status == http.StatusUnauthorized:
		step = "something refused the token: if it was LiveKit, read key and secret from the Secret of this " +
			"release; if it was a proxy, let /rtc, /twirp and /agent through without a login of its own"
	case a.location != "":
		step = "it wants to be reached at " + clean(a.location) + ": use that address (wss:// where it is https://)"
	case plain:
		step = "LiveKit answers there, but not as a WebSocket: the ingress or proxy before it drops the Upgrade " +
			"header; switch WebSockets on in it, and do not rewrite paths"
	case a.status == http.StatusNotFound:
		step = "nothing is called /rtc there: check that the address is that of LiveKit's signalling port (7880), " +
			"that the ingress has its host and does not rewrite paths"
	case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable,
		a.status == http.StatusGatewayTimeout:
		step = "the ingress or load balancer has no server behind it: check that the pod is ready and that the " +
			"Service has endpoints"
	case a.status == http.StatusNotAcceptable:
		step = "the server says that it is not ready: with Redis, check that the server reaches it"
	case a.status >= 500:
		step = "the server could not begin a session: look at its log; with Redis, check that the server reaches it"
	default:
		step = "this is not LiveKit's answer: check the address" + by(a.server)
	}
	return remedy.Errorf(step, "signalling refused: %s", what)
}

func by(server string) string {
	if server == "" {
		return ""
	}
	return " (the answer is from " + clean(server) + ")"
}

// unreachableSteps say what to do where no answer came.
var unreachableSteps = map[netfault.Fault]string{
	netfault.Other: "check the address and that the server runs",
	netfault.Refused: "nothing listens there: check the port, that the pod is ready, and that the Service has " +
		"endpoints; a LiveKit with --dev and no keys listens on the loopback address alone",
	netfault.NoRoute: "this machine has no route to the address: use the ingress, a node's address, or --port-forward",
	netfault.UnknownName: "the name is not known here: names of Services are known inside the cluster alone, so use " +
		"the ingress, a node's address, or --port-forward",
	netfault.UnknownAuthority: "the certificate is of an authority that this machine does not know: give it with " +
		"--ca-file, or use --insecure",
	netfault.WrongName: "the certificate is for another name: use that name in --url, or let the ingress have a " +
		"certificate for this one",
	netfault.InvalidCert: "renew the certificate, or check this machine's clock",
	netfault.NotTLS:      "that port does not speak TLS: use ws:// in the place of wss://",
	netfault.NotHTTP: "what listens there does not speak HTTP: check the port (signalling is 7880, not 7881), and " +
		"use wss:// if it wants TLS",
	netfault.NoAnswer: "no answer came: a firewall, a NetworkPolicy or a wrong address drops the packets; from " +
		"outside the cluster use the ingress, a node's address, or --port-forward",
}

// unreachable makes an error of a request that got no answer.
func (s *Server) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", s.URL, err)
	}
	return remedy.Errorf(unreachableSteps[netfault.Of(err)],
		"signalling: %s cannot be reached: %w", s.URL, redacted(err))
}

// redacted keeps tokens, which HTTP's errors have in their URLs, out of texts.
func redacted(err error) error {
	if text := tokens.ReplaceAllString(err.Error(), "(token)"); text != err.Error() {
		return errors.New(text)
	}
	return err
}
