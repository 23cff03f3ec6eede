package scaffolding

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// A chart is judged by behavior: each key that someone at home in a repository
// expects is set in the generated chart, the chart is rendered, and the field
// has to move.

// expectation is an expected.yaml. The keys of Expected are facts such as
// image_repository_key; paths are as conventions have them, {C} is the chart's
// name and {R} the release's.
type expectation struct {
	Repo, Commit, Like string
	Expected           map[string]any
	// OnlyWith are facts that show only with the sibling's dependencies.
	OnlyWith []string `json:"only_with_dependencies"`
	// NotForStandalone are facts of a wrapper that a chart of its own does not have.
	NotForStandalone []string `json:"not_for_a_standalone_chart"`
}

func readExpectation(file string) (*expectation, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	e := &expectation{}
	if err := yaml.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return e, nil
}

// text gives a fact that is one text, without remarks in parentheses; of a sum
// the last term.
func (e *expectation) text(fact string) string {
	s, _ := e.Expected[fact].(string)
	s, _, _ = strings.Cut(s, " (")
	if i := strings.LastIndex(s, " + "); i >= 0 {
		s = s[i+3:]
	}
	return strings.ReplaceAll(strings.TrimSpace(s), "{C}", judgedName)
}

func (e *expectation) labels(fact string) map[string]string {
	out := map[string]string{}
	m, _ := e.Expected[fact].(map[string]any)
	for k, v := range m {
		out[k] = strings.NewReplacer("{C}", judgedName, "{R}", judgedRelease).Replace(fmt.Sprint(v))
	}
	return out
}

const judgedName, judgedRelease = "livekit", "rel"

// judgement is one fact with how it came out.
type judgement struct {
	fact   string
	agrees bool
	detail string
}

// judge holds a chart and what it is to agree with.
type judge struct {
	*expectation
	dir   string
	chart *helmchart.Chart
	base  map[string]any // values with the route and the disk switched on
	shown []manifest.Object
	out   []judgement
}

func (j *judge) note(fact string, agrees bool, format string, args ...any) {
	onlyWith := slices.ContainsFunc(j.OnlyWith, func(f string) bool { return strings.HasPrefix(fact, f) })
	if onlyWith || slices.Contains(j.NotForStandalone, fact) {
		return
	}
	j.out = append(j.out, judgement{fact, agrees, fmt.Sprintf(format, args...)})
}

// judgeChart judges the chart in dir.
func judgeChart(e *expectation, dir string) ([]judgement, error) {
	chart, err := helmchart.Load(dir)
	if err != nil {
		return nil, err
	}
	j := &judge{expectation: e, dir: dir, chart: chart, base: chart.Values()}
	for _, fact := range []string{"ingress_enabled_key", "persistence_enabled_key"} {
		ways := expandWay(j.base, wayOf(j.text(fact)))
		if j.text(fact) == "" || len(ways) == 0 {
			continue
		}
		on := setWay(j.base, ways[0], true).(map[string]any)
		if _, err := j.render(on, judgedRelease); err == nil { // else the chart has another switch
			j.base = on
		}
	}
	if j.shown, err = j.render(j.base, judgedRelease); err != nil {
		return nil, err
	}
	j.note("renders", true, "")
	j.keys()
	j.switches()
	j.names()
	j.selectors()
	j.objectNames()
	j.follows()
	j.kinds()
	j.files()
	j.examples()
	j.absent()
	return j.out, nil
}

