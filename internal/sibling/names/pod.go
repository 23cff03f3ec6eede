package names

import (
	"regexp"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var envName = regexp.MustCompile(`^(extra|additional|pod|container|app|custom|common)?` +
	`(envs?|envvars?|environments?|environmentvars?|environmentvariables?|envvariables?|variables)$`)

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
		var best *yamldoc.Entry
		for i := range p.node.Entries {
			e := &p.node.Entries[i]
			if e.Value.IsScalar() || !envName.MatchString(convention.NormalizeName(e.Key)) {
				continue
			}
			if best == nil || convention.NormalizeName(e.Key) == "env" {
				best = e
			}
		}
		if best != nil {
			s.addEnv(p, best)
			return
		}
	}
}

func (s *scan) addEnv(p section, e *yamldoc.Entry) {
	path, value := p.child(e.Key), e.Value
	// Secret and other variables apart: variables.{secret,nonSecret}.
	if secret := pick(value, []string{"secret", "secrets", "sensitive"}, isMapOrNull); secret != nil {
		names := []string{"nonsecret", "nonsecrets", "plain", "public", "normal"}
		if open := pick(value, names, isMapOrNull); open != nil {
			path, value = append(path, open.Key), open.Value
		}
	}
	switch {
	case value.IsList():
		s.add("env", path, convention.EnvList)
	case value.IsMap():
		s.add("env", path, envMapShape(value))
	default: // nothing is written there: it may become either
		s.add("env", path, "")
	}
}

// envMapShape tells {any: {name: NAME, value: ...}} from {NAME: ...}.
func envMapShape(n *yamldoc.Node) string {
	for _, e := range n.Entries {
		if e.Value.Entry("name") == nil || e.Value.Entry("value") == nil && e.Value.Entry("valueFrom") == nil {
			return convention.EnvMap
		}
	}
	if len(n.Entries) == 0 {
		return convention.EnvMap
	}
	return convention.EnvObjects
}

func (s *scan) findResources() {
	for _, p := range s.scopes() {
		e := s.named(p.node, "resources")
		switch {
		case e == nil || s.persistentClaim(p):
		case isResources(e.Value):
			s.add("resources", p.child(e.Key), "")
			return
		default:
			block := section{p.child(e.Key), e.Value}
			inner := s.member(e.Value, func(e *yamldoc.Entry) bool { return e.Value.Len() > 0 && isResources(e.Value) })
			if inner != nil {
				s.add("resources", block.child(inner.Key), "")
				return
			}
		}
	}
}

// persistentClaim tells whether a map describes a claim, whose resources are
// other ones.
func (s *scan) persistentClaim(p section) bool {
	name := convention.NormalizeName(p.name())
	return slices.Contains(s.sheet.Of("persistence").Names, name) || slices.Contains(claimNames, name)
}

// isResources tells whether n could be the resources of a container.
func isResources(n *yamldoc.Node) bool {
	return !slices.ContainsFunc(n.Keys(), func(k string) bool {
		return k != "limits" && k != "requests" && k != "claims"
	})
}

// findSecurityContexts tells the pod's from the container's: by their names, or
// by fsGroup, which only a pod has.
func (s *scan) findSecurityContexts() {
	podKey, containerKey := s.sheet.Of("podSecurityContext"), s.sheet.Of("securityContext")
	s.addLoose(podKey, podKey.Names)
	s.addLoose(containerKey, containerKey.Names)
	_, hasPod := s.facts[podKey.Key]
	_, hasContainer := s.facts[containerKey.Key]
	p, e := s.lookup(containerKey.Loose, isMapOrNull)
	if e == nil {
		return
	}
	path := p.child(e.Key)
	isPodBlock := slices.Contains(convention.PodBlocks, convention.NormalizeName(p.name()))
	inPod := pick(e.Value, []string{"pod"}, isMapOrNull)
	inContainer := pick(e.Value, []string{"container", "app", "main"}, isMapOrNull)
	switch {
	case inPod != nil || inContainer != nil:
		if inPod != nil {
			s.add("podSecurityContext", append(slices.Clone(path), inPod.Key), "")
		}
		if inContainer != nil {
			s.add("securityContext", append(slices.Clone(path), inContainer.Key), "")
		} else {
			s.add("securityContext", append(slices.Clone(path), "container"), "")
		}
	case hasContainer || !hasPod && e.Value.Entry("fsGroup") != nil || isPodBlock:
		s.add("podSecurityContext", path, "")
	default:
		s.add("securityContext", path, "")
	}
}

// findPodBlock finds what a block for pod settings calls by shorter names.
func (s *scan) findPodBlock() {
	for _, p := range s.blocks(convention.PodBlocks...) {
		for _, key := range []string{"podAnnotations", "podLabels"} {
			name := convention.NormalizeName(s.sheet.Of(key).InPod)
			if e := pick(p.node, []string{name}, isMapOrNull); e != nil {
				s.add(key, p.child(e.Key), "")
			}
		}
	}
}
