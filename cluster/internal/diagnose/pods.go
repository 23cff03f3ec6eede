package diagnose

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// pod says what keeps a pod from running and being ready.
func (in *inspector) pod(ctx context.Context, p core.Pod) {
	if kube.IsReady(p) || p.Status.Phase == core.PodSucceeded {
		return
	}
	if p.Status.Phase == core.PodFailed && p.Status.Reason != "" {
		in.add(Finding{
			Name: "pod-failed", Object: "Pod " + p.Name, Remedy: in.see("pod " + p.Name),
			Detail: oneLine(p.Status.Reason + ": " + p.Status.Message),
		})
	}
	if c := kube.Condition(p, core.PodScheduled); c.Status == core.ConditionFalse {
		in.unscheduled(p, c.Message)
		return
	}
	in.mounts(p)
	in.hangs(ctx, p)
	for _, s := range statuses(p) {
		in.container(ctx, p, s)
	}
}

func statuses(p core.Pod) []core.ContainerStatus {
	return slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
}

var missingClaim = regexp.MustCompile(`persistentvolumeclaim "([^"]+)" not found`)

// unscheduled reads the scheduler's reasons (the messages of its plugins).
func (in *inspector) unscheduled(p core.Pod, message string) {
	f := Finding{Name: "no-node-fits", Object: "Pod " + p.Name, Detail: "no node takes it: " + oneLine(message),
		Final: !in.isScaling(p)}
	claim := missingClaim.FindStringSubmatch(message)
	switch {
	case claim != nil:
		f.Name = "claim-missing"
		f.Detail = fmt.Sprintf("it wants the claim %s, which is not there", claim[1])
		f.Remedy = "make the claim first, or name one that is there (persistence.existingClaim), or let the chart " +
			"make one"
	case strings.Contains(message, "free ports"):
		f.Name = portTaken
		f.Detail = fmt.Sprintf("it wants ports of the node that another pod has (%s): %s", hostPorts(p),
			oneLine(message))
		f.Remedy = "choose other ports (config.port, config.rtc.udp_port, config.rtc.tcp_port), or leave the node's " +
			"network (media.type NodePort); with more than one replica each needs a node of its own"
	case strings.Contains(message, "volume node affinity conflict"):
		f.Name = "volume-elsewhere"
		f.Remedy = "its volume is on another node or in another zone: let the pod go there, or delete the claim and " +
			"its data"
	case strings.Contains(message, "PersistentVolumeClaims"), strings.Contains(message, "PersistentVolume"):
		if slices.ContainsFunc(in.findings,
			func(f Finding) bool { return strings.HasPrefix(f.Object, "PersistentVolumeClaim ") }) {
			return // the claim's own finding says why
		}
		f.Name, f.Final = claimUnbound, false
		f.Remedy = "see kubectl -n " + in.namespace + " get pvc"
	default:
		f.Remedy = in.fitting(p, message)
	}
	in.add(f)
}

// fitting says what would make a node fit: each of the scheduler's reasons is one of some
// nodes.
func (in *inspector) fitting(p core.Pod, message string) string {
	var steps []string
	if found := insufficient.FindAllString(message, -1); len(found) > 0 {
		steps = append(steps, "lower resources.requests, or add nodes: "+strings.Join(found, ", "))
	}
	if containsAny(message, "affinity", "selector") {
		steps = append(steps, "label a node as nodeSelector and affinity ask for, or change them: kubectl get nodes "+
			"--show-labels")
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
		return in.see("pod " + p.Name)
	}
	return strings.Join(steps, "; ")
}

var insufficient = regexp.MustCompile(`\d+ Insufficient [\w./-]+`)

// isScaling says that somebody adds a node for the pod.
func (in *inspector) isScaling(p core.Pod) bool {
	_, ok := in.lastEvent("Pod", p.Name, "TriggeredScaleUp", "Nominated")
	return ok
}

func hostPorts(p core.Pod) string {
	var ports []string
	for _, port := range kube.NodePorts(p.Spec) {
		ports = append(ports, fmt.Sprintf("%d/%s", port.Number, port.Protocol))
	}
	return strings.Join(ports, ", ")
}