func (j *judge) render(values map[string]any, release string) ([]manifest.Object, error) {
	rendered, err := j.chart.Render(context.Background(), values, helmchart.Release{Name: release, Namespace: "ns1"})
	if err != nil {
		return nil, err
	}
	var out []manifest.Object
	for _, f := range rendered {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

var (
	judgedWorkloads = []string{"Deployment", "StatefulSet", "DaemonSet"}
	judgedRoutes    = []string{"Ingress", "IngressRoute", "HTTPRoute"}
	judgedClaims    = append([]string{"PersistentVolumeClaim"}, judgedWorkloads...)
)

// probeOf is a value to set, and the text that then shows up in objects of the
// kinds more often than before.
type probeOf struct {
	fact  string
	value any
	kinds []string
	want  string
}

func (j *judge) probes() []probeOf {
	shape := fmt.Sprint(j.Expected["env_shape"])
	var env any = map[string]any{"ZZPROBE": "zzval"}
	switch {
	case strings.Contains(strings.SplitN(shape, " (", 2)[0], "list"):
		env = []any{map[string]any{"name": "ZZPROBE", "value": "zzval"}}
	case strings.Contains(shape, "{name,value}"):
		env = map[string]any{"ZZPROBE": map[string]any{"name": "ZZPROBE", "value": "zzval"}}
	}
	image := "zz.example/probe"
	if strings.Contains(fmt.Sprint(j.Expected["image_repository_key"]), "one string") ||
		strings.HasPrefix(fmt.Sprint(j.Expected["image_shape"]), "one string") {
		image += ":9"
	}
	var mode any = "ReadWriteMany"
	if strings.Contains(fmt.Sprint(j.Expected["persistence_access_mode_shape"]), "list") {
		mode = []any{"ReadWriteMany"}
	}
	serviceType := "LoadBalancer"
	if count(j.shown, []string{"Service"}, `"type":"LoadBalancer"`) > 0 {
		serviceType = "NodePort"
	}
	exists := func(key string) []any { return []any{map[string]any{"key": key, "operator": "Exists"}} }
	affinity := map[string]any{"nodeAffinity": map[string]any{
		"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
			"nodeSelectorTerms": []any{map[string]any{"matchExpressions": exists("zzaff")}},
		},
	}}
	return []probeOf{
		{"image_repository_key", image, judgedWorkloads, image},
		{"image_tag_key", "v9.9.9-zz", judgedWorkloads, ":v9.9.9-zz"},
		{"image_pull_policy_key", "Never", judgedWorkloads, `"imagePullPolicy":"Never"`},
		{"replicas_key", 7, judgedWorkloads, `"replicas":7`},
		{"service_type_key", serviceType, []string{"Service"}, `"type":"` + serviceType + `"`},
		{"service_port_key", 18099, []string{"Service"}, `"port":18099`},
		{"ingress_host_path", "zz.example.com", judgedRoutes, "zz.example.com"},
		{"ingress_class_key", "zzclass", judgedRoutes, "zzclass"},
		{"ingress_annotations_key", map[string]any{"zz.example.com/a": "zzann"}, judgedRoutes, "zzann"},
		{"persistence_size_key", "17Gi", judgedClaims, `"17Gi"`},
		{"persistence_storage_class_key", "zzstorage", judgedClaims, "zzstorage"},
		{"persistence_access_mode_key", mode, judgedClaims, "ReadWriteMany"},
		{"persistence_mount_key", "/zzmount", judgedWorkloads, "/zzmount"},
		{"resources_key", map[string]any{"limits": map[string]any{"cpu": "1234m"}}, judgedWorkloads, "1234m"},
		{"node_selector_key", map[string]any{"zzkey": "zzval"}, judgedWorkloads, `"zzkey":"zzval"`},
		{"tolerations_key", exists("zztol"), judgedWorkloads, "zztol"},
		{"affinity_key", affinity, judgedWorkloads, "zzaff"},
		{"env_key", env, judgedWorkloads, "ZZPROBE"},
		{"container_port_number_key", 18123, judgedWorkloads, `"containerPort":18123`},
	}
}

// keys sets each key and looks for what it moves.
func (j *judge) keys() {
	for _, p := range j.probes() {
		path := j.text(p.fact)
		if path == "" {
			continue
		}
		agrees, why := false, "no such place"
		for _, way := range expandWay(j.base, wayOf(path)) {
			values, _ := setWay(j.base, way, p.value).(map[string]any)
			objects, err := j.render(values, judgedRelease)
			if err != nil {
				why = err.Error()
				// A chart may refuse more replicas than its Redis allows, and names the key.
				refuses := strings.Contains(strings.ToLower(why), "replica") || strings.Contains(why, path)
				agrees = agrees || p.fact == "replicas_key" && refuses && !strings.Contains(why, "schema")
				continue
			}
			if count(objects, p.kinds, p.want) > count(j.shown, p.kinds, p.want) {
				agrees = true
				break
			}
			why = "it moves nothing"
		}
		j.note(p.fact, agrees, "%s: %s", path, why)
	}
}

func count(objects []manifest.Object, kinds []string, text string) int {
	n := 0
	for _, o := range objects {
		if slices.Contains(kinds, o.Kind()) {
			data, _ := json.Marshal(o.Fields)
			n += strings.Count(strings.ToLower(string(data)), strings.ToLower(text))
		}
	}
	return n
}

// switches turns the route and the disk off.
func (j *judge) switches() {
	for fact, of := range map[string]struct {
		kinds []string
		text  string
	}{
		"ingress_enabled_key":     {judgedRoutes, `"kind"`},
		"persistence_enabled_key": {judgedClaims, "accessmodes"},
	} {
		path := j.text(fact)
		before := count(j.shown, of.kinds, of.text)
		if path == "" || before == 0 && fact == "persistence_enabled_key" {
			continue
		}
		agrees := false
		for _, way := range expandWay(j.base, wayOf(path)) {
			values, _ := setWay(j.base, way, false).(map[string]any)
			objects, err := j.render(values, judgedRelease)
			agrees = agrees || err == nil && count(objects, of.kinds, of.text) < before
		}
		j.note(fact, agrees, "%s switches nothing", path)
	}
}

func (j *judge) workloads() []manifest.Object {
	return slices.DeleteFunc(slices.Clone(j.shown), func(o manifest.Object) bool {
		return !slices.Contains(judgedWorkloads, o.Kind())
	})
}

func hasKind(objects []manifest.Object, kind string) bool {
	return slices.ContainsFunc(objects, func(o manifest.Object) bool { return o.Kind() == kind })
}

// names renders for each release that has an expected name.
func (j *judge) names() {
	cases, _ := j.Expected["name_cases"].(map[string]any)
	for _, release := range slices.Sorted(maps.Keys(cases)) {
		want := fmt.Sprint(cases[release])
		objects, err := j.render(j.base, release)
		if err != nil {
			j.note("name["+release+"]", false, "%v", err)
			continue
		}
		var got []string
		for _, o := range objects {
			if slices.Contains(judgedWorkloads, o.Kind()) {
				got = append(got, o.Name())
			}
		}
		prefix, isPattern := strings.CutSuffix(want, "*")
		agrees := slices.ContainsFunc(got, func(name string) bool {
			return name == want || isPattern && strings.HasPrefix(name, prefix)
		})
		j.note("name["+release+"]", agrees, "want %s, got %v", want, got)
	}
}

// objectNames compares what a Service, a route and a claim are called; * stands for the rest of a name.
func (j *judge) objectNames() {
	for _, fact := range []struct {
		name  string
		kinds []string
	}{
		{"service_name", []string{"Service"}},
		{"ingress_name", judgedRoutes},
		{"claim_name", []string{"PersistentVolumeClaim"}},
	} {
		want := strings.ReplaceAll(j.text(fact.name), "{R}", judgedRelease)
		if want == "" {
			continue
		}
		var got []string
		for _, o := range j.shown {
			if slices.Contains(fact.kinds, o.Kind()) {
				got = append(got, o.Name())
			}
		}
		prefix, isPattern := strings.CutSuffix(want, "*")
		agrees := slices.ContainsFunc(got, func(name string) bool {
			return name == want || isPattern && strings.HasPrefix(name, prefix)
		})
		j.note(fact.name, agrees, "want %s, got %v", want, got)
	}
}

// follows sees whether TLS is for the route's host, wherever that is set; the fact has what switches TLS on.
func (j *judge) follows() {
	on, asked := j.Expected["tls_follows_host"].(map[string]any)
	ways := expandWay(j.base, wayOf(j.text("ingress_host_path")))
	if !asked || len(ways) == 0 {
		return
	}
	values := setWay(j.base, ways[0], "zz.example.com")
	for path, value := range on {
		values = setWay(values, wayOf(path), value)
	}
	objects, err := j.render(values.(map[string]any), judgedRelease)
	if err != nil {
		j.note("tls_follows_host", false, "%v", err)
		return
	}
	var hosts []string
	for _, o := range objects {
		if o.Kind() == "Ingress" {
			data, _ := json.Marshal(o.Fields["spec"].(map[string]any)["tls"])
			hosts = append(hosts, string(data))
		}
	}
	j.note("tls_follows_host", strings.Contains(strings.Join(hosts, ""), "zz.example.com"), "got %v", hosts)
}

// selectors compares the workload's selector, and sees whether Services find the
// pods by theirs.
func (j *judge) selectors() {
	if want := j.labels("selector_labels"); len(want) > 0 {
		agrees := slices.ContainsFunc(j.workloads(), func(o manifest.Object) bool {
			return sameLabels(want, o.TextMap("spec", "selector", "matchLabels"))
		})
		j.note("selector", agrees, "want %v", want)
	}
	want := j.labels("service_selector_labels")
	if len(want) == 0 {
		return
	}
	agrees, finds := false, true
	for _, o := range j.shown {
		if o.Kind() != "Service" {
			continue
		}
		got := o.TextMap("spec", "selector")
		agrees = agrees || isPart(slices.Collect(maps.Keys(want)), got)
		finds = finds && slices.ContainsFunc(j.workloads(), func(w manifest.Object) bool {
			pods := w.TextMap("spec", "template", "metadata", "labels")
			for name, value := range got {
				if pods[name] != value {
					return false
				}
			}
			return true
		})
	}
	j.note("service_selector", agrees && finds, "want %v", want)
}

func isPart(names []string, of map[string]string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { _, ok := of[name]; return !ok })
}

