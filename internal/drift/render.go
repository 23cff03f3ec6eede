package drift

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// The release that both charts are rendered for. The Kubernetes version is one for which this tool's charts are made.
const (
	releaseName      = "rel"
	releaseNamespace = "media"
	kubeVersion      = "1.34.0"
)

// apis are those of operators that templates may ask for.
var apis = []string{
	"monitoring.coreos.com/v1", "cert-manager.io/v1", "gateway.networking.k8s.io/v1",
	"networking.k8s.io/v1", "autoscaling/v2", "policy/v1",
}

// object is a rendered object as it is compared.
type object struct {
	manifest.Object
	// role is what the object is for, whatever it is called: see roles.
	role string
	// leaves are its fields by the text of their path, names of rendered objects replaced by their roles, the
	// configuration as the YAML that it is.
	leaves map[string]manifest.Leaf
	// entry is the key of data with the configuration or the key file, "" where there is none.
	entry string
}

// label names the object in a report: "Deployment/server".
func (o *object) label() string { return o.Kind() + "/" + o.role[strings.IndexByte(o.role, '/')+1:] }

// value is the value of a field, nil where the object lacks it or is nil itself: a null says nothing.
func (o *object) value(key string) any {
	if o == nil {
		return nil
	}
	return o.leaves[key].Value
}

// rendered is one chart under one set of values.
type rendered struct {
	objects []*object
	byRole  map[string]*object
}

// get gives the object with a role, nil where there is none or nothing was rendered.
func (r *rendered) get(role string) *object {
	if r == nil {
		return nil
	}
	return r.byRole[role]
}

// render renders a chart and finds out what each object is for. With lenient, what the chart requires may be missing.
func render(ctx context.Context, chart *helmchart.Chart, values map[string]any, lenient bool) (*rendered, error) {
	release := Release()
	release.Lenient = lenient
	files, err := chart.Render(ctx, values, release)
	if err != nil {
		return nil, err
	}
	var objects []*object
	for _, f := range files {
		parsed, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, fmt.Errorf("render chart %s: %w", chart.Name(), err)
		}
		for _, o := range parsed {
			objects = append(objects, &object{Object: o})
		}
	}
	return newRendered(strings.ReplaceAll(chart.Name()+"-"+chart.Version(), "+", "_"), objects), nil
}

// newRendered takes the objects of a chart, of which own is NAME-VERSION.
func newRendered(own string, objects []*object) *rendered {
	r := withRoles(objects)
	for _, o := range r.objects {
		o.leaves = map[string]manifest.Leaf{}
		fields := r.normalize(o)
		eachMap(fields, func(m map[string]any) { hideOwnVersion(own, m) })
		for _, leaf := range manifest.Leaves(fields) {
			nameServer(o, leaf.Path)
			o.leaves[leaf.Path.String()] = leaf
		}
	}
	return r
}

// normalize gives an object's fields for comparison: without what changes with every render of a changed
// configuration, with references by role, with the texts that are YAML as what they say.
func (r *rendered) normalize(o *object) map[string]any {
	fields := helmchart.Copy(o.Fields)
	eachMap(fields, dropChecksums)
	r.resolve(fields, nil, o)
	if data, ok := fields["data"].(map[string]any); ok {
		fields["data"] = readData(o, data)
	}
	modernizeMetrics(fields)
	eachMap(fields, noteOrder)
	return fields
}

// eachMap visits every map in a value, the outer ones first.
func eachMap(v any, visit func(m map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, x := range v {
			eachMap(x, visit)
		}
	case []any:
		for _, x := range v {
			eachMap(x, visit)
		}
	}
}

