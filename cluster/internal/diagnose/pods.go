package diagnose

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
)

// pod says what keeps a pod from running and being ready.
func (l *look) pod(ctx context.Context, p core.Pod) {
	if isReady(p) || p.Status.Phase == core.PodSucceeded {
		return
	}
	if p.Status.Phase == core.PodFailed && p.Status.Reason != "" {
		l.add(Finding{Name: "pod-failed", Object: "Pod " + p.Name, Detail: oneLine(p.Status.Reason + ": " + p.Status.Message), Remedy: l.see("pod " + p.Name)})
	}
	if c, ok := condition(p, core.PodScheduled); ok && c.Status == core.ConditionFalse {
		l.unscheduled(p, c.Message)
		return
	}
	l.mounts(p)
	for _, s := range statuses(p) {
		l.container(ctx, p, s)
	}
}

func isReady(p core.Pod) bool {
	c, ok := condition(p, core.PodReady)
	return ok && c.Status == core.ConditionTrue
}

func condition(p core.Pod, kind core.PodConditionType) (core.PodCondition, bool) {
	i := slices.IndexFunc(p.Status.Conditions, func(c core.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return core.PodCondition{}, false
	}
	return p.Status.Conditions[i], true
}

func statuses(p core.Pod) []core.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

var missingClaim = regexp.MustCompile(`persistentvolumeclaim "([^"]+)" not found`)

// unscheduled reads the scheduler's reasons (the messages of its plugins).
func (l *look) unscheduled(p core.Pod, message string) {
	f := Finding{Name: "no-node-fits", Object: "Pod " + p.Name, Detail: "no node takes it: " + oneLine(message), Final: !l.isScaling(p)}
	claim := missingClaim.FindStringSubmatch(message)
	switch {
	case claim != nil:
		f.Name = "claim-missing"
		f.Detail = fmt.Sprintf("it wants the claim %s, which is not there", claim[1])
		f.Remedy = "make the claim first, or name one that is there (persistence.existingClaim), or let the chart make one"
	case strings.Contains(message, "free ports"):
		f.Name = portTaken
		f.Detail = fmt.Sprintf("it wants ports of the node that another pod has (%s): %s", hostPorts(p), oneLine(message))
		f.Remedy = "choose other ports (config.port, config.rtc.udp_port, config.rtc.tcp_port), or leave the node's network (media.type NodePort); with more than one replica each needs a node of its own"
	case strings.Contains(message, "PersistentVolumeClaims"), strings.Contains(message, "PersistentVolume"):
		if slices.ContainsFunc(l.findings, func(f Finding) bool { return strings.HasPrefix(f.Object, "PersistentVolumeClaim ") }) {
			return // the claim's own finding says why
		}
		f.Name, f.Final = claimUnbound, false
		f.Remedy = "see kubectl -n " + l.namespace + " get pvc"
	case strings.Contains(message, "Insufficient"):
		f.Remedy = "lower resources.requests, or add nodes: " + strings.Join(insufficient.FindAllString(message, -1), ", ")
	case strings.Contains(message, "affinity"), strings.Contains(message, "selector"):
		f.Remedy = "label a node as nodeSelector and affinity ask for, or change them: kubectl get nodes --show-labels"
	case strings.Contains(message, "taint"):
		f.Remedy = "add the taint to tolerations, or take it from a node"
	case strings.Contains(message, "topology spread"):
		f.Remedy = "loosen topologySpreadConstraints, or add nodes in other zones"
	default:
		f.Remedy = l.see("pod " + p.Name)
	}
	l.add(f)
}

var insufficient = regexp.MustCompile(`\d+ Insufficient [\w./-]+`)

// isScaling says that somebody adds a node for the pod.
func (l *look) isScaling(p core.Pod) bool {
	_, ok := l.lastEvent("Pod", p.Name, "TriggeredScaleUp", "Nominated")
	return ok
}

func hostPorts(p core.Pod) string {
	var ports []string
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		for _, port := range c.Ports {
			number := port.HostPort
			if p.Spec.HostNetwork {
				number = port.ContainerPort
			}
			if number > 0 {
				ports = append(ports, fmt.Sprintf("%d/%s", number, port.Protocol))
			}
		}
	}
	return strings.Join(ports, ", ")
}