// mounts reads why volumes are not there. The texts are the kubelet's. Events stay when
// what they tell of is over: a Secret that came late is no fault.
func (in *inspector) mounts(p core.Pod) {
	if !slices.ContainsFunc(statuses(p), func(s core.ContainerStatus) bool {
		return s.State.Waiting != nil && s.LastTerminationState.Terminated == nil
	}) {
		return
	}
	for _, e := range in.eventsOf("Pod", p.Name) {
		switch e.Reason {
		case "FailedMount":
			if f, ok := missing("Pod "+p.Name, e.Message); ok && !in.cameLate(e.Message) {
				f.Final = lasted(p)
				in.add(f)
			}
		case "FailedAttachVolume":
			in.add(Finding{Name: "volume-attach", Object: "Pod " + p.Name, Detail: oneLine(e.Message),
				Remedy: "a ReadWriteOnce volume is for one node at a time: let the old pod end first (strategy " +
					"Recreate), or see who holds it"})
		case "FailedCreatePodSandBox":
			in.add(Finding{Name: "pod-network", Object: "Pod " + p.Name, Detail: "the node cannot set up the pod's " +
				"network: " + oneLine(e.Message),
				Remedy: "see the node's network plugin: kubectl -n kube-system get pods"})
		}
	}
}

// cameLate says that a Secret that an event misses is there now.
func (in *inspector) cameLate(message string) bool {
	m := noSecret.FindStringSubmatch(message)
	return m != nil && in.secrets.names[m[1]]
}

// lasted says that a pod has had time enough for what others make beside it: operators
// that make Secrets, registries that answer late.
func lasted(p core.Pod) bool {
	const enough = 25 * time.Second
	return time.Since(p.CreationTimestamp.Time) > enough
}

// hangs says for which init container the others wait.
func (in *inspector) hangs(ctx context.Context, p core.Pod) {
	for i, c := range p.Spec.InitContainers {
		states := p.Status.InitContainerStatuses
		if kube.IsSidecar(c) || i >= len(states) || states[i].State.Running == nil || !lasted(p) {
			continue
		}
		in.add(Finding{Name: "init-container", Object: fmt.Sprintf("Pod %s, container %s", p.Name, c.Name),
			Detail: "the other containers wait until it ends, and it goes on; its log ends: " +
				lastLines(in.logs(ctx, p.Name, c.Name, false)),
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
	const keys = "make it first, or name one that is there (keys.existingSecret, redis.external, " +
		"turn.existingSecret), or let the chart make it"
	switch {
	case noSecret.MatchString(message):
		f.Name = "missing-secret"
		f.Detail = fmt.Sprintf("it wants the Secret %s%s, which is not there", noSecret.FindStringSubmatch(message)[1],
			in)
		f.Remedy = keys
	case noConfigMap.MatchString(message):
		f.Name = "missing-configmap"
		f.Detail = fmt.Sprintf("it wants the ConfigMap %s%s, which is not there",
			noConfigMap.FindStringSubmatch(message)[1], in)
		f.Remedy = "make it first, or name one that is there"
	case noKey.MatchString(message):
		m := noKey.FindStringSubmatch(message)
		f.Name = "missing-key"
		f.Detail = fmt.Sprintf("the %s %s has no entry %s", m[2], strings.TrimRight(m[3], "\\\"'"), m[1])
		f.Remedy = "add the entry, or name the one that is there (keys.apiKeyEntry, keys.apiSecretEntry, " +
			"keys.fileEntry): kubectl describe shows the names"
	case noFileKey.MatchString(message):
		m := noFileKey.FindStringSubmatch(message)
		f.Name = "missing-key"
		f.Detail = fmt.Sprintf("a %s has no entry %s%s",
			map[string]string{"secret": "Secret", "config": "ConfigMap"}[m[1]], m[2], in)
		f.Remedy = "add the entry, or name the one that is there (keys.fileEntry)"
	default:
		return f, false
	}
	return f, true
}
