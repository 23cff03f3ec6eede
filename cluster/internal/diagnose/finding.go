// Package diagnose says why a chart that was just installed does not come up, as an
// experienced operator would: from pods, events, logs, claims, Services and Ingresses.
package diagnose

import (
	"slices"
	"strings"
)

// Finding is one thing that stands in the way.
type Finding struct {
	Name   string // a stable word for the kind of failure, such as "image-pull"
	Object string // "Pod livekit-7d9, container redis"
	Detail string // what is wrong, with the facts that matter
	Remedy string // what to do
	// Final says that waiting longer will not help.
	Final bool
}

// String gives the finding with its name, by which docs and tests know it.
func (f Finding) String() string { return f.Name + ": " + f.Object + ": " + f.Detail }

// The kinds of failures that others need to know by name.
const (
	imagePull    = "image-pull"
	crashLoop    = "crash-loop"
	probeFailed  = "probe-failed"
	noEndpoints  = "no-endpoints"
	claimUnbound = "claim-unbound"
	portTaken    = "port-taken"
	noController = "no-ingress-controller"
	ingressClass = "ingress-class"
	ingressTLS   = "ingress-tls"
)

// consequences follow from other findings, or keep no pod from coming up: they are
// told last, or not at all where a cause was found.
var (
	consequences = []string{crashLoop, probeFailed, noEndpoints, "volume-attach", "load-balancer", noController,
		ingressClass, ingressTLS}
	idle = []string{noEndpoints, noController, ingressClass, ingressTLS}
)

// ordered puts consequences last, and leaves those out that say nothing of their own beside a
// cause. The same thing is told once.
func ordered(findings []Finding) []Finding {
	var causes, rest []Finding
	seen := map[Finding]bool{}
	for _, f := range findings {
		if seen[f] {
			continue
		}
		seen[f] = true
		if slices.Contains(consequences, f.Name) {
			rest = append(rest, f)
		} else {
			causes = append(causes, f)
		}
	}
	rest = slices.DeleteFunc(rest, func(f Finding) bool {
		if f.Name == crashLoop || f.Name == probeFailed { // of the same pod
			return slices.ContainsFunc(causes, func(c Finding) bool { return podOf(c) != "" && podOf(c) == podOf(f) })
		}
		return len(causes) > 0 && slices.Contains(idle, f.Name)
	})
	return append(causes, rest...)
}

// podOf gives "Pod NAME" of a finding about a pod or one of its containers.
func podOf(f Finding) string {
	pod, _, _ := strings.Cut(f.Object, ",")
	if !strings.HasPrefix(pod, "Pod ") {
		return ""
	}
	return pod
}

// oneLine makes a text of one line of it that is not longer than a few hundred characters.
func oneLine(text string) string {
	const enough = 400
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > enough {
		return strings.ToValidUTF8(text[:enough], "") + "..."
	}
	return text
}