// mapsIn gives the elements of a list that are maps.
func mapsIn(list any) []map[string]any {
	var out []map[string]any
	items, _ := list.([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// dropChecksums removes, in place, annotations that are hashes of other objects.
func dropChecksums(m map[string]any) {
	if annotations, ok := m["annotations"].(map[string]any); ok {
		maps.DeleteFunc(annotations, func(k string, _ any) bool { return strings.HasPrefix(k, "checksum/") })
	}
}

// configEntry stands for the entry of the object that holds the configuration, and keysEntry for that with the key
// file, whatever they are called.
const (
	configEntry = redact.Configuration
	keysEntry   = "<keys>"
)

// readData gives the data of a ConfigMap or Secret in clear, YAML as YAML. The entry with the configuration goes by
// one name; what it is called stands beside it.
func readData(o *object, data map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range inOrder(data) {
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
		entry := map[string]string{roleConfiguration: configEntry, roleKeys: keysEntry}[o.role]
		var parsed map[string]any
		isEntry := entry != "" && o.entry == "" && yaml.Unmarshal([]byte(text), &parsed) == nil && len(parsed) > 0
		if !isEntry || entry == configEntry && !isConfig(parsed) {
			out[name] = text
			continue
		}
		if entry == configEntry {
			modernize(parsed)
		}
		o.entry = name
		out[entry] = parsed
		out["("+entry+")"] = name
	}
	return out
}

// renamed are keys of LiveKit's configuration that newer ones took the place of (livekit-server's
// pkg/config/config.go, protocol's redis/redis.go): to the server they say the same.
var renamed = []renaming{
	{[]string{"log_level"}, []string{"logging", "level"}},
	{[]string{"prometheus_port"}, []string{"prometheus", "port"}},
	{[]string{"redis", "use_tls"}, []string{"redis", "tls", "enabled"}},
}

type renaming struct{ old, new []string }

// modernize gives, in place, a configuration new keys for old ones, unless both are there.
func modernize(config map[string]any) {
	for _, r := range renamed {
		value, isOld := yamldoc.Lookup(config, r.old)
		if _, isNew := yamldoc.Lookup(config, r.new); isOld && !isNew {
			yamldoc.Delete(config, r.old)
			yamldoc.Set(config, r.new, value)
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
	for _, metric := range mapsIn(metrics) {
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

// ordered are lists whose elements have keys and whose order is their owner's business all the same.
var ordered = []string{
	"metrics", "rules", "initContainers", "endpoints", "topologySpreadConstraints", "hostAliases", "parentRefs",
}

// noteOrder notes, in place, the order of a map's lists whose elements go by their keys, and which variables of a
// container are known to a later one that names them.
func noteOrder(m map[string]any) {
	for _, name := range ordered {
		list, _ := m[name].([]any)
		var keys []string
		for _, item := range list {
			keys = append(keys, manifest.ElementKey(name, item))
		}
		if order := strings.Join(keys, ", "); len(list) > 1 && order != "" {
			m["(order of "+name+")"] = order
		}
	}
	noteVariables(mapsIn(m["env"]))
}

// noteVariables notes which earlier variables a variable names: Kubernetes fills in no others.
func noteVariables(env []map[string]any) {
	var before []string
	for _, variable := range env {
		value, _ := variable["value"].(string)
		var named []string
		for _, name := range before {
			if strings.Contains(value, "$("+name+")") {
				named = append(named, name)
			}
		}
		if len(named) > 0 {
			slices.Sort(named) // among themselves they may stand in any order
			variable["(names)"] = strings.Join(named, ", ")
		}
		if name, ok := variable["name"].(string); ok {
			before = append(before, name)
		}
	}
}

// references are the fields that name another object, by the last segments of their path, with the kinds that they
// name.
var references = []struct {
	path  []string
	kinds []string
}{
	{[]string{"configMapKeyRef", "name"}, []string{"ConfigMap"}},
	{[]string{"configMapRef", "name"}, []string{"ConfigMap"}},
	{[]string{"configMap", "name"}, []string{"ConfigMap"}},
	{[]string{"secretKeyRef", "name"}, []string{"Secret"}},
	{[]string{"secretRef", "name"}, []string{"Secret"}},
	{[]string{"secret", "secretName"}, []string{"Secret", "Certificate"}},
	{[]string{"persistentVolumeClaim", "claimName"}, []string{"PersistentVolumeClaim"}},
	{[]string{"serviceAccountName"}, []string{"ServiceAccount"}},
	{[]string{"backend", "service", "name"}, []string{"Service"}},
	{[]string{"backendRefs", "name"}, []string{"Service"}},
	{[]string{"services", "name"}, []string{"Service"}},
	{[]string{"scaleTargetRef", "name"}, []string{"Deployment", "StatefulSet"}},
	{[]string{"serviceName"}, []string{"Service"}},
}

// resolve replaces, in place, names of rendered objects by their roles.
func (r *rendered) resolve(v any, at []string, o *object) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = r.resolve(x, append(slices.Clone(at), k), o)
		}
		r.resolvePort(v, at)
	case []any:
		for i, x := range v {
			v[i] = r.resolve(x, at, o)
		}
	case string:
		return r.resolveText(v, at, o)
	}
	return v
}

func (r *rendered) resolveText(text string, at []string, o *object) string {
	for _, ref := range references {
		if !endsWith(at, ref.path) {
			continue
		}
		if target := r.named(text, ref.kinds...); target != nil {
			return "<" + target.role + ">"
		}
	}
	// Texts that hold a name: the test's address, the annotation that names a BackendConfig.
	if o.role == roleTest && at[0] == "spec" {
		return r.replaceName(text, "Service")
	}
	if len(at) > 1 && at[len(at)-2] == "annotations" {
		return r.replaceName(text, "BackendConfig")
	}
	return text
}

func endsWith(path, suffix []string) bool {
	return len(path) >= len(suffix) && slices.Equal(path[len(path)-len(suffix):], suffix)
}

func (r *rendered) named(name string, kinds ...string) *object {
	i := slices.IndexFunc(
		r.objects, func(o *object) bool { return o.Name() == name && slices.Contains(kinds, o.Kind()) },
	)
	if i < 0 {
		return nil
	}
	return r.objects[i]
}

func (r *rendered) replaceName(text, kind string) string {
	for _, o := range r.objects {
		if o.Kind() == kind && o.Name() != "" {
			text = strings.ReplaceAll(text, o.Name(), "<"+o.role+">")
		}
	}
	return text
}

// resolvePort makes the port of a route's backend a number, which a name stands for as well.
func (r *rendered) resolvePort(backend map[string]any, at []string) {
	if !endsWith(at, []string{"backend", "service"}) {
		return
	}
	port, _ := backend["port"].(map[string]any)
	name, _ := port["name"].(string)
	role, _ := backend["name"].(string)
	service := r.byRole[strings.Trim(role, "<>")]
	if name == "" || service == nil {
		return
	}
	for _, p := range mapsIn(service.Get("spec", "ports")) {
		if p["name"] == name {
			backend["port"] = map[string]any{"number": p["port"]}
		}
	}
}

// nameServer names the container of the server by its role, in place, in a path.
func nameServer(o *object, p manifest.Path) {
	for i, segment := range p {
		if i > 0 && p[i-1] == "containers" && segment == "["+serverContainer(o.Object)+"]" {
			p[i] = serverSegment
		}
	}
}

// serverSegment stands for the server's container in a path, whatever it is called.
const serverSegment = "[server]"
