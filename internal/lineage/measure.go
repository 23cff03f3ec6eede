package lineage

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// trial is one key with the mark that is put there.
type trial struct {
	way  []string
	mark string
	// values have the mark in them; those after the first are tried where
	// that one does not render.
	values []any
}

// Marks are texts and numbers that stand nowhere else. They have one length, so
// that none is a part of another.
var (
	textMark   = regexp.MustCompile(`(?i)zq[0-9]{4}x`)
	numberMark = regexp.MustCompile(`[0-9]+`)
)

// firstNumber is small, for a number may be one of rounds in a loop.
const firstNumber = 300

func (e *experiment) textMark() string {
	e.nextID++
	return fmt.Sprintf("zq%04dx", e.nextID)
}

// numberMark gives a number that the base does not show.
func (e *experiment) numberMark(base *setup) int {
	for {
		e.nextReal++
		n := firstNumber + e.nextReal
		if !base.shows(n) {
			return n
		}
	}
}

func (s *setup) shows(n int) bool {
	text := strconv.Itoa(n)
	for _, p := range s.shot.fields {
		if strings.Contains(p.text(), text) {
			return true
		}
	}
	return false
}

// measureAll finds out what each key reaches. declared are the values as the
// chart has them.
func (e *experiment) measureAll(ctx context.Context, base *setup, declared map[string]any) []Finding {
	m := &measurement{experiment: e, base: base, found: map[string][]Reach{}, filled: map[string]Filling{}}
	var marked []trial
	var flips []trial
	all := ways(base.values)
	for _, way := range all {
		now, _ := at(base.values, way)
		if b, isBool := now.(bool); isBool {
			if e.mayRead(way) {
				flips = append(flips, trial{way: way, values: []any{!b}})
			}
			continue
		}
		marked = append(marked, e.trial(base, way, now))
	}
	each([]func(){
		func() { m.test(ctx, marked) },
		func() { each(flips, func(t trial) { m.test(ctx, []trial{t}) }) },
	}, func(work func()) { work() })
	out := make([]Finding, 0, len(all))
	for _, way := range all {
		_, isDeclared := at(declared, way)
		f := Finding{Path: way, IsDeclared: isDeclared, Reaches: m.found[strings.Join(way, "\x00")]}
		if now, _ := at(base.values, way); isEmpty(now) && len(f.Reaches) > 0 {
			f.Filled = orDefault(m.filled[strings.Join(way, "\x00")], firstFilling(now))
		}
		out = append(out, f)
	}
	return out
}

// trial marks a key: with a number where a number is, else with a text.
func (e *experiment) trial(base *setup, way []string, now any) trial {
	switch now.(type) {
	case int, int64, uint64, float64:
		n := e.numberMark(base)
		return trial{way: way, mark: strconv.Itoa(n), values: []any{n}}
	}
	mark := e.textMark()
	t := trial{way: way, mark: mark, values: []any{mark}}
	item := map[string]any{"name": mark, "value": mark}
	entry, deepEntry := map[string]any{mark: mark}, map[string]any{mark: map[string]any{"value": mark}}
	switch now.(type) {
	case map[string]any:
		t.values = []any{entry, deepEntry, []any{item}} // some write {} and mean a list
	case []any:
		t.values = []any{[]any{mark}, []any{item}}
	case nil:
		t.values = []any{mark, entry, deepEntry, []any{mark}, []any{item}}
	}
	return t
}

// measurement collects what keys reach.
type measurement struct {
	*experiment
	base *setup

	mu     sync.Mutex
	found  map[string][]Reach // by way
	filled map[string]Filling // likewise, of trials by themselves
}

// firstFilling is what trial puts into an empty place first.
func firstFilling(empty any) Filling {
	switch empty.(type) {
	case map[string]any:
		return FilledMap
	case []any:
		return FilledList
	}
	return FilledText
}

func fillingOf(v any) Filling {
	switch v := v.(type) {
	case map[string]any:
		return FilledMap
	case []any:
		if _, isMap := v[0].(map[string]any); isMap {
			return FilledItems
		}
		return FilledList
	}
	return FilledText
}

// test tries keys together, and in halves where something moved that none of
// the marks explains.
func (m *measurement) test(ctx context.Context, trials []trial) {
	if len(trials) == 0 || ctx.Err() != nil || m.spent() {
		return
	}
	if len(trials) == 1 {
		m.testOne(ctx, trials[0])
		return
	}
	changes := make([]change, 0, len(trials))
	for _, t := range trials {
		changes = append(changes, change{t.way, t.values})
	}
	shot, err := m.render(ctx, putAll(m.base.values, changes))
	if err == nil {
		if reaches, rest := m.explain(shot, trials); len(rest) == 0 {
			m.note(reaches)
			return
		}
	}
	half := len(trials) / 2
	each([][]trial{trials[:half], trials[half:]}, func(part []trial) { m.test(ctx, part) })
}