// sameLabels compares labels; a value with a placeholder in it may be anything.
func sameLabels(want, got map[string]string) bool {
	if len(want) != len(got) {
		return false
	}
	for name, value := range want {
		if v, ok := got[name]; !ok || v != value && !strings.ContainsAny(value, "<{") {
			return false
		}
	}
	return true
}

// kinds compares the kinds of route and workload, and the workload's labels.
func (j *judge) kinds() {
	route, _, _ := strings.Cut(j.text("ingress_kind"), " ")
	if slices.Contains(judgedRoutes, route) {
		j.note("ingress_kind", hasKind(j.shown, route), "want %s", route)
	}
	if kind := j.text("workload_kind"); kind == "Deployment" || kind == "StatefulSet" {
		j.note("workload_kind", hasKind(j.workloads(), kind), "want %s", kind)
	}
	for name, value := range j.labels("label_values") {
		for _, o := range j.workloads() {
			got := o.Labels()[name]
			j.note("label["+name+"]", got == value, "want %s, got %s", value, got)
		}
	}
	var want []string
	list, _ := j.Expected["labels"].([]any)
	for _, l := range list {
		if s, _ := l.(string); s != "" && !strings.ContainsAny(s, " (") {
			want = append(want, s)
		}
	}
	if len(want) > 0 {
		got := map[string]string{}
		for _, o := range j.workloads() {
			maps.Copy(got, o.Labels())
		}
		j.note("labels", isPart(want, got), "want %v, got %v", want, got)
	}
}

