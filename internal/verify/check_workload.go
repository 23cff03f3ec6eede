package verify

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func checkWorkload(in *input, out *result) {
	if len(in.servers) == 0 {
		out.fail("Add a Deployment with a container of image livekit/livekit-server, or name the container livekit",
			"No workload has a container that runs livekit-server")
		return
	}
	var found []string
	for _, s := range in.servers {
		text := fmt.Sprintf("%s runs LiveKit in container %s", s.workload, s.container.Name)
		if redis := s.redisSidecar(); redis != nil {
			text += " and Redis in container " + redis.Name
		}
		found = append(found, text)
	}
	out.pass("%s", strings.Join(found, "; "))
}

// checkImageTags finds images that are another one tomorrow.
func checkImageTags(in *input, out *result) {
	precise, moving := sets.Set[string]{}, sets.Set[string]{}
	for _, w := range in.workloads {
		report := out.fail
		if w.IsHook() {
			report = out.warn // it runs for a moment, on request
		}
		for _, c := range w.allContainers() {
			if why := floats(c.Image); why != "" {
				report(fmt.Sprintf("Set a version or a digest for the image of container %s: %s",
					c.Name, w.in.imageGiver(w, c.Image)),
					"%s: the image of container %s, %s, %s", w, c.Name, c.Image, why)
			}
			if _, tag, digest := splitImage(c.Image); digest == "" && partOfVersion.MatchString(tag) {
				moving.Insert(c.Image)
			} else {
				precise.Insert(c.Image)
			}
		}
	}
	if len(moving) > 0 {
		out.pass("Precise: %s; moving on with each release of a version: %s",
			cmp.Or(strings.Join(sets.List(precise), ", "), "none"), strings.Join(sets.List(moving), ", "))
	}
}

// imageGiver names what is to be changed to change an image: the value that is its tag, beside one that is its name,
// or the value that is all of it, or else the template.
func (in *input) imageGiver(w *workload, image string) string {
	name, tag, _ := splitImage(image)
	leaves := manifest.Leaves(in.values)
	for _, leaf := range leaves {
		text := fmt.Sprint(leaf.Value)
		isName := text != "" && strings.HasSuffix("/"+name, "/"+text)
		last := len(leaf.Path) - 1
		isTag := func(other manifest.Leaf) bool {
			isBeside := len(other.Path) == last+1 && slices.Equal(other.Path[:last], leaf.Path[:last])
			return isBeside && fmt.Sprint(other.Value) == tag &&
				(tag != "" || strings.Contains(strings.ToLower(other.Path[last]), "tag"))
		}
		if tagged := first(leaves, isTag); isName && tagged != nil {
			return fmt.Sprintf("%s in values.yaml", tagged.Path)
		}
		if text == image {
			return fmt.Sprintf("%s in values.yaml", leaf.Path)
		}
	}
	return w.File
}

// partOfVersion is a tag that a registry moves on to each release of a version, such as 7.2-alpine to 7.2.5.
var partOfVersion = regexp.MustCompile(`^v?\d{1,3}(\.\d+)?([-_+].*)?$`)

// floats says why an image's content changes under its name, "" where it does not.
func floats(image string) string {
	floating := []string{"latest", "master", "main", "edge", "nightly", "dev", "stable", "canary"}
	switch _, tag, digest := splitImage(image); {
	case digest != "":
	case tag == "":
		return "has no tag: whatever is latest is pulled"
	case slices.Contains(floating, tag):
		return "has the floating tag " + tag
	}
	return ""
}

// checkProbes: the server answers GET / with 200 and every other path with 404,
// and with a Redis that is gone it answers 406 (pkg/service/server.go).
func checkProbes(s *server, out *result) {
	c := s.container
	switch {
	case c.ReadinessProbe == nil && c.LivenessProbe == nil && c.StartupProbe == nil:
		out.warn("Add a readinessProbe with httpGet on / and a livenessProbe with tcpSocket, "+
			"both on the signalling port: "+s.field("livenessProbe"), "%s has no probes", s)
	case c.ReadinessProbe == nil:
		out.warn("Add a readinessProbe with httpGet on /: "+s.field("readinessProbe"),
			"%s has no readiness probe: clients are sent to a server that is not up", s)
	}
	s.checkProbe(out, "startupProbe", c.StartupProbe)
	s.checkProbe(out, "livenessProbe", c.LivenessProbe)
	s.checkProbe(out, "readinessProbe", c.ReadinessProbe)
}

