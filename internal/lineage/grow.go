package lineage

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// change is another value for one key; the further ones are tried where the
// first does not render.
type change struct {
	way    []string
	values []any
}

// maxChanges bounds the changes that are tried to get more rendered.
const maxChanges = 400

// Samples that stand for a text, a key and an item where there is none.
const (
	sampleText = "zqtext"
	sampleKey  = "zqkey"
)

// grow looks for values under which more is rendered than under those given:
// switches on, samples in empty lists and maps, the texts that templates compare
// with. What takes something away is left out.
func (e *experiment) grow(ctx context.Context, base *setup) *setup {
	values, shot := base.values, base.shot
	for _, changes := range []func(map[string]any) []change{e.switches, e.samples, e.missing, e.choices, e.switches} {
		values, shot = e.adopt(ctx, values, shot, changes(values))
	}
	return e.setup(ctx, values, shot)
}

// adopt takes the changes that add fields and take none away, many at once
// where they go together.
func (e *experiment) adopt(ctx context.Context, values map[string]any, shot *snapshot, changes []change) (map[string]any, *snapshot) {
	if len(changes) == 0 || ctx.Err() != nil || e.spent() {
		return values, shot
	}
	if len(changes) == 1 {
		for _, v := range changes[0].values {
			tried := putAll(values, []change{{changes[0].way, []any{v}}})
			if more, err := e.render(ctx, tried); err == nil && more.weight() > shot.weight() && more.covers(shot) {
				return tried, more
			}
		}
		return values, shot
	}
	tried := putAll(values, changes)
	if more, err := e.render(ctx, tried); err == nil && more.covers(shot) {
		if more.weight() > shot.weight() {
			return tried, more
		}
		return values, shot
	}
	half := len(changes) / 2
	values, shot = e.adopt(ctx, values, shot, changes[:half])
	return e.adopt(ctx, values, shot, changes[half:])
}

func (e *experiment) spent() bool { return e.renders.Load() >= int64(e.max) }

// switches turns on what is off.
func (e *experiment) switches(values map[string]any) []change {
	var out []change
	for _, way := range ways(values) {
		if v, _ := at(values, way); v == false && e.mayRead(way) {
			out = append(out, change{way, []any{true}})
		}
	}
	return out[:min(len(out), maxChanges)]
}

// samples fills what is empty, in the shape in which templates read it.
func (e *experiment) samples(values map[string]any) []change {
	var out []change
	for _, way := range ways(values) {
		if v, _ := at(values, way); isEmpty(v) && e.mayRead(way) {
			out = append(out, change{way, e.samplesFor(pathOf(way), v)})
		}
	}
	return out[:min(len(out), maxChanges)]
}

// missing fills what templates read and values do not have.
func (e *experiment) missing(values map[string]any) []change {
	var out []change
	seen := map[string]bool{}
	for _, r := range e.reading.reads {
		if r.isTested || e.reading.isWritten(r.path) {
			continue
		}
		for _, way := range expand(values, r.path) {
			parent, there := at(values, way[:max(len(way)-1, 0)])
			if _, isMap := parent.(map[string]any); there && !isMap || !there && len(way) < 2 {
				continue
			}
			if _, declared := at(values, way); declared || len(way) == 0 || seen[strings.Join(way, "\x00")] || hasScalarAbove(values, way) {
				continue
			}
			seen[strings.Join(way, "\x00")] = true
			out = append(out, change{way, e.samplesFor(r.path, nil)})
		}
	}
	return out[:min(len(out), maxChanges)]
}

// hasScalarAbove tells whether a way leads through something that is no map.
func hasScalarAbove(values any, way []string) bool {
	for i := range way {
		v, there := at(values, way[:i])
		switch v.(type) {
		case map[string]any, []any:
		default:
			return there
		}
	}
	return false
}

// choices tries the texts that templates compare a value with.
func (e *experiment) choices(values map[string]any) []change {
	var out []change
	for _, key := range sortedNames(e.reading.choices) {
		c := e.reading.choices[key]
		for _, way := range expand(values, c.path) {
			now, _ := at(values, way)
			if _, isText := now.(string); now != nil && !isText || len(way) == 0 || hasScalarAbove(values, way) {
				continue
			}
			for _, text := range c.texts {
				if text != now {
					out = append(out, change{way, []any{text}})
				}
			}
		}
	}
	return out[:min(len(out), maxChanges)]
}

// mayRead reports whether a template may read the value.
func (e *experiment) mayRead(way []string) bool {
	return e.reading.Everything || e.reading.isRead(pathOf(way))
}

// samplesFor gives values for an empty place, the likeliest first. What
// templates read below it says what an entry has.
func (e *experiment) samplesFor(p path, empty any) []any {
	entry := e.entry(p, 0)
	deepEntry := map[string]any{sampleKey: map[string]any{"value": sampleText}}
	item := map[string]any{"name": sampleText, "value": sampleText}
	switch empty.(type) {
	case map[string]any:
		if entry != nil {
			return []any{asMap(entry), map[string]any{sampleKey: sampleText}, deepEntry}
		}
		return []any{map[string]any{sampleKey: sampleText}, deepEntry, []any{item}}
	case []any:
		if list, ok := entry.([]any); ok {
			return []any{list, []any{sampleText}, []any{item}}
		}
		return []any{[]any{sampleText}, []any{item}}
	}
	if entry != nil {
		return []any{entry, asMap(entry), deepEntry, sampleText, 1}
	}
	return []any{sampleText, 1, true, map[string]any{sampleKey: sampleText}, deepEntry, []any{sampleText}, []any{item}}
}

// asMap gives a list's entry as that of a map.
func asMap(entry any) any {
	if list, ok := entry.([]any); ok && len(list) > 0 {
		return map[string]any{sampleKey: list[0]}
	}
	return entry
}

// entry builds what templates read below a path, nil where they read nothing
// there.
func (e *experiment) entry(p path, depth int) any {
	if depth > maxEntryDepth {
		return nil
	}
	fields := map[string]any{}
	isList := false
	for _, r := range e.reading.reads {
		if r.isTested || len(r.path) <= len(p) || !p.covers(r.path) {
			continue
		}
		segment := r.path[len(p)]
		if _, done := fields[segment]; done {
			continue
		}
		isList = isList || segment == anyKey
		fields[segment] = sampleText
		if below := e.entry(p.with(segment), depth+1); below != nil {
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

// repair fills in the value that the failure of a render names.
func (e *experiment) repair(values map[string]any, failure error) (map[string]any, bool) {
	for _, m := range atMessage.FindAllStringSubmatch(failure.Error(), -1) {
		for _, v := range inMessage.FindAllStringSubmatch(m[1], -1) {
			way := strings.Split(strings.TrimPrefix(v[1], "."), ".")
			for i := 1; i <= len(way); i++ {
				here, there := at(values, way[:i])
				if there && !isEmpty(here) || hasScalarAbove(values, way[:i]) {
					continue
				}
				sample := e.samplesFor(path(way[:i]), here)[0]
				repaired, _ := put(values, slices.Clone(way[:i]), sample).(map[string]any)
				return repaired, true
			}
		}
	}
	return nil, false
}