var plainFile = regexp.MustCompile(`^[\w.{}/-]+\.(ya?ml|tpl)$`)

// files compares the names of templates, the folder aside, and of the values files beside values.yaml.
func (j *judge) files() {
	var have []string
	_ = filepath.WalkDir(filepath.Join(j.dir, "templates"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			have = append(have, filepath.Base(path))
		}
		return nil
	})
	files, _ := j.Expected["template_files"].(map[string]any)
	kinds := []string{"Deployment", "StatefulSet", "Service", "Ingress", "PersistentVolumeClaim", "helpers"}
	if route, _, _ := strings.Cut(j.text("ingress_kind"), " "); route == "IngressRoute" || route == "HTTPRoute" {
		kinds = append(kinds, route)
	}
	for _, kind := range kinds {
		want, _ := files[kind].(string)
		fact := "file[" + kind + "]"
		if want == "" || !plainFile.MatchString(want) {
			continue
		}
		want = filepath.Base(strings.ReplaceAll(want, "{C}", judgedName))
		j.note(fact, slices.Contains(have, want), "want %s, have %v", want, have)
	}
	besides, _ := j.Expected["values_files"].([]any)
	for _, file := range besides {
		_, err := os.Stat(filepath.Join(j.dir, fmt.Sprint(file)))
		j.note(fmt.Sprintf("file[%s]", file), err == nil, "there is none")
	}
}

