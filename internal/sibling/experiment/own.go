package experiment

import (
	"cmp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// A value that moves the right field may still be none for another chart: it may belong to another component, to all
// objects at once, or to the very program that the sibling runs.

// pathOf writes a path for the new chart: what is in the block of another component goes to its own, or to the root
// where it has none.
func (o *observation) pathOf(way []string) string {
	if !o.isOthers(way) {
		return o.sibling.PathOf(way)
	}
	own := slices.Clone(way[1:])
	if block := o.sibling.OwnBlock(); block != "" {
		own = append([]string{block}, own...)
	}
	return o.sibling.PathOf(own)
}

// isOthers reports whether a path leads into the block of another component.
func (o *observation) isOthers(way []string) bool { return len(way) > 2 && o.sibling.IsOther(way[0]) }

// isOwn reports whether a value that reaches a key's field is there for that alone.
func (o *observation) isOwn(f *names.Facts, key string, at located) bool {
	if strings.HasSuffix(key, "nnotations") || key == "podLabels" {
		return isOfOneKind(at)
	}
	switch key {
	case "service.targetPort":
		return isOfFirst(at.reach.Field) && o.isForPorts(f, at.way)
	case "env": // variables that are read one by one are the program's settings, unless they are called variables
		isOpen := at.shape != convention.EnvMap || at.finding.Filled == lineage.FilledMap || !at.declared
		return isOpen || names.IsEnvName(at.way[len(at.way)-1])
	}
	return true
}

// isOfOneKind reports whether a value is for objects of the kind alone that it was found to reach, or for whatever has
// pods: what objects of other kinds have as well is for all objects, which is another thing.
func isOfOneKind(at located) bool {
	hasPods := func(kind string) bool {
		return kind == "Job" || kind == "CronJob" || slices.Contains(convention.WorkloadKinds, kind)
	}
	own := at.reach.Object.Kind
	return !slices.ContainsFunc(at.finding.Reaches, func(r lineage.Reach) bool {
		return r.Object.Kind != own && (!hasPods(own) || !hasPods(r.Object.Kind))
	})
}

// isOfFirst reports whether a field is one of the first element of the list that it is in last: further ports of a
// container are for metrics and the like.
func isOfFirst(field []string) bool {
	for _, segment := range slices.Backward(field) {
		if isElement(segment) {
			return segment == "[0]"
		}
	}
	return true
}

// isForPorts leaves out the settings of the program: a block that has nothing else to do with Kubernetes.
func (o *observation) isForPorts(f *names.Facts, way []string) bool {
	if len(way) < 2 || o.sibling.IsName(0, way[0]) {
		return true
	}
	block := convention.NormalizeName(way[0])
	isPlain := func(word string) bool { return strings.Contains(block, word) }
	if slices.ContainsFunc([]string{"port", "service", "container", "deployment", "pod", "app", "server"}, isPlain) {
		return true
	}
	for _, v := range f.Values {
		if p := yamldoc.SplitPath(v.Path); len(p) > 1 && p[0] == way[0] {
			return true
		}
	}
	return false
}

// confirmEnv takes over how variables were seen to be written, which the values alone only suggest: they may also be in
// a list of the block (env.container), beside those of other containers.
func (o *observation) confirmEnv(v convention.Value, at located) convention.Value {
	if path := yamldoc.SplitPath(v.Path); len(at.way) > len(path) && at.shape == convention.EnvList {
		v.Path = o.sibling.PathOf(at.way)
	}
	v.Shape = cmp.Or(at.shape, v.Shape)
	return v
}

// switchAbove finds the switch of all volumes among those that were seen: persistence.enabled, where the templates
// ignore persistence.data.enabled.
func (o *observation) switchAbove(v convention.Value, found []located) int {
	path := yamldoc.SplitPath(v.Path)
	if len(path) < 3 || o.moves(v) {
		return -1
	}
	all := append(slices.Clone(path[:len(path)-2]), path[len(path)-1])
	return slices.IndexFunc(found, func(at located) bool { return slices.Equal(at.way, all) })
}
