package scaffolding

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// choice is one way of a repository to write something.
type choice struct {
	name  string
	apply func(*convention.Convention)
}

// value is a choice that puts a canonical key somewhere, in a shape.
func at(key, path, shape string) func(*convention.Convention) {
	return func(c *convention.Convention) {
		c.Values[key] = convention.Value{Path: path, Shape: shape, Fact: convention.Fact{Confidence: convention.Name}}
	}
}

func all(fs ...func(*convention.Convention)) func(*convention.Convention) {
	return func(c *convention.Convention) {
		for _, f := range fs {
			f(c)
		}
	}
}

func labels(scheme string, set, selector, service []convention.Label) func(*convention.Convention) {
	return func(c *convention.Convention) {
		c.Labels = convention.Labels{Scheme: scheme, Set: set, Selector: selector, ServiceSelector: service}
	}
}

// factors are the things that a repository chooses, each with all its choices.
var factors = map[string][]choice{
	"image": {
		{"canonical", all()},
		{"deployment", all(at("image.repository", "deployment.image.repository", ""),
			at("image.tag", "deployment.image.tag", ""), at("image.pullPolicy", "deployment.pullPolicy", ""))},
		{"registry", all(at("image.repository", "image.name", "registry"),
			at("image.registry", "global.image.registry", ""))},
		{"string", at("image.repository", "image", "string")},
		{"nested string", all(at("image.repository", "pod.image", "string"),
			at("image.pullPolicy", "pod.imagePullPolicy", ""))},
	},
	"env": {
		{"list", all()},
		{"map", at("env", "deployment.env", "map")},
		{"objects", at("env", "extraEnv", "objects")},
	},
	"hosts": {
		{"objects", all()},
		{"named", at("ingress.hosts", "ingress.hosts", "named")},
		{"strings", at("ingress.hosts", "ingress.main.hosts", "strings")},
		{"host", at("ingress.hosts", "ingress.host", "host")},
	},
	"tls": {
		{"list", all()},
		{"hosts", at("ingress.tls", "ingress.tls", "hosts")},
		{"secret", at("ingress.tls", "ingress.tlsSecret", "secret")},
		{"bool", at("ingress.tls", "ingress.tls", "bool")},
		{"map", at("ingress.tls", "ingress.tls", "map")},
		{"follows", at("ingress.tls", "ingress.tls", "follows")},
	},
	"domain": {
		{"in the hosts", all()},
		{"apart", at("ingress.domain", "global.domain", "")},
		{"in the route's block", at("ingress.domain", "ingress.domain", "")},
	},
	"secrets": {
		{"the chart's", all()},
		{"ExternalSecret", func(c *convention.Convention) {
			c.Secrets.Mechanism, c.Secrets.APIVersion = convention.SecretsExternal, "external-secrets.io/v1beta1"
			c.Secrets.Spec = map[string]any{"secretStoreRef": map[string]any{"name": "vault"}}
		}},
		{"SealedSecret", func(c *convention.Convention) { c.Secrets.Mechanism = convention.SecretsSealed }},
		{"OnePasswordItem", func(c *convention.Convention) { c.Secrets.Mechanism = convention.SecretsOnePassword }},
	},
	"persistence": {
		{"block", all()},
		{"volumes", all(at("persistence.enabled", "persistence.<volume>.enabled", "volumes"),
			at("persistence.size", "persistence.<volume>.size", "volumes"),
			at("persistence.mountPath", "persistence.<volume>.globalMount", "volumes"))},
		{"list", all(at("persistence.enabled", "persistence.volumes[0].enabled", "list"),
			at("persistence.size", "persistence.volumes[0].size", "list"))},
		{"scalars", all(at("persistence.size", "storage.requestedSize", ""),
			at("persistence.storageClass", "storage.className", ""))},
	},
	"access mode": {
		{"string", all()},
		{"list", at("persistence.accessMode", "persistence.accessModes", "list")},
	},
	"service": {
		{"canonical", all()},
		{"named port", at("service.port", "service.ports.http", "")},
		{"first of a list", at("service.port", "service.ports[0].port", "")},
		{"deep", all(at("service.port", "service.main.ports.http.port", ""),
			at("service.type", "service.main.type", ""))},
		{"number of the container", at("service.targetPort", "containerPort", "number")},
		{"with a dash", all(at("service.port", "web-service.port", ""), at("service.type", "web-service.type", ""))},
	},
	"scheduling": {
		{"canonical", all()},
		{"pod", all(at("nodeSelector", "pod.nodeSelector", ""), at("tolerations", "pod.tolerations", ""),
			at("affinity", "pod.affinity", ""), at("resources", "backend.resources", ""),
			at("replicaCount", "controller.replicas", ""))},
	},
	"labels": {
		{"recommended", all()},
		{"app", labels("app", []convention.Label{{Name: "app", Value: "{fullname}"}},
			[]convention.Label{{Name: "app", Value: "{fullname}"}}, nil)},
		{"old", labels("app-chart-release-heritage",
			[]convention.Label{{Name: "app", Value: "{name}"}, {Name: "chart", Value: "{chart}"},
				{Name: "release", Value: "{release}"}, {Name: "heritage", Value: "{service}"}},
			[]convention.Label{{Name: "app", Value: "{name}"}, {Name: "release", Value: "{release}"}}, nil)},
		{"custom", labels("custom",
			[]convention.Label{{Name: "app", Value: "{name}-selector"},
				{Name: "example.com/version", Value: "{version}"}, {Name: "tier", Value: "media"}},
			[]convention.Label{{Name: "app", Value: "{name}-selector"}, {Name: "tier", Value: "media"}},
			[]convention.Label{{Name: "app", Value: "{name}-selector"}})},
		{"Services by labels of their own", labels("app",
			[]convention.Label{{Name: "app", Value: "{name}"}}, []convention.Label{{Name: "app", Value: "{name}"}},
			[]convention.Label{{Name: "app", Value: "{name}"}, {Name: "routed-via", Value: "{release}"}})},
	},
	"names": {
		{"helm create", all()},
		{"release-chart", func(c *convention.Convention) { c.Naming.Fullname = convention.FullnameReleaseChart }},
		{"chart-release", func(c *convention.Convention) { c.Naming.Fullname = convention.FullnameChartRelease }},
		{"chart-release once", func(c *convention.Convention) {
			c.Naming.Fullname = convention.FullnameChartReleaseOnce
		}},
		{"chart", func(c *convention.Convention) { c.Naming.Fullname = convention.FullnameChart }},
		{"release", func(c *convention.Convention) { c.Naming.Fullname = convention.FullnameRelease }},
		{"suffixes", func(c *convention.Convention) {
			c.Naming.Fullname = convention.FullnameChart
			c.Naming.Suffixes = map[string]string{"Deployment": "-deployment", "StatefulSet": "-sts", "Service": "-svc",
				"Ingress": "-ingress", "ConfigMap": "-config"}
			c.Naming.HelperPrefix = "common"
		}},
	},
	"route": {
		{"Ingress", all()},
		{"HTTPRoute", func(c *convention.Convention) { c.Kinds.Route = convention.RouteHTTPRoute }},
		{"IngressRoute", func(c *convention.Convention) {
			c.Kinds.Route = convention.RouteIngressRoute
			c.Defaults.EntryPoints = []string{"web"}
		}},
	},
	"workload": {
		{"Deployment", all()},
		{"StatefulSet", func(c *convention.Convention) { c.Kinds.Workload = "StatefulSet" }},
		{"DaemonSet", func(c *convention.Convention) { c.Kinds.Workload = "DaemonSet" }},
	},
	"files": {
		{"canonical", all()},
		{"one for all", func(c *convention.Convention) {
			c.Files.Templates = map[string]string{"Deployment": "all.yaml", "StatefulSet": "all.yaml",
				"Service": "all.yaml", "Ingress": "all.yaml", "ConfigMap": "all.yaml",
				"PersistentVolumeClaim": "all.yaml", "Secret": "secret.yaml", "helpers": "_config.tpl"}
		}},
		{"others", func(c *convention.Convention) {
			c.Files.Extension = "yml"
			c.Files.Templates = map[string]string{"PersistentVolumeClaim": "pvcs.yaml", "helpers": "_lib.tpl",
				"Service": "net/service.yaml"}
		}},
	},
	"style": {
		{"canonical", all()},
		{"flush", func(c *convention.Convention) {
			c.Style.Lists, c.Style.Quotes, c.Style.DocumentStart = "flush", "single", true
		}},
		{"helm-docs", func(c *convention.Convention) { c.Style.Comments, c.Style.Indent = "helm-docs", 4 }},
		{"readme-generator", func(c *convention.Convention) { c.Style.Comments = "readme-generator" }},
	},
}