var plainExample = regexp.MustCompile(`^[\w.-]+$`)

// examples looks for the values that carry over.
func (j *judge) examples() {
	data, _ := json.Marshal(j.chart.Values())
	for _, fact := range []string{"ingress_domain", "ingress_class", "cluster_issuer", "storage_class"} {
		if want, _ := j.Expected[fact].(string); plainExample.MatchString(want) {
			j.note(fact, strings.Contains(string(data), want), "want %s", want)
		}
	}
}

// absent looks for keys that are the sibling's program's alone.
func (j *judge) absent() {
	keys, _ := j.Expected["absent_keys"].([]any)
	for _, key := range keys {
		path := strings.ReplaceAll(fmt.Sprint(key), "{C}", judgedName)
		_, isThere := yamldoc.Lookup(j.chart.Values(), yamldoc.SplitPath(path))
		j.note("absent["+path+"]", !isThere, "values have it")
	}
}

var segment = regexp.MustCompile(`"[^"]+"|\[\d*\]|<[^>]+>|[^.\[\]]+`)

// wayOf splits a path such as a.<volume>."b.c"[0].
func wayOf(path string) []string { return segment.FindAllString(path, -1) }

// expandWay puts each name that is there for a <placeholder>.
func expandWay(values any, way []string) [][]string {
	if len(way) == 0 {
		return [][]string{nil}
	}
	first, rest := way[0], way[1:]
	var out [][]string
	follow := func(segment string, below any) {
		for _, more := range expandWay(below, rest) {
			out = append(out, append([]string{segment}, more...))
		}
	}
	switch {
	case strings.HasPrefix(first, "<"):
		m, _ := values.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if _, isMap := m[name].(map[string]any); isMap || len(rest) == 0 {
				follow(name, m[name])
			}
		}
	case strings.HasPrefix(first, "["):
		list, _ := values.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		follow("[0]", list[0])
	default:
		name := strings.Trim(first, `"`)
		m, _ := values.(map[string]any)
		follow(name, m[name])
	}
	return out
}

// setWay gives the values with another one at a way. Those given stay.
func setWay(values any, way []string, value any) any {
	if len(way) == 0 {
		return value
	}
	if way[0] == "[0]" {
		list, _ := values.([]any)
		out := slices.Clone(list)
		if len(out) == 0 {
			out = []any{nil}
		}
		out[0] = setWay(out[0], way[1:], value)
		return out
	}
	m, _ := values.(map[string]any)
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	out[way[0]] = setWay(out[way[0]], way[1:], value)
	return out
}
