package rendered

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// normalize gives an object's fields for comparison: without what changes with every release, with references by role,
// with the texts that are YAML as what they say.
func (r *Chart) normalize(own string, isOld bool, o *Object) map[string]any {
	fields := helmchart.Copy(o.Fields)
	EachMap(fields, func(m map[string]any) { dropVolatile(own, m) })
	keepChecksums(o.Fields, fields)
	r.resolve(fields, nil, o)
	if data, ok := fields["data"].(map[string]any); ok {
		fields["data"] = readData(o, data)
	}
	if isOld {
		modernizeMetrics(fields)
	}
	EachMap(fields, noteOrder)
	return fields
}

// EachMap visits every map in a value, the outer ones first.
func EachMap(v any, visit func(m map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, x := range v {
			EachMap(x, visit)
		}
	case []any:
		for _, x := range v {
			EachMap(x, visit)
		}
	}
}

// MapsIn gives the elements of a list that are maps.
func MapsIn(list any) []map[string]any {
	var out []map[string]any
	items, _ := list.([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// OwnChart stands for the name and version of the chart itself in a label.
const OwnChart = "<chart>"

// dropVolatile removes, in place, annotations that are hashes of other objects, and the chart's own name and version,
// NAME-VERSION, in labels: they change with every release of the chart and mean nothing.
func dropVolatile(own string, m map[string]any) {
	if annotations, ok := m["annotations"].(map[string]any); ok {
		maps.DeleteFunc(annotations, func(k string, _ any) bool { return strings.HasPrefix(k, "checksum/") })
	}
	for _, k := range []string{"helm.sh/chart", "chart"} {
		if m[k] == own {
			m[k] = OwnChart
		}
	}
}

// keepChecksums puts back, in place, which checksums a pod's template has: they roll the pods when what they are of
// changes. What they are is another with every release.
func keepChecksums(original, fields map[string]any) {
	path := []string{"spec", "template", "metadata", "annotations"}
	all, _ := yamldoc.Lookup(original, path)
	annotations, _ := all.(map[string]any)
	for name := range annotations {
		if strings.HasPrefix(name, "checksum/") {
			yamldoc.Set(fields, append(slices.Clip(path), name), "(a checksum)")
		}
	}
}

// ConfigEntry stands for the entry of the object that holds the configuration, and KeysEntry for that with the key
// file, whatever they are called.
const (
	ConfigEntry = redact.Configuration
	KeysEntry   = "<keys>"
)

// readData gives the data of a ConfigMap or Secret in clear, YAML as YAML. The entry with the configuration goes by
// one name; what it is called stands beside it.
func readData(o *Object, data map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		value := data[name]
		text, ok := value.(string)
		if !ok {
			out[name] = value
			continue
		}
		if o.Kind() == "Secret" {
			if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
				text = string(plain)
			}
		}
		entry := map[string]string{RoleConfiguration: ConfigEntry, RoleKeys: KeysEntry}[o.Role]
		var parsed map[string]any
		isEntry := entry != "" && o.Entry == "" && yaml.Unmarshal([]byte(text), &parsed) == nil && len(parsed) > 0
		if !isEntry || entry == ConfigEntry && !livekit.IsConfig(parsed) {
			out[name] = text
			continue
		}
		if entry == ConfigEntry {
			modernize(parsed)
		}
		o.Entry = name
		out[entry] = parsed
		out["("+entry+")"] = name
	}
	return out
}

// modernize gives, in place, a configuration new keys for old ones, unless both are there.
func modernize(config map[string]any) {
	for _, r := range Facts().Renamed {
		value, isOld := yamldoc.Lookup(config, r.Old)
		if _, isNew := yamldoc.Lookup(config, r.New); isOld && !isNew {
			yamldoc.Delete(config, r.Old)
			yamldoc.Set(config, r.New, value)
		}
	}
}

// modernizeMetrics gives an autoscaler of the API that Kubernetes 1.25 dropped as the API server stores it:
// autoscaling/v2beta1 wrote the target beside the name.
func modernizeMetrics(fields map[string]any) {
	if fields["apiVersion"] != "autoscaling/v2beta1" {
		return
	}
	metrics, _ := yamldoc.Lookup(fields, []string{"spec", "metrics"})
	for _, metric := range MapsIn(metrics) {
		resource, _ := metric["resource"].(map[string]any)
		target, old := resource["targetAverageUtilization"]
		if !old {
			return
		}
		delete(resource, "targetAverageUtilization")
		resource["target"] = map[string]any{"type": "Utilization", "averageUtilization": target}
	}
	fields["apiVersion"] = "autoscaling/v2"
}

// noteOrder notes, in place, the order of a map's lists whose elements go by their keys, and which variables of a
// container are known to a later one that names them.
func noteOrder(m map[string]any) {
	for _, name := range Facts().Ordered {
		list, _ := m[name].([]any)
		var keys []string
		for _, item := range list {
			keys = append(keys, manifest.ElementKey(name, item))
		}
		if order := strings.Join(keys, ", "); len(list) > 1 && order != "" {
			m["(order of "+name+")"] = order
		}
	}
	noteVariables(MapsIn(m["env"]))
}

// noteVariables notes which earlier variables a variable names: Kubernetes fills in no others.
func noteVariables(env []map[string]any) {
	var before []string
	for _, variable := range env {
		value, _ := variable["value"].(string)
		isUnnamed := func(name string) bool { return !strings.Contains(value, "$("+name+")") }
		named := slices.DeleteFunc(slices.Clone(before), isUnnamed)
		if len(named) > 0 {
			slices.Sort(named) // among themselves they may stand in any order
			variable["(names)"] = strings.Join(named, ", ")
		}
		if name, ok := variable["name"].(string); ok {
			before = append(before, name)
		}
	}
}

// resolve replaces, in place, names of rendered objects by their roles.
func (r *Chart) resolve(v any, at []string, o *Object) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = r.resolve(x, append(slices.Clone(at), k), o)
		}
		if lastOf(at, 2) == "backend.service" {
			r.resolvePort(v)
		}
	case []any:
		for i, x := range v {
			v[i] = r.resolve(x, at, o)
		}
	case string:
		return r.resolveText(v, at, o)
	}
	return v
}

