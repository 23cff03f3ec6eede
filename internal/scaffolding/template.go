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
	Chart struct{ Name, Version, AppVersion string }
	App   application
	// Convention is the repository's.
	Convention *convention.Convention
	// Workload is the kind of the workload.
	Workload string
	// Components are those of the chart.
	Components []string
	// CredentialKeys is a regular expression for the keys of LiveKit's
	// configuration that hold credentials.
	CredentialKeys string
	ServerVersion  string
	// SecretKind is the kind of object of which an operator makes the Secret
	// with the API keys ("ExternalSecret").
	SecretKind  string
	ValuesTable string // written by code
}

// control matches a line that is nothing but control flow, or a block.
var control = regexp.MustCompile(`(?m)^[ \t]*(\[\[ (?:if|else|end|range|template)\b[^\n]*\]\])[ \t]*\n`)

// chartFiles renders the embedded chart.
func chartFiles(p *Paths, data templateData) (map[string][]byte, error) {
	files, err := scaffold.Files(p.convention.Sheet.Service)
	if err != nil {
		return nil, err
	}
	blocks, err := readBlocks(files, functions(p, data))
	if err != nil {
		return nil, err
	}
	var templates []string
	for _, name := range data.Components {
		c, _ := p.convention.Sheet.Component(name)
		templates = append(templates, c.Templates...)
	}
	out := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		below, isTemplate := strings.CutPrefix(name, "templates/")
		isUnused := isTemplate && !slices.Contains(templates, below) || p.unused(name)
		if isUnused || slashpath.Dir(name) == blocksFolder {
			continue
		}
		rendered, err := render(name, files[name], blocks, data)
		if err != nil {
			return nil, err
		}
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
	return out, nil
}

// blocksFolder has the parts that the embedded chart's files name by [[ template ]].
const blocksFolder = "blocks"

// readBlocks parses the blocks, which go by their files' names without .yaml.
func readBlocks(files map[string][]byte, functions template.FuncMap) (*template.Template, error) {
	blocks := template.New(blocksFolder).Delims("[[", "]]").Option("missingkey=error").
		Funcs(sprig.HermeticTxtFuncMap()).Funcs(functions)
	for name, text := range files {
		if slashpath.Dir(name) != blocksFolder {
			continue
		}
		if err := parseText(blocks.New(strings.TrimSuffix(slashpath.Base(name), ".yaml")), text); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// parseText reads one of the embedded files into t.
func parseText(t *template.Template, text []byte) error {
	if _, err := t.Parse(control.ReplaceAllString(string(text), "$1")); err != nil {
		return fmt.Errorf("embedded chart: %w", err)
	}
	return nil
}

// render fills in one of the embedded files.
func render(name string, text []byte, blocks *template.Template, data templateData) ([]byte, error) {
	t, err := blocks.Clone()
	if err != nil {
		return nil, err
	}
	t = t.New(name)
	if err := parseText(t, text); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("embedded chart: %w", err)
	}
	return b.Bytes(), nil
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

// credentialKeys makes one regular expression of the last parts of the paths
// of LiveKit's credentials.
func credentialKeys() string {
	var keys []string
	for _, p := range livekit.CredentialKeys() {
		p = strings.TrimSuffix(p, ".*")
		p = p[strings.LastIndexByte(p, '.')+1:]
		if p = strings.TrimSuffix(p, "[]"); !slices.Contains(keys, p) {
			keys = append(keys, p)
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, "|")
}
