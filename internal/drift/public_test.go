package drift

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// publicCharts are hand-made LiveKit charts, with what a reader of them and of
// upstream's finds. They are read at their source: HELM_LIVEKIT_REPOSITORIES names a
// folder of clones called OWNER+NAME, HELM_LIVEKIT_UPSTREAM upstream's chart, the
// stand-in where it is not given.
var publicCharts = []struct {
	repository, chart string
	// same are keys of upstream's, with the chart's that do the same.
	same map[string]string
	// missing are keys of upstream's that the chart has no answer to.
	missing []string
	// own are keys, or objects, that only the chart has.
	own []string
}{
	{
		repository: "DyingStar-game+kubernetes", chart: "livekit",
		same: map[string]string{
			"podHostNetwork": "hostNetwork", "livekit.log_level": "livekit.logLevel",
			"livekit.rtc.node_ip":   "livekit.nodeIp",
			"livekit.turn.udp_port": "livekit.turn.udpPort", "livekit.turn.tls_port": "livekit.turn.tlsPort",
			"livekit.turn.secretName": "livekit.turn.tlsSecretName", "livekit.rtc.tcp_port": "service.rtcTcpPort",
			"loadBalancer.servicePort": "service.port", "loadBalancer.tls": "ingress.hosts",
			"loadBalancer.type": "ingress.enabled",
		},
		missing: []string{"terminationGracePeriodSeconds", "deploymentStrategy", "deploymentAnnotations",
			"serviceMonitor.create",
			"livekit.prometheus_port", "livekit.rtc.port_range_start", "livekit.turn.serviceType", "gcp.backendConfig"},
		own: []string{"httpRoute.enabled", "redis.enabled", "redis.primary.persistence.size", "ingressService.enabled",
			"podLabels", "envFrom"},
	},
	{
		repository: "servinfcolombia+telemedicina-livekit", chart: "charts/livekit",
		same: map[string]string{
			"livekit.port": "config.port", "livekit.rtc.tcp_port": "config.rtc.tcpPort",
			"livekit.rtc.udp_port":        "config.rtc.udpPort",
			"livekit.rtc.use_external_ip": "config.rtc.useExternalIp", "livekit.log_level": "config.logging.level",
			"loadBalancer.servicePort": "service.ports.http",
		},
		missing: []string{
			// Nothing reads these, though values.yaml has them.
			"nodeSelector", "tolerations", "affinity", "autoscaling.enabled", "loadBalancer.tls",
			"podHostNetwork", "terminationGracePeriodSeconds", "serviceAccount.create", "podAnnotations",
			"serviceMonitor.create",
		},
		own: []string{"service.ports.ws"},
	},
	{
		repository: "thesues+lerobot-agent-console", chart: "charts/livekit",
		same: map[string]string{
			"livekit.rtc.tcp_port": "service.ports.rtcTcp", "livekit.rtc.udp_port": "service.ports.rtcUdp",
		},
		missing: []string{"replicaCount", "imagePullSecrets", "nodeSelector", "autoscaling.enabled", "podHostNetwork",
			"livekit.turn.enabled",
			"loadBalancer.tls", "terminationGracePeriodSeconds", "securityContext", "serviceMonitor.create"},
		own: []string{"service.subnetId", "service.keepOnUninstall", "auth.keys"},
	},
}

func TestPublicCharts(t *testing.T) {
	clones := os.Getenv("HELM_LIVEKIT_REPOSITORIES")
	if clones == "" {
		t.Skip("HELM_LIVEKIT_REPOSITORIES names no folder of clones")
	}
	upstream := standIn
	if dir := os.Getenv("HELM_LIVEKIT_UPSTREAM"); dir != "" {
		upstream = dir
	}
	for _, c := range publicCharts {
		t.Run(c.repository, func(t *testing.T) {
			dir := filepath.Join(clones, c.repository, filepath.FromSlash(c.chart))
			if _, err := os.Stat(dir); err != nil {
				t.Skip(err)
			}
			chart, lock, err := Load(t.Context(), dir, helmchart.Sources{})
			if err != nil {
				t.Fatal(err)
			}
			conv, err := sibling.Read(t.Context(), []string{dir}, sibling.ReadOptions{Sheet: sheet(t), Lenient: true,
				Warn: func(error) {}})
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, Input{Chart: chart, Dir: dir, Lock: lock, Convention: conv, Upstream: load(t, upstream)})
			find := func(path string, class Class) (Finding, bool) {
				i := slices.IndexFunc(r.Findings, func(f Finding) bool {
					return f.Layer == LayerValues &&
						f.Path.String() == path && f.Class == class
				})
				if i < 0 {
					return Finding{}, false
				}
				return r.Findings[i], true
			}
			for up, key := range c.same {
				if f, ok := find(up, Convention); !ok || !strings.HasPrefix(f.Why, key+" here") {
					t.Errorf("%s is %s here; found %q", up, key, f.Why)
				}
			}
			for _, up := range c.missing {
				if _, ok := find(up, Drift); !ok {
					t.Errorf("%s has no answer, and nothing says so", up)
				}
			}
			for _, key := range c.own {
				if _, ok := find(key, Extra); !ok {
					t.Errorf("%s is the chart's own, and nothing says so", key)
				}
			}
			t.Logf("%v", r.Summary)
		})
	}
}
