package names

import (
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// vaultAnnotation begins those by which HashiCorp's injector is told what to do.
const vaultAnnotation = "vault.hashicorp.com/"

// secrets reads how the chart gets its Secrets: by an operator's objects, by the
// annotations of an injector, by naming one that is there, or by writing it.
func (s *Chart) secrets() convention.Secrets {
	found := map[string]convention.Secrets{}
	note := func(way convention.Secrets) {
		if _, isKnown := found[way.Mechanism]; !isKnown {
			found[way.Mechanism] = way
		}
	}
	for _, t := range s.Templates {
		for _, o := range t.documents(true, s.plainText) {
			if slices.Contains(convention.Operators, o.kind) {
				note(convention.Secrets{
					Mechanism: o.kind, APIVersion: o.text("apiVersion"), Spec: operatorSpec(&o), Fact: t.fact(&o),
				})
			}
		}
		if t.mentionsVault {
			fact := byName(t.Shown + "/templates " + vaultAnnotation)
			note(convention.Secrets{Mechanism: convention.SecretsVault, Fact: fact})
		}
		if o := t.object("Secret"); o != nil {
			note(convention.Secrets{Mechanism: convention.SecretsPlain, Fact: t.fact(o)})
		}
	}
	if path := existingSecret(section{nil, s.Values}); path != nil {
		note(convention.Secrets{Mechanism: convention.SecretsExisting, Fact: byName(s.EvidenceOf(path))})
	}
	for _, mechanism := range slices.Concat(convention.Operators,
		[]string{convention.SecretsVault, convention.SecretsExisting, convention.SecretsPlain}) {
		if way, ok := found[mechanism]; ok {
			return way
		}
	}
	return convention.Secrets{}
}

var plainText = regexp.MustCompile(`^[\w./-]+$`)

// text gives the text under nested keys, "" for one with more than a name in it.
func (o *object) text(keys ...string) string {
	inline, _ := o.section(keys...)
	if text := strings.Trim(inline, `"'`); plainText.MatchString(text) {
		return text
	}
	return ""
}

// operatorSpec takes the settings of an operator's object that suit any application.
func operatorSpec(o *object) map[string]any {
	out := map[string]any{}
	for _, way := range []yamldoc.Path{{"refreshInterval"}, {"secretStoreRef", "name"}, {"secretStoreRef", "kind"}} {
		if text := o.text(append([]string{"spec"}, way...)...); text != "" {
			yamldoc.Set(out, way, text)
		}
	}
	return out
}

// plainText gives the value at a path, in the chart that is wrapped or else in the wrapper.
func (s *Chart) plainText(path string) string {
	return plainTextOf(s.Values, s.layers[0].doc.Root)(path)
}

// plainTextOf gives texts without more than a name in them, from the first of the values that has one at a path.
func plainTextOf(values ...*yamldoc.Node) func(path string) string {
	return func(path string) string {
		for _, root := range values {
			if v := root.Get(path).Str(); plainText.MatchString(v) {
				return v
			}
		}
		return ""
	}
}

// existingSecret finds a key by which the values name a Secret that is there.
func existingSecret(p section) []string {
	if len(p.path) > maxScanDepth {
		return nil
	}
	for _, e := range p.below() {
		if strings.HasPrefix(e.name(), "existingsecret") && scalarOrNull(e.Node) {
			return e.path
		}
		if found := existingSecret(e); found != nil {
			return found
		}
	}
	return nil
}