// mounts reads why volumes are not there. The texts are the kubelet's.
func (l *look) mounts(p core.Pod) {
	for _, e := range l.eventsOf("Pod", p.Name) {
		switch e.Reason {
		case "FailedMount":
			if f, ok := missing("Pod "+p.Name, e.Message); ok {
				l.add(f)
			}
		case "FailedAttachVolume":
			l.add(Finding{Name: "volume-attach", Object: "Pod " + p.Name, Detail: oneLine(e.Message),
				Remedy: "a ReadWriteOnce volume is for one node at a time: let the old pod end first (strategy Recreate), or see who holds it"})
		}
	}
}

var (
	noSecret    = regexp.MustCompile(`(?i)secrets? "([^"]+)" not found`)
	noConfigMap = regexp.MustCompile(`(?i)configmaps? "([^"]+)" not found`)
	noKey       = regexp.MustCompile(`couldn't find key (\S+) in (Secret|ConfigMap) \S+/(\S+)`)
	noFileKey   = regexp.MustCompile(`references non-existent (secret|config) key: ([^\s,]+)`)
	noVolume    = regexp.MustCompile(`MountVolume\.SetUp failed for volume "([^"]+)"`)
)

// missing is a finding about a Secret or ConfigMap that is not there, or lacks an entry.
func missing(object, message string) (Finding, bool) {
	f := Finding{Object: object, Final: true}
	in := ""
	if m := noVolume.FindStringSubmatch(message); m != nil {
		in = ", for volume " + m[1]
	}
	const keys = "make it first, or name one that is there (keys.existingSecret, redis.external, turn.existingSecret), or let the chart make it"
	switch {
	case noSecret.MatchString(message):
		f.Name = "missing-secret"
		f.Detail = fmt.Sprintf("it wants the Secret %s%s, which is not there", noSecret.FindStringSubmatch(message)[1], in)
		f.Remedy = keys
	case noConfigMap.MatchString(message):
		f.Name = "missing-configmap"
		f.Detail = fmt.Sprintf("it wants the ConfigMap %s%s, which is not there", noConfigMap.FindStringSubmatch(message)[1], in)
		f.Remedy = "make it first, or name one that is there"
	case noKey.MatchString(message):
		m := noKey.FindStringSubmatch(message)
		f.Name = "missing-key"
		f.Detail = fmt.Sprintf("the %s %s has no entry %s", m[2], strings.TrimRight(m[3], "\\\"'"), m[1])
		f.Remedy = "add the entry, or name the one that is there (keys.apiKeyEntry, keys.apiSecretEntry, keys.fileEntry): kubectl describe shows the names"
	case noFileKey.MatchString(message):
		m := noFileKey.FindStringSubmatch(message)
		f.Name = "missing-key"
		f.Detail = fmt.Sprintf("a %s has no entry %s%s", map[string]string{"secret": "Secret", "config": "ConfigMap"}[m[1]], m[2], in)
		f.Remedy = "add the entry, or name the one that is there (keys.fileEntry)"
	default:
		return f, false
	}
	return f, true
}

// container says what keeps one container from running and being ready.
func (l *look) container(ctx context.Context, p core.Pod, s core.ContainerStatus) {
	object := fmt.Sprintf("Pod %s, container %s", p.Name, s.Name)
	waiting := s.State.Waiting
	switch {
	case s.Ready, s.State.Terminated != nil && s.State.Terminated.ExitCode == 0 && s.RestartCount == 0:
		return
	case waiting != nil && slices.Contains(pullReasons, waiting.Reason):
		l.image(p, s, object)
	case waiting != nil && (waiting.Reason == "CreateContainerConfigError" || waiting.Reason == "CreateContainerError" || waiting.Reason == "RunContainerError"):
		l.config(object, waiting)
	case s.RestartCount > 0 || s.State.Terminated != nil || waiting != nil && waiting.Reason == "CrashLoopBackOff":
		l.crash(ctx, p, s, object)
	case s.State.Running != nil:
		l.unready(ctx, p, s, object)
	}
}

var pullReasons = []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}

