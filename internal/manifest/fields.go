package manifest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Path is the way to a field: keys of maps, and elements of lists in brackets: by their merge key where Kubernetes has
// one ("[http]"), else by position ("[0]").
type Path []string

// String writes a path as `kubectl explain` does, with elements of lists behind their list:
// spec.template.spec.containers[server].image. A key with a dot is quoted.
func (p Path) String() string {
	var b strings.Builder
	for i, segment := range p {
		switch {
		case strings.HasPrefix(segment, "["):
			b.WriteString(segment)
		case strings.ContainsAny(segment, ".[/"):
			fmt.Fprintf(&b, "[%q]", segment)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(segment)
		}
	}
	return b.String()
}

// MarshalText writes a path as String does, in JSON for one.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// mergeKeys are the keys by which Kubernetes tells the elements of a list apart (patchMergeKey and the list-map-keys of
// server-side apply in k8s.io/api), by the name of the list.
var mergeKeys = map[string]string{
	"containers":                "name",
	"initContainers":            "name",
	"ephemeralContainers":       "name",
	"env":                       "name",
	"volumes":                   "name",
	"volumeMounts":              "mountPath",
	"volumeDevices":             "devicePath",
	"imagePullSecrets":          "name",
	"topologySpreadConstraints": "topologyKey",
	"hostAliases":               "ip",
	"parentRefs":                "name",
	"endpoints":                 "port",
	"rules":                     "host",
}

// Leaves flattens a value: each scalar by its path. Null, empty maps and empty lists are left out: they say nothing.
// Elements of lists go by their merge key; two with one key, by their position as well.
func Leaves(value any) []Leaf {
	var out []Leaf
	flatten(nil, value, &out)
	return out
}

// Leaf is a scalar with its path.
type Leaf struct {
	Path  Path
	Value any
}

func flatten(at Path, value any, out *[]Leaf) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			flatten(slices.Concat(at, Path{key}), v[key], out)
		}
	case []any:
		list := ""
		if len(at) > 0 {
			list = at[len(at)-1]
		}
		for i, segment := range Segments(list, v) {
			flatten(slices.Concat(at, Path{segment}), v[i], out)
		}
	default:
		*out = append(*out, Leaf{slices.Clone(at), v})
	}
}

// Segments gives what stands for the elements of the list of that name in a path.
func Segments(list string, items []any) []string {
	var out []string
	seen := map[string]int{}
	for i, item := range items {
		key := ElementKey(list, item)
		if key == "" {
			key = strconv.Itoa(i)
		} else if seen[key]++; seen[key] > 1 {
			key = fmt.Sprintf("%s#%d", key, seen[key])
		}
		out = append(out, "["+key+"]")
	}
	return out
}

// ElementKey gives what tells an element of the list of that name from the others, "" where its position does.
func ElementKey(list string, item any) string {
	m, _ := item.(map[string]any)
	if m == nil {
		return ""
	}
	if list == "ports" {
		return portKey(m)
	}
	if list == "metrics" {
		if resource, _ := m["resource"].(map[string]any); resource != nil && resource["name"] != nil {
			return fmt.Sprint(resource["name"])
		}
	}
	if key, isKeyed := mergeKeys[list]; isKeyed && m[key] != nil {
		return fmt.Sprint(m[key])
	}
	return ""
}

// portKey is the port with its protocol, of a container or a Service.
func portKey(m map[string]any) string {
	port := cmp.Or(m["containerPort"], m["port"])
	if port == nil {
		return ""
	}
	return fmt.Sprintf("%v/%v", port, cmp.Or[any](m["protocol"], "TCP"))
}
