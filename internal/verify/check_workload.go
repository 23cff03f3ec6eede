package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func workload(s *subject, v *verdict) {
	if len(s.servers) == 0 {
		v.fail("Add a Deployment with a container of image livekit/livekit-server, or name the container livekit",
			"No workload has a container that runs livekit-server")
		return
	}
	var found []string
	for _, server := range s.servers {
		text := fmt.Sprintf("%s runs LiveKit in container %s", server.workloadObject, server.container.Name)
		if redis, ok := server.redisSidecar(); ok {
			text += fmt.Sprintf(" and Redis in container %s", redis.Name)
		}
		found = append(found, text)
	}
	v.pass("%s", strings.Join(found, "; "))
}

// imageTags finds images that are another one tomorrow.
func imageTags(s *subject, v *verdict) {
	for _, w := range s.workloads {
		for _, c := range slices.Concat(w.pod().InitContainers, w.pod().Containers) {
			why := floats(c.Image)
			if why == "" {
				continue
			}
			judge := v.fail
			if w.IsHook() {
				judge = v.warn // it runs for a moment, on request
			}
			judge(fmt.Sprintf("Set a version or a digest for the image of container %s in %s", c.Name, w.File),
				"%s: the image of container %s, %s, %s", w, c.Name, c.Image, why)
		}
	}
	v.pass("Every image has a fixed tag or a digest")
}

// floats says why an image's content changes under its name, "" where it does
// not.
func floats(image string) string {
	if strings.Contains(image, "@sha256:") {
		return ""
	}
	tag := strings.TrimPrefix(strings.TrimPrefix(image, imageName(image)), ":")
	if tag == "" {
		return "has no tag: whatever is latest is pulled"
	}
	if slices.Contains([]string{"latest", "master", "main", "edge", "nightly", "dev", "stable", "canary"}, tag) {
		return fmt.Sprintf("has the floating tag %s", tag)
	}
	return ""
}

// probes: the server answers GET / with 200 and every other path with 404, and
// with a Redis that is gone it answers 406 (pkg/service/server.go).
func probes(s *subject, v *verdict) {
	for _, server := range s.servers {
		c := server.container
		if c.ReadinessProbe == nil && c.LivenessProbe == nil && c.StartupProbe == nil {
			v.warn("Add a readinessProbe with httpGet on / and a livenessProbe with tcpSocket, both on the signalling port: "+server.field("livenessProbe"),
				"%s has no probes", server)
			continue
		}
		if c.ReadinessProbe == nil {
			v.warn("Add a readinessProbe with httpGet on /: "+server.field("readinessProbe"), "%s has no readiness probe: clients are sent to a server that is not up", server)
		}
		for _, p := range []struct {
			name  string
			probe *corev1.Probe
		}{{"startupProbe", c.StartupProbe}, {"livenessProbe", c.LivenessProbe}, {"readinessProbe", c.ReadinessProbe}} {
			server.judgeProbe(v, p.name, p.probe)
		}
	}
	v.pass("Probes are set")
}

func (v *server) judgeProbe(out *verdict, name string, probe *corev1.Probe) {
	if probe == nil || probe.HTTPGet == nil {
		return
	}
	get := probe.HTTPGet
	http, _ := v.port("http")
	if v.number(get.Port, corev1.ProtocolTCP) != int32(http.From) {
		return
	}
	path, _, _ := strings.Cut(get.Path, "?")
	if path != "" && path != "/" {
		out.fail(fmt.Sprintf("Set the path to /: %s", v.field(name+".httpGet.path")), "%s: %s asks for %s, which the server answers with 404", v, name, get.Path)
		return
	}
	if name == "livenessProbe" && v.usesRedis() {
		out.warn("Use tcpSocket, so that only readiness depends on Redis: "+v.field(name),
			"%s: the liveness probe asks for /, which fails while Redis is away: all servers would be killed, with their calls", v)
	}
}

// number resolves a port by the container's names, 0 where there is none.
func (v *server) number(port intstr.IntOrString, protocol corev1.Protocol) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, p := range v.container.Ports {
		if p.Name == port.StrVal && protocolOf(p.Protocol) == protocol {
			return p.ContainerPort
		}
	}
	return 0
}

func security(s *subject, v *verdict) {
	for _, server := range s.servers {
		c := server.container
		if sc := c.SecurityContext; sc != nil && sc.Privileged != nil && *sc.Privileged {
			v.warn("Remove privileged: "+server.field("securityContext"), "%s is privileged, and the server needs no privilege", server)
		}
		if server.runsAsRoot() {
			v.warn("Set runAsNonRoot: true and runAsUser, such as 65532: "+server.field("securityContext"),
				"%s runs as root, which the image does unless told otherwise, and the server has no need of it", server)
		}
	}
	v.pass("The server runs without privileges")
}

