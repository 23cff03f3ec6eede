package main

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// fieldsOf gives every field of rendered objects, as JSON, by object and path, as far as it matters to a cluster.
// These make no difference: which file an object stands in, the order of objects and of keys, nulls, empty maps
// and lists where Kubernetes has the same by default, the order of lists that it merges by key, checksums that
// roll a pod, and the layout of YAML within a ConfigMap or Secret.
//
// own is the chart's NAME-VERSION, which its label helm.sh/chart has: a new version of the chart is no change.
func fieldsOf(files []helmchart.File, own string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range files {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			id := strings.Join([]string{o.APIVersion(), o.Kind(), o.Namespace(), o.Name()}, " ")
			for out[id] != "" {
				id += " again"
			}
			out[id] = "an object"
			readConfiguration(o.Map("data"), o.Kind() == "Secret")
			readConfiguration(o.Map("stringData"), false)
			for _, leaf := range manifest.Leaves(normalize("", o.Fields, own)) {
				out[id+" "+leaf.Path.String()] = toJSON(leaf.Value)
			}
		}
	}
	return out, nil
}

// emptyByDefault are the fields that Kubernetes has empty where they are absent.
var emptyByDefault = []string{
	"annotations", "labels", "nodeSelector", "affinity", "tolerations", "imagePullSecrets", "resources", "strategy",
	"updateStrategy", "securityContext", "env", "envFrom", "volumes", "volumeMounts",
}

// unordered are the lists whose order means nothing to Kubernetes.
var unordered = []string{"containers", "ports", "env", "volumes", "volumeMounts", "imagePullSecrets"}

// normalize copies the value of a key so that its leaves tell all that matters, and nothing else: empty maps and
// lists are leaves where they matter, and so are positions in lists.
func normalize(key string, v any, own string) any {
	isDefault := slices.Contains(emptyByDefault, key)
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, item := range v {
			if item != nil && !strings.HasPrefix(k, "checksum/") {
				out[k] = normalize(k, item, own)
			}
		}
		if len(out) == 0 && !isDefault {
			return "(empty map)"
		}
		return out
	case []any:
		if len(v) == 0 && !isDefault {
			return "(empty list)"
		}
		var out []any
		for i, item := range v {
			item = normalize("", item, own)
			if m, isMap := item.(map[string]any); isMap && !slices.Contains(unordered, key) {
				m["(position)"] = i
			}
			out = append(out, item)
		}
		if key == "env" {
			noteReferences(out)
		}
		return out
	}
	if key == "helm.sh/chart" && v == own {
		return "(own)"
	}
	return v
}

// readConfiguration puts the parsed YAML for each entry that is YAML by its name.
func readConfiguration(entries map[string]any, encoded bool) {
	for key, entry := range entries {
		content, _ := entry.(string)
		if plain, err := base64.StdEncoding.DecodeString(content); encoded && err == nil {
			content = string(plain)
		}
		var value any
		isYAML := strings.HasSuffix(key, ".yaml") || strings.HasSuffix(key, ".yml")
		if isYAML && yaml.UnmarshalStrict([]byte(content), &value) == nil {
			entries[key] = map[string]any{"YAML": withoutEmptyMaps(value)}
		}
	}
}

// withoutEmptyMaps leaves out what says nothing to LiveKit: nulls, and maps that are empty.
func withoutEmptyMaps(v any) any {
	m, isMap := v.(map[string]any)
	for key, value := range m {
		if m[key] = withoutEmptyMaps(value); m[key] == nil {
			delete(m, key)
		}
	}
	if isMap && len(m) == 0 {
		return nil
	}
	return v
}

var reference = regexp.MustCompile(`\$\([A-Za-z_][A-Za-z0-9_.-]*\)`)

// noteReferences notes in each variable the ones before it that its value refers to. Order matters for nothing
// else: $(NAME) stays as it is where NAME comes later
// (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
func noteReferences(env []any) {
	defined := map[string]bool{}
	for _, e := range env {
		variable, _ := e.(map[string]any)
		value, _ := variable["value"].(string)
		for _, r := range reference.FindAllString(value, -1) {
			if defined[r] {
				variable["(refers to) "+r] = true
			}
		}
		defined[fmt.Sprintf("$(%v)", variable["name"])] = true
	}
}
