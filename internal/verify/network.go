package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// route is one port of a Service that leads to the pods of a workload.
type route struct {
	service service
	port    corev1.ServicePort
	number  int32 // in the pod, 0 where the pod has no port of that name
}

func routesTo(w *workload) []route {
	var out []route
	for _, s := range filter(w.in.services, w.isSelectedBy) {
		for _, p := range s.spec.Ports {
			out = append(out, route{s, p, w.number(p.TargetPort, p.Protocol)})
		}
	}
	return out
}

// routesTo gives the routes that lead to a port of the server, or into a range.
func (s *server) routesTo(port *livekit.Port) []route {
	return filter(s.routes, func(r route) bool { return port.Has(r.number, string(r.port.Protocol)) })
}

// String names a Service with its type in findings.
func (s service) String() string { return fmt.Sprintf("%s Service %s", s.spec.Type, s.Name()) }

func (s service) isLoadBalancer() bool { return s.spec.Type == corev1.ServiceTypeLoadBalancer }
func (s service) isNodePort() bool     { return s.spec.Type == corev1.ServiceTypeNodePort }

// spellPort names a port of a Service in findings.
func spellPort(p corev1.ServicePort) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d/%s", p.Name, p.Port, p.Protocol))
}

// spellPorts names the ports of the server in findings.
func (s *server) spellPorts() string {
	var out []string
	for _, p := range s.listens {
		out = append(out, p.Name+" "+p.String())
	}
	return strings.Join(out, ", ")
}

// isMedia tells ports whose number the server tells clients; nil is none.
func isMedia(p *livekit.Port) bool {
	return p != nil && (p.Name == "rtc-tcp" || p.Name == "rtc-udp" || p.Name == "turn-udp")
}

// takesNodePorts reports whether each pod takes ports of its node.
func (s *server) takesNodePorts() bool {
	hasHostPort := func(p corev1.ContainerPort) bool { return p.HostPort != 0 }
	return s.pod.HostNetwork || slices.ContainsFunc(s.ports, hasHostPort)
}

// access is how a port is reached from outside the cluster, and what looks like a way to it and is none.
type access struct{ open, near []string }

func (a *access) why() string {
	if len(a.near) == 0 {
		return ""
	}
	return " (" + strings.Join(a.near, ", ") + ")"
}

func (s *server) accessTo(port *livekit.Port) *access {
	out := &access{}
	if s.pod.HostNetwork {
		out.open = append(out.open, "the node's network")
	}
	for _, p := range s.container.Ports {
		switch {
		case p.HostPort == 0 || !port.Has(p.ContainerPort, string(p.Protocol)):
		case p.HostPort == p.ContainerPort:
			out.open = append(out.open, "a host port")
		default:
			out.near = append(out.near, fmt.Sprintf("host port %d is not the port that clients are told", p.HostPort))
		}
	}
	routes := s.routesTo(port)
	for _, r := range routes {
		out.add(s.in, r)
	}
	out.dropPartial(port, routes)
	return out
}

// add sorts a route into the open ones and others: clients are told the
// server's own port, so that has to be the port outside.
func (a *access) add(in *input, r route) {
	spec, isSame := r.service.spec, r.port.Port == r.number
	way := r.service.String()
	switch {
	case r.service.isNodePort() && isSame && r.port.NodePort == r.number, r.service.isLoadBalancer() && isSame,
		len(spec.ExternalIPs) > 0 && isSame, in.isRouted(r.service.Name()):
		a.open = append(a.open, way)
		return
	case r.service.isNodePort() && r.port.NodePort == 0:
		way += fmt.Sprintf(" has a node port by chance, clients are told %d", r.number)
	case r.service.isNodePort():
		way += fmt.Sprintf(" has node port %d, clients are told %d", r.port.NodePort, r.number)
	}
	a.near = append(a.near, way)
}

