package diagnose

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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
	l.hangs(ctx, p)
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
	case strings.Contains(message, "volume node affinity conflict"):
		f.Name = "volume-elsewhere"
		f.Remedy = "its volume is on another node or in another zone: let the pod go there, or delete the claim and its data"
	case strings.Contains(message, "PersistentVolumeClaims"), strings.Contains(message, "PersistentVolume"):
		if slices.ContainsFunc(l.findings, func(f Finding) bool { return strings.HasPrefix(f.Object, "PersistentVolumeClaim ") }) {
			return // the claim's own finding says why
		}
		f.Name, f.Final = claimUnbound, false
		f.Remedy = "see kubectl -n " + l.namespace + " get pvc"
	default:
		f.Remedy = l.fitting(p, message)
	}
	l.add(f)
}

// fitting says what would make a node fit: each of the scheduler's reasons is one of some
// nodes.
func (l *look) fitting(p core.Pod, message string) string {
	var steps []string
	if found := insufficient.FindAllString(message, -1); len(found) > 0 {
		steps = append(steps, "lower resources.requests, or add nodes: "+strings.Join(found, ", "))
	}
	if containsAny(message, "affinity", "selector") {
		steps = append(steps, "label a node as nodeSelector and affinity ask for, or change them: kubectl get nodes --show-labels")
	}
	if strings.Contains(message, "node.kubernetes.io/") {
		steps = append(steps, "see why the node is not ready or under pressure: kubectl describe nodes")
	} else if strings.Contains(message, "taint") {
		steps = append(steps, "add the taint to tolerations, or take it from a node")
	}
	if strings.Contains(message, "topology spread") {
		steps = append(steps, "loosen topologySpreadConstraints, or add nodes in other zones")
	}
	if len(steps) == 0 {
		return l.see("pod " + p.Name)
	}
	return strings.Join(steps, "; ")
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

// mounts reads why volumes are not there. The texts are the kubelet's. Events stay when
// what they tell of is over: a Secret that came late is no fault.
func (l *look) mounts(p core.Pod) {
	if !slices.ContainsFunc(statuses(p), func(s core.ContainerStatus) bool {
		return s.State.Waiting != nil && s.LastTerminationState.Terminated == nil
	}) {
		return
	}
	for _, e := range l.eventsOf("Pod", p.Name) {
		switch e.Reason {
		case "FailedMount":
			if f, ok := missing("Pod "+p.Name, e.Message); ok && !l.cameLate(e.Message) {
				f.Final = lasted(p)
				l.add(f)
			}
		case "FailedAttachVolume":
			l.add(Finding{Name: "volume-attach", Object: "Pod " + p.Name, Detail: oneLine(e.Message),
				Remedy: "a ReadWriteOnce volume is for one node at a time: let the old pod end first (strategy Recreate), or see who holds it"})
		case "FailedCreatePodSandBox":
			l.add(Finding{Name: "pod-network", Object: "Pod " + p.Name, Detail: "the node cannot set up the pod's network: " + oneLine(e.Message),
				Remedy: "see the node's network plugin: kubectl -n kube-system get pods"})
		}
	}
}

// cameLate says that a Secret that an event misses is there now.
func (l *look) cameLate(message string) bool {
	m := noSecret.FindStringSubmatch(message)
	return m != nil && l.secrets.names[m[1]]
}

// lasted says that a pod has had time enough for what others make beside it: operators
// that make Secrets, registries that answer late.
func lasted(p core.Pod) bool {
	const enough = 25 * time.Second
	return time.Since(p.CreationTimestamp.Time) > enough
}

// hangs says for which init container the others wait.
func (l *look) hangs(ctx context.Context, p core.Pod) {
	for i, c := range p.Spec.InitContainers {
		isSidecar := c.RestartPolicy != nil && *c.RestartPolicy == core.ContainerRestartPolicyAlways
		if isSidecar || i >= len(p.Status.InitContainerStatuses) || p.Status.InitContainerStatuses[i].State.Running == nil || !lasted(p) {
			continue
		}
		l.add(Finding{Name: "init-container", Object: fmt.Sprintf("Pod %s, container %s", p.Name, c.Name),
			Detail: "the other containers wait until it ends, and it goes on; its log ends: " + lastLines(l.logs(ctx, p.Name, c.Name, false)),
			Remedy: "see what it waits for"})
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
		l.config(p, object, waiting)
	case s.RestartCount > 0 || s.State.Terminated != nil || waiting != nil && waiting.Reason == "CrashLoopBackOff":
		l.crash(ctx, p, s, object)
	case s.State.Running != nil:
		l.unready(ctx, p, s, object)
	}
}

var pullReasons = []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}

func (l *look) image(p core.Pod, s core.ContainerStatus, object string) {
	image, policy := s.Image, core.PullPolicy("")
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == s.Name {
			image, policy = c.Image, c.ImagePullPolicy
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
	if containsAny(said, "timeout", "refused", "unreachable", "no such host", "EOF", "reset by peer", " 50") {
		f.Final = lasted(p) // it may go through the next time
	}
	if policy == core.PullAlways {
		f.Remedy += "; imagePullPolicy is Always, which asks the registry even where the node has the image"
	}
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

func (l *look) config(p core.Pod, object string, waiting *core.ContainerStateWaiting) {
	if f, ok := missing(object, waiting.Message); ok {
		f.Final = lasted(p)
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
	if l.known(object, log, true, s.RestartCount > 1) {
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
	return "(nothing, or not to be shown)"
}

// unready says why a container that runs is not ready.
func (l *look) unready(ctx context.Context, p core.Pod, s core.ContainerStatus, object string) {
	log := l.logs(ctx, p.Name, s.Name, false)
	if l.known(object, log, false, false) {
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
