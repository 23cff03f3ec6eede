package mutation

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// document is a rendered object as far as it matters to a cluster.
type document struct {
	id     string // apiVersion, kind, namespace and name
	fields any
}

// documents reads rendered files. Of what they hold these make no difference:
// which file it stands in, the order of objects and of keys, nulls, empty maps and
// lists where Kubernetes has the same by default, the order of lists that it merges
// by key, checksums that roll a pod, and the layout of YAML within a ConfigMap or
// Secret.
//
// own is the chart's NAME-VERSION, which its label helm.sh/chart has: a new version
// of the chart is no change.
func documents(files []helmchart.File, own string) ([]document, error) {
	var out []document
	for _, f := range files {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			id := strings.Join([]string{o.APIVersion(), o.Kind(), o.Namespace(), o.Name()}, " ")
			out = append(out, document{id, normalise(o, own)})
		}
	}
	sortDocuments(out)
	return out, nil
}

func sortDocuments(docs []document) {
	slices.SortStableFunc(docs, func(a, b document) int {
		if by := strings.Compare(a.id, b.id); by != 0 {
			return by
		}
		return strings.Compare(canonical(a.fields), canonical(b.fields))
	})
}

// canonical is a text that is the same for values that are.
func canonical(v any) string {
	out, err := json.Marshal(v)
	if err != nil { // no value from YAML is like that
		return err.Error()
	}
	return string(out)
}

func normalise(o manifest.Object, own string) any {
	fields, _ := prune(o.Fields, own).(map[string]any)
	switch o.Kind() {
	case "ConfigMap", "Secret":
		for _, key := range []string{"data", "stringData"} {
			readConfiguration(fields[key], o.Kind() == "Secret" && key == "data")
		}
	case "Service":
		sortLists(at(fields, "spec"), "ports")
	}
	for _, path := range [][]string{{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"}} {
		if pod := at(fields, path...); pod["containers"] != nil {
			sortPod(pod)
		}
	}
	return fields
}

// emptyIsDefault are the fields that Kubernetes has empty where they are absent.
var emptyIsDefault = []string{
	"annotations", "labels", "nodeSelector", "affinity", "tolerations", "imagePullSecrets", "resources", "strategy", "updateStrategy",
	"securityContext", "env", "envFrom", "volumes", "volumeMounts",
}

// prune copies a value without nulls, empty defaults and checksums.
func prune(v any, own string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			value = prune(value, own)
			if value == nil || isEmpty(value) && slices.Contains(emptyIsDefault, key) || strings.HasPrefix(key, "checksum/") {
				continue
			}
			if key == "helm.sh/chart" && value == own {
				value = "<own>"
			}
			out[key] = value
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, value := range v {
			out = append(out, prune(value, own))
		}
		return out
	}
	return v
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// at gives the map at a path, nil where there is none.
func at(fields map[string]any, path ...string) map[string]any {
	for _, key := range path {
		fields, _ = fields[key].(map[string]any)
	}
	return fields
}

// readConfiguration puts the parsed YAML for each entry that is YAML by its name.
func readConfiguration(data any, encoded bool) {
	entries, _ := data.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		content, isText := entries[key].(string)
		if !isText || !strings.HasSuffix(key, ".yaml") && !strings.HasSuffix(key, ".yml") {
			continue
		}
		if encoded {
			plain, err := base64.StdEncoding.DecodeString(content)
			if err != nil {
				continue
			}
			content = string(plain)
		}
		var value any
		if err := yaml.UnmarshalStrict([]byte(content), &value); err == nil {
			entries[key] = map[string]any{"YAML": withoutEmpties(value)}
		}
	}
}

// withoutEmpties copies a value without entries of maps that say nothing: nulls, and
// maps that are empty.
func withoutEmpties(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			value = withoutEmpties(value)
			if below, isMap := value.(map[string]any); value == nil || isMap && len(below) == 0 {
				continue
			}
			out[key] = value
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, value := range v {
			out = append(out, withoutEmpties(value))
		}
		return out
	}
	return v
}

// sortPod orders the lists of a pod that Kubernetes merges by key. The order of
// init containers is the one in which they run.
func sortPod(pod map[string]any) {
	for _, key := range []string{"containers", "initContainers"} {
		list, _ := pod[key].([]any)
		for _, c := range list {
			if container, ok := c.(map[string]any); ok {
				noteReferences(container["env"])
				sortLists(container, "ports", "volumeMounts", "env")
			}
		}
	}
	sortLists(pod, "containers", "volumes", "imagePullSecrets")
}

var reference = regexp.MustCompile(`\$\([A-Za-z_][A-Za-z0-9_.-]*\)`)

// noteReferences notes in each variable the ones before it that its value refers
// to. Order matters for nothing else: $(NAME) stays as it is where NAME comes later
// (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
func noteReferences(env any) {
	list, _ := env.([]any)
	defined := map[string]bool{}
	for _, e := range list {
		variable, _ := e.(map[string]any)
		value, _ := variable["value"].(string)
		var known []any
		for _, r := range reference.FindAllString(value, -1) {
			if defined[r] {
				known = append(known, r)
			}
		}
		if known != nil {
			variable["(refers to)"] = known
		}
		if name, ok := variable["name"].(string); ok {
			defined["$("+name+")"] = true
		}
	}
}

func sortLists(fields map[string]any, keys ...string) {
	for _, key := range keys {
		if list, ok := fields[key].([]any); ok {
			slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(canonical(a), canonical(b)) })
		}
	}
}
