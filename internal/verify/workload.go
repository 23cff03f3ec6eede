package verify

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// workload is an object that makes pods.
type workload struct {
	manifest.Object
	in       *input
	template corev1.PodTemplateSpec
	pod      *corev1.PodSpec                // of the template
	claims   []corev1.PersistentVolumeClaim // a StatefulSet's own
	ports    []corev1.ContainerPort         // of all containers that run as long as the pod, with their protocol
}

// newWorkload takes every object with a pod template, custom kinds as well, and pods. It gives nil for others.
func newWorkload(in *input, o manifest.Object) *workload {
	var source any
	switch o.Kind() {
	case "Pod":
		source = o.Fields
	case "CronJob":
		source = o.Get("spec", "jobTemplate", "spec", "template")
	default:
		source = o.Get("spec", "template")
	}
	m, _ := source.(map[string]any)
	if spec, _ := m["spec"].(map[string]any); spec["containers"] == nil {
		return nil
	}
	w := &workload{Object: o, in: in}
	w.template = decode[corev1.PodTemplateSpec](manifest.Object{Fields: m})
	w.pod = &w.template.Spec
	if o.Kind() == "StatefulSet" {
		w.claims = decode[appsv1.StatefulSet](o).Spec.VolumeClaimTemplates
	}
	for _, c := range w.containers() {
		for i := range c.Ports {
			c.Ports[i].Protocol = cmp.Or(c.Ports[i].Protocol, corev1.ProtocolTCP)
		}
		w.ports = append(w.ports, c.Ports...)
	}
	return w
}

// String names the workload in findings: "Deployment livekit".
func (w *workload) String() string { return w.Kind() + " " + w.Name() }

// isLasting tells workloads that keep pods running from Jobs and hooks.
func (w *workload) isLasting() bool {
	return !w.IsHook() && w.Kind() != "Job" && w.Kind() != "CronJob"
}

// containers gives those that run as long as the pod: native sidecars too.
func (w *workload) containers() []corev1.Container {
	return append(filter(w.pod.InitContainers, isNativeSidecar), w.pod.Containers...)
}

// allContainers gives those that initialize the pod as well.
func (w *workload) allContainers() []corev1.Container {
	return slices.Concat(w.pod.InitContainers, w.pod.Containers)
}

func isNativeSidecar(c corev1.Container) bool {
	return ptr.Deref(c.RestartPolicy, "") == corev1.ContainerRestartPolicyAlways
}

// serverContainer finds the container that runs livekit-server: by its image or its command, or else by its name.
func (w *workload) serverContainer() *corev1.Container {
	if !w.isLasting() {
		return nil
	}
	return cmp.Or(first(w.pod.Containers, runsServer), first(w.pod.Containers, isNamedServer))
}

func runsServer(c corev1.Container) bool {
	return strings.Contains(imageBase(c.Image), "livekit-server") ||
		slices.ContainsFunc(commandLine(c), func(word string) bool { return path.Base(word) == "livekit-server" })
}

// isNamedServer takes a container's word for it, unless its image is one of LiveKit's other services.
func isNamedServer(c corev1.Container) bool {
	others := []string{"egress", "ingress", "sip"}
	return (c.Name == "livekit" || c.Name == "livekit-server") && !slices.Contains(others, imageBase(c.Image))
}

// splitImage splits an image reference before the digest and before the tag.
func splitImage(image string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(image, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name, tag = name[:i], name[i+1:]
	}
	return name, tag, digest
}

// imageBase is the last part of an image's name.
func imageBase(image string) string {
	name, _, _ := splitImage(image)
	return path.Base(name)
}

// commandLine gives a container's command with its arguments, what a shell is given as one text split into words.
func commandLine(c corev1.Container) []string {
	words := slices.Concat(c.Command, c.Args)
	shells := []string{"sh", "bash", "ash", "dash"}
	if i := slices.Index(words, "-c"); i >= 0 && i+1 < len(words) && slices.Contains(shells, path.Base(words[0])) {
		return strings.Fields(strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(words[i+1]))
	}
	return words
}

var redisImage = regexp.MustCompile("^(redis|valkey|keydb|dragonfly)")

// redisSidecar finds a Redis, or what speaks like one, beside the server. It gives nil where there is none.
func (w *workload) redisSidecar() *corev1.Container {
	return first(w.containers(), func(c corev1.Container) bool {
		name := imageBase(c.Image)
		return redisImage.MatchString(name) && !strings.Contains(name, "exporter")
	})
}

// at names a field of the workload in its template file.
func (w *workload) at(field string) string {
	return fmt.Sprintf("%s of %s in %s", field, w, w.File)
}

// spec names a field of the pod in the workload's template file.
func (w *workload) spec(field string) string {
	if w.Kind() == "Pod" {
		return w.at("spec." + field)
	}
	return w.at("spec.template.spec." + field)
}

// mounts gives the volume mounts of a volume, by container.
func (w *workload) mounts(volume string) map[string][]corev1.VolumeMount {
	out := map[string][]corev1.VolumeMount{}
	for _, c := range w.allContainers() {
		for _, m := range c.VolumeMounts {
			if m.Name == volume {
				out[c.Name] = append(out[c.Name], m)
			}
		}
	}
	return out
}

// claimVolumes gives the pod's volumes that are claims.
func (w *workload) claimVolumes() []corev1.Volume {
	return filter(w.pod.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
}

// nodeClaims gives the pod's claims of the chart that one node at a time can mount.
func (w *workload) nodeClaims() []manifest.Object {
	var out []manifest.Object
	for _, v := range w.claimVolumes() {
		claim := find(w.in.objects, "PersistentVolumeClaim", v.PersistentVolumeClaim.ClaimName)
		if claim != nil && strings.HasPrefix(claim.Text("spec", "accessModes", "0"), "ReadWriteOnce") {
			out = append(out, *claim)
		}
	}
	return out
}

func isPort(number int32, protocol corev1.Protocol) func(corev1.ContainerPort) bool {
	return func(p corev1.ContainerPort) bool { return p.ContainerPort == number && p.Protocol == protocol }
}

// number resolves a port by the names of the pod's ports, 0 where there is none.
func (w *workload) number(port intstr.IntOrString, protocol corev1.Protocol) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	isNamed := func(p corev1.ContainerPort) bool { return p.Name == port.StrVal && p.Protocol == protocol }
	return ptr.Deref(first(w.ports, isNamed), corev1.ContainerPort{}).ContainerPort
}

// podIndex is the label that numbers the pods of a StatefulSet.
const podIndex = "apps.kubernetes.io/pod-index"

// isSelectedBy reports whether a Service's selector finds the pods, or one of a StatefulSet by its number.
func (w *workload) isSelectedBy(s service) bool {
	pods := labels.Set(w.template.Labels)
	if s.isForOnePod() && w.Kind() == "StatefulSet" {
		pods = labels.Merge(pods, labels.Set{podIndex: s.spec.Selector[podIndex]})
	}
	return len(s.spec.Selector) > 0 && labels.SelectorFromSet(s.spec.Selector).Matches(pods)
}

// isForOnePod reports whether a Service selects a pod by its number.
func (s service) isForOnePod() bool { return s.spec.Selector[podIndex] != "" }
