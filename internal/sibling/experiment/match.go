package experiment

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
)

// What was seen is matched with the rules: which canonical key a value is, and in
// which shape.

// find gives the places that reach a rule's field.
func (o *observation) find(r rule) []located {
	var out []located
	for _, f := range o.result.Findings {
		for _, reach := range f.Reaches {
			if at, ok := o.matches(r, f, reach); ok {
				out = append(out, at)
				break
			}
		}
	}
	return out
}

// matches tells whether a reach is what a rule looks for, and which part of the
// key's way then is the canonical key's.
func (o *observation) matches(r rule, f lineage.Finding, reach lineage.Reach) (located, bool) {
	at := located{way: f.Path, declared: f.IsDeclared, reach: reach}
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
		if !ok || reach.Effect == lineage.Switch != target.isSwitch || !target.fits(reach) {
			continue
		}
		if len(rest) == 0 {
			at.way, at.shape = shapeOf(r.key, f)
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
			way, shape, ok = tlsShape(f, rest)
		}
		if ok {
			at.way, at.shape = way, shape
			return at, true
		}
	}
	return located{}, false
}

// shapeOf tells a list from a single value, by the way to what reaches the
// field.
func shapeOf(key string, f lineage.Finding) ([]string, string) {
	way := f.Path
	n := len(way)
	isElement := n > 1 && strings.HasPrefix(way[n-1], "[")
	switch {
	case key == "persistence.accessMode" && isElement:
		return way[:n-1], convention.AccessModeList
	case key == "persistence.accessMode":
		return way, convention.AccessModeString
	case key == "imagePullSecrets" && isElement:
		return way[:n-1], ""
	case key != "ingress.hosts":
		return way, ""
	case n > 2 && strings.HasPrefix(way[n-2], "[") && way[n-1] == "name":
		return way[:n-2], convention.HostsNamed
	case n > 2 && strings.HasPrefix(way[n-2], "["):
		return way[:n-2], convention.HostsObjects
	case isElement:
		return way[:n-1], convention.HostsStrings
	}
	return way, convention.HostsSingle
}

// tlsShape tells how certificates are written, by what reaches them.
func tlsShape(f lineage.Finding, rest []string) ([]string, string, bool) {
	way, last := f.Path, f.Path[len(f.Path)-1]
	n := len(way)
	switch {
	case n > 2 && strings.HasPrefix(way[n-2], "[") && last == "secretName":
		return way[:n-2], convention.TLSList, true
	case n > 3 && strings.HasPrefix(last, "[") && way[n-2] == "hosts":
		return way[:n-3], convention.TLSList, true
	case n > 1 && strings.HasPrefix(last, "["):
		return way[:n-1], convention.TLSHosts, true
	case slices.Contains(rest, "secretName"):
		return way, convention.TLSSecret, true
	}
	return nil, "", false
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
	return way, "", lineage.IsMark(rest[0]) || fillsList && strings.HasPrefix(rest[0], "[")
}

func sameSegment(a, b string) bool {
	return a == b || strings.HasPrefix(a, "[") && strings.HasPrefix(b, "[")
}

// envParent tells how variables are written: as Kubernetes has them, or as
// NAME: value.
func (o *observation) envParent(f lineage.Finding, rest []string, reach lineage.Reach) ([]string, string, bool) {
	way := f.Path
	last := way[len(way)-1]
	switch {
	case f.Filled == lineage.FilledList || f.Filled == lineage.FilledItems:
		return way, convention.EnvList, true
	case f.Filled == lineage.FilledMap && len(rest) == 2 && (rest[1] == "name" || rest[1] == "value"):
		return way, convention.EnvMap, true
	case len(rest) == 1 && strings.HasPrefix(last, "["): // a sample item
		return way[:len(way)-1], convention.EnvList, true
	case len(rest) == 2 && len(way) > 2 && strings.HasPrefix(way[len(way)-2], "[") && (last == "name" || last == "value"):
		return way[:len(way)-2], convention.EnvList, true
	case len(rest) == 2 && rest[1] == "value" && last == "value" && len(way) > 2 && reach.Effect == lineage.Direct:
		if sameVariable(o.variable(reach), way[len(way)-2]) { // NAME: {value: ...}
			return way[:len(way)-2], convention.EnvMap, true
		}
	case len(rest) == 2 && rest[1] == "value" && len(way) > 1 && reach.Effect == lineage.Direct:
		if sameVariable(o.variable(reach), last) {
			return way[:len(way)-1], convention.EnvMap, true
		}
	}
	return nil, "", false
}

// variable gives the name of the variable whose value is reached.
func (o *observation) variable(reach lineage.Reach) string {
	return o.object.Text(append(fieldPath(reach.Field[:len(reach.Field)-1]), "name")...)
}

// sameVariable compares a variable's name with the key that it was made of.
func sameVariable(name, key string) bool {
	return name != "" && convention.NormalizeName(name) == convention.NormalizeName(key)
}

// fieldPath is a field as manifest.Object takes it: 0 for [0].
func fieldPath(field []string) []string {
	out := make([]string, len(field))
	for i, segment := range field {
		out[i] = strings.Trim(segment, "[]")
	}
	return out
}

// isObject compares a rule's kind of object; "workload" is the application's.
func (o *observation) isObject(kind string, ref lineage.Ref) bool {
	if kind == "workload" {
		return ref == o.workload
	}
	return kind == ref.Kind && o.isRelated(ref)
}

// below gives what of a field lies below another, in which [*] is any element.
func below(field, above []string) ([]string, bool) {
	if len(field) < len(above) {
		return nil, false
	}
	for i, segment := range above {
		if segment != field[i] && (segment != "[*]" || !strings.HasPrefix(field[i], "[")) {
			return nil, false
		}
	}
	return field[len(above):], true
}