// coveringArray gives rows of choices in which every pair of choices of two
// factors occurs. Its seed is fixed, so it is the same each time.
func coveringArray(names []string) [][]int {
	type pair struct{ f, i, g, j int }
	open := map[pair]bool{}
	for f := range names {
		for g := f + 1; g < len(names); g++ {
			for i := range factors[names[f]] {
				for j := range factors[names[g]] {
					open[pair{f, i, g, j}] = true
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	covers := func(row []int) (n int) {
		for f := range row {
			for g := f + 1; g < len(row); g++ {
				if open[pair{f, row[f], g, row[g]}] {
					n++
				}
			}
		}
		return n
	}
	var rows [][]int
	for len(open) > 0 {
		var best []int
		for range 200 {
			row := make([]int, len(names))
			for f, name := range names {
				row[f] = random.IntN(len(factors[name]))
			}
			if best == nil || covers(row) > covers(best) {
				best = row
			}
		}
		for f := range best {
			for g := f + 1; g < len(best); g++ {
				delete(open, pair{f, best[f], g, best[g]})
			}
		}
		rows = append(rows, best)
	}
	return rows
}

func TestEveryPairOfShapes(t *testing.T) {
	names := []string{"image", "env", "hosts", "tls", "domain", "secrets", "persistence", "access mode", "service",
		"scheduling", "labels", "names", "route", "workload", "files", "style"}
	if len(names) != len(factors) {
		t.Fatalf("%d factors are named, there are %d", len(names), len(factors))
	}
	for n, row := range coveringArray(names) {
		conv := canonical()
		var about []string
		for f, i := range row {
			c := factors[names[f]][i]
			c.apply(conv)
			about = append(about, names[f]+"="+c.name)
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			t.Log(strings.Join(about, ", "))
			chart, err := Generate(context.Background(), conv, Options{With: []string{"all"}})
			if err != nil {
				t.Fatal(err)
			}
			sound(t, write(t, chart), nil)
		})
	}
}

// switches turn each component on, by canonical key. What is on by default
// needs none.
var switches = map[string]string{
	"httproute": "httpRoute: {enabled: true}",
	"turn": "config: {turn: {enabled: true, domain: turn.example.com, tls_port: 5349, udp_port: " +
		"30478}}\nturn: {certificate: {enabled: true}}",
	"redis-service": "redis: {service: {enabled: true}}",
	"autoscaling":   "autoscaling: {enabled: true}",
	"pdb":           "podDisruptionBudget: {enabled: true}",
	"metrics": "metrics: {existingSecret: metrics, serviceMonitor: {enabled: true, labels: {release: " +
		"prometheus}}}",
	"networkpolicy": "networkPolicy: {enabled: true}",
	"draining":      "draining: {enabled: true}\nredis: {enabled: false, external: {address: 'redis:6379'}}",
	"route":         "route: {enabled: true}\nopenshift: {assignUser: true}",
	"gatewayroutes": "gatewayRoutes: {mediaUDP: {enabled: true}, mediaTCP: {enabled: true}}\nmedia: {type: " +
		"ClusterIP, address: 203.0.113.9}",
	"split-media": "media: {split: true}",
	"media-addresses": "media: {type: LoadBalancer, addresses: [203.0.113.1, 203.0.113.2, 203.0.113.3, 203.0.113.4, " +
		"203.0.113.5]}",
	"alerts": "alerts: {enabled: true, extraRules: [{record: a, expr: up}]}\nmetrics: {serviceMonitor: " +
		"{enabled: true}}",
	"dashboard":       "dashboard: {enabled: true}",
	"deletion-cost":   "deletionCost: {enabled: true}",
	"secret-operator": "keys: {operator: {enabled: true}}",
	"scheduling": "priorityClassName: high\ntopologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, " +
		"whenUnsatisfiable: ScheduleAnyway}]",
	"extras": "extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ .Release.Name " +
		"}}-more'}}]\nextraContainers: [{name: more, image: 'busybox:1.36'}]\ninitContainers: [{name: first, image: " +
		"'busybox:1.36'}]",
}

func TestEveryPairOfComponents(t *testing.T) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range sheet.Components[1:] {
		for _, b := range sheet.Components[i+2:] {
			t.Run(a.Name+" and "+b.Name, func(t *testing.T) {
				t.Parallel()
				with := append([]string{a.Name, b.Name}, append(a.Requires, b.Requires...)...)
				chart, err := Generate(context.Background(), canonical(), Options{Without: []string{"all"}, With: with})
				if err != nil {
					t.Fatal(err)
				}
				values := helmchart.Merge(parse(t, switches[a.Name]), parse(t, switches[b.Name]))
				dir := write(t, chart)
				scales := a.Name == "autoscaling" || b.Name == "autoscaling"
				drains := a.Name == "draining" || b.Name == "draining"
				switch has := func(c string) bool { return slices.Contains(chart.Components, c) }; {
				case drains && has("redis-service"):
					refused(t, dir, values, "redis.service.enabled")
					return
				case b.Name == "media-addresses" && a.Name == "gatewayroutes":
					refused(t, dir, values, "gatewayRoutes", "media.addresses")
					return
				case has("gatewayroutes") && (drains || scales):
					refused(t, dir, values, "gatewayRoutes lead media to any of several servers")
					return
				case drains && has("media-addresses"):
					refused(t, dir, values, "draining.enabled", "media.addresses")
					return
				case drains && has("turn"):
					refused(t, dir, values, "draining.enabled", "turn.udp_port")
					values = helmchart.Merge(values, parse(t, "config: {turn: {udp_port: 0}}"))
				case drains: // has its Redis elsewhere
				case scales && has("redis"):
					// Several servers cannot share a sidecar: refused by both names.
					refused(t, dir, values, "redis.enabled", "autoscaling.enabled")
					if a.Name == "redis-service" || b.Name == "redis-service" {
						return
					}
					values = helmchart.Merge(values, parse(t,
						"redis: {enabled: false, external: {address: 'redis:6379', existingSecret: redis}}"))
				case scales:
					refused(t, dir, values, "several servers", "redis.address")
					values = helmchart.Merge(values, parse(t, "config: {redis: {address: 'redis:6379'}}"))
				}
				sound(t, dir, values)
			})
		}
	}
}

// refused checks that the chart does not render and that the reason has words.
func refused(t *testing.T, dir string, values map[string]any, words ...string) {
	t.Helper()
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = chart.Render(context.Background(), values, helmchart.Release{Name: "rel"})
	if err == nil {
		t.Fatalf("it renders; it should be refused by %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the refusal does not name %q: %v", w, err)
		}
	}
}

// sound checks that the chart passes Helm's strict linter, renders, and
// decodes strictly into the types of Kubernetes. It gives the objects.
func sound(t *testing.T, dir string, values map[string]any) []manifest.Object {
	t.Helper()
	for _, m := range helmchart.Lint(dir, values, "", false) {
		if m.Severity != helmchart.Info {
			t.Errorf("lint: %s: %s: %s", m.Severity, m.Path, m.Text)
		}
	}
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := chart.Render(context.Background(), values, helmchart.Release{Name: "rel"})
	if err != nil {
		t.Fatal(err)
	}
	var objects []manifest.Object
	for _, f := range files {
		parsed, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range parsed {
			for _, p := range o.Check() {
				t.Errorf("%s: %s: %s", f.Name, p.Path, p.Message)
			}
		}
		objects = append(objects, parsed...)
	}
	if len(objects) == 0 {
		t.Error("it renders nothing")
	}
	servicesFindPods(t, objects)
	return objects
}

// servicesFindPods checks that every Service selects the workload's pods.
func servicesFindPods(t *testing.T, objects []manifest.Object) {
	t.Helper()
	var pods map[string]string
	for _, o := range objects {
		if len(o.List(pod("containers")...)) > 0 {
			pods = o.TextMap("spec", "template", "metadata", "labels")
		}
	}
	for _, o := range objects {
		if o.Kind() != "Service" {
			continue
		}
		for name, value := range o.TextMap("spec", "selector") {
			isOtherSet := name == "livekit-media-ports" // for the pod before, or the next
			isNumber := name == "apps.kubernetes.io/pod-index"
			if pods[name] != value && !isOtherSet && !isNumber {
				t.Errorf("%s selects by %s: %s, and the pods have %v", o, name, value, pods)
			}
		}
	}
}

func write(t *testing.T, c *Chart) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), c.Name)
	for name, data := range c.Files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
