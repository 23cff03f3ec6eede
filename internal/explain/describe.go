package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// describe tells what is known of a value.
func (x *explainer) describe(f found) (Match, error) {
	m := Match{Key: f.key, Kind: f.kind}
	var err error
	switch {
	case f.kind == Own:
		x.own(&m)
		return m, nil
	case f.kind == Upstreams:
		mapping, _ := x.sheet.Mapping(f.key)
		m.Doc = fmt.Sprintf("A key of upstream's chart that nothing answers: %s", mapping.Why)
		return m, nil
	case f.kind == Block:
		m.Below = x.shorts(f.key)
	}
	if f.row != nil {
		err = x.row(&m, f.row)
	}
	if name, ok := strings.CutPrefix(f.key, configHeading+"."); ok {
		x.configuration(&m, name)
	}
	if x.chart != nil {
		if path, how := x.place(f); path != nil {
			m.Here, m.Moves = x.chart.place(path, how), x.chart.moves(path)
		}
	}
	return m, err
}

// place gives the path at which the chart has what was found, nil where it has not.
func (x *explainer) place(f found) (path yamldoc.Path, how string) {
	switch {
	case f.kind == Own:
		return yamldoc.SplitPath(f.key), ""
	case f.row == nil:
		return x.chart.placeOf(f.key)
	}
	if path, how = x.chart.placeOf(f.row.Key); path == nil {
		return nil, ""
	}
	return slices.Concat(path, f.rest), how
}

// experiment says what to try in the chart: the values that were found, where their schemas tell with what the chart is
// sure to take.
func (x *explainer) experiment(list []found) (lineage.Options, error) {
	o := lineage.Options{Others: map[string][]any{}}
	for _, f := range list {
		path, _ := x.place(f)
		if path == nil {
			continue
		}
		o.Only = append(o.Only, path.String())
		if f.row == nil || len(f.rest) > 0 || f.kind == Block {
			continue
		}
		schema, err := x.chart.paths.Schema(*f.row)
		if err != nil {
			return o, err
		}
		if samples := samplesOf(schema); samples != nil {
			o.Others[path.String()] = samples
		}
	}
	return o, nil
}

// samplesOf gives values that a schema takes, nil where nearly any will do.
func samplesOf(schema map[string]any) []any {
	enum, _ := schema["enum"].([]any)
	entries, _ := schema["additionalProperties"].(map[string]any)
	if least, ok := entries["minLength"].(int); ok {
		return []any{map[string]any{"sample": strings.Repeat("x", least)}}
	}
	return enum
}

// row tells what the fact sheet says.
func (x *explainer) row(m *Match, row *factsheet.Key) (err error) {
	m.Doc, m.Comment, m.Component = row.Doc, row.Comment, row.Component
	if row.Trap != "" {
		m.Traps = append(m.Traps, row.Trap)
	}
	for _, component := range []string{row.Component, row.With} {
		if x.chart != nil && x.chart.lacks(component) {
			m.Component = component
			m.Add = fmt.Sprintf("helm livekit update %s --with %s", x.chart.dir, component)
			break
		}
	}
	for _, mapping := range x.sheet.Mappings() {
		if slices.Contains(mapping.To, row.Key) {
			m.Upstream = append(m.Upstream, Counterpart{mapping.Key, mapping.Default, mapping.About})
		}
	}
	for _, d := range row.Differs {
		why, err := x.sheet.Why(d)
		if err != nil {
			return err
		}
		if d.Fault == 0 && len(d.At) > 0 {
			why = fmt.Sprintf("%s %s: %s", d.Object, d.At[0].Path, why)
		}
		if why != "" && !slices.Contains(m.Differs, why) {
			m.Differs = append(m.Differs, why)
		}
	}
	if row.IsHeading() || m.Key != row.Key {
		return nil
	}
	return x.typeAndDefault(m, row)
}