func (l *look) image(p core.Pod, s core.ContainerStatus, object string) {
	image := s.Image
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == s.Name {
			image = c.Image
		}
	}
	said := s.State.Waiting.Message
	for _, e := range l.eventsOf("Pod", p.Name) {
		if (e.Reason == "Failed" || e.Reason == "InspectFailed") && strings.Contains(e.Message, image) {
			said = e.Message
		}
	}
	f := Finding{Name: imagePull, Object: object, Detail: fmt.Sprintf("the image %s cannot be pulled: %s", image, oneLine(lastPart(said))), Final: true,
		Remedy: "check the image's name and tag (image.repository, image.tag; redis.image) and whether the nodes reach its registry"}
	switch {
	case containsAny(said, "unauthorized", "authentication required", "denied", "no basic auth", "401", "403"):
		f.Remedy = "name a Secret with the registry's credentials in imagePullSecrets, or check the image's name: registries say the same of one that is not there"
	case containsAny(said, "not found", "manifest unknown", "404"):
		f.Remedy = "use a tag that is there (image.tag, redis.image.tag)"
	case containsAny(said, "x509", "certificate"):
		f.Remedy = "let the nodes trust the registry's certificate, or use another registry"
	case s.State.Waiting.Reason == "ErrImageNeverPull":
		f.Remedy = "load the image into the nodes, or set image.pullPolicy to IfNotPresent"
	case s.State.Waiting.Reason == "InvalidImageName":
		f.Remedy = "write the image as registry/repository with its tag apart (image.repository, image.tag)"
	}
	l.add(f)
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

func (l *look) config(object string, waiting *core.ContainerStateWaiting) {
	if f, ok := missing(object, waiting.Message); ok {
		l.add(f)
		return
	}
	f := Finding{Name: "container-config", Object: object, Detail: oneLine(waiting.Message), Remedy: "change what the message names", Final: true}
	if containsAny(waiting.Message, "runAsNonRoot", "will run as root") {
		f.Name, f.Remedy = "runs-as-root", "set podSecurityContext.runAsUser to a user that is not 0, or take runAsNonRoot away"
	}
	l.add(f)
}

// crash says why a container ended.
func (l *look) crash(ctx context.Context, p core.Pod, s core.ContainerStatus, object string) {
	end := s.LastTerminationState.Terminated
	if s.State.Terminated != nil {
		end = s.State.Terminated
	}
	previous := s.State.Terminated == nil
	log := l.logs(ctx, p.Name, s.Name, previous)
	if log == "" {
		log = l.logs(ctx, p.Name, s.Name, !previous)
	}
	if end != nil && end.Reason == "OOMKilled" {
		l.add(Finding{Name: "out-of-memory", Object: object, Detail: fmt.Sprintf("it was killed: it took more memory than its limit%s", memoryLimit(p, s.Name)),
			Remedy: "raise resources.limits.memory (redis.resources for Redis)", Final: s.RestartCount > 1})
		return
	}
	if l.known(object, log, s.RestartCount > 1) {
		return
	}
	if e, ok := l.lastEvent("Pod", p.Name, "Unhealthy"); ok && (end == nil || end.ExitCode == 137 || end.ExitCode == 143) {
		l.add(probe(object, e.Message, l.namespace, p.Name, s.RestartCount > 1))
		return
	}
	code := "it ended"
	if end != nil {
		code = fmt.Sprintf("it ended with exit code %d", end.ExitCode)
		if log == "" {
			log = end.Message
		}
	}
	l.add(Finding{Name: crashLoop, Object: object, Detail: fmt.Sprintf("%s, %d times so far; its log ends: %s", code, max(int(s.RestartCount), 1), lastLines(log)),
		Remedy: "see kubectl -n " + l.namespace + " logs " + p.Name + " -c " + s.Name + " --previous", Final: s.RestartCount > 2})
}

func memoryLimit(p core.Pod, container string) string {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
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
	return "(nothing)"
}

// unready says why a container that runs is not ready.
func (l *look) unready(ctx context.Context, p core.Pod, s core.ContainerStatus, object string) {
	log := l.logs(ctx, p.Name, s.Name, false)
	if l.known(object, log, false) {
		return
	}
	for _, e := range slices.Backward(l.eventsOf("Pod", p.Name)) {
		if e.Reason == "Unhealthy" && strings.Contains(e.InvolvedObject.FieldPath, "{"+s.Name+"}") {
			l.add(probe(object, e.Message, l.namespace, p.Name, false))
			return
		}
	}
}

// probe is a finding about a probe that fails, with the kubelet's words.
func probe(object, message, namespace, pod string, final bool) Finding {
	kind, said, _ := strings.Cut(message, ": ")
	f := Finding{Name: probeFailed, Object: object, Detail: oneLine(strings.ToLower(kind) + ": " + said), Final: final,
		Remedy: "see kubectl -n " + namespace + " logs " + pod + "; is the probe's port the one that the server listens at?"}
	if strings.HasPrefix(kind, "Readiness") && strings.Contains(said, "statuscode: 406") {
		// The server answers so while its node is not up to date in Redis (service/server.go of its source).
		f.Remedy = "LiveKit answers 406 while Redis does not answer it: check Redis"
	}
	return f
}
