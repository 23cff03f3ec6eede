package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// container says what keeps one container from running and being ready.
func (in *inspector) container(ctx context.Context, p core.Pod, s core.ContainerStatus) {
	object := fmt.Sprintf("Pod %s, container %s", p.Name, s.Name)
	waiting := s.State.Waiting
	switch {
	case s.Ready, s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 && s.RestartCount == 0:
		return
	case waiting != nil && slices.Contains(pullReasons, waiting.Reason):
		in.image(p, s, object)
	case waiting != nil && (waiting.Reason == "CreateContainerConfigError" ||
		waiting.Reason == "CreateContainerError" || waiting.Reason == "RunContainerError"):
		in.config(p, object, waiting)
	case s.RestartCount > 0 || s.State.Terminated != nil || waiting != nil && waiting.Reason == "CrashLoopBackOff":
		in.crash(ctx, p, s, object)
	case s.State.Running != nil:
		in.unready(ctx, p, s, object)
	}
}

var pullReasons = []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull",
	"ImageInspectError", "RegistryUnavailable"}

func (in *inspector) image(p core.Pod, s core.ContainerStatus, object string) {
	image, policy := s.Image, core.PullPolicy("")
	for _, c := range kube.AllContainers(p.Spec) {
		if c.Name == s.Name {
			image, policy = c.Image, c.ImagePullPolicy
		}
	}
	said := s.State.Waiting.Message
	for _, e := range in.eventsOf("Pod", p.Name) {
		if (e.Reason == "Failed" || e.Reason == "InspectFailed") && strings.Contains(e.Message, image) {
			said = e.Message
		}
	}
	f := Finding{
		Name: imagePull, Object: object, Final: true,
		Detail: fmt.Sprintf("the image %s cannot be pulled: %s", image, oneLine(lastPart(said))),
		Remedy: "check the image's name and tag (image.repository, image.tag; redis.image) and whether the nodes " +
			"reach its registry",
	}
	if containsAny(said, "timeout", "refused", "unreachable", "no such host", "EOF", "reset by peer", " 50") {
		f.Final = lasted(p) // it may go through the next time
	}
	if policy == core.PullAlways {
		f.Remedy += "; imagePullPolicy is Always, which asks the registry even where the node has the image"
	}
	switch {
	case containsAny(said, "unauthorized", "authentication required", "denied", "no basic auth", "401", "403"):
		f.Remedy = "name a Secret with the registry's credentials in imagePullSecrets, or check the image's name: " +
			"registries say the same of one that is not there"
	case containsAny(said, "not found", "manifest unknown", "404"):
		f.Remedy = "use a tag that is there (image.tag, redis.image.tag)"
	case containsAny(said, "x509", "certificate"):
		f.Remedy = "let the nodes trust the registry's certificate, or use another registry"
	case s.State.Waiting.Reason == "ErrImageNeverPull":
		f.Remedy = "load the image into the nodes, or set image.pullPolicy to IfNotPresent"
	case s.State.Waiting.Reason == "InvalidImageName":
		f.Remedy = "write the image as registry/repository with its tag apart (image.repository, image.tag)"
	}
	in.add(f)
}

// lastPart gives the end of a chain of errors, which says what it is about.
func lastPart(message string) string {
	parts := strings.Split(message, ": ")
	if len(parts) > 3 {
		parts = parts[len(parts)-3:]
	}
	return strings.Join(parts, ": ")
}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func (in *inspector) config(p core.Pod, object string, waiting *core.ContainerStateWaiting) {
	if f, ok := missing(object, waiting.Message); ok {
		f.Final = lasted(p)
		in.add(f)
		return
	}
	f := Finding{
		Name: "container-config", Object: object, Final: true,
		Detail: oneLine(waiting.Message), Remedy: "change what the message names",
	}
	if containsAny(waiting.Message, "runAsNonRoot", "will run as root") {
		f.Name = "runs-as-root"
		f.Remedy = "set podSecurityContext.runAsUser to a user that is not 0, or take runAsNonRoot away"
	}
	in.add(f)
}

// crash says why a container ended.
func (in *inspector) crash(ctx context.Context, p core.Pod, s core.ContainerStatus, object string) {
	end := s.LastTerminationState.Terminated
	if s.State.Terminated != nil {
		end = s.State.Terminated
	}
	previous := s.State.Terminated == nil
	log := in.logs(ctx, p.Name, s.Name, previous)
	if log == "" {
		log = in.logs(ctx, p.Name, s.Name, !previous)
	}
	if end != nil && end.Reason == "OOMKilled" {
		in.add(Finding{Name: "out-of-memory", Object: object,
			Detail: fmt.Sprintf("it was killed: it took more memory than its limit%s", memoryLimit(p, s.Name)),
			Remedy: "raise resources.limits.memory (redis.resources for Redis)", Final: s.RestartCount > 1})
		return
	}
	if in.fromLog(object, log, true, s.RestartCount > 1) {
		return
	}
	if e, ok := in.lastEvent("Pod", p.Name, "Unhealthy"); ok &&
		(end == nil || end.ExitCode == 137 || end.ExitCode == 143) {
		in.add(probe(object, e.Message, in.namespace, p.Name, s.RestartCount > 1))
		return
	}
	code := "it ended"
	if end != nil {
		code = fmt.Sprintf("it ended with exit code %d", end.ExitCode)
		if log == "" {
			log = end.Message
		}
	}
	in.add(Finding{
		Name: crashLoop, Object: object, Final: s.RestartCount > 2,
		Detail: fmt.Sprintf("%s, %d times so far; its log ends: %s", code, max(int(s.RestartCount), 1), lastLines(log)),
		Remedy: "see kubectl -n " + in.namespace + " logs " + p.Name + " -c " + s.Name + " --previous",
	})
}

func memoryLimit(p core.Pod, container string) string {
	for _, c := range kube.AllContainers(p.Spec) {
		if limit, ok := c.Resources.Limits[core.ResourceMemory]; ok && c.Name == container {
			return " of " + limit.String()
		}
	}
	return ""
}

// lastLines gives the end of a log in one line.
func lastLines(log string) string {
	const enough = 3
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) > enough {
		lines = lines[len(lines)-enough:]
	}
	if text := oneLine(strings.Join(lines, " | ")); text != "" {
		return text
	}
	return "(nothing, or not to be shown)"
}

// unready says why a container that runs is not ready.
func (in *inspector) unready(ctx context.Context, p core.Pod, s core.ContainerStatus, object string) {
	log := in.logs(ctx, p.Name, s.Name, false)
	if in.fromLog(object, log, false, false) {
		return
	}
	for _, e := range slices.Backward(in.eventsOf("Pod", p.Name)) {
		if e.Reason == "Unhealthy" && strings.Contains(e.InvolvedObject.FieldPath, "{"+s.Name+"}") {
			in.add(probe(object, e.Message, in.namespace, p.Name, false))
			return
		}
	}
}

// probe is a finding about a probe that fails, with the kubelet's words.
func probe(object, message, namespace, pod string, final bool) Finding {
	kind, said, _ := strings.Cut(message, ": ")
	f := Finding{Name: probeFailed, Object: object, Detail: oneLine(strings.ToLower(kind) + ": " + said), Final: final,
		Remedy: "see kubectl -n " + namespace + " logs " + pod + "; is the probe's port the one that the server " +
			"listens at?"}
	if strings.HasPrefix(kind, "Readiness") && strings.Contains(said, "statuscode: 406") {
		// The server answers so while its node is not up to date in Redis (service/server.go of its source).
		f.Remedy = "LiveKit answers 406 while Redis does not answer it: check Redis"
	}
	return f
}
