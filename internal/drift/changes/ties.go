package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// units are the parts of an object that people write as one: several fields of one are one change.
var units = []string{
	"livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "securityContext", "resources", "strategy",
	"updateStrategy", "affinity", "behavior", "sessionAffinityConfig",
}

// portFields are the fields whose value is a port.
var portFields = []string{"port", "containerPort", "hostPort", "targetPort", "nodePort", "number"}

// ties name what a field has in common with others of the same change. whole are the objects that one chart lacks,
// fresh the elements of lists that one lacks.
func ties(f Finding, whole, fresh map[string]bool) []string {
	if f.Kind == Failure {
		return []string{fmt.Sprint("failure ", f.Upstream, f.Chart)}
	}
	if f.Kind == Object || whole[f.Object] {
		return []string{"object " + f.Object}
	}
	origin := fmt.Sprint(f.IsEdit, " ")
	out := []string{origin + f.Object + " " + Unit(f.Path).String()}
	for n := range f.Path {
		if element := f.Object + " " + f.Path[:n+1].String(); fresh[element] {
			out = append(out, origin+element)
		}
	}
	if f.Upstream != nil && f.Chart != nil || isLabel(f.Path) {
		tail := f.Path[max(len(f.Path)-2, 0):]
		out = append(out, origin+fmt.Sprintf("%s: %v, %v", tail, f.Upstream, f.Chart))
	}
	if name := elementName(f); name != "" {
		out = append(out, origin+name)
	}
	for _, tie := range strongTies(f) {
		out = append(out, origin+tie)
	}
	return out
}

// strongTies name the ports and volumes that a field is about: what is about the same one belongs together whatever
// the object.
func strongTies(f Finding) []string {
	var out []string
	for i, segment := range f.Path {
		if i == 0 || !strings.HasPrefix(segment, "[") {
			continue
		}
		name := strings.Trim(segment, "[]")
		switch f.Path[i-1] {
		case "ports":
			out = append(out, "port "+name)
		case "volumes":
			out = append(out, "volume "+name)
		}
	}
	last, list := "", ""
	if n := len(f.Path); n > 0 {
		last = f.Path[n-1]
		if n > 2 {
			list = f.Path[n-3]
		}
	}
	for _, value := range []any{f.Upstream, f.Chart} {
		_, isText := value.(string)
		switch {
		case value == nil:
		case slices.Contains(portFields, last) && !isText:
			out = append(out, fmt.Sprintf("port %v/TCP", value))
		case list == "volumeMounts" && last == "name":
			out = append(out, fmt.Sprintf("volume %v", value))
		}
	}
	return out
}

// elementName names a port by its name, which stays where its number changes.
func elementName(f Finding) string {
	n := len(f.Path)
	if n < 3 || f.Path[n-3] != "ports" || f.Path[n-1] != "name" {
		return ""
	}
	value := f.Upstream
	if value == nil {
		value = f.Chart
	}
	return fmt.Sprintf("%s %s: %v", f.Object, f.Path[:n-2], value)
}

// Unit is the part of an object that a field belongs to: a probe, an element of a list, or the field itself.
func Unit(path manifest.Path) manifest.Path {
	for i, segment := range path {
		if slices.Contains(units, segment) {
			return path[:i+1]
		}
		if i == 0 || !strings.HasPrefix(segment, "[") || strings.HasSuffix(strings.ToLower(path[i-1]), "containers") {
			continue
		}
		if strings.Trim(segment, "[]0123456789") == "" {
			return path[:i] // a list of texts, which has no names
		}
		return path[:i+1]
	}
	return path
}

func isLabel(path manifest.Path) bool {
	return len(path) > 1 && slices.Contains([]string{"labels", "annotations"}, path[len(path)-2])
}

// wholeObjects are those that one of the charts does not have.
func wholeObjects(list []Finding) map[string]bool {
	out := map[string]bool{}
	for _, f := range list {
		if f.Kind == Object {
			out[f.Object] = true
		}
	}
	return out
}

// newElements gives the elements of lists that one of the charts lacks: their names are on one side alone.
func newElements(list []Finding) map[string]bool {
	out := map[string]bool{}
	for _, f := range list {
		n := len(f.Path)
		if n > 1 && f.Path[n-1] == "name" && strings.HasPrefix(f.Path[n-2], "[") &&
			(f.Upstream == nil) != (f.Chart == nil) {
			out[f.Object+" "+f.Path[:n-1].String()] = true
		}
	}
	return out
}

// orderedElements gives the paths of the elements that a finding about the order of a list has on one side alone.
func orderedElements(f Finding) []manifest.Path {
	n := len(f.Path)
	if n == 0 || !strings.HasPrefix(f.Path[n-1], "(order of ") {
		return nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(f.Path[n-1], "(order of "), ")")
	split := func(v any) []string { text, _ := v.(string); return strings.Split(text, ", ") }
	up, own := split(f.Upstream), split(f.Chart)
	var out []manifest.Path
	for _, element := range slices.Concat(up, own) {
		if element != "" && slices.Contains(up, element) != slices.Contains(own, element) {
			out = append(out, slices.Concat(f.Path[:n-1], manifest.Path{name, "[" + element + "]"}))
		}
	}
	return out
}
