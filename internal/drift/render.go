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
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// The release that both charts are rendered for. The Kubernetes version is one for which this tool's charts are made.
const (
	releaseName      = "rel"
	releaseNamespace = "media"
	kubeVersion      = "1.34.0"
)

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
	// isCurrent says that the cluster serves no API that was dropped: what is of one is compared as it is.
	isCurrent bool
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

// render renders a chart and finds out what each object is for. One of other making may require values that upstream's
// does not: they are left out then.
func (c *charts) render(ctx context.Context, chart *helmchart.Chart, values map[string]any) (*rendered, error) {
	files, err := chart.Render(ctx, values, c.releaseOf(chart))
	if err != nil {
		return nil, err
	}
	return c.read(chart, files)
}

func (c *charts) releaseOf(chart *helmchart.Chart) helmchart.Release {
	release := c.release
	release.Lenient = c.lenient && chart == c.chart
	return release
}

// renderIn renders a chart in a scenario and notes the branches that were taken.
func (c *charts) renderIn(
	ctx context.Context, run *scenarioRun, chart *helmchart.Chart, values map[string]any,
) (*rendered, error) {
	of := c.branches[chart]
	if of == nil {
		return c.render(ctx, chart, values)
	}
	files, seen, err := of.Render(ctx, values, c.releaseOf(chart))
	run.seen[chart] = seen
	if err != nil {
		return nil, err
	}
	return c.read(chart, files)
}

// read reads what a chart has rendered.
func (c *charts) read(chart *helmchart.Chart, files []helmchart.File) (*rendered, error) {
	var objects []*object
	for _, f := range files {
		parsed, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, fmt.Errorf("render chart %s: %w", chart.Name(), err)
		}
		for _, o := range parsed {
			objects = append(objects, &object{Object: o, isCurrent: !isOlder(c.release.KubeVersion, droppedMetrics)})
		}
	}
	return newRendered(strings.ReplaceAll(chart.Name()+"-"+chart.Version(), "+", "_"), objects), nil
}

// newRendered takes the objects of a chart, of which own is NAME-VERSION.
func newRendered(own string, objects []*object) *rendered {
	r := withRoles(objects)
	for _, o := range r.objects {
		o.leaves = map[string]manifest.Leaf{}
		for _, leaf := range manifest.Leaves(r.normalize(own, o)) {
			nameServer(o, leaf.Path)
			o.leaves[leaf.Path.String()] = leaf
		}
	}
	return r
}

// normalize gives an object's fields for comparison: without what changes with every release, with references by role,
// with the texts that are YAML as what they say.
func (r *rendered) normalize(own string, o *object) map[string]any {
	fields := helmchart.Copy(o.Fields)
	eachMap(fields, func(m map[string]any) { dropVolatile(own, m) })
	keepChecksums(o.Fields, fields)
	r.resolve(fields, nil, o)
	if data, ok := fields["data"].(map[string]any); ok {
		fields["data"] = readData(o, data)
	}
	if !o.isCurrent {
		modernizeMetrics(fields)
	}
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

// ownChart stands for the name and version of the chart itself in a label.
const ownChart = "<chart>"

// dropVolatile removes, in place, annotations that are hashes of other objects, and the chart's own name and version,
// NAME-VERSION, in labels: they change with every release of the chart and mean nothing.
func dropVolatile(own string, m map[string]any) {
	if annotations, ok := m["annotations"].(map[string]any); ok {
		maps.DeleteFunc(annotations, func(k string, _ any) bool { return strings.HasPrefix(k, "checksum/") })
	}
	for _, k := range []string{"helm.sh/chart", "chart"} {
		if m[k] == own {
			m[k] = ownChart
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
		if !isEntry || entry == configEntry && !livekit.IsConfig(parsed) {
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

// modernize gives, in place, a configuration new keys for old ones, unless both are there.
func modernize(config map[string]any) {
	for _, r := range objectFacts().Renamed {
		value, isOld := yamldoc.Lookup(config, r.Old)
		if _, isNew := yamldoc.Lookup(config, r.New); isOld && !isNew {
			yamldoc.Delete(config, r.Old)
			yamldoc.Set(config, r.New, value)
		}
	}
}

// droppedMetrics is the version of Kubernetes that has no autoscaling/v2beta1 any more.
const droppedMetrics = "1.25.0"

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

// noteOrder notes, in place, the order of a map's lists whose elements go by their keys, and which variables of a
// container are known to a later one that names them.
func noteOrder(m map[string]any) {
	for _, name := range objectFacts().Ordered {
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
func (r *rendered) resolve(v any, at []string, o *object) any {
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

func (r *rendered) resolveText(text string, at []string, o *object) string {
	for n := 1; n <= 3; n++ {
		kinds := objectFacts().References[lastOf(at, n)]
		for _, target := range r.objects {
			if len(kinds) > 0 && target.Name() == text && slices.Contains(kinds, target.Kind()) {
				return "<" + target.role + ">"
			}
		}
	}
	// Texts that hold a name: the test's address, the annotation that names a BackendConfig.
	kind := "Service"
	if len(at) > 1 && at[len(at)-2] == "annotations" {
		kind = "BackendConfig"
	} else if o.role != roleTest || at[0] != "spec" {
		return text
	}
	for _, o := range r.objects {
		if o.Kind() == kind && o.Name() != "" {
			text = strings.ReplaceAll(text, o.Name(), "<"+o.role+">")
		}
	}
	return text
}

// lastOf joins the last n segments of a path.
func lastOf(path []string, n int) string { return strings.Join(path[max(len(path)-n, 0):], ".") }

// resolvePort makes the port of a route's backend a number, which a name stands for as well.
func (r *rendered) resolvePort(backend map[string]any) {
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