// typeAndDefault are those of the shape that the chart has for the value.
func (x *explainer) typeAndDefault(m *Match, row *factsheet.Key) error {
	paths, err := scaffolding.CanonicalPaths(x.sheet)
	name := "livekit"
	if x.chart != nil && x.chart.components != nil && m.Add == "" {
		paths, name = x.chart.paths, x.chart.Name()
	}
	if err != nil {
		return err
	}
	schema, err := paths.Schema(*row)
	if err != nil {
		return err
	}
	m.Type = typeText(schema)
	m.Default, err = paths.Default(*row, name)
	return err
}

// configuration tells what is known of a key of LiveKit's own configuration.
func (x *explainer) configuration(m *Match, name string) {
	facts, ok := x.release.Describe(name)
	if !ok {
		return
	}
	if m.Doc == "" {
		m.Doc = facts.Doc
	}
	if m.Default == nil {
		m.Default = facts.Default
	}
	if m.Component == "" {
		m.Component = factsheet.Core
	}
	m.Type = cmp.Or(words[facts.Type], strings.ReplaceAll(facts.Type, "-", " "))
	if facts.Enum != nil {
		m.Type = typeText(map[string]any{"enum": facts.Enum})
	}
	m.Known, m.Variable = facts.Known, facts.Variable
	for _, key := range x.release.Keys() {
		if leaf, ok := strings.CutPrefix(key, name+"."); ok && !strings.Contains(leaf, ".") {
			below, _ := x.release.Describe(key)
			m.Below = append(m.Below, Short{configHeading + "." + key, below.Doc})
		}
	}
	m.Traps = append(m.Traps, facts.Remarks...)
}

// own tells of a key that only the chart has what its values.yaml says.
func (x *explainer) own(m *Match) {
	c := x.chart
	path := yamldoc.SplitPath(m.Key)
	m.Here, m.Moves = c.place(path, ""), c.moves(path)
	if above := c.file.Root.Get(yamldoc.JoinPath(path[:len(path)-1]...)); above != nil {
		if e := above.Entry(path[len(path)-1]); e != nil {
			m.Doc = strings.TrimSpace(strings.ReplaceAll("\n"+e.HeadComment, "\n#", "\n"))
		}
	}
	value, isDeclared := yamldoc.Lookup(c.values, path)
	switch value.(type) {
	case map[string]any:
		m.Type = "map"
	case []any:
		m.Type = "list"
	case string:
		m.Type = "string"
	case bool:
		m.Type = "boolean"
	case nil:
	default:
		m.Type = "number"
	}
	if !isDeclared {
		m.Traps = append(m.Traps, "The templates read it, and values.yaml does not have it.")
	}
}

// words are the types of JSON Schema, and of LiveKit's releases, as people who write YAML call them.
var words = map[string]string{"object": "map", "array": "list", "text": "string"}

// typeText puts the schema of a value into words.
func typeText(schema map[string]any) string {
	if enum, ok := schema["enum"].([]any); ok {
		return "one of " + joined(enum, func(v any) string { return fmt.Sprintf("%v", v) }, ", ")
	}
	types, ok := schema["type"].([]any)
	if !ok && schema["type"] != nil {
		types = []any{schema["type"]}
	}
	text := joined(types, func(v any) string {
		return cmp.Or(words[fmt.Sprint(v)], fmt.Sprint(v))
	}, " or ")
	if items, ok := schema["items"].(map[string]any); ok && text == "list" {
		text += " of " + strings.ReplaceAll(typeText(items), " or ", "s or ") + "s"
	}
	least, hasLeast := schema["minimum"]
	most, hasMost := schema["maximum"]
	switch {
	case hasLeast && hasMost:
		text += fmt.Sprintf(", %v to %v", least, most)
	case hasLeast:
		text += fmt.Sprintf(", %v or more", least)
	}
	return text
}

// joined joins all but null and the empty text.
func joined(list []any, text func(any) string, by string) string {
	var out []string
	for _, v := range list {
		if v != nil && v != "null" && v != "" {
			out = append(out, text(v))
		}
	}
	return strings.Join(out, by)
}
