package drift

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/drift/source"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// addAffected adds, for each key of a chart's values, the fields that it affects, by role and path: so keys of
// different charts are found to do the same.
func addAffected(out map[string][]string, r *lineage.Result) {
	objects := rendered.Roles(r.Objects)
	for _, f := range r.Findings {
		path := f.Path
		if last := len(path) - 1; last > 0 && path[last] == lineage.SampleKey {
			path = path[:last] // what can be in an empty map is what the map does
		}
		key := strings.Join(path, ".")
		for _, affected := range f.Reaches {
			if i := slices.Index(r.Refs, affected.Object); i >= 0 {
				addOnce(out, key, fieldOf(objects[i], affected))
			}
		}
	}
}

// addOnce adds a field to those of a key unless it is there, or "".
func addOnce(fields map[string][]string, key, field string) {
	if field != "" && !slices.Contains(fields[key], field) {
		fields[key] = append(fields[key], field)
	}
}

// fieldOf names a field that a value affects: by the role of its object, with the elements of lists by their merge
// keys, in a configuration by its own key. "" where nobody knows.
func fieldOf(o *rendered.Object, affected lineage.Reach) string {
	if len(affected.Field) == 0 {
		return o.Role + " (is there)"
	}
	at, value := mergePath(o, affected.Field)
	text := o.Role + " " + at.String()
	isConfiguration := o.Role == rendered.RoleConfiguration && len(at) > 1 && at[0] == "data"
	if isConfiguration && affected.Effect != lineage.Direct {
		text = o.Role + " " + rendered.ConfigEntry
	}
	switch {
	case affected.Effect == lineage.Direct:
		return text
	case affected.Effect == lineage.Switch:
		return text + " (is there)"
	case affected.Effect != lineage.Inside:
		return ""
	case isConfiguration:
		if key := configKey(fmt.Sprint(value), affected.Before); key != "" {
			return text + "." + key
		}
		return ""
	case affected.Before == "":
		return text + " (its head)"
	case affected.After == "":
		return text + " (its end)"
	}
	return text + " (in it)"
}

// mergePath turns positions in lists into merge keys, and gives what lies there.
func mergePath(o *rendered.Object, field []string) (manifest.Path, any) {
	var out manifest.Path
	var value any = o.Fields
	for _, segment := range field {
		list, isList := value.([]any)
		var found bool
		if value, found = yamldoc.Lookup(value, yamldoc.Path{segment}); isList && found {
			i, _ := yamldoc.Index(segment)
			segment = "[" + elementKey(o, out[len(out)-1], i, list[i]) + "]"
		}
		out = append(out, segment)
	}
	return out, value
}

// elementKey names an element of a list, whatever the chart calls it: a port by its name, as its number is what values
// change.
func elementKey(o *rendered.Object, list string, i int, element any) string {
	key := manifest.ElementKey(list, element)
	switch {
	case list == "containers" && key == rendered.ServerContainer(o.Object):
		return "server"
	case list == "volumes" && strings.Contains(key, "turn"):
		return "turn"
	case list == "ports":
		port, _ := element.(map[string]any)
		name, _ := port["name"].(string)
		return cmp.Or(name, key)
	}
	return cmp.Or(key, strconv.Itoa(i))
}

// configKey finds the key of a configuration, a YAML text, whose value stands behind before. "" where that cannot be
// told. Other values in the text may be others than those that before and the text have: only the keys on its last
// lines count.
func configKey(text, before string) string {
	root := source.Parse(text)
	heads := strings.Split(before, "\n")
	prefix := heads[len(heads)-1]
	if root == nil || keyOn(prefix) == "" {
		return ""
	}
	above := ""
	if len(heads) > 2 { // the first one may be cut
		above = keyOn(heads[len(heads)-2])
	}
	lines := strings.Split(text, "\n")
	found := ""
	for i, line := range lines {
		isBelow := above != "" && i > 0 && keyOn(lines[i-1]) == above
		if strings.HasPrefix(line, prefix) && (found == "" || isBelow) {
			found = keyAtLine(root, "", i+1)
		}
	}
	return newKey(found)
}

// keyOn is the part of a line up to its colon, indentation and all, "" where it has none.
func keyOn(line string) string {
	if key, _, ok := strings.Cut(line, ":"); ok {
		return key
	}
	return ""
}

// newKey gives the dotted key that took the place of an old one.
func newKey(key string) string {
	for _, r := range rendered.Facts().Renamed {
		if key == strings.Join(r.Old, ".") {
			return strings.Join(r.New, ".")
		}
	}
	return key
}