func (s *server) checkProbe(out *result, name string, probe *corev1.Probe) {
	if probe == nil || probe.HTTPGet == nil {
		return
	}
	get := probe.HTTPGet
	http := s.port("http")
	path, _, _ := strings.Cut(get.Path, "?")
	switch {
	case http == nil || s.number(get.Port, corev1.ProtocolTCP) != int32(http.From):
	case path != "" && path != "/":
		out.fail("Set the path to /: "+s.field(name+".httpGet.path"),
			"%s: %s asks for %s, which the server answers with 404", s, name, get.Path)
	case name == "livenessProbe" && s.usesRedis():
		out.warn("Use tcpSocket, so that only readiness depends on Redis: "+s.field(name),
			"%s: the liveness probe asks for /, which fails while Redis is away: "+
				"all servers would be killed, with their calls", s)
	}
}

func checkSecurity(s *server, out *result) {
	if ptr.Deref(ptr.Deref(s.container.SecurityContext, corev1.SecurityContext{}).Privileged, false) {
		out.warn("Remove privileged: "+s.field("securityContext"),
			"%s is privileged, and the server needs no privilege", s)
	}
	if s.runsAsRoot() {
		out.warn("Set runAsNonRoot: true and runAsUser, such as 65532: "+s.field("securityContext"),
			"%s runs as root, which the image does unless told otherwise, and the server has no need of it", s)
	}
}

// runsAsRoot asks the container first, then the pod.
func (s *server) runsAsRoot() bool {
	own := ptr.Deref(s.container.SecurityContext, corev1.SecurityContext{})
	pod := ptr.Deref(s.pod.SecurityContext, corev1.PodSecurityContext{})
	if user := cmp.Or(own.RunAsUser, pod.RunAsUser); user != nil {
		return *user == 0
	}
	return !ptr.Deref(cmp.Or(own.RunAsNonRoot, pod.RunAsNonRoot), false)
}