func (v *server) runsAsRoot() bool {
	if sc := v.container.SecurityContext; sc != nil {
		if sc.RunAsUser != nil {
			return *sc.RunAsUser == 0
		}
		if sc.RunAsNonRoot != nil && *sc.RunAsNonRoot {
			return false
		}
	}
	sc := v.pod().SecurityContext
	if sc == nil {
		return true
	}
	if sc.RunAsUser != nil {
		return *sc.RunAsUser == 0
	}
	return sc.RunAsNonRoot == nil || !*sc.RunAsNonRoot
}

// gracePeriod: on SIGTERM the server waits for its participants to leave.
func gracePeriod(s *subject, v *verdict) {
	for _, server := range s.servers {
		seconds := int64(30) // Kubernetes' default
		if t := server.pod().TerminationGracePeriodSeconds; t != nil {
			seconds = *t
		}
		if seconds < 60 {
			v.warn("Set it to hours, such as 18000: "+server.spec("terminationGracePeriodSeconds"),
				"%s: terminationGracePeriodSeconds is %d, so calls are cut when a pod is replaced", server.workloadObject, seconds)
		}
		v.pass("Calls have %d seconds to end", seconds)
	}
}

// rollout finds new pods that wait for what only the old one can give up.
func rollout(s *subject, v *verdict) {
	for _, server := range s.servers {
		if server.Kind() != "Deployment" || !server.surges() {
			continue
		}
		holds := server.holds(s)
		for _, what := range holds {
			v.warn("Set strategy.type to Recreate, or rollingUpdate.maxSurge to 0 and maxUnavailable to 1: "+server.at("spec.strategy"),
				"%s starts the new pod before the old one has gone, but the old one holds %s", server.workloadObject, what)
		}
	}
	v.pass("A rollout does not wait for itself")
}

func (v *server) surges() bool {
	var d appsv1.Deployment
	_ = v.Decode(&d)
	strategy := d.Spec.Strategy
	if strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return false
	}
	return strategy.RollingUpdate == nil || strategy.RollingUpdate.MaxSurge == nil || !slices.Contains([]string{"0", "0%"}, strategy.RollingUpdate.MaxSurge.String())
}

// holds names what a second pod cannot have beside the first.
func (v *server) holds(s *subject) []string {
	var out []string
	hostPorts := v.pod().HostNetwork
	for _, c := range v.containers() {
		hostPorts = hostPorts || slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
	}
	if hostPorts {
		out = append(out, "ports of the node")
	}
	for _, volume := range v.pod().Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		claim, ok := s.find("PersistentVolumeClaim", volume.PersistentVolumeClaim.ClaimName)
		if !ok {
			continue
		}
		for _, mode := range claim.List("spec", "accessModes") {
			if mode == "ReadWriteOnce" || mode == "ReadWriteOncePod" {
				out = append(out, fmt.Sprintf("the claim %s (%s)", claim.Name(), mode))
			}
		}
	}
	return out
}

// checksum: the server reads its configuration at its start alone.
func checksum(s *subject, v *verdict) {
	for _, server := range s.servers {
		from := server.configSource.from
		switch {
		case !server.isConfigured:
			v.pass("The server has no configuration to be read again")
		case strings.HasPrefix(from, "variable ") || from == "--config-body":
			v.pass("The configuration stands in the pod, so a change of it rolls the pod")
		case server.configSource.isKnown && !server.rollsOnChange():
			v.warn(fmt.Sprintf(`Add the annotation checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}: %s`, server.at("spec.template.metadata.annotations")),
				"%s: a change of the configuration (%s) rolls no pod", server.workloadObject, from)
		case !server.configSource.isKnown:
			v.skip("The configuration is not the chart's own: %s", from)
		default:
			v.pass("A change of the configuration rolls the pod")
		}
	}
}

// rollsOnChange takes the annotations that charts and controllers use for it.
func (v *server) rollsOnChange() bool {
	for name := range v.template.Annotations {
		lower := strings.ToLower(name)
		if strings.Contains(lower, "checksum") || strings.Contains(lower, "hash") || strings.Contains(lower, "reloader.") || strings.Contains(lower, "rollme") || strings.Contains(lower, "sha256") {
			return true
		}
	}
	for name := range v.Annotations() {
		if strings.Contains(name, "reloader.") {
			return true
		}
	}
	return false
}
