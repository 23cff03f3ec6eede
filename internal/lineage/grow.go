package lineage

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// maxChanges bounds the changes that are tried to get more rendered.
const maxChanges = 400

// sampleText stands for a text where there is none.
const sampleText = "zqtext"

// SampleKey is the key that stands in a map where there is none.
const SampleKey = "zqkey"

// grow looks for values under which more is rendered than under those given: switches on, samples in empty lists and
// maps, the texts that templates compare with. What takes something away is left out.
func (e *experiment) grow(ctx context.Context, base *setup) *setup {
	values, shot := base.values, base.shot
	for _, changes := range []func(map[string]any) []change{e.switches, e.samples, e.missing, e.choices, e.switches} {
		some := e.firstFirst(changes(values))
		values, shot = e.adopt(ctx, values, shot, some[:min(len(some), maxChanges)], false)
	}
	return e.setup(ctx, values, shot)
}

// adopt takes the changes that add fields and take none away, or all that render
// where anything will do; many at once where they go together.
func (e *experiment) adopt(
	ctx context.Context, values map[string]any, shot *snapshot, changes []change, anything bool,
) (map[string]any, *snapshot) {
	if len(changes) == 0 || e.isOver(ctx) {
		return values, shot
	}
	try := func(changes ...change) (changed map[string]any, more *snapshot, fits, isGain bool) {
		changed = with(values, changes...)
		more, err := e.render(ctx, changed)
		fits = err == nil && (anything || more.covers(shot))
		return changed, more, fits, fits && (anything || more.weight() > shot.weight())
	}
	if len(changes) == 1 {
		for _, v := range changes[0].values {
			if changed, more, _, isGain := try(changes[0].only(v)); isGain {
				return changed, more
			}
		}
		return values, shot
	}
	switch changed, more, fits, isGain := try(changes...); {
	case isGain:
		return changed, more
	case fits:
		return values, shot
	}
	half := len(changes) / 2
	values, shot = e.adopt(ctx, values, shot, changes[:half], anything)
	return e.adopt(ctx, values, shot, changes[half:], anything)
}

// switches turns on what is off.
func (e *experiment) switches(values map[string]any) []change {
	var out []change
	for _, p := range leaves(values) {
		if v, _ := yamldoc.Lookup(values, p); v == false && e.mayRead(p) {
			out = append(out, change{path: p, values: []any{true}})
		}
	}
	return out
}

// samples fills what is empty, in the shape in which templates read it.
func (e *experiment) samples(values map[string]any) []change {
	var out []change
	for _, p := range leaves(values) {
		if v, _ := yamldoc.Lookup(values, p); yamldoc.IsEmpty(v) && e.mayRead(p) {
			out = append(out, change{path: p, values: e.samplesFor(p, v)})
		}
	}
	return out
}

// missing fills what templates read and values do not have.
func (e *experiment) missing(values map[string]any) []change {
	var out []change
	seen := map[string]bool{}
	for _, r := range e.reading.reads {
		if r.isTested || e.reading.isWritten(r.path) {
			continue
		}
		for _, p := range expand(values, r.path) {
			parent, there := yamldoc.Lookup(values, p[:len(p)-1])
			_, isMap := parent.(map[string]any)
			_, isDeclared := yamldoc.Lookup(values, p)
			if there && !isMap || isDeclared || seen[id(p)] || hasScalarAbove(values, p) {
				continue
			}
			seen[id(p)] = true
			out = append(out, change{path: p, values: e.samplesFor(r.path, nil)})
		}
	}
	return out
}

// required fills what templates require: a file in which it is left out may be no YAML any more (image: notes:).
func (e *experiment) required(values map[string]any) []change {
	var out []change
	for _, p := range e.reading.required {
		is := func(c change) bool { return slices.Equal(c.path, p) }
		now, _ := yamldoc.Lookup(values, p)
		isOpen := len(p) > 0 && yamldoc.IsEmpty(now) && !slices.Contains(p, anyKey) && !hasScalarAbove(values, p)
		if isOpen && !slices.ContainsFunc(out, is) {
			out = append(out, change{path: p, values: []any{sampleText}})
		}
	}
	return out
}

