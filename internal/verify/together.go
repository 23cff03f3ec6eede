package verify

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Group is the result of checking several charts that share a cluster.
type Group struct {
	Charts []*Report `json:"charts"`
	// Others are the folders of charts that are not LiveKit's. They are not checked, but what they take of the
	// cluster is known.
	Others []string `json:"others"`
	// Together are the checks of the charts against each other.
	Together []Check `json:"together"`
}

// Failed reports whether any check failed.
func (g *Group) Failed() bool {
	return anyFailed(g.Together) || slices.ContainsFunc(g.Charts, (*Report).Failed)
}

// IsGroup reports whether paths are several charts: more than one, or a folder that is no chart itself.
func IsGroup(paths ...string) bool {
	return len(paths) > 1 || len(paths) == 1 && len(chartsBelow(paths[0])) > 0
}

// chartsBelow gives the charts in a folder that is no chart itself.
func chartsBelow(dir string) []string {
	if isChart, _ := helmchart.IsChartDir(dir); isChart {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(dir, "[^.]*", "Chart.yaml")) // the pattern is sound
	var out []string
	for _, file := range files {
		out = append(out, filepath.Dir(file))
	}
	return out
}

// RunGroup checks charts alone and against each other. A chart that is named is checked as Run does; of a folder of
// charts those are that run LiveKit. The user's values are for the charts that are checked.
func RunGroup(ctx context.Context, paths []string, opts Options) (*Group, error) {
	g := &Group{Others: []string{}}
	var all []*input
	for _, dir := range paths {
		below := chartsBelow(dir)
		isNamed := len(below) == 0
		if isNamed {
			below = []string{dir}
		}
		for _, dir := range below {
			dir = filepath.Clean(dir)
			if slices.ContainsFunc(all, func(in *input) bool { return in.dir == dir }) {
				continue
			}
			in, err := g.add(ctx, dir, opts, isNamed)
			if err != nil {
				return nil, err
			}
			all = append(all, in)
		}
	}
	if len(g.Charts) == 0 {
		return nil, remedy.Errorf("name a chart that runs livekit-server",
			"no chart in %s is LiveKit's", strings.Join(paths, ", "))
	}
	g.Together = append(g.Together, checkRead(all, g))
	for _, t := range together {
		out := &result{}
		checkTaken(all, t.takes, g, out)
		g.Together = append(g.Together, out.check(check{name: t.name, pass: t.pass}))
	}
	return g, nil
}

// add opens a chart, and checks it where it is named or LiveKit's.
func (g *Group) add(ctx context.Context, dir string, opts Options, isNamed bool) (*input, error) {
	own := opts // of a stranger's chart
	own.Values, own.ValueFlags = nil, helmchart.ValueFlags{}
	in, err := open(ctx, dir, own)
	if err != nil {
		return nil, err
	}
	if !isNamed && !in.isLiveKit() {
		g.Others = append(g.Others, dir)
		return in, nil
	}
	if in, err = open(ctx, dir, opts); err != nil {
		return nil, err
	}
	report, err := in.report(ctx)
	if err != nil {
		return nil, err
	}
	report.Dir = dir
	g.Charts = append(g.Charts, report)
	return in, nil
}

// isLiveKit reports whether the chart runs livekit-server, or would if it rendered.
func (in *input) isLiveKit() bool {
	_, err := os.Stat(filepath.Join(in.dir, chartdir.LockName))
	if in.renderErr == nil || err == nil || in.chart == nil {
		return err == nil || len(in.servers) > 0
	}
	files := append(in.chart.Templates(), helmchart.File{Data: in.chart.ValuesFile()})
	return slices.ContainsFunc(files, func(f helmchart.File) bool {
		return strings.Contains(string(f.Data), "livekit-server")
	})
}

// checkRead says which charts are known.
func checkRead(all []*input, g *Group) Check {
	out := &result{}
	for _, in := range all {
		if in.renderErr != nil && (in.chart == nil || in.chart.Type() != "library") {
			step := fmt.Sprintf("Fix the chart; `helm template %s` gives the reason", in.dir)
			if in.chart != nil && len(in.chart.MissingDependencies()) > 0 {
				step = fmt.Sprintf("Run `helm dependency build %s`", in.dir)
			}
			out.warn(step, "%s does not render, so of its ports, hosts and addresses "+
				"only the node ports in values.yaml are known", in.dir)
		}
	}
	out.pass("%s of LiveKit; %s read for ports, hosts and addresses",
		plural(len(g.Charts), "chart"), plural(len(g.Others), "other chart"))
	return out.check(check{name: "charts"})
}

// together lists what charts are checked for against each other. A new row needs one in docs/verify.md.
var together = []struct {
	name  string
	takes func(*input) []reservation
	pass  string
}{
	{"node-ports", (*input).portsTaken, "No two charts take the same port of the nodes"},
	{"hosts", (*input).hostsServed, "No two charts serve the same host and path"},
	{"addresses", (*input).addressesTaken, "No two charts have the same fixed address"},
}

