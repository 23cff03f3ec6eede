package drift

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// identity is which of upstream's keys a chart of other making has under the same name: all of them in a copy, most of
// them in a fork. Such a key is given upstream's value as it is.
type identity struct {
	up, here *keys
	// others are keys that have the same name and do something else, as experiment shows.
	others map[string]bool
}

func identityOf(upstream, chart *helmchart.Chart) (*identity, error) {
	up, err := keysOf(upstream)
	if err != nil {
		return nil, err
	}
	here, err := keysOf(chart)
	return &identity{up: up, here: here, others: map[string]bool{}}, err
}

// has reports whether the chart has a key of upstream's under the same name. One that nothing reads is none, unless
// nothing reads upstream's either.
func (id *identity) has(key string) bool {
	if id == nil || id.others[key] || !id.up.knows(key) || !id.here.knows(key) {
		return false
	}
	path := strings.Split(key, ".")
	return id.here.reading.IsRead(path) || !id.up.reading.IsRead(path)
}

// knows reports whether a chart declares a key, or reads it. What lies below a value that is no map is none.
func (k *keys) knows(key string) bool {
	path := strings.Split(key, ".")
	for n := 1; n < len(path); n++ {
		above, declared := yamldoc.Lookup(k.values, path[:n])
		if _, isMap := above.(map[string]any); declared && above != nil && !isMap {
			return false
		}
	}
	_, declared := k.at(key)
	return declared || k.reading.IsRead(path)
}

// isWhole reports whether the chart has all of the keys that upstream's templates read.
func (id *identity) isWhole() bool {
	for key := range id.up.declared {
		if !id.has(key) && id.up.isRead(key) {
			return false
		}
	}
	return !slices.ContainsFunc(id.up.undeclared, func(key string) bool { return !id.has(key) })
}

// compareFields takes the fields that keys affect: those of one name that have none in common are not the same.
func (id *identity) compareFields(up, here map[string][]string) {
	for key := range id.up.declared {
		ours, theirs := fieldsBelow(here, key), fieldsBelow(up, key)
		isShared := func(field string) bool { return slices.Contains(ours, field) }
		if len(theirs) > 0 && len(ours) > 0 && !slices.ContainsFunc(theirs, isShared) {
			id.others[key] = true
		}
	}
}

// fieldsBelow gives the fields that a key affects, or what can be in it.
func fieldsBelow(fields map[string][]string, key string) []string {
	out := fields[key]
	for k, below := range fields {
		if strings.HasPrefix(k, key+".") {
			out = slices.Concat(out, below)
		}
	}
	return out
}

// apply gives the chart's values, in place, upstream's own where they have the same name.
func (id *identity) apply(values, upstream, scenario map[string]any) {
	given := leavesOf(upstream)
	for key, leaf := range inOrder(given) {
		if id.has(key) {
			putFitting(values, []string(leaf.Path), leaf.Value)
		}
	}
	for key, leaf := range leavesOf(scenario) {
		if leaf.Value == nil && id.has(key) {
			yamldoc.Delete(values, []string(leaf.Path))
		}
	}
	// A block that is handed on as a whole is the same as a whole: what the chart has in it by default goes.
	for key, leaf := range leavesOf(values) {
		_, isGiven := given[key]
		path := []string(leaf.Path)
		if !isGiven && id.has(key) && id.up.reading.IsReadWhole(path) && !id.here.reading.IsReadAlone(path) &&
			!isAbove(given, key) {
			yamldoc.Delete(values, path)
		}
	}
}

// isAbove reports whether one of the keys lies below another one.
func isAbove(keys map[string]manifest.Leaf, key string) bool {
	for k := range keys {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

// without gives the settings that do not come from keys of the same name.
func (id *identity) without(settings []scaffolding.Setting) []scaffolding.Setting {
	isSame := func(key string) bool {
		path := strings.Split(key, ".")
		if _, isBlock := id.up.values[key].(map[string]any); isBlock && !id.here.reading.IsReadWhole(path) {
			return false
		}
		return id.has(key)
	}
	isWhole := id.isWhole()
	return slices.DeleteFunc(slices.Clone(settings), func(s scaffolding.Setting) bool {
		return isWhole || slices.ContainsFunc(s.From, isSame)
	})
}
