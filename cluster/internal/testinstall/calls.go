package testinstall

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/call"
	"github.com/helm-livekit/helm-livekit/cluster/internal/forward"
	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

// callTimeout is the time that each way of media may take.
const callTimeout = 20 * time.Second

// calls lets two participants talk over each way of media that the server offers.
// Signalling goes through the Kubernetes API, media to where clients are told.
func (t *installTest) calls(ctx context.Context, res *checkResult) {
	if !t.Call {
		res.skip("No call was asked for: --call makes one over each way of media")
		return
	}
	end := make(chan struct{})
	defer close(end)
	server, err := t.forwardSignalling(ctx, end)
	if err != nil {
		res.failErr(err)
		return
	}
	options, err := t.callOptions(ctx, server, end)
	if err != nil {
		res.failErr(err)
		return
	}
	t.judgeCalls(call.Run(ctx, options), options, res)
}

func (t *installTest) callOptions(
	ctx context.Context, server *signal.Server, end <-chan struct{},
) (call.Options, error) {
	o := call.Options{
		Servers: []*signal.Server{server}, Room: "call-" + strings.ToLower(rand.Text()[:10]), Kinds: t.server.ways(),
		Participants: 2, Timeout: callTimeout, TLS: &tls.Config{MinVersion: tls.VersionTLS12},
		Progress: t.progress, Debug: func(string, ...any) {},
	}
	addresses, err := t.mediaAddresses(ctx)
	if err != nil {
		return o, err
	}
	o.Expect.Addresses = addresses
	if turn := t.server.config.TURN; turn.Enabled && turn.TLSPort > 0 {
		if o.TLS.RootCAs, err = t.turnRoots(ctx); err != nil {
			return o, err
		}
		target := forward.Target{Namespace: t.Namespace, Name: t.server.pod.Name, Port: turn.TLSPort}
		port, err := forward.Open(ctx, t.client, target, end)
		if err != nil {
			return o, err
		}
		o.TURNTLSAddress = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return o, nil
}

// ways are the ways of media that the server's configuration opens.
func (s *server) ways() []media.Kind {
	var kinds []media.Kind
	if !s.config.RTC.ForceTCP {
		kinds = append(kinds, media.UDP)
	}
	if *s.config.RTC.TCPPort > 0 {
		kinds = append(kinds, media.TCP)
	}
	turn := s.config.TURN
	if turn.Enabled && turn.UDPPort > 0 {
		kinds = append(kinds, media.TURNUDP)
	}
	if turn.Enabled && turn.TLSPort > 0 && !turn.External {
		kinds = append(kinds, media.TURNTLS)
	}
	return kinds
}

// mediaAddresses are those at which media must arrive for the call to count: the nodes'
// or the load balancers', and the pods' own only where media stays in the cluster. None
// are given where the server finds its address by itself.
func (t *installTest) mediaAddresses(ctx context.Context) ([]netip.Addr, error) {
	s := t.server
	if s.config.RTC.UseExternalIP {
		return nil, nil
	}
	services, err := t.client.CoreV1().Services(t.Namespace).List(ctx, meta.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("the Services of namespace %s: %w", t.Namespace, err)
	}
	var texts []string
	outside := s.pod.Spec.HostNetwork
	for _, service := range services.Items {
		if !kube.Selects(service.Spec.Selector, s.pod.Labels) {
			continue
		}
		outside = outside || service.Spec.Type == core.ServiceTypeNodePort
		for _, i := range service.Status.LoadBalancer.Ingress {
			texts = append(texts, i.IP)
		}
		texts = append(texts, service.Spec.ExternalIPs...)
	}
	for _, p := range s.pods {
		if outside {
			texts = append(texts, p.Status.HostIP)
		} else if len(texts) == 0 {
			texts = append(texts, p.Status.PodIP)
		}
	}
	texts = append(texts, s.env["NODE_IP"], s.flag("node-ip"))
	if ip, ok := s.config.RTC.NodeIP.(string); ok {
		texts = append(texts, ip)
	}
	return parseAddresses(texts), nil
}

func parseAddresses(texts []string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			out = append(out, address.Unmap())
		}
	}
	return out
}

// turnRoots takes the certificate of TURN itself as trusted, with what stands beside
// it: whether the world trusts it is not the question here, that it is for the
// right name is.
func (t *installTest) turnRoots(ctx context.Context) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	s := t.server
	file := cmp.Or(s.flag("turn-cert"), s.env["LIVEKIT_TURN_CERT"], s.config.TURN.CertFile)
	if file == "" {
		return pool, nil
	}
	text, beside, err := s.file(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("the certificate of TURN: %w", err)
	}
	pool.AppendCertsFromPEM([]byte(text))
	pool.AppendCertsFromPEM([]byte(beside["ca.crt"]))
	return pool, nil
}

// judgeCalls fails where no way of media was proven, and warns where some were not:
// the machine that this runs on need not reach all that clients reach.
func (t *installTest) judgeCalls(r call.Result, o call.Options, res *checkResult) {
	if r.API.Error != "" {
		res.fail(r.API.Remedy, "%s", r.API.Error)
		return
	}
	for _, p := range r.Paths {
		if p.OK {
			t.report.Media = append(t.report.Media, p.Media)
			res.pass("Two participants heard each other over %s at %s: %d audio packets, %d data packets, %.1f ms "+
				"there and back%s",
				p.Media, p.Remote, p.AudioPackets, p.DataPackets, p.RTT, through(p.Media))
		}
	}
	for _, p := range r.Paths {
		switch {
		case p.OK:
		case len(t.report.Media) == 0:
			res.fail(p.Remedy, "%s: %s", p.Media, p.Error)
		default:
			res.warn(p.Remedy, "%s: %s", p.Media, p.Error)
		}
	}
	if len(o.Kinds) == 0 {
		res.fail("set rtc.udp_port or rtc.tcp_port in LiveKit's configuration", "the server offers no way of media")
	}
	if t.server.config.TURN.External {
		res.pass("TURN over TLS was not tried: its TLS ends at a load balancer (turn.external_tls)")
	}
}

func through(kind string) string {
	if kind == string(media.TURNTLS) {
		return ", through a port-forward"
	}
	return ""
}
