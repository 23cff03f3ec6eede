package verify

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// usesRedis reports whether the server is told of a Redis, wherever it is.
func (v *server) usesRedis() bool {
	for _, key := range []string{"redis.address", "redis.sentinel_addresses", "redis.cluster_addresses"} {
		if lookup(v.config, key) != nil || v.origin[key] != "" {
			return true
		}
	}
	return false
}

// redis judges whether all servers meet in one Redis, and reach it.
func redis(s *subject, v *verdict) {
	for _, server := range s.servers {
		sidecar, hasSidecar := server.redisSidecar()
		server.judgeAddress(s, v, sidecar, hasSidecar)
		server.judgeReplicas(s, v, hasSidecar)
		if hasSidecar {
			server.judgeSidecar(v, sidecar)
		}
		switch {
		case hasSidecar && !server.usesRedis() && server.isConfigSeen():
			v.warn("Set redis.address to 127.0.0.1 and the port, or remove the container: "+server.field("env"), "%s: nothing tells the server of the Redis in container %s", server, sidecar.Name)
		case server.usesRedis():
			v.pass("The server uses Redis at %s", or(server.text("redis.address"), "an address that the chart does not show"))
		case !server.isConfigSeen():
			v.skip("The configuration is not the chart's own: %s", server.configSource.from)
		default:
			v.pass("The server runs alone, without Redis; egress, ingress and SIP need one")
		}
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (v *server) judgeAddress(s *subject, out *verdict, sidecar corev1.Container, hasSidecar bool) {
	faulty := false
	for _, p := range v.problems {
		if strings.HasPrefix(p.Path, "redis.") && strings.Contains(p.Path, "address") {
			out.fail(strings.TrimSuffix("Mend "+v.where(p.Path)+": "+p.Suggestion, ": "), "%s %s", p.Path, p.Message)
			faulty = true
		}
	}
	host, port, err := net.SplitHostPort(v.text("redis.address"))
	if faulty || err != nil {
		return
	}
	number, _ := strconv.Atoi(port)
	if isLoopback(host) {
		v.judgeLoopback(out, int32(number), sidecar, hasSidecar)
		return
	}
	v.judgeRedisService(s, out, host, int32(number))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (v *server) judgeLoopback(out *verdict, port int32, sidecar corev1.Container, hasSidecar bool) {
	if !hasSidecar {
		if !v.pod().HostNetwork {
			out.fail("Add a Redis container to the pod, or name a Redis elsewhere: "+v.where("redis.address"), "redis.address is %s, and no Redis runs in the pod", v.text("redis.address"))
		}
		return
	}
	if ports := redisPorts(sidecar); !slices.Contains(ports, port) {
		out.fail("Let the two agree: "+v.where("redis.address"), "redis.address names port %d, and container %s listens on %d", port, sidecar.Name, ports[0])
	}
}

// redisPorts gives what a Redis container listens on: its --port, else what it
// declares, else Redis' default.
func redisPorts(c corev1.Container) []int32 {
	words := slices.Concat(c.Command, c.Args)
	for i, w := range words {
		value, ok := strings.CutPrefix(w, "--port=")
		if w == "--port" && i+1 < len(words) {
			value, ok = words[i+1], true
		}
		if n, err := strconv.Atoi(value); ok && err == nil {
			return []int32{int32(n)}
		}
	}
	var out []int32
	for _, p := range c.Ports {
		out = append(out, p.ContainerPort)
	}
	return append(out, 6379)
}

// judgeRedisService looks at the address where it is a Service of the chart.
func (v *server) judgeRedisService(s *subject, out *verdict, host string, port int32) {
	name, _, _ := strings.Cut(host, ".")
	for _, service := range s.services {
		if service.Name() != name || len(service.spec.Ports) == 0 {
			continue
		}
		if !slices.ContainsFunc(service.spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port }) {
			out.fail("Name a port of the Service: "+v.where("redis.address"), "redis.address names port %d, which Service %s does not have", port, name)
		}
	}
}

func (v *server) judgeReplicas(s *subject, out *verdict, hasSidecar bool) {
	several, why := v.several(s)
	if !several {
		return
	}
	host, _, _ := net.SplitHostPort(v.text("redis.address"))
	switch {
	case hasSidecar && (isLoopback(host) || !v.usesRedis()):
		out.fail("Run one replica, or set redis.address to a Redis that all of them reach: "+v.at("spec.replicas"),
			"%s runs several servers (%s), each with a Redis of its own: they do not see each other's rooms", v.workloadObject, why)
	case !v.usesRedis() && v.isConfigSeen():
		out.fail("Run one replica, or set redis.address: "+v.at("spec.replicas"),
			"%s runs several servers (%s) without Redis: they do not see each other's rooms", v.workloadObject, why)
	}
}

// several reports whether more than one server may run, and by which setting.
func (v *server) several(s *subject) (bool, string) {
	if v.Kind() == "DaemonSet" {
		return true, "one a node"
	}
	for _, o := range s.objects {
		if o.Kind() != "HorizontalPodAutoscaler" || o.Text("spec", "scaleTargetRef", "name") != v.Name() {
			continue
		}
		if most, _ := o.Get("spec", "maxReplicas").(int64); most > 1 {
			return true, fmt.Sprintf("up to %d by HorizontalPodAutoscaler %s", most, o.Name())
		}
	}
	if n, _ := v.Get("spec", "replicas").(int64); n > 1 {
		return true, fmt.Sprintf("%d replicas", n)
	}
	return false, ""
}

func (v *server) judgeSidecar(out *verdict, sidecar corev1.Container) {
	if !isNativeSidecar(sidecar) {
		out.warn("Make it an init container with restartPolicy: Always (Kubernetes 1.29 or later): "+v.spec("initContainers"),
			"%s: Redis in container %s starts beside the server, which ends where it finds no Redis", v.workloadObject, sidecar.Name)
	}
	words := strings.Join(slices.Concat(sidecar.Command, sidecar.Args), " ")
	if v.pod().HostNetwork && !strings.Contains(words, "127.0.0.1") && !strings.Contains(words, "requirepass") {
		out.warn("Start it with --bind 127.0.0.1: "+v.spec("initContainers"), "%s: with hostNetwork, Redis in container %s is open on the node's address", v.workloadObject, sidecar.Name)
	}
}
