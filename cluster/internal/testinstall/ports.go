package testinstall

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

// nodePort is a port of the nodes themselves, by a Service or by a pod.
type nodePort struct {
	number   int32
	protocol core.Protocol
	host     bool   // a pod's own, not a Service's
	of       string // "Service livekit-media"
}

func (p nodePort) String() string { return fmt.Sprintf("%d/%s", p.number, p.protocol) }

// freePorts moves ports of media that others have, if the chart has values for them.
func (t *installTest) freePorts(ctx context.Context, res *checkResult) {
	taken, err := t.takenPorts(ctx)
	if err != nil {
		res.warn("", "It is not known which ports are taken: %v", err)
		return
	}
	wanted, err := t.wantedPorts(ctx)
	if err != nil {
		res.fail("see helm livekit verify without --install", "%v", err)
		return
	}
	for _, w := range wanted {
		by, isTaken := conflict(w, taken)
		if !isTaken {
			continue
		}
		value := valueOf(t.Values, w)
		if value == nil {
			res.fail("choose other ports of media, or end what has these", "%s wants port %s of the nodes, which %s "+
				"has, and the chart has no value for it that is known", w.of, w, by)
			continue
		}
		free := freePort(w, taken, wanted)
		if err := t.set(value, free.number); err != nil {
			res.failErr(err)
			return
		}
		value.Number = free.number
		taken = append(taken, free)
		res.pass("Port %s is taken by %s: %s is set to %d for this trial", w, by, value, free.number)
	}
	if len(res.failures) > 0 || len(res.facts) == 0 {
		if len(res.failures) == 0 {
			res.pass("%s", listPorts(wanted))
		}
		return
	}
	t.areMoved(ctx, res, taken)
}

// areMoved checks that the chart follows.
func (t *installTest) areMoved(ctx context.Context, res *checkResult, taken []nodePort) {
	wanted, err := t.wantedPorts(ctx)
	if err != nil {
		res.fail("choose other ports of media in the chart's values",
			"with other ports the chart does not render: %v", err)
		return
	}
	for _, w := range wanted {
		if by, isTaken := conflict(w, taken); isTaken && by != moved {
			res.fail("choose other ports of media in the chart's values, or end what has these",
				"%s still wants port %s of the nodes, which %s has", w.of, w, by)
		}
	}
}

func listPorts(ports []nodePort) string {
	if len(ports) == 0 {
		return "The chart takes no port of the nodes"
	}
	var numbers []string
	for _, p := range ports {
		numbers = append(numbers, p.String())
	}
	return "Free: " + strings.Join(slices.Compact(numbers), ", ")
}

// wantedPorts are the ports of the nodes that the chart would take.
func (t *installTest) wantedPorts(ctx context.Context) ([]nodePort, error) {
	out, err := t.helm.run(ctx, append([]string{"template", t.Release, t.Chart}, t.values()...)...)
	if err != nil {
		return nil, err
	}
	r, err := parseRelease(out)
	if err != nil {
		return nil, err
	}
	var ports []nodePort
	for _, o := range r.kind("Service") {
		ports = append(ports, servicePorts("Service "+o.GetName(), decode[core.Service](o).Spec)...)
	}
	for _, w := range r.workloads() {
		ports = append(ports, podPorts(w.String(), w.template)...)
	}
	return ports, nil
}

// takenPorts are those that others have. A host port counts when it is taken on
// every node. Once Helm failed, the namespace holds what the chart itself took.
func (t *installTest) takenPorts(ctx context.Context) ([]nodePort, error) {
	services, err := t.client.CoreV1().Services("").List(ctx, meta.ListOptions{})
	if err != nil {
		return nil, err
	}
	ports := slices.Clone(t.refused)
	isOwn := func(namespace string) bool { return len(t.refused) > 0 && namespace == t.Namespace }
	for _, s := range services.Items {
		if isOwn(s.Namespace) {
			continue
		}
		ports = append(ports, servicePorts(fmt.Sprintf("Service %s in namespace %s", s.Name, s.Namespace), s.Spec)...)
	}
	pods, err := t.client.CoreV1().Pods("").List(ctx,
		meta.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"})
	if err != nil {
		return nil, err
	}
	nodes, err := t.client.CoreV1().Nodes().List(ctx, meta.ListOptions{})
	if err != nil {
		return nil, err
	}
	on := map[string]map[string]bool{}
	for _, p := range pods.Items {
		if isOwn(p.Namespace) {
			continue
		}
		for _, port := range podPorts(fmt.Sprintf("Pod %s in namespace %s", p.Name, p.Namespace), p.Spec) {
			if on[port.String()] == nil {
				on[port.String()] = map[string]bool{}
			}
			on[port.String()][p.Spec.NodeName] = true
			if len(on[port.String()]) == len(nodes.Items) {
				ports = append(ports, port)
			}
		}
	}
	return ports, nil
}

func servicePorts(of string, spec core.ServiceSpec) []nodePort {
	var ports []nodePort
	for _, p := range spec.Ports {
		if p.NodePort > 0 {
			ports = append(ports, nodePort{p.NodePort, kube.Protocol(p.Protocol), false, of})
		}
	}
	return ports
}

func podPorts(of string, spec core.PodSpec) []nodePort {
	var ports []nodePort
	for _, p := range kube.NodePorts(spec) {
		ports = append(ports, nodePort{p.Number, p.Protocol, true, of})
	}
	return ports
}

const moved = "this trial"

// conflict finds who has a port. Two Services cannot have one number, not even for
// different protocols; two pods can.
func conflict(w nodePort, taken []nodePort) (string, bool) {
	i := slices.IndexFunc(taken, func(t nodePort) bool {
		return t.number == w.number && t.host == w.host && (!w.host || t.protocol == w.protocol)
	})
	if i < 0 {
		return "", false
	}
	return taken[i].of, true
}

// freePort chooses among the ports that Kubernetes gives to NodePorts, or, for
// a host port, among those below the ones that Linux hands out by itself.
func freePort(w nodePort, taken, wanted []nodePort) nodePort {
	from, to := int32(30000), int32(32768)
	if w.host {
		from, to = 20000, 30000
	}
	p := nodePort{0, w.protocol, w.host, moved}
	for range 1000 {
		p.number = from + rand.Int32N(to-from)
		sameNumber := func(o nodePort) bool { return o.number == p.number }
		if !slices.ContainsFunc(taken, sameNumber) && !slices.ContainsFunc(wanted, sameNumber) {
			break
		}
	}
	return p
}

// valueOf finds the value of the chart that has the number of a port.
func valueOf(values cluster.ConfigValues, w nodePort) *cluster.Value {
	candidates := []*cluster.Value{values.TCPPort, values.Port}
	if w.protocol == core.ProtocolUDP {
		candidates = []*cluster.Value{values.UDPPort}
	}
	for _, value := range candidates {
		if value != nil && value.Number == w.number {
			return value
		}
	}
	return nil
}