// keyAtLine gives the path of the scalar that stands on a line.
func keyAtLine(n *yaml.Node, at string, line int) string {
	if n.Kind == yaml.ScalarNode && n.Line == line {
		return at
	}
	found := ""
	for i, below := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			found = cmp.Or(found, keyAtLine(below, fmt.Sprintf("%s[%d]", at, i), line))
		case i%2 == 1:
			found = cmp.Or(found, keyAtLine(below, join(at, n.Content[i-1].Value), line))
		}
	}
	return found
}

// addConfiguration adds what upstream's templates do with the block livekit whatever is in it: each key of it is one
// of the configuration.
func (c *charts) addConfiguration(fields map[string][]string) {
	for _, row := range c.sheet.Mappings() {
		if rest, ok := strings.CutPrefix(row.Key, "livekit."); ok && c.isServersOwn(rest) {
			addOnce(fields, row.Key, rendered.RoleConfiguration+" "+rendered.ConfigEntry+"."+newKey(rest))
		}
	}
}

// findCauses notes which keys of upstream's values the differences of objects follow from: each key that is drift
// itself gets another value, the one that it is known to have had if there is one, and what then is another field was
// made by it.
func (c *charts) findCauses(ctx context.Context, runs []*scenarioRun, findings []*Finding) error {
	var keys, fields []*Finding
	for _, f := range findings {
		switch {
		case f.Class != Drift:
		case f.Layer == LayerValues && f.cause.kind != changes.GoneKey:
			keys = append(keys, f)
		case f.Layer == LayerObjects && f.Object != "" && !f.cause.isEdit:
			fields = append(fields, f)
		}
	}
	moved := make([][]bool, len(keys))
	err := inParallel(ctx, len(keys), func(ctx context.Context, i int) error {
		moved[i] = c.movedBy(ctx, keys[i], runs, fields)
		return ctx.Err()
	})
	for i, key := range keys {
		key.cause.keys = []string{strings.Join(key.Path, ".")}
		for n, isMoved := range moved[i] {
			if isMoved {
				fields[n].cause.keys = append(fields[n].cause.keys, key.cause.keys...)
			}
		}
	}
	return err
}

// movedBy reports which of several findings about objects a key of upstream's moves.
func (c *charts) movedBy(ctx context.Context, key *Finding, runs []*scenarioRun, fields []*Finding) []bool {
	out := make([]bool, len(fields))
	other := cmp.Or(key.cause.was, otherValue(key.cause.is))
	if other == nil {
		return out
	}
	for _, run := range runs {
		_, isGiven := yamldoc.Lookup(run.Values, []string(key.Path))
		isSeen := func(f *Finding) bool { return f.Scenario == run.Name }
		if isGiven || run.upstream == nil || !slices.ContainsFunc(fields, isSeen) {
			continue
		}
		values := helmchart.Copy(run.Values)
		yamldoc.Set(values, []string(key.Path), instead(key.cause.is, other))
		without, err := c.render(ctx, c.upstream, values)
		for i, f := range fields {
			if err == nil && isSeen(f) {
				a, b := run.upstream.Labeled(f.Object), without.Labeled(f.Object)
				out[i] = len(changedFields(a, b, f.Path)) > 0
			}
		}
	}
	return out
}

// instead gives a value that takes another one's place when Helm merges it: keys that only the other one has are unset.
func instead(old, value any) any {
	was, isMap := old.(map[string]any)
	is, isMapNow := value.(map[string]any)
	if !isMap || !isMapNow {
		return value
	}
	out := helmchart.Copy(is)
	for key := range was {
		if _, stays := out[key]; !stays {
			out[key] = nil
		}
	}
	return out
}

// otherValue gives another value of the same type, nil for what is no scalar.
func otherValue(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		return v + "x"
	case nil, map[string]any, []any:
		return nil
	}
	if n, isNumber := helmchart.Number(v); isNumber {
		return n + 1
	}
	return nil
}

// changedFields gives the fields at a path, or all where it is empty, that two objects have differently.
func changedFields(a, b *rendered.Object, at manifest.Path) []string {
	if a == nil && b == nil {
		return nil
	}
	var out []string
	for key, path := range inOrder(pathsOf(a, b)) {
		if !same(a.Value(key), b.Value(key), path) && (len(at) == 0 || slices.Equal(path, at)) {
			out = append(out, key)
		}
	}
	return out
}