// reservation is something that one chart of a cluster alone can have.
type reservation struct {
	what   string            // "Port 30881/TCP of the nodes"
	of     string            // "" for a port of the nodes, else a host with its path, or an address
	ports  []livekit.Port    // none for all ports
	group  string            // those of one group share what they take, as long as their ports differ
	number int32             // of a Service's node port, which no other Service can have for any protocol
	apart  map[string]string // two never meet that give one key different values: labels of nodes, a class
	object manifest.Object
	value  string // where the chart's values have this text, they are to be changed
}

func (r reservation) meets(other reservation) bool {
	for key, value := range r.apart {
		if v, ok := other.apart[key]; ok && v != value {
			return false
		}
	}
	overlap := func(p livekit.Port) bool { return slices.ContainsFunc(other.ports, p.Overlaps) }
	if r.number != 0 && r.number == other.number {
		return true
	}
	return r.of == other.of && (len(r.ports) == 0 || r.group != other.group || slices.ContainsFunc(r.ports, overlap))
}

// checkTaken finds what two charts take, one of them LiveKit's.
func checkTaken(all []*input, takes func(*input) []reservation, g *Group, out *result) {
	for i, in := range all {
		for _, other := range all[i+1:] {
			if slices.Contains(g.Others, in.dir) && slices.Contains(g.Others, other.dir) {
				continue
			}
			for _, r := range takes(in) {
				taken := first(takes(other), r.meets)
				if taken == nil {
					continue
				}
				out.fail(fmt.Sprintf("Change one of them: %s, or %s", in.giver(r), other.giver(*taken)),
					"%s: taken by %s %s of %s, and by %s %s of %s", r.what,
					r.object.Kind(), r.object.Name(), in.dir, taken.object.Kind(), taken.object.Name(), other.dir)
			}
		}
	}
}

// giver names the value that gives a reservation, of several one that is about the object's kind, or else the template.
func (in *input) giver(r reservation) string {
	sources := append([]helmchart.ValueSource{{Name: filepath.Join(in.dir, "values.yaml"), Values: in.chart.Values()}},
		in.given...)
	for _, source := range slices.Backward(sources) {
		isGiver := func(leaf manifest.Leaf) bool { return fmt.Sprint(leaf.Value) == r.value }
		givers := filter(manifest.Leaves(source.Values), isGiver)
		isOfKind := func(leaf manifest.Leaf) bool {
			return strings.Contains(strings.ToLower(leaf.Path.String()), strings.ToLower(r.object.Kind()))
		}
		if len(givers) > 0 {
			leaf := cmp.Or(first(givers, isOfKind), &givers[0])
			return fmt.Sprintf("%s in %s", leaf.Path, source.Name)
		}
	}
	return filepath.Join(in.dir, filepath.FromSlash(r.object.File))
}

// portsTaken gives the ports of the nodes that the chart takes: a Service's takes that port of every node.
func (in *input) portsTaken() []reservation {
	var out []reservation
	add := func(o manifest.Object, nodes map[string]string, p livekit.Port) {
		out = append(out, reservation{what: fmt.Sprintf("Port %s of the nodes", p), ports: []livekit.Port{p},
			apart: nodes, object: o, value: strconv.Itoa(p.From)})
	}
	for _, s := range in.services {
		for _, p := range s.spec.Ports {
			if p.NodePort != 0 {
				add(s.Object, nil, onePort(p.NodePort, p.Protocol))
				out[len(out)-1].number = p.NodePort
			}
		}
	}
	for _, w := range filter(in.workloads, (*workload).isLasting) {
		for _, p := range w.nodePorts() {
			add(w.Object, w.pod.NodeSelector, p)
		}
	}
	if in.renderErr == nil {
		return out
	}
	for _, leaf := range manifest.Leaves(in.values) { // what looks like a node port is better than nothing
		n, _ := strconv.Atoi(fmt.Sprint(leaf.Value))
		key := strings.ToLower(leaf.Path[len(leaf.Path)-1])
		if n < firstNodePort || n > lastNodePort || !strings.Contains(key, "port") {
			continue
		}
		value := manifest.Object{Fields: map[string]any{
			"kind": "value", "metadata": map[string]any{"name": leaf.Path.String()},
		}}
		for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
			add(value, nil, onePort(int32(n), protocol))
		}
	}
	return out
}

// The node ports of a cluster, unless it is told otherwise.
const firstNodePort, lastNodePort = 30000, 32767

func onePort(number int32, protocol corev1.Protocol) livekit.Port {
	return livekit.Port{Protocol: string(protocol), From: int(number), To: int(number)}
}

