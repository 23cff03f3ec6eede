package drift

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// rule explains a difference at one field: what upstream's chart is known to render there, and what this tool's charts
// render. It holds for these values alone. The fact sheet says how its texts are written.
type rule struct {
	factsheet.AtField
	object, when string
	class        Class
	why          string
}

// rules are those of a fact sheet, with their texts that are templates by these texts.
type rules struct {
	list      []rule
	templates *template.Template
}

// newRules reads what the sheet knows of differences.
func newRules(sheet *factsheet.Sheet) (*rules, error) {
	functions := sprig.HermeticTxtFuncMap()
	functions["at"] = valueAt
	out := &rules{templates: template.New("").Funcs(functions).Option("missingkey=zero")}
	for _, d := range sheet.Differences() {
		why, err := sheet.Why(d)
		if err != nil {
			return nil, err
		}
		for _, at := range d.At {
			for _, text := range []string{d.When, at.Path, at.Upstream, at.Chart} {
				if _, err := out.templates.New(text).Parse(text); err != nil {
					return nil, fmt.Errorf("facts of %s: %s %s: %w", sheet.Service, d.Object, at.Path, err)
				}
			}
			out.list = append(out.list, rule{
				AtField: at, object: d.Object, when: d.When, class: cmp.Or(Class(d.Class), Ours), why: why,
			})
		}
	}
	return out, nil
}

// setting is what the templates of a rule see. It explains differences in one scenario.
type setting struct {
	rules *rules
	// V are the scenario's values over upstream's defaults.
	V map[string]any
	// U is upstream's chart with the version of the server that it is known to have. Name is what it calls itself, Full
	// what it calls its objects, and Release the release.
	U                   Side
	Name, Full, Release string
	// OwnChart stands for the name and version of a chart in its labels.
	OwnChart string
	// Object is the role of the object, K the segments that the wildcards of the path stand for.
	Object string
	K      []string
	// Workload and Route are the kinds that the chart's convention has for the server and for the way in, "" where
	// nobody knows.
	Workload, Route string
}

// Opens reports whether upstream's pod opens a port besides that of signalling, such as "7882/UDP".
func (s setting) Opens(port string) bool {
	keys := map[string]string{"rtc.tcp_port": "TCP", "rtc.udp_port": "UDP", "prometheus_port": "TCP"}
	if on, _ := yamldoc.Lookup(s.V, []string{"livekit", "turn", "enabled"}); on == true {
		keys["turn.tls_port"], keys["turn.udp_port"] = "TCP", "UDP"
	}
	for key, protocol := range keys {
		value, _ := yamldoc.Lookup(s.V["livekit"], strings.Split(key, "."))
		if yamldoc.IsSet(value) && fmt.Sprintf("%v/%s", value, protocol) == port {
			return true
		}
	}
	return false
}

// HoldsCredential reports whether charts of this tool keep a configuration in a Secret, as templates/_config.tpl has
// it: for a key that holds a credential, or an address with one in it. API keys are elsewhere.
func (s setting) HoldsCredential() bool {
	config, _ := s.V["livekit"].(map[string]any)
	config = maps.Clone(config)
	delete(config, "keys")
	text, err := json.Marshal(config)
	return err == nil && credential().Match(text)
}

var credential = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"(` + scaffolding.CredentialPattern() + `)":|://[^/@" ]+@|://[^" ]+[?][^" ]`)
})

// fill gives a text of a rule, filled in where it is a template.
func (s setting) fill(text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	var b bytes.Buffer
	err := s.rules.templates.ExecuteTemplate(&b, text, s)
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "<no value>", absent), err
}

// absent is how a rule says that a side has nothing at a place, and anything that it has what the chart was scaffolded
// with.
const (
	absent   = "absent"
	anything = "any"
)

// expected evaluates one side of a rule: absent, anything, or a YAML scalar.
func (s setting) expected(text string) (out expectation, err error) {
	text, err = s.fill(text)
	switch {
	case err != nil || text == absent:
		return out, err
	case text == anything:
		return expectation{isAnything: true}, nil
	}
	return out, yaml.Unmarshal([]byte(text), &out.value)
}

// valueAt gives the value at a path in a rule's notation, as YAML, "absent" where there is none.
func valueAt(values any, path string) (string, error) {
	for _, leaf := range manifest.Leaves(values) {
		if leaf.Path.String() == path {
			text, err := yaml.Marshal(leaf.Value)
			return strings.TrimSpace(string(text)), err
		}
	}
	return absent, nil
}
