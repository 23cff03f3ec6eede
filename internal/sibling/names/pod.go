package names

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var envName = regexp.MustCompile(`^(extra|additional|pod|container|app|custom|common)?` +
	`(envs?|envvars?|environments?|environmentvars?|environmentvariables?|envvariables?|variables)$`)

// IsEnvName reports whether a key is called like a block of environment variables.
func IsEnvName(key string) bool { return envName.MatchString(convention.NormalizeName(key)) }

// findPod finds the settings of the workload and its pods.
func (s *scan) findPod() {
	for _, block := range []string{"serviceAccount", "autoscaling", "networkPolicy", "podDisruptionBudget"} {
		if found := s.blocks(s.sheet.Of(block).Names...); len(found) > 0 {
			s.addNamed(found[0], s.keysOf(block)...)
		}
	}
	for _, k := range s.sheet.Keys {
		switch k.Key {
		case "resources", "securityContext", "podSecurityContext": // their names alone say too little
		default:
			if k.Block() == "" && k.Value != "" {
				s.addLoose(k, k.Names)
			}
		}
	}
	s.findEnv()
	s.findResources()
	s.findSecurityContexts()
	s.findPodBlock()
}

// keysOf gives the keys of a block.
func (s *scan) keysOf(block string) []string {
	var out []string
	for _, k := range s.sheet.Keys {
		if k.Block() == block {
			out = append(out, k.Key)
		}
	}
	return out
}

func (s *scan) findEnv() {
	for _, p := range s.scopes() {
		var best section
		for _, e := range p.below() {
			isEnv := !e.IsScalar() && envName.MatchString(e.name()) && !s.isReferences(e)
			if isEnv && (!best.exists() || e.name() == "env") {
				best = e
			}
		}
		if best.exists() {
			s.addEnv(best)
			return
		}
	}
}

// isReferences tells a list of {name, secretName, key}, of which the templates make variables: nothing else may stand
// in it.
func (s *scan) isReferences(e section) bool {
	if !IsReferences(e.Node) {
		return false
	}
	s.references = e.path
	return true
}

// IsReferences reports whether the elements of a list name Secrets, and are no variables as Kubernetes has them.
func IsReferences(n *yamldoc.Node) bool {
	if !n.IsList() || n.Len() == 0 || n.Items[0].Child("value") != nil || n.Items[0].Child("valueFrom") != nil {
		return false
	}
	return slices.ContainsFunc(n.Items[0].Keys(), func(key string) bool {
		return strings.HasPrefix(convention.NormalizeName(key), "secret")
	})
}

func (s *scan) addEnv(env section) {
	// Secret and other variables apart: variables.{secret,nonSecret}.
	if env.pick([]string{"secret", "secrets", "sensitive"}, isMapOrNull).exists() {
		names := []string{"nonsecret", "nonsecrets", "plain", "public", "normal"}
		if open := env.pick(names, isMapOrNull); open.exists() {
			env = open
		}
	}
	shape := "" // nothing is written there: it may become either
	switch {
	case env.IsList():
		shape = convention.EnvList
	case env.IsMap():
		shape = envMapShape(env.Node)
	}
	s.add("env", env.path, shape)
}

// envMapShape tells {any: {name: NAME, value: ...}} from {NAME: ...}.
func envMapShape(n *yamldoc.Node) string {
	isPlain := func(e yamldoc.Entry) bool {
		v := e.Value
		return v.Child("name") == nil || v.Child("value") == nil && v.Child("valueFrom") == nil
	}
	if len(n.Entries) == 0 || slices.ContainsFunc(n.Entries, isPlain) {
		return convention.EnvMap
	}
	return convention.EnvObjects
}

func (s *scan) findResources() {
	claims := slices.Concat(s.sheet.Of("persistence").Names, claimNames) // their resources are other ones
	for _, p := range s.scopes() {
		e := s.named(p, "resources")
		switch {
		case !e.exists() || slices.Contains(claims, p.name()):
		case isResources(e.Node):
			s.add("resources", e.path, "")
		default:
			inner := s.member(e, func(n *yamldoc.Node) bool { return n.Len() > 0 && isResources(n) })
			s.add("resources", inner.path, "")
		}
	}
}

// isResources tells whether n could be the resources of a container.
func isResources(n *yamldoc.Node) bool {
	return !slices.ContainsFunc(n.Keys(), func(k string) bool {
		return k != "limits" && k != "requests" && k != "claims"
	})
}

// findSecurityContexts tells the pod's from the container's: by their names, or by fsGroup, which only a pod has.
func (s *scan) findSecurityContexts() {
	podKey, containerKey := s.sheet.Of("podSecurityContext"), s.sheet.Of("securityContext")
	s.addLoose(podKey, podKey.Names)
	s.addLoose(containerKey, containerKey.Names)
	_, hasPod := s.facts[podKey.Key]
	_, hasContainer := s.facts[containerKey.Key]
	e := s.lookup(containerKey.Loose, isMapOrNull)
	if !e.exists() {
		return
	}
	block := section{path: e.path[:len(e.path)-1]}
	inPod := e.pick([]string{"pod"}, isMapOrNull)
	inContainer := e.pick([]string{"container", "app", "main"}, isMapOrNull)
	switch {
	case inContainer.exists():
		s.add("podSecurityContext", inPod.path, "")
		s.add("securityContext", inContainer.path, "")
	case inPod.exists():
		s.add("podSecurityContext", inPod.path, "")
		s.add("securityContext", e.child("container"), "")
	case hasContainer || !hasPod && e.Entry("fsGroup") != nil || slices.Contains(convention.PodBlocks, block.name()):
		s.add("podSecurityContext", e.path, "")
	default:
		s.add("securityContext", e.path, "")
	}
}

// findPodBlock finds what a block for pod settings calls by shorter names.
func (s *scan) findPodBlock() {
	for _, p := range s.blocks(convention.PodBlocks...) {
		for _, key := range []string{"podAnnotations", "podLabels"} {
			name := convention.NormalizeName(s.sheet.Of(key).InPod)
			s.add(key, p.pick([]string{name}, isMapOrNull).path, "")
		}
	}
}
