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
	for _, kind := range convention.Operators {
		for _, t := range s.Templates {
			if o := t.operator(kind); o != nil {
				return convention.Secrets{
					Mechanism: kind, APIVersion: o.apiVersion(), Spec: s.operatorSpec(o),
					Fact: t.fact(o),
				}
			}
		}
	}
	for _, t := range s.Templates {
		if t.mentionsVault {
			evidence := t.Shown + "/templates " + vaultAnnotation
			return convention.Secrets{Mechanism: convention.SecretsVault, Fact: byName(evidence)}
		}
	}
	if path := existingSecret(s.Values, nil, 0); path != nil {
		return convention.Secrets{Mechanism: convention.SecretsExisting, Fact: byName(s.EvidenceOf(path))}
	}
	for _, t := range s.Templates {
		if o := t.object("Secret"); o != nil {
			return convention.Secrets{Mechanism: convention.SecretsPlain, Fact: t.fact(o)}
		}
	}
	return convention.Secrets{}
}

func (t Templates) operator(kind string) *object {
	for i := range t.operators {
		if t.operators[i].kind == kind {
			return &t.operators[i]
		}
	}
	return nil
}

var apiVersionLine = regexp.MustCompile(`^apiVersion:\s*["']?([\w./-]+)["']?\s*$`)

func (o *object) apiVersion() string {
	for _, line := range o.lines {
		if m := apiVersionLine.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

// sharedSettings are the settings of an operator's object that suit any
// application.
var sharedSettings = [][]string{{"refreshInterval"}, {"secretStoreRef", "name"}, {"secretStoreRef", "kind"}}

// operatorSpec takes the settings that carry over, as they stand or from the
// value that they name.
func (s *Chart) operatorSpec(o *object) map[string]any {
	out := map[string]any{}
	for _, way := range sharedSettings {
		inline, _, ok := o.section(append([]string{"spec"}, way...)...)
		if !ok {
			continue
		}
		text, ok := s.resolve(inline)
		if !ok {
			continue
		}
		at := out
		for _, segment := range way[:len(way)-1] {
			below, _ := at[segment].(map[string]any)
			if below == nil {
				below = map[string]any{}
				at[segment] = below
			}
			at = below
		}
		at[way[len(way)-1]] = text
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

var (
	plainText  = regexp.MustCompile(`^[\w./-]+$`)
	valueAlone = regexp.MustCompile(`\.Values\.([\w.]+)`)
	fallback   = regexp.MustCompile(`\bdefault\s+"([\w./-]+)"`)
)

// resolve gives the text of a field that stands there, is a value's, or is the
// default of one.
func (s *Chart) resolve(inline string) (string, bool) {
	text := strings.Trim(inline, `"'`)
	if plainText.MatchString(text) {
		return text, true
	}
	if m := valueAlone.FindStringSubmatch(inline); m != nil {
		for _, root := range []*yamldoc.Node{s.Values, s.layers[0].doc.Root} {
			if v := root.Get(m[1]).Str(); plainText.MatchString(v) {
				return v, true
			}
		}
	}
	if m := fallback.FindStringSubmatch(inline); m != nil {
		return m[1], true
	}
	return "", false
}

// existingSecret finds a key by which the values name a Secret that is there.
func existingSecret(n *yamldoc.Node, path []string, depth int) []string {
	if !n.IsMap() || depth > maxScanDepth {
		return nil
	}
	for i := range n.Entries {
		e := &n.Entries[i]
		here := append(slices.Clone(path), e.Key)
		if name := convention.NormalizeName(e.Key); strings.HasPrefix(name, "existingsecret") && scalarOrNull(e) {
			return here
		}
		if found := existingSecret(e.Value, here, depth+1); found != nil {
			return found
		}
	}
	return nil
}