// dropPartial takes Services that together open a part of a range for none.
func (a *access) dropPartial(port *livekit.Port, routes []route) {
	opened, all := map[string]sets.Set[int32]{}, sets.Set[int32]{}
	for _, r := range routes {
		opened[r.service.Name()] = sets.New(r.number).Union(opened[r.service.Name()])
		all.Insert(r.number)
	}
	size := port.To - port.From + 1
	if len(all) >= size {
		return
	}
	for _, name := range sortedKeys(opened) {
		a.open = slices.DeleteFunc(a.open, func(way string) bool { return strings.HasSuffix(way, " Service "+name) })
		a.near = append(a.near, fmt.Sprintf("Service %s opens %d of its %d ports", name, len(opened[name]), size))
	}
}

// isRouted finds a Gateway's route for UDP, TCP or TLS to a Service.
func (in *input) isRouted(service string) bool {
	return slices.ContainsFunc(in.ofKind("UDPRoute", "TCPRoute", "TLSRoute"), func(o manifest.Object) bool {
		return slices.ContainsFunc(backendsOf(o), func(b map[string]any) bool { return b["name"] == service })
	})
}

// backendsOf gives the backends of a Gateway's route.
func backendsOf(o manifest.Object) []map[string]any {
	var out []map[string]any
	for _, rule := range o.List("spec", "rules") {
		fields, _ := rule.(map[string]any)
		backends, _ := fields["backendRefs"].([]any)
		for _, b := range backends {
			if backend, ok := b.(map[string]any); ok {
				out = append(out, backend)
			}
		}
	}
	return out
}

// wantsClusterOnly reports whether a value asks for media inside the cluster:
// type: ClusterIP in a block that is named after media.
func (in *input) wantsClusterOnly() bool { return hasClusterIP(in.values, false) }

func hasClusterIP(values map[string]any, isMedia bool) bool {
	if isMedia && values["type"] == "ClusterIP" {
		return true
	}
	for key, value := range values {
		below, _ := value.(map[string]any)
		if hasClusterIP(below, isMedia || containsAny(strings.ToLower(key), "media", "rtc", "udp")) {
			return true
		}
	}
	return false
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// several reports whether more than one server may run, and by which setting.
func (s *server) several() (why string, several bool) {
	if s.Kind() == "DaemonSet" {
		return "one a node", true
	}
	for _, o := range s.autoscalers() {
		if most, _ := o.Get("spec", "maxReplicas").(int64); most > 1 {
			return fmt.Sprintf("up to %d by HorizontalPodAutoscaler %s", most, o.Name()), true
		}
	}
	for _, o := range s.scaledBy("ScaledObject") {
		if most, given := o.Get("spec", "maxReplicaCount").(int64); most > 1 || !given {
			return fmt.Sprintf("up to %d by ScaledObject %s", cmp.Or(most, 100), o.Name()), true
		}
	}
	if n, _ := s.Get("spec", "replicas").(int64); n > 1 {
		return fmt.Sprintf("%d replicas", n), true
	}
	return "", false
}

func (s *server) autoscalers() []manifest.Object { return s.scaledBy("HorizontalPodAutoscaler") }

// scaledBy gives the autoscalers of a kind that scale the server.
func (s *server) scaledBy(kind string) []manifest.Object {
	isOwn := func(o manifest.Object) bool { return o.Text("spec", "scaleTargetRef", "name") == s.Name() }
	return filter(s.in.ofKind(kind), isOwn)
}

// nodeAddress gives what sets rtc.node_ip: the flag wins over the variable, and that over the configuration.
func (s *server) nodeAddress() (setting, string) {
	if f := s.flag("node-ip"); f != nil {
		return f.value, "--node-ip"
	}
	if e, ok := s.env["NODE_IP"]; ok {
		return e, "NODE_IP"
	}
	if text := s.text("rtc.node_ip"); text != "" {
		return setting{text: text, isKnown: true}, "rtc.node_ip"
	}
	return setting{}, ""
}