// choices tries the texts that templates compare a value with.
func (e *experiment) choices(values map[string]any) []change {
	var out []change
	for _, key := range slices.Sorted(maps.Keys(e.reading.choices)) {
		c := e.reading.choices[key]
		for _, p := range expand(values, c.path) {
			now, _ := yamldoc.Lookup(values, p)
			if _, isText := now.(string); now != nil && !isText || hasScalarAbove(values, p) {
				continue
			}
			for _, text := range c.texts {
				if text != now {
					out = append(out, change{path: p, values: []any{text}})
				}
			}
		}
	}
	return out
}

// mayRead reports whether a template may read the value.
func (e *experiment) mayRead(p yamldoc.Path) bool { return e.reading.Everything || e.reading.isRead(p) }

// samplesFor gives values for what is empty, the likeliest first. What templates read below it says what an entry has.
func (e *experiment) samplesFor(p yamldoc.Path, empty any) []any {
	entry := e.entry(p, 0)
	mapOf := map[string]any{SampleKey: sampleText}
	deepMap := map[string]any{SampleKey: map[string]any{"value": sampleText}}
	texts, items := []any{sampleText}, []any{map[string]any{"name": sampleText, "value": sampleText}}
	_, isMap := empty.(map[string]any)
	_, isList := empty.([]any)
	list, isEntryList := entry.([]any)
	switch {
	case isMap && isEntryList && isVariable(list[0]):
		return []any{list, asMap(entry), mapOf, deepMap}
	case isMap && entry != nil:
		return []any{asMap(entry), mapOf, deepMap}
	case isMap:
		return []any{mapOf, deepMap, items}
	case isList && isEntryList:
		return []any{list, texts, items}
	case isList:
		return []any{texts, items}
	case entry != nil:
		return []any{entry, asMap(entry), deepMap, sampleText, 1}
	}
	return []any{sampleText, 1, true, mapOf, deepMap, texts, items}
}

// isVariable tells the entry of a list of environment variables, which some values.yaml have as an empty map.
func isVariable(entry any) bool {
	fields, _ := entry.(map[string]any)
	return fields["name"] != nil && (fields["value"] != nil || fields["valueFrom"] != nil)
}

// asMap gives a list's entry as that of a map.
func asMap(entry any) any {
	if list, ok := entry.([]any); ok && len(list) > 0 {
		return map[string]any{SampleKey: list[0]}
	}
	return entry
}

// entry builds what templates read below a path, nil where they read nothing there.
func (e *experiment) entry(p yamldoc.Path, depth int) any {
	if depth > maxEntryDepth {
		return nil
	}
	fields := map[string]any{}
	isList := false
	for _, r := range e.reading.reads {
		ofAny := r.path[0] == anyKey && len(p) > 0 && p[0] != anyKey // which says nothing of one
		if r.isTested || ofAny || len(r.path) <= len(p) || !covers(p, r.path) {
			continue
		}
		segment := r.path[len(p)]
		if _, done := fields[segment]; done {
			continue
		}
		isList = isList || segment == anyKey
		fields[segment] = sampleText
		if below := e.entry(child(p, segment), depth+1); below != nil {
			fields[segment] = below
		}
	}
	switch {
	case isList:
		return []any{fields[anyKey]}
	case len(fields) > 0:
		return fields
	}
	return nil
}

const maxEntryDepth = 5

var (
	inMessage = regexp.MustCompile(`\.Values((?:\.[A-Za-z0-9_]+)+)`)
	atMessage = regexp.MustCompile(`at <([^>]*)>`)
)

// repair fills in the value that the failure of a render names; nil where it names none. Of the maps around it that
// are missing one is made, without more: an entry of all that is read below it may ask for what the chart lacks.
func (e *experiment) repair(values map[string]any, failure error) map[string]any {
	for _, m := range atMessage.FindAllStringSubmatch(failure.Error(), -1) {
		for _, v := range inMessage.FindAllStringSubmatch(m[1], -1) {
			path := yamldoc.Path(strings.Split(v[1], ".")[1:])
			for i := range path {
				p := path[:i+1]
				here, there := yamldoc.Lookup(values, p)
				_, isMap := here.(map[string]any)
				isAround := i < len(path)-1
				switch {
				case there && !yamldoc.IsEmpty(here), hasScalarAbove(values, p), isAround && isMap:
				case isAround:
					return with(values, change{path: p, values: []any{map[string]any{}}})
				default:
					return with(values, change{path: p, values: e.samplesFor(p, here)})
				}
			}
		}
	}
	return nil
}