// checkGracePeriod: on SIGTERM the server waits for its participants to leave.
func checkGracePeriod(s *server, out *result) {
	seconds := ptr.Deref(s.pod.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	if seconds < 60 {
		out.warn("Set it to hours, such as 18000: "+s.spec("terminationGracePeriodSeconds"),
			"%s: terminationGracePeriodSeconds is %d, so calls are cut when a pod is replaced", s.workload, seconds)
	}
	out.pass("Calls have %d seconds to end", seconds)
}

// checkRollout finds new pods that wait for what only the old one can give up.
func checkRollout(s *server, out *result) {
	if s.Kind() == "Deployment" && surges(decode[appsv1.Deployment](s.Object).Spec.Strategy) {
		for _, what := range s.holds() {
			out.warn("Set strategy.type to Recreate, or rollingUpdate.maxSurge to 0 and maxUnavailable to 1: "+
				s.at("spec.strategy"),
				"%s starts the new pod before the old one has gone, but the old one holds %s", s.workload, what)
		}
	}
}

func surges(strategy appsv1.DeploymentStrategy) bool {
	rolling := ptr.Deref(strategy.RollingUpdate, appsv1.RollingUpdateDeployment{})
	isZero := rolling.MaxSurge != nil && slices.Contains([]string{"0", "0%"}, rolling.MaxSurge.String())
	return strategy.Type != appsv1.RecreateDeploymentStrategyType && !isZero
}

// holds names what a second pod cannot have beside the first.
func (s *server) holds() []string {
	var out []string
	if s.takesNodePorts() {
		out = append(out, "ports of the node")
	}
	for _, claim := range s.nodeClaims() {
		out = append(out, fmt.Sprintf("the claim %s (%s)", claim.Name(), claim.Text("spec", "accessModes", "0")))
	}
	return out
}

// checkServiceLinks: for every Service of the namespace, a pod with service
// links gets NAME_PORT=tcp://address:port, and the server reads LIVEKIT_PORT.
func checkServiceLinks(s *server, out *result) {
	if !ptr.Deref(s.pod.EnableServiceLinks, corev1.DefaultEnableServiceLinks) {
		return
	}
	step := "Set enableServiceLinks: false: " + s.spec("enableServiceLinks")
	for _, service := range s.in.services {
		if env, key, ok := livekit.ServiceLinkCollision(service.Name()); ok {
			out.fail(step, "%s: Service %s makes the variable %s=tcp://..., which the server takes for %s, and ends",
				s.workload, service.Name(), env, key)
		}
	}
	if len(out.failures) == 0 {
		out.warn(step, "%s has service links: a Service named livekit anywhere in the namespace "+
			"would set LIVEKIT_PORT, and the server would end", s.workload)
	}
}

// checkChecksum: the server reads its configuration at its start alone.
func checkChecksum(s *server, out *result) {
	from := s.configSource.from
	// Charts and controllers use these annotations.
	rollsOnChange := hasAnnotation(s.template.Annotations, "checksum", "hash", "reloader.", "rollme", "sha256") ||
		hasAnnotation(s.Annotations(), "reloader.")
	switch {
	case !s.isConfigured:
		out.pass("The server has no configuration to be read again")
	case strings.HasPrefix(from, "variable ") || from == "--config-body":
		out.pass("The configuration stands in the pod, so a change of it rolls the pod")
	case !s.configSource.isKnown:
		s.skipUnseen(out)
	case !rollsOnChange:
		const add = "Add the annotation checksum/config: " +
			`{{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}: `
		out.warn(add+s.at("spec.template.metadata.annotations"),
			"%s: a change of the configuration (%s) rolls no pod", s.workload, from)
	}
}

// hasAnnotation reports whether the name of some annotation has one of the parts.
func hasAnnotation(annotations map[string]string, parts ...string) bool {
	return slices.ContainsFunc(sortedKeys(annotations), func(name string) bool {
		return containsAny(strings.ToLower(name), parts...)
	})
}

// checkPersistence: every claim is of use, and there.
func checkPersistence(in *input, out *result) {
	used := map[string]bool{}
	values := manifest.Leaves(in.values)
	for _, w := range in.workloads {
		for _, volume := range w.claimVolumes() {
			name := volume.PersistentVolumeClaim.ClaimName
			used[name] = true
			// A claim that the user names is there before.
			isValue := func(leaf manifest.Leaf) bool { return leaf.Value == name }
			if find(in.objects, "PersistentVolumeClaim", name) == nil && !slices.ContainsFunc(values, isValue) {
				out.fail("Make the claim in the chart, or take its name from a value: "+w.spec("volumes"),
					"%s mounts claim %s, which the chart does not make", w, name)
			}
			w.checkMounts(out, volume.Name, "Claim "+name)
		}
		for _, claim := range w.claims {
			w.checkMounts(out, claim.Name, "Claim template "+claim.Name)
		}
	}
	claims := filter(in.ofKind("PersistentVolumeClaim"), func(o manifest.Object) bool { return !o.IsHook() })
	for _, o := range claims {
		if !used[o.Name()] {
			out.fail("Remove it, or mount it: "+o.File, "Claim %s is mounted by no pod of the chart", o.Name())
		}
	}
	if len(claims)+len(used) == 0 {
		out.skip("The chart renders no claim with these values, and the server needs none")
	}
}

// checkMounts: some container mounts the volume, and not the server alone.
func (w *workload) checkMounts(out *result, volume, what string) {
	mounts := w.mounts(volume)
	if len(mounts) == 0 {
		out.fail("Mount the volume, or remove it: "+w.spec("volumes"),
			"%s is a volume of %s that no container mounts", what, w)
		return
	}
	for _, s := range w.in.servers {
		name := s.container.Name
		if own := mounts[name]; s.workload == w && len(own) > 0 && len(mounts) == 1 {
			out.warn("Remove the claim and its mount: livekit-server keeps nothing on disk",
				"%s is mounted by container %s of %s alone (%s), which writes nothing", what, name, w, own[0].MountPath)
		}
	}
}
