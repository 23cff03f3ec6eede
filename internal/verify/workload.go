package verify

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// workloadObject is an object that makes pods.
type workloadObject struct {
	manifest.Object
	template corev1.PodTemplateSpec
	claims   []corev1.PersistentVolumeClaim // a StatefulSet's own
}

// workloadOf takes every object with a pod template, custom kinds as well, and
// pods. It gives nil for others.
func workloadOf(o manifest.Object) *workloadObject {
	w := &workloadObject{Object: o}
	var source any
	switch {
	case o.Kind() == "Pod":
		source = map[string]any{"metadata": o.Get("metadata"), "spec": o.Get("spec")}
	case o.Kind() == "CronJob":
		source = o.Get("spec", "jobTemplate", "spec", "template")
	default:
		source = o.Get("spec", "template")
	}
	m, ok := source.(map[string]any)
	if !ok {
		return nil
	}
	if spec, _ := m["spec"].(map[string]any); spec["containers"] == nil {
		return nil
	}
	// What does not decode, kubernetes-types reports; the rest is judged.
	if data, err := json.Marshal(m); err == nil {
		_ = json.Unmarshal(data, &w.template)
	}
	if o.Kind() == "StatefulSet" {
		var set appsv1.StatefulSet
		_ = o.Decode(&set)
		w.claims = set.Spec.VolumeClaimTemplates
	}
	return w
}

// String names the workload in findings: "Deployment livekit".
func (w *workloadObject) String() string { return w.Kind() + " " + w.Name() }

// isLasting tells workloads that keep pods running from Jobs and hooks.
func (w *workloadObject) isLasting() bool {
	return !w.IsHook() && w.Kind() != "Job" && w.Kind() != "CronJob"
}

func (w *workloadObject) pod() *corev1.PodSpec { return &w.template.Spec }

// containers gives those that run as long as the pod: native sidecars too.
func (w *workloadObject) containers() []corev1.Container {
	var out []corev1.Container
	for _, c := range w.pod().InitContainers {
		if isNativeSidecar(c) {
			out = append(out, c)
		}
	}
	return append(out, w.pod().Containers...)
}

func isNativeSidecar(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// serverContainer finds the container that runs livekit-server: by its image
// or its command, or else by its name.
func (w *workloadObject) serverContainer() (corev1.Container, bool) {
	if !w.isLasting() {
		return corev1.Container{}, false
	}
	for _, runs := range []func(corev1.Container) bool{runsServer, isNamedServer} {
		if i := slices.IndexFunc(w.pod().Containers, runs); i >= 0 {
			return w.pod().Containers[i], true
		}
	}
	return corev1.Container{}, false
}

func runsServer(c corev1.Container) bool {
	if strings.Contains(path.Base(imageName(c.Image)), "livekit-server") {
		return true
	}
	for _, word := range commandLine(c) {
		if path.Base(word) == "livekit-server" {
			return true
		}
	}
	return false
}

// isNamedServer takes a container's word for it, unless its image is one of
// LiveKit's other services.
func isNamedServer(c corev1.Container) bool {
	others := []string{"egress", "ingress", "sip"}
	return (c.Name == "livekit" || c.Name == "livekit-server") && !slices.Contains(others, path.Base(imageName(c.Image)))
}

// imageName is an image reference without tag and digest.
func imageName(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name = name[:i]
	}
	return name
}

// commandLine gives a container's command with its arguments, what a shell is
// given as one text split into words.
func commandLine(c corev1.Container) []string {
	words := slices.Concat(c.Command, c.Args)
	if i := slices.Index(words, "-c"); i >= 0 && i+1 < len(words) && isShell(words[0]) {
		return strings.Fields(strings.NewReplacer(`"`, "", "'", "", `\`, "").Replace(words[i+1]))
	}
	return words
}

func isShell(command string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash"}, path.Base(command))
}

// redisSidecar finds a Redis, or what speaks like one, beside the server.
func (w *workloadObject) redisSidecar() (corev1.Container, bool) {
	i := slices.IndexFunc(w.containers(), func(c corev1.Container) bool {
		name := path.Base(imageName(c.Image))
		return slices.ContainsFunc([]string{"redis", "valkey", "keydb", "dragonfly"}, func(known string) bool {
			return strings.HasPrefix(name, known) && !strings.Contains(name, "exporter")
		})
	})
	if i < 0 {
		return corev1.Container{}, false
	}
	return w.containers()[i], true
}

// at names a field of the workload in its template file.
func (w *workloadObject) at(field string) string {
	return fmt.Sprintf("%s of %s in %s", field, w, w.File)
}

func (w *workloadObject) spec(field string) string {
	if w.Kind() == "Pod" {
		return w.at("spec." + field)
	}
	return w.at("spec.template.spec." + field)
}

// mounts gives the volume mounts of a volume, by container.
func (w *workloadObject) mounts(volume string) map[string][]corev1.VolumeMount {
	out := map[string][]corev1.VolumeMount{}
	for _, c := range slices.Concat(w.pod().InitContainers, w.pod().Containers) {
		for _, m := range c.VolumeMounts {
			if m.Name == volume {
				out[c.Name] = append(out[c.Name], m)
			}
		}
	}
	return out
}

// selects reports whether a Service's selector finds the pods.
func selects(selector, labels map[string]string) bool {
	for k, want := range selector {
		if labels[k] != want {
			return false
		}
	}
	return len(selector) > 0
}