func (r *Chart) resolveText(text string, at []string, o *Object) string {
	for n := 1; n <= 3; n++ {
		kinds := Facts().References[lastOf(at, n)]
		for _, target := range r.Objects {
			if len(kinds) > 0 && target.Name() == text && slices.Contains(kinds, target.Kind()) {
				return "<" + target.Role + ">"
			}
		}
	}
	// Texts that hold a name: the test's address, the annotation that names a BackendConfig.
	kind := "Service"
	if len(at) > 1 && at[len(at)-2] == "annotations" {
		kind = "BackendConfig"
	} else if o.Role != RoleTest || at[0] != "spec" {
		return text
	}
	for _, o := range r.Objects {
		if o.Kind() == kind && o.Name() != "" {
			text = strings.ReplaceAll(text, o.Name(), "<"+o.Role+">")
		}
	}
	return text
}

// lastOf joins the last n segments of a path.
func lastOf(path []string, n int) string { return strings.Join(path[max(len(path)-n, 0):], ".") }

// resolvePort makes the port of a route's backend a number, which a name stands for as well.
func (r *Chart) resolvePort(backend map[string]any) {
	port, _ := backend["port"].(map[string]any)
	name, _ := port["name"].(string)
	role, _ := backend["name"].(string)
	service := r.ByRole[strings.Trim(role, "<>")]
	if name == "" || service == nil {
		return
	}
	for _, p := range MapsIn(service.Get("spec", "ports")) {
		if p["name"] == name {
			backend["port"] = map[string]any{"number": p["port"]}
		}
	}
}

// nameServer names the container of the server by its role, in place, in a path.
func nameServer(o *Object, p manifest.Path) {
	for i, segment := range p {
		if i > 0 && p[i-1] == "containers" && segment == "["+ServerContainer(o.Object)+"]" {
			p[i] = ServerSegment
		}
	}
}

// ServerSegment stands for the server's container in a path, whatever it is called.
const ServerSegment = "[server]"
