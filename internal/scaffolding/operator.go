package scaffolding

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// apiVersions are those of the objects of which an operator makes a Secret, as the operators' custom resource
// definitions have them.
var apiVersions = map[string]string{
	convention.SecretsExternal:    "external-secrets.io/v1",
	convention.SecretsOnePassword: "onepassword.com/v1",
	convention.SecretsSealed:      "bitnami.com/v1alpha1",
}

// isOperator reports whether an operator makes the repository's Secrets.
func isOperator(mechanism string) bool { return apiVersions[mechanism] != "" }

// secretKind is the kind of the operator's object: the repository's, or without one that of External Secrets, which
// reads from most stores.
func secretKind(conv *convention.Convention) string {
	if isOperator(conv.Secrets.Mechanism) {
		return conv.Secrets.Mechanism
	}
	return convention.SecretsExternal
}

// operatorDefault gives the default of a value of the operator's object: an example that is ready but for what the
// user's store calls the keys.
func (p *Paths) operatorDefault(v factsheet.Key, a application) any {
	kind, secrets := secretKind(p.convention), p.convention.Secrets
	// Another group's object of that kind has fields of its own.
	group, _, _ := strings.Cut(apiVersions[kind], "/")
	isKnown := isOperator(secrets.Mechanism) && (secrets.APIVersion == "" ||
		strings.HasPrefix(secrets.APIVersion, group+"/"))
	switch v.Key {
	case "keys.operator.apiVersion":
		if isKnown {
			return cmp.Or(secrets.APIVersion, apiVersions[kind])
		}
		return apiVersions[kind]
	case "keys.operator.kind":
		return kind
	}
	spec := operatorSpec(kind, v, a)
	if isKnown {
		name := strings.NewReplacer("{name}", a.Name)
		for _, field := range slices.Sorted(maps.Keys(secrets.Spec)) {
			set(spec, field, filled(yamldoc.NodeOf(secrets.Spec[field]), name.Replace))
		}
	}
	return spec
}

// operatorSpec gives the example of an object's spec: both entries of the Secret, under the names that the chart's
// defaults give them.
func operatorSpec(kind string, v factsheet.Key, a application) *yaml.Node {
	switch kind {
	case convention.SecretsOnePassword:
		// The item's fields become the Secret's entries.
		return yamldoc.Pairs("itemPath", "vaults/kubernetes/items/"+a.Name)
	case convention.SecretsSealed:
		return yamldoc.Pairs(
			"encryptedData", yamldoc.Pairs("LIVEKIT_API_KEY", "", "LIVEKIT_API_SECRET", ""),
			"template", yamldoc.Pairs("type", "Opaque"),
		)
	}
	return filled(v.Default, a.fill)
}

// set puts a value into a map, in the place of the one that is there.
func set(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, yamldoc.NodeOf(key), value)
}
