package experiment

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// What was seen is matched with the rules: which canonical key a value is, and in which shape.

// find gives the values that reach a rule's field, each with one object that has the field: the one in a file that is
// called like its kind, else the first.
func (o *observation) find(r rule) []located {
	var out []located
	for _, f := range o.result.Findings {
		var best *located
		for _, reach := range f.Reaches {
			at, ok := o.matches(r, f, reach)
			if ok && (best == nil || isOwnFile(reach.Object) && !isOwnFile(best.reach.Object)) {
				best = &at
			}
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	return out
}

// isOwnFile reports whether an object's file is called like its kind.
func isOwnFile(ref lineage.Ref) bool { return names.NamedLike(ref.File, ref.Kind) }

// matches tells whether a reach is what a rule looks for, and which part of the key's way then is the canonical key's.
func (o *observation) matches(r rule, f lineage.Finding, reach lineage.Reach) (located, bool) {
	at := located{way: f.Path, declared: f.IsDeclared, reach: reach, finding: f}
	for _, target := range r.targets {
		if !o.isObject(target.kind, reach.Object) {
			continue
		}
		if target.field == nil { // the object itself
			if reach.Effect == lineage.Switch && len(reach.Field) == 0 {
				return at, true
			}
			continue
		}
		field := target.field
		if target.inContainer {
			field = containerField(o.container, field...)
		}
		rest, ok := below(reach.Field, field)
		isPath := r.key == "ingress.hosts" && reach.Effect == lineage.Inside && !isInHost(reach)
		if !ok || isPath || reach.Effect == lineage.Switch != target.isSwitch || !target.fits(reach) {
			continue
		}
		if target.isSwitch && r.key == "persistence.enabled" { // with the claim each of its fields comes and goes
			return at, true
		}
		if len(rest) == 0 {
			at.way, at.shape, _ = cutEnding(r.key, f.Path)
			return at, true
		}
		if target.isAnywhere {
			return at, true
		}
		if !target.isTree {
			continue
		}
		way, shape, ok := o.parentOf(f, rest, reach)
		if r.key == "ingress.tls" {
			isSecret := slices.Contains(rest, "secretName")
			way, shape, ok = cutEnding(r.key, f.Path)
			switch {
			case !ok && isSecret:
				shape, ok = convention.TLSSecret, true
			case isSecret && shape == convention.TLSHosts:
				shape = convention.TLSSecrets
			}
		}
		if ok {
			at.way, at.shape = way, shape
			return at, true
		}
	}
	return located{}, false
}

// endings tell the shape of a key by what the path of a value has below the
// key's own, the first that fits; * is any segment and [*] any element.
var endings = map[string][]struct{ below, shape string }{
	"imagePullSecrets":       {{"[*]", ""}},
	"persistence.accessMode": {{"[*]", convention.AccessModeList}, {"", convention.AccessModeString}},
	"ingress.hosts": {
		{"[*].name", convention.HostsNamed}, {"[*].*", convention.HostsObjects}, {"[*]", convention.HostsStrings},
		{"", convention.HostsSingle},
	},
	"ingress.tls": {
		{"[*].secretName", convention.TLSList}, {"[*].hosts[*]", convention.TLSList}, {"[*]", convention.TLSHosts},
	},
}

// cutEnding takes the ending off the path of a value, and gives its shape.
func cutEnding(key string, way []string) (own []string, shape string, ok bool) {
	for _, e := range endings[key] {
		pattern := yamldoc.SplitPath(e.below)
		if n := len(way) - len(pattern); n > 0 && slices.EqualFunc(way[n:], pattern, fits) {
			return way[:n], e.shape, true
		}
	}
	return way, "", false
}

// parentOf goes up from a key in a tree of Kubernetes' own to the key of the
// whole: resources.limits.cpu reaches resources.limits.cpu.
func (o *observation) parentOf(f lineage.Finding, rest []string, reach lineage.Reach) ([]string, string, bool) {
	way := f.Path
	if slices.Contains(reach.Field, "env") && len(rest) <= 2 {
		return o.envParent(f, rest, reach)
	}
	up, left := way, rest
	for len(left) > 0 && len(up) > 0 && sameSegment(up[len(up)-1], left[len(left)-1]) {
		up, left = up[:len(up)-1], left[:len(left)-1]
	}
	if len(left) == 0 && len(up) > 0 {
		return up, "", true
	}
	fillsList := f.Filled == lineage.FilledList || f.Filled == lineage.FilledItems
	return way, "", lineage.IsMark(rest[0]) || fillsList && isElement(rest[0])
}

func sameSegment(a, b string) bool { return a == b || isElement(a) && isElement(b) }

// envParent tells how variables are written: as Kubernetes has them, or as NAME: value.
func (o *observation) envParent(f lineage.Finding, rest []string, reach lineage.Reach) ([]string, string, bool) {
	way := f.Path
	last := way[len(way)-1]
	for i, segment := range way {
		if isElement(segment) && names.IsReferences(o.sibling.Values.Get(way[:i].String())) {
			return nil, "", false
		}
	}
	switch {
	case f.Filled == lineage.FilledList || f.Filled == lineage.FilledItems:
		return way, convention.EnvList, true
	case f.Filled == lineage.FilledMap && len(rest) == 2 && isNameOrValue(rest[1]):
		return way, convention.EnvMap, true
	case len(rest) == 1 && isElement(last): // a sample item
		return way[:len(way)-1], convention.EnvList, true
	case len(rest) == 2 && len(way) > 2 && isElement(way[len(way)-2]) && isNameOrValue(last):
		return way[:len(way)-2], convention.EnvList, true
	case len(rest) == 2 && rest[1] == "value" && reach.Effect == lineage.Direct:
		above := way[:len(way)-1]
		if last == "value" && len(above) > 1 { // NAME: {value: ...}
			last, above = above[len(above)-1], above[:len(above)-1]
		}
		if name := o.variable(reach); len(above) > 0 && name != "" && convention.SameName(name, last) {
			return above, convention.EnvMap, true
		}
	}
	return nil, "", false
}

func isNameOrValue(segment string) bool { return segment == "name" || segment == "value" }

// variable gives the name of the variable whose value is reached.
func (o *observation) variable(reach lineage.Reach) string {
	var path []string
	for _, segment := range reach.Field[:len(reach.Field)-1] {
		path = append(path, strings.Trim(segment, "[]")) // as manifest.Object has it: 0 for [0]
	}
	return o.object.Text(append(path, "name")...)
}

// isObject compares a rule's kind of object; "workload" is the application's.
func (o *observation) isObject(kind string, ref lineage.Ref) bool {
	if kind == "workload" {
		return ref == o.workload
	}
	return kind == ref.Kind && !o.unrelated[ref]
}

// below gives what of a field lies below another, in which [*] is any element.
func below(field, above []string) ([]string, bool) {
	n := min(len(field), len(above))
	return field[n:], slices.EqualFunc(field[:n], above, fits)
}

// fits compares a segment with a pattern's: * is any, [*] any element.
func fits(segment, want string) bool {
	return segment == want || want == "*" || want == "[*]" && isElement(segment)
}

// isElement tells the segment of a list's element.
func isElement(segment string) bool { return strings.HasPrefix(segment, "[") }
