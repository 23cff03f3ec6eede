package scaffolding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// stageKeys are the canonical keys whose example values may be others in a stage.
var stageKeys = []string{
	"ingress.domain", "ingress.hosts", "ingress.tls", "ingress.className", "ingress.annotations", "httpRoute.hostnames",
	"route.host", "persistence.storageClass",
}

// stageFiles gives the values files of the stages for which the siblings have any, by their paths from the chart's
// folder: each has what differs from values.yaml.
func (p *Paths) stageFiles(o Options) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, e := range p.convention.Defaults.Environments {
		root, err := p.differing(e, o)
		if err != nil {
			return nil, err
		}
		file := strings.ReplaceAll(e.File, "{name}", o.Name)
		if isBeside(file) && len(root.children) == 0 {
			continue // nothing to propose
		}
		if e.InBlock {
			block := &tree{key: o.Name, children: root.children}
			if len(root.children) == 0 {
				block.node = yamldoc.NodeOf(map[string]any{})
			}
			root = &tree{children: []*tree{block}}
		}
		style := p.convention.Style
		style.Comments = "plain" // values.yaml explains the keys
		head := fmt.Sprintf("# What differs from values.yaml in %s.\n", e.Stage)
		if e.InBlock {
			head = ""
		}
		text, err := writeValues(root, style, head)
		if err != nil {
			return nil, err
		}
		out[file] = text
	}
	return out, nil
}

// isBeside reports whether a file lies outside the chart's folder.
func isBeside(file string) bool { return strings.HasPrefix(file, "../") }

// differing gives the values that are others in a stage than in values.yaml.
func (p *Paths) differing(e convention.Environment, o Options) (*tree, error) {
	root := &tree{}
	here := *p.convention
	here.Defaults = e.Defaults(p.convention.Defaults)
	stage, own := *p, o
	stage.convention = &here
	if e.HostPattern != p.convention.Defaults.HostPattern {
		own.Host = "" // the host that is asked for is the one of values.yaml
	}
	was, is := newApplication(o, p.convention), newApplication(own, &here)
	for i := range p.values {
		v := p.values[i]
		at := p.paths[v.Key]
		isElement := slices.ContainsFunc(at, func(s string) bool { _, is := yamldoc.Index(s); return is })
		if !slices.Contains(stageKeys, v.Key) || isElement || was.cloudValue(v.Key, p.convention.Defaults) != nil {
			continue
		}
		before, err := plainValue(p.defaultOf(v, was))
		if err != nil {
			return nil, err
		}
		after, err := plainValue(stage.defaultOf(v, is))
		if err != nil {
			return nil, err
		}
		if helmchart.Equal(before, after) {
			continue
		}
		leaf := root.at(at)
		leaf.value, leaf.node = &factsheet.Key{}, yamldoc.NodeOf(stage.defaultOf(v, is))
		if entries, isMap := after.(map[string]any); isMap {
			known, _ := before.(map[string]any)
			maps.DeleteFunc(entries, func(k string, v any) bool { return helmchart.Equal(known[k], v) })
			leaf.node = yamldoc.NodeOf(entries)
		}
	}
	return root, nil
}

// plainValue gives a default as it is read from values.yaml.
func plainValue(value any) (any, error) {
	text, err := yaml.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write a stage's values: %w", err)
	}
	var out any
	if err := yaml.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("write a stage's values: %w", err)
	}
	return out, nil
}

// aboutStages proposes the values files that are not written.
func aboutStages(c *Chart) []string {
	var notes []string
	for _, name := range slices.Sorted(maps.Keys(c.Beside)) {
		var text strings.Builder
		for line := range strings.Lines(string(c.Beside[name])) {
			if strings.TrimSpace(line) != "" {
				text.WriteString("\n  " + strings.TrimSuffix(line, "\n"))
			}
		}
		notes = append(notes, fmt.Sprintf("The charts here have values files of their stages outside their folders. "+
			"This one's %s, as seen from the chart, would be:%s", name, &text))
	}
	return notes
}
