package names

import (
	"regexp"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var (
	replicaNames = []string{"replicacount", "replicas", "replicascount", "numreplicas"}
	envName      = regexp.MustCompile(`^(extra|additional|pod|container|app|custom|common)?(envs?|envvars?|environments?|environmentvars?|environmentvariables?|envvariables?|variables)$`)
)

// plainSettings are keys that have one name nearly everywhere and only move.
var plainSettings = []struct {
	key    string
	names  []string
	accept func(*yamldoc.Entry) bool
}{
	{"nodeSelector", []string{"nodeselector"}, isMapOrNull},
	{"tolerations", []string{"tolerations"}, isListOrNull},
	{"affinity", []string{"affinity"}, isMapOrNull},
	{"topologySpreadConstraints", []string{"topologyspreadconstraints"}, isListOrNull},
	{"priorityClassName", []string{"priorityclassname"}, scalarOrNull},
	{"runtimeClassName", []string{"runtimeclassname"}, scalarOrNull},
	{"podAnnotations", []string{"podannotations"}, isMapOrNull},
	{"podLabels", []string{"podlabels"}, isMapOrNull},
	{"imagePullSecrets", []string{"imagepullsecrets", "pullsecrets"}, isListOrNull},
	{"terminationGracePeriodSeconds", []string{"terminationgraceperiodseconds"}, scalarOrNull},
	{"livenessProbe", []string{"livenessprobe"}, isMapOrNull},
	{"readinessProbe", []string{"readinessprobe"}, isMapOrNull},
	{"startupProbe", []string{"startupprobe"}, isMapOrNull},
	{"strategy", []string{"strategy", "updatestrategy", "deploymentstrategy"}, isMapOrNull},
	{"lifecycle", []string{"lifecycle", "lifecyclehooks"}, isMapOrNull},
	{"extraArgs", []string{"extraargs", "args", "extraarguments"}, isListOrNull},
	{"nameOverride", []string{"nameoverride"}, scalarOrNull},
	{"fullnameOverride", []string{"fullnameoverride"}, scalarOrNull},
}

func isListOrNull(e *yamldoc.Entry) bool { return e.Value.IsList() || e.Value.IsNull() }

// findPod finds the settings of the workload and its pods.
func (s *scan) findPod() {
	s.findBlocks()
	for _, setting := range plainSettings {
		p, e := s.lookup(setting.names, func(_ place, e *yamldoc.Entry) bool { return setting.accept(e) })
		if e != nil {
			s.add(setting.key, p.child(e.Key), "")
		}
	}
	s.findReplicas()
	s.findEnv()
	s.findResources()
	s.findSecurityContexts()
	s.findPodBlock()
	s.findVolumeLists()
}

// findBlocks finds small objects with a block of their own.
func (s *scan) findBlocks() {
	for _, block := range []struct {
		names    []string
		settings map[string][]string
	}{
		{[]string{"serviceaccount"}, map[string][]string{
			"serviceAccount.create": {"create", "enabled"}, "serviceAccount.name": {"name"}, "serviceAccount.annotations": {"annotations"},
		}},
		{[]string{"autoscaling", "hpa", "horizontalpodautoscaler", "autoscaler"}, map[string][]string{
			"autoscaling.enabled":                           enabledNames,
			"autoscaling.minReplicas":                       {"minreplicas", "min"},
			"autoscaling.maxReplicas":                       {"maxreplicas", "max"},
			"autoscaling.targetCPUUtilizationPercentage":    {"targetcpuutilizationpercentage", "targetcpu", "avgcpuutilization", "cpuutilization"},
			"autoscaling.targetMemoryUtilizationPercentage": {"targetmemoryutilizationpercentage", "targetmemory", "avgmemoryutilization"},
		}},
		{[]string{"networkpolicy"}, map[string][]string{"networkPolicy.enabled": enabledNames}},
		{[]string{"poddisruptionbudget", "pdb"}, map[string][]string{
			"podDisruptionBudget.enabled": enabledNames, "podDisruptionBudget.maxUnavailable": {"maxunavailable"},
		}},
	} {
		blocks := s.blocks(block.names...)
		if len(blocks) == 0 {
			continue
		}
		p := blocks[0]
		for key, names := range block.settings {
			if e := pick(p.node, names, func(e *yamldoc.Entry) bool { return !e.Value.IsList() }); e != nil {
				s.add(key, p.child(e.Key), "")
			}
		}
	}
}

func (s *scan) findReplicas() {
	p, e := s.lookup(replicaNames, func(p place, e *yamldoc.Entry) bool {
		return scalarOrNull(e) && (e.Value.Type == yamldoc.Int || e.Value.IsNull())
	})
	if e != nil {
		s.add("replicaCount", p.child(e.Key), "")
	}
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

func (s *scan) addEnv(p place, e *yamldoc.Entry) {
	path, value := p.child(e.Key), e.Value
	// Secret and other variables apart: variables.{secret,nonSecret}.
	if secret := pick(value, []string{"secret", "secrets", "sensitive"}, isMapOrNull); secret != nil {
		if open := pick(value, []string{"nonsecret", "nonsecrets", "plain", "public", "normal"}, isMapOrNull); open != nil {
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
		e := pick(p.node, []string{"resources", "appresources", "containerresources"}, isMapOrNull)
		switch {
		case e == nil || persistentClaim(p):
		case isResources(e.Value):
			s.add("resources", p.child(e.Key), "")
			return
		default:
			block := place{p.child(e.Key), e.Value}
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
func persistentClaim(p place) bool {
	return slices.Contains(persistenceNames, convention.NormalizeName(p.name())) || slices.Contains(claimNames, convention.NormalizeName(p.name()))
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
	is := func(_ place, e *yamldoc.Entry) bool { return isMapOrNull(e) }
	pod, podEntry := s.lookup([]string{"podsecuritycontext"}, is)
	if podEntry != nil {
		s.add("podSecurityContext", pod.child(podEntry.Key), "")
	}
	container, containerEntry := s.lookup([]string{"containersecuritycontext"}, is)
	if containerEntry != nil {
		s.add("securityContext", container.child(containerEntry.Key), "")
	}
	p, e := s.lookup([]string{"securitycontext"}, is)
	if e == nil {
		return
	}
	path := p.child(e.Key)
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
	case containerEntry != nil || podEntry == nil && e.Value.Entry("fsGroup") != nil || slices.Contains(convention.PodBlocks, convention.NormalizeName(p.name())):
		s.add("podSecurityContext", path, "")
	default:
		s.add("securityContext", path, "")
	}
}

// findPodBlock finds what a block for pod settings calls by shorter names.
func (s *scan) findPodBlock() {
	for _, p := range s.blocks(convention.PodBlocks...) {
		for key, names := range map[string][]string{"podAnnotations": {"annotations"}, "podLabels": {"labels"}} {
			if e := pick(p.node, names, isMapOrNull); e != nil {
				s.add(key, p.child(e.Key), "")
			}
		}
	}
}

// findVolumeLists finds Kubernetes' own lists of volumes and mounts.
func (s *scan) findVolumeLists() {
	for key, names := range map[string][]string{
		"extraVolumes":      {"extravolumes", "additionalvolumes", "volumes"},
		"extraVolumeMounts": {"extravolumemounts", "additionalvolumemounts", "volumemounts"},
		"envFrom":           {"envfrom", "extraenvfrom"},
		"initContainers":    {"initcontainers", "extrainitcontainers"},
		"extraContainers":   {"extracontainers", "sidecars", "sidecarcontainers", "additionalcontainers"},
	} {
		p, e := s.lookup(names, func(_ place, e *yamldoc.Entry) bool { return e.Value.IsList() })
		if e != nil {
			s.add(key, p.child(e.Key), "")
		}
	}
}
