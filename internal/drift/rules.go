package drift

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// rule explains a difference at one field: what upstream's chart is known to render there, and what this tool's charts
// render. It holds for these values alone. The fact sheet says how its parts are written.
type rule struct {
	factsheet.AtField
	object string
	class  Class
	why    string
	path   manifest.Path // of a Path without templates

	when, inPath, upstream, chart *template.Template // nil for a part that is not given
}

// newRules compiles what the sheet knows of differences.
func newRules(sheet *factsheet.Sheet) ([]*rule, error) {
	var out []*rule
	for _, d := range sheet.Differences() {
		why, err := whyOf(sheet, d)
		if err != nil {
			return nil, err
		}
		for _, at := range d.At {
			r := &rule{AtField: at, object: d.Object, class: cmp.Or(Class(d.Class), Ours), why: why}
			if err := r.parse(d.When); err != nil {
				return nil, fmt.Errorf("facts of %s: difference of %s %s: %w", sheet.Service, d.Object, at.Path, err)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// whyOf gives the reason of a difference, with the fault of upstream's chart.
func whyOf(sheet *factsheet.Sheet, d factsheet.Difference) (string, error) {
	if d.Fault == 0 {
		return d.Why, nil
	}
	for _, f := range sheet.Upstream.Faults {
		if f.Number == d.Fault {
			why := fmt.Sprintf("mends fault %d of upstream's chart: %s. %s", d.Fault, f.Text, d.Why)
			return strings.TrimSpace(why), nil
		}
	}
	return "", fmt.Errorf("facts of %s: difference of %s: there is no fault %d", sheet.Service, d.Object, d.Fault)
}

func (r *rule) parse(when string) error {
	inPath := ""
	if strings.Contains(r.Path, "{{") {
		inPath = r.Path
	} else {
		r.path = splitPath(r.Path)
	}
	for _, part := range []struct {
		text string
		into **template.Template
	}{
		{when, &r.when}, {inPath, &r.inPath},
		{r.Upstream, &r.upstream}, {r.Chart, &r.chart},
	} {
		if part.text == "" {
			continue
		}
		t := template.New("").Funcs(sprig.HermeticTxtFuncMap()).Funcs(template.FuncMap{"at": valueAt})
		var err error
		if *part.into, err = t.Option("missingkey=zero").Parse(part.text); err != nil {
			return err
		}
	}
	return nil
}

// splitPath reads the notation of manifest.Path. A segment "*" stands for any
// one, "[*]" for any element of a list, and "**" at the end for all below.
func splitPath(s string) manifest.Path {
	var out manifest.Path
	for s != "" {
		switch {
		case s[0] == '.':
			s = s[1:]
		case strings.HasPrefix(s, `["`):
			end := strings.Index(s, `"]`)
			out = append(out, s[2:end])
			s = s[end+2:]
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			out = append(out, s[:end+1])
			s = s[end+1:]
		default:
			end := strings.IndexAny(s, ".[")
			if end < 0 {
				end = len(s)
			}
			out = append(out, s[:end])
			s = s[end:]
		}
	}
	return out
}

// filled gives the rule with the templates in its path filled in.
func (r *rule) filled(s setting) (*rule, error) {
	if r.inPath == nil {
		return r, nil
	}
	text, err := execute(r.inPath, s)
	if err != nil {
		return nil, err
	}
	out := *r
	out.path = splitPath(text)
	return &out, nil
}

// matches reports whether the rule's path leads to p, and gives the segments
// that its wildcards stand for, brackets aside.
func (r *rule) matches(p manifest.Path) (captured []string, ok bool) {
	for i, want := range r.path {
		if want == "**" {
			return append(captured, p[i:].String()), i <= len(p)
		}
		if i >= len(p) {
			return nil, false
		}
		switch isElement := strings.HasPrefix(p[i], "["); {
		case want == p[i]:
		case want == "*" && !isElement, want == "[*]" && isElement:
			captured = append(captured, strings.Trim(p[i], "[]"))
		default:
			return nil, false
		}
	}
	return captured, len(r.path) == len(p)
}

// absent is how a rule says that a side has nothing at a place, and anything
// that it has what the chart was scaffolded with.
const (
	absent   = "absent"
	anything = "any"
)

// setting is what the templates of a rule see.
type setting struct {
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

// holds evaluates the condition of a rule.
func (r *rule) holds(s setting) (bool, error) {
	if r.when == nil {
		return true, nil
	}
	text, err := execute(r.when, s)
	return strings.TrimSpace(text) == "true", err
}

// expected evaluates one side of a rule: absent, anything, or a YAML scalar.
func expected(t *template.Template, s setting) (out expectation, err error) {
	if t == nil {
		return out, nil
	}
	text, err := execute(t, s)
	switch {
	case err != nil || text == absent:
		return out, err
	case text == anything:
		return expectation{isAnything: true}, nil
	}
	return out, yaml.Unmarshal([]byte(text), &out.value)
}

func execute(t *template.Template, s setting) (string, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.TrimSpace(b.String()), "<no value>", absent), nil
}

// valueAt gives the value at a path in a rule's notation, as YAML, "absent"
// where there is none.
func valueAt(values any, path string) (string, error) {
	for _, leaf := range manifest.Leaves(values) {
		if leaf.Path.String() == path {
			text, err := yaml.Marshal(leaf.Value)
			return strings.TrimSpace(string(text)), err
		}
	}
	return absent, nil
}