// nodePorts gives the ports of its node that a pod takes.
func (w *workload) nodePorts() []livekit.Port {
	var out []livekit.Port
	for _, p := range w.ports {
		if p.HostPort != 0 || w.pod.HostNetwork {
			out = append(out, onePort(cmp.Or(p.HostPort, p.ContainerPort), p.Protocol))
		}
	}
	if redis := w.redisSidecar(); redis != nil && w.pod.HostNetwork {
		out = append(out, onePort(redisPorts(redis)[0], corev1.ProtocolTCP))
	}
	for _, s := range w.in.servers {
		if s.workload == w && w.pod.HostNetwork {
			out = append(out, filter(s.listens, func(p livekit.Port) bool { return !p.IsPicked() })...)
		}
	}
	slices.SortFunc(out, func(a, b livekit.Port) int { return cmp.Compare(a.String(), b.String()) })
	return slices.CompactFunc(out, func(a, b livekit.Port) bool { return a.String() == b.String() })
}

// hostsServed gives the hosts and paths that the chart's Ingresses and HTTPRoutes serve.
func (in *input) hostsServed() []reservation {
	var out []reservation
	add := func(o manifest.Object, host, path, class string) {
		apart := map[string]string{"kind": o.Kind()}
		if class != "" {
			apart["class"] = class
		}
		path = "/" + strings.Trim(path, "/")
		out = append(out, reservation{what: fmt.Sprintf("Host %s, path %s", cmp.Or(host, "*"), path),
			of: host + path, apart: apart, object: o, value: host})
	}
	for _, o := range in.ofKind("Ingress") {
		spec := decode[networkingv1.Ingress](o).Spec
		class := cmp.Or(ptr.Deref(spec.IngressClassName, ""), o.Annotations()["kubernetes.io/ingress.class"])
		if hasAnnotation(o.Annotations(), "ingress.kubernetes.io/canary") {
			continue // it is meant to share its host
		}
		for _, rule := range spec.Rules {
			for _, p := range ptr.Deref(rule.HTTP, networkingv1.HTTPIngressRuleValue{}).Paths {
				add(o, rule.Host, p.Path, class)
			}
		}
	}
	for _, o := range in.ofKind("HTTPRoute") {
		for _, host := range o.List("spec", "hostnames") {
			for _, path := range pathsOf(o) {
				add(o, fmt.Sprint(host), path, o.Text("spec", "parentRefs", "0", "name"))
			}
		}
	}
	return out
}

// pathsOf gives the paths of an HTTPRoute.
func pathsOf(o manifest.Object) []string {
	var out []string
	for i := range o.List("spec", "rules") {
		rule := []string{"spec", "rules", strconv.Itoa(i), "matches"}
		matches := o.List(rule...)
		for m := range matches {
			out = append(out, o.Text(append(rule, strconv.Itoa(m), "path", "value")...))
		}
		if len(matches) == 0 {
			out = append(out, "/")
		}
	}
	return out
}

// addressAnnotations are by which clouds and load balancers take fixed addresses; sharingAnnotations are by which two
// Services may have one.
var (
	addressAnnotations = []string{"metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs",
		"lbipam.cilium.io/ips", "io.cilium/lb-ipam-ips", "kube-vip.io/loadbalancerIPs",
		"service.beta.kubernetes.io/aws-load-balancer-eip-allocations",
		"service.beta.kubernetes.io/azure-load-balancer-ipv4", "service.beta.kubernetes.io/azure-pip-name",
		"networking.gke.io/load-balancer-ip-addresses", "service.beta.kubernetes.io/do-loadbalancer-ip"}
	sharingAnnotations = []string{"metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip",
		"lbipam.cilium.io/sharing-key", "io.cilium/lb-ipam-sharing-key"}
)

// addressesTaken gives the fixed addresses of the chart's Services.
func (in *input) addressesTaken() []reservation {
	var out []reservation
	for _, s := range in.services {
		var ports []livekit.Port
		for _, p := range s.spec.Ports {
			ports = append(ports, onePort(p.Port, p.Protocol))
		}
		add := func(address, group string, ports []livekit.Port) {
			if address = strings.TrimSpace(address); address != "" {
				out = append(out, reservation{what: "Address " + address, of: address, ports: ports, group: group,
					object: s.Object, value: address})
			}
		}
		for _, address := range s.spec.ExternalIPs {
			add(address, "external", ports)
		}
		if !s.isLoadBalancer() {
			continue
		}
		shared := ""
		for _, name := range sharingAnnotations {
			shared = cmp.Or(shared, s.Annotations()[name])
		}
		own := ports
		if shared == "" {
			own = nil
		}
		add(s.spec.LoadBalancerIP, shared, own)
		for _, name := range addressAnnotations {
			for address := range strings.SplitSeq(s.Annotations()[name], ",") {
				add(address, shared, own)
			}
		}
	}
	return out
}
