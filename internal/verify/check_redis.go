package verify

import (
	"cmp"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// usesRedis reports whether the server is told of a Redis, wherever it is.
func (s *server) usesRedis() bool {
	keys := []string{"redis.address", "redis.sentinel_addresses", "redis.cluster_addresses"}
	return slices.ContainsFunc(keys, func(key string) bool {
		return livekit.Lookup(s.config, key) != nil || s.origin[key] != ""
	})
}

// checkRedis: all servers meet in one Redis, and reach it.
func checkRedis(s *server, out *result) {
	sidecar := s.redisSidecar()
	s.checkAddress(out, sidecar)
	s.checkReplicas(out, sidecar != nil)
	if sidecar != nil {
		s.checkSidecar(out, sidecar)
	}
	switch {
	case sidecar != nil && !s.usesRedis() && s.isConfigSeen():
		out.warn("Set redis.address to 127.0.0.1 and the port, or remove the container: "+s.field("env"),
			"%s: nothing tells the server of the Redis in container %s", s, sidecar.Name)
	case s.usesRedis():
		out.pass("The server uses Redis at %s",
			cmp.Or(s.text("redis.address"), "an address that the chart does not show"))
	case !s.isConfigSeen():
		s.skipUnseen(out)
	default:
		out.pass("The server runs alone, without Redis; egress, ingress and SIP need one")
	}
}

func (s *server) checkAddress(out *result, sidecar *corev1.Container) {
	isFaulty := s.reportProblems(out, "redis")
	address := s.text("redis.address")
	host, port, err := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	number := int32(n)
	service, _, _ := strings.Cut(host, ".")
	switch {
	case isFaulty || err != nil:
	case !isLoopback(host):
		s.checkRedisService(out, service, number)
	case sidecar == nil && !s.pod.HostNetwork:
		out.fail("Add a Redis container to the pod, or name a Redis elsewhere: "+s.where("redis.address"),
			"redis.address is %s, and no Redis runs in the pod", address)
	case sidecar != nil && !slices.Contains(redisPorts(sidecar), number):
		out.fail("Let the two agree: "+s.where("redis.address"),
			"redis.address names port %d, and container %s listens on %d", number, sidecar.Name, redisPorts(sidecar)[0])
	}
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

var redisPortFlag = regexp.MustCompile(`--port[ =](\d{1,5})\b`)

// redisPorts gives what a Redis container listens on: its --port, else what it declares, else Redis' default.
func redisPorts(c *corev1.Container) []int32 {
	words := strings.Join(slices.Concat(c.Command, c.Args), " ")
	if m := redisPortFlag.FindStringSubmatch(words); m != nil {
		n, _ := strconv.Atoi(m[1])
		return []int32{int32(n)}
	}
	var out []int32
	for _, p := range c.Ports {
		out = append(out, p.ContainerPort)
	}
	return append(out, 6379)
}

// checkRedisService looks at the address where it is a Service of the chart.
func (s *server) checkRedisService(out *result, name string, port int32) {
	service := ptr.Deref(first(s.in.services, func(s service) bool { return s.Name() == name }), service{})
	isPort := func(p corev1.ServicePort) bool { return p.Port == port }
	if ports := service.spec.Ports; len(ports) > 0 && !slices.ContainsFunc(ports, isPort) {
		out.fail("Name a port of the Service: "+s.where("redis.address"),
			"redis.address names port %d, which Service %s does not have", port, name)
	}
}

func (s *server) checkReplicas(out *result, hasSidecar bool) {
	why, several := s.several()
	host, _, _ := net.SplitHostPort(s.text("redis.address"))
	switch {
	case !several:
	case hasSidecar && (isLoopback(host) || !s.usesRedis()):
		out.fail("Run one replica, or set redis.address to a Redis that all of them reach: "+s.at("spec.replicas"),
			"%s runs several servers (%s), each with a Redis of its own: they do not see each other's rooms",
			s.workload, why)
	case !s.usesRedis() && s.isConfigSeen():
		out.fail("Run one replica, or set redis.address: "+s.at("spec.replicas"),
			"%s runs several servers (%s) without Redis: they do not see each other's rooms", s.workload, why)
	}
}

func (s *server) checkSidecar(out *result, sidecar *corev1.Container) {
	if !isNativeSidecar(*sidecar) {
		out.warn("Make it an init container with restartPolicy: Always (Kubernetes 1.29 or later): "+
			s.spec("initContainers"), "%s: Redis in container %s starts beside the server, "+
			"which ends where it finds no Redis", s.workload, sidecar.Name)
	}
	words := strings.Join(slices.Concat(sidecar.Command, sidecar.Args), " ")
	if s.pod.HostNetwork && !containsAny(words, "127.0.0.1", "requirepass") {
		out.warn("Start it with --bind 127.0.0.1: "+s.spec("initContainers"),
			"%s: with hostNetwork, Redis in container %s is open on the node's address", s.workload, sidecar.Name)
	}
}