// testOne tries one key by itself: all that moves is its doing.
func (m *measurement) testOne(ctx context.Context, t trial) {
	for _, v := range t.values {
		changed := putAll(m.base.values, []change{{t.way, []any{v}}})
		shot, err := m.render(ctx, changed)
		if err != nil {
			continue
		}
		reaches, rest := m.explain(shot, []trial{t})
		key := strings.Join(t.way, "\x00")
		reaches[key] = append(reaches[key], m.switched(shot, rest)...)
		if len(reaches[key]) > 0 {
			m.note(reaches)
			m.mu.Lock()
			m.filled[key] = fillingOf(v)
			m.mu.Unlock()
			return
		}
	}
}

func (m *measurement) note(reaches map[string][]Reach) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.Copy(m.found, reaches)
}

// maxReaches bounds what is told of one key.
const maxReaches = 60

// explain gives the fields in which the marks of the trials turn up, by way, and
// the addresses of those that moved without one.
func (m *measurement) explain(shot *snapshot, trials []trial) (map[string][]Reach, []string) {
	byMark := make(map[string]string, len(trials))
	for _, t := range trials {
		if t.mark != "" {
			byMark[t.mark] = strings.Join(t.way, "\x00")
		}
	}
	out := map[string][]Reach{}
	var rest []string
	for _, a := range m.base.shot.differences(shot, m.base.masked) {
		p, there := shot.fields[a]
		if !there {
			rest = append(rest, a)
			continue
		}
		if isChecksum(p) {
			continue
		}
		explained := false
		for key, reach := range m.marksIn(p, byMark) {
			explained = true
			if len(out[key]) < maxReaches {
				out[key] = append(out[key], reach)
			}
		}
		if !explained {
			rest = append(rest, a)
		}
	}
	return out, rest
}

// marksIn finds the marks in one field.
func (m *measurement) marksIn(p place, byMark map[string]string) map[string]Reach {
	out := map[string]Reach{}
	reach := Reach{Object: p.ref, Field: p.path}
	if was, ok := m.base.shot.fields[address(p.ref, p.path)]; ok {
		reach.Value = was.value
	}
	for _, segment := range p.path {
		if key, ok := byMark[strings.ToLower(textMark.FindString(segment))]; ok {
			reach.Effect = Key
			out[key] = reach
		}
	}
	text := p.text()
	for _, marks := range []*regexp.Regexp{textMark, numberMark} {
		for _, at := range marks.FindAllStringIndex(text, maxReaches) {
			mark := text[at[0]:at[1]]
			key, ok := byMark[strings.ToLower(mark)]
			if !ok {
				continue
			}
			r := reach
			r.Effect, r.Before, r.After = Inside, tail(text[:at[0]]), head(text[at[1]:])
			switch {
			case r.Before == "" && r.After == "":
				r.Effect = Direct
			case strings.Contains(r.Before, "map["): // a map that is printed by mistake
				r.Effect = Switch
			}
			if _, first := out[key]; !first || out[key].Effect == Key {
				out[key] = r
			}
		}
	}
	return out
}

// IsMark reports whether the name of a field is one that an experiment made up.
func IsMark(segment string) bool {
	return segment == sampleKey || textMark.FindString(segment) == strings.ToLower(segment) && segment != ""
}

// IsMade reports whether a text has something in it that an experiment made up.
func IsMade(text string) bool {
	for _, word := range []string{sampleText, sampleKey, releaseName, chartName, namespaceName} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return textMark.MatchString(text)
}

const textAround = 60

func head(s string) string { return s[:min(len(s), textAround)] }

func tail(s string) string { return s[max(len(s)-textAround, 0):] }

// switched says what came, went or changed without a mark: objects as a whole
// where they came or went.
func (m *measurement) switched(shot *snapshot, addresses []string) []Reach {
	var out []Reach
	whole := map[Ref]bool{}
	for _, a := range addresses {
		p, gone := m.base.shot.fields[a], false
		if now, there := shot.fields[a]; there {
			p = now
		} else {
			gone = true
		}
		r := Reach{Object: p.ref, Field: p.path, Effect: Switch, Gone: gone, Value: p.value}
		if m.base.shot.has(p.ref) != shot.has(p.ref) {
			if whole[p.ref] {
				continue
			}
			whole[p.ref] = true
			r.Field, r.Value = nil, nil
		}
		if len(out) < maxReaches {
			out = append(out, r)
		}
	}
	return out
}
