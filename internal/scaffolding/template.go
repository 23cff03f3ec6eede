package scaffolding

import (
	"bytes"
	"fmt"
	"maps"
	slashpath "path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// templateData is what the embedded chart's [[ ]] see as dot.
type templateData struct {
	Chart      Options
	Convention *convention.Convention // the repository's
	Workload   string                 // its kind
	// CredentialKeys is a regular expression for the keys of LiveKit's configuration that hold credentials.
	CredentialKeys string
	ServerVersion  string
	SecretKind     string // kind of object of which an operator makes the Secret with the API keys ("ExternalSecret")
	ValuesTable    string // written by code
}

// chartFiles renders the embedded chart.
func chartFiles(p *Paths, data templateData) (map[string][]byte, error) {
	files, err := scaffold.Files(p.convention.Sheet.Service)
	if err != nil {
		return nil, err
	}
	set, err := readTemplates(files, functions{p, data.Chart.Name}.all())
	if err != nil {
		return nil, err
	}
	var templates []string
	for _, c := range p.convention.Sheet.Components {
		if slices.Contains(p.components, c.Name) {
			templates = append(templates, c.Templates...)
		}
	}
	out := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		below, isTemplate := strings.CutPrefix(name, "templates/")
		isUnused := isTemplate && !slices.Contains(templates, below) || p.unused(name)
		if isUnused || slashpath.Dir(name) == blocksFolder {
			continue
		}
		var b bytes.Buffer
		if err := set.ExecuteTemplate(&b, name, data); err != nil {
			return nil, fmt.Errorf("embedded chart: %w", err)
		}
		rendered := b.Bytes()
		if isTemplate {
			rendered = bytes.TrimRight(rendered, "\n")
			if len(rendered) == 0 {
				continue // this convention needs none of it
			}
			rendered = append(rendered, '\n')
		}
		to := p.fileName(name)
		out[to] = join(to, out[to], rendered)
	}
	if data.Chart.Values == convention.ValuesLean {
		readDefaults(out, functions{p, data.Chart.Name}.helper("defaults"))
	}
	addHeader(out, p.convention.Style)
	return out, nil
}

// addHeader puts the repository's license at the head of each template, as a comment that does not render.
func addHeader(files map[string][]byte, style convention.Style) {
	head := "{{- /*\n" + strings.Join(style.Header, "\n") + "\n*/ -}}\n"
	if len(style.Header) == 0 || strings.Contains(strings.Join(style.Header, ""), "*/") {
		return
	}
	for name, text := range files {
		if strings.HasPrefix(name, "templates/") {
			files[name] = slices.Concat([]byte(head), text)
		}
	}
}

// readDefaults has each template that renders something begin with the helper that fills in the defaults.
func readDefaults(files map[string][]byte, helper string) {
	for name, text := range files {
		if strings.HasPrefix(name, "templates/") && slashpath.Ext(name) != ".tpl" {
			files[name] = slices.Concat(fmt.Appendf(nil, "{{- include %q . -}}\n", helper), text)
		}
	}
}

// blocksFolder has the parts that the embedded chart's files name by [[ template ]].
const blocksFolder = "blocks"

// control matches a line that is nothing but control flow, or a block.
var control = regexp.MustCompile(`(?m)^[ \t]*(\[\[ (?:if|else|end|range|template)\b[^\n]*\]\])[ \t]*\n`)

// readTemplates reads the embedded files as templates. Blocks go by their files' names without .yaml.
func readTemplates(files map[string][]byte, functions template.FuncMap) (*template.Template, error) {
	set := template.New("").Delims("[[", "]]").Option("missingkey=error").
		Funcs(sprig.HermeticTxtFuncMap()).Funcs(functions)
	for name, text := range files {
		if slashpath.Dir(name) == blocksFolder {
			name = strings.TrimSuffix(slashpath.Base(name), ".yaml")
		}
		if _, err := set.New(name).Parse(control.ReplaceAllString(string(text), "$1")); err != nil {
			return nil, fmt.Errorf("embedded chart: %w", err)
		}
	}
	return set, nil
}

// join puts two templates into one file, for repositories that do.
func join(name string, before, after []byte) []byte {
	switch {
	case before == nil:
		return after
	case slashpath.Ext(name) == ".tpl":
		return slices.Concat(before, []byte("\n"), after)
	}
	return slices.Concat(before, []byte("---\n"), after)
}

// CredentialPattern makes one regular expression of the last parts of the paths of LiveKit's credentials.
func CredentialPattern() string {
	keys := livekit.CredentialKeys()
	for i, p := range keys {
		p = strings.TrimSuffix(p, ".*")
		keys[i] = strings.TrimSuffix(p[strings.LastIndexByte(p, '.')+1:], "[]")
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), "|")
}
