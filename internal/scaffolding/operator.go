package scaffolding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// apiVersions are those of the objects of which an operator makes a Secret, as
// the operators' custom resource definitions have them.
var apiVersions = map[string]string{
	convention.SecretsExternal:    "external-secrets.io/v1",
	convention.SecretsOnePassword: "onepassword.com/v1",
	convention.SecretsSealed:      "bitnami.com/v1alpha1",
}

// isOperator reports whether an operator makes the repository's Secrets.
func isOperator(mechanism string) bool { return apiVersions[mechanism] != "" }

// secretKind is the kind of the operator's object: the repository's, or
// without one that of External Secrets, which reads from most stores.
func secretKind(conv *convention.Convention) string {
	if isOperator(conv.Secrets.Mechanism) {
		return conv.Secrets.Mechanism
	}
	return convention.SecretsExternal
}

// operatorDefault gives the default of a value of the operator's object: an
// example that is ready but for what the user's store calls the keys.
func (l *layout) operatorDefault(v factsheet.Key, a app) *yaml.Node {
	kind, secrets := secretKind(l.convention), l.convention.Secrets
	// Another group's object of that kind has fields of its own.
	group, _, _ := strings.Cut(apiVersions[kind], "/")
	isKnown := isOperator(secrets.Mechanism) && (secrets.APIVersion == "" || strings.HasPrefix(secrets.APIVersion, group+"/"))
	switch v.Key {
	case "keys.operator.apiVersion":
		if isKnown {
			return str(cmp.Or(secrets.APIVersion, apiVersions[kind]))
		}
		return str(apiVersions[kind])
	case "keys.operator.kind":
		return str(kind)
	}
	spec := operatorSpec(kind, v, a)
	if isKnown {
		for _, field := range slices.Sorted(maps.Keys(secrets.Spec)) {
			set(spec, field, plain(secrets.Spec[field], a))
		}
	}
	return spec
}

// operatorSpec gives the example of an object's spec: both entries of the
// Secret, under the names that the chart's defaults give them.
func operatorSpec(kind string, v factsheet.Key, a app) *yaml.Node {
	switch kind {
	case convention.SecretsOnePassword:
		// The item's fields become the Secret's entries.
		return pairs("itemPath", str("vaults/kubernetes/items/"+a.Name))
	case convention.SecretsSealed:
		return pairs(
			"encryptedData", pairs("LIVEKIT_API_KEY", str(""), "LIVEKIT_API_SECRET", str("")),
			"template", pairs("type", str("Opaque")),
		)
	}
	return filled(v.Default, a)
}

// set puts a value into a map, in the place of the one that is there.
func set(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, str(key), value)
}

// plain gives data of a convention as YAML, with the chart's name for {name}.
func plain(v any, a app) *yaml.Node {
	switch v := v.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			n.Content = append(n.Content, str(key), plain(v[key], a))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			n.Content = append(n.Content, plain(item, a))
		}
		return n
	case string:
		return str(strings.ReplaceAll(v, "{name}", a.Name))
	case bool:
		return boolean(v)
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case float64:
		// A convention that came as JSON has its numbers so.
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(v, 'f', -1, 64)}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(v)}
}
