package lineage

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Markers are texts and numbers that stand nowhere else. They have one length, so that none is a part of another.
var (
	textMarker   = regexp.MustCompile(`(?i)zq[0-9]{4}x`)
	numberMarker = regexp.MustCompile(`[0-9]+`)
)

// firstNumber is small, for a number may be one of rounds in a loop.
const firstNumber = 300

func (e *experiment) textMarker() string {
	e.nextText++
	return fmt.Sprintf("zq%04dx", e.nextText)
}

// numberMarker gives a number that the base does not show.
func (e *experiment) numberMarker(base *setup) int {
	for {
		e.nextNumber++
		if n := firstNumber + e.nextNumber; !base.shows(n) {
			return n
		}
	}
}

func (s *setup) shows(n int) bool {
	text := strconv.Itoa(n)
	for _, f := range s.shot.all() {
		if strings.Contains(f.text(), text) {
			return true
		}
	}
	return false
}

// measureAll finds out what each key reaches. declared are the values as the chart has them.
func (e *experiment) measureAll(ctx context.Context, base *setup, declared map[string]any) []Finding {
	all := leaves(base.values)
	if !e.options.AsGiven {
		all = append(all, e.defaulted(base.values)...)
	}
	wanted := slices.DeleteFunc(slices.Clone(all), func(p yamldoc.Path) bool { return !e.isWanted(p) })
	m := e.measure(ctx, base, wanted)
	out := make([]Finding, len(all))
	for i, p := range all {
		_, isDeclared := yamldoc.Lookup(declared, p)
		out[i] = Finding{Path: p, IsDeclared: isDeclared}
		m.note(&out[i])
	}
	return out
}

// defaulted gives the keys that templates read, that values do not have, and that bring nothing more to light: there
// is a default for them.
func (e *experiment) defaulted(values map[string]any) []yamldoc.Path {
	var out []yamldoc.Path
	for _, c := range e.missing(values) {
		_, isText := c.values[0].(string)
		parent, _ := yamldoc.Lookup(values, c.path[:len(c.path)-1])
		if isText && parent != nil && !inList(c.path) {
			out = append(out, c.path)
		}
	}
	return out[:min(len(out), maxChanges)]
}

// measurement collects what keys reach.
type measurement struct {
	*experiment
	base   *setup
	found  map[string][]Reach // by id
	filled map[string]Filling
}

// measure tries keys that are in the base: switches one by one, the rest with markers, many at once.
func (e *experiment) measure(ctx context.Context, base *setup, paths []yamldoc.Path) *measurement {
	m := &measurement{experiment: e, base: base, found: map[string][]Reach{}, filled: map[string]Filling{}}
	var marked [2]attempt // those to try first, and the others
	var switches [2][]attempt
	for _, p := range paths {
		now, _ := yamldoc.Lookup(base.values, p)
		isOn, isBool := now.(bool)
		rank := e.rank(p)
		switch {
		case !isBool:
			marked[rank] = append(marked[rank], e.marked(base, p, now))
		case e.mayRead(p):
			switches[rank] = append(switches[rank], attempt{{path: p, values: []any{!isOn}}})
		}
	}
	var all []attempt
	for rank, together := range marked {
		if len(together) > 0 {
			all = append(all, together)
		}
		all = append(all, switches[rank]...)
	}
	m.tryAll(ctx, all)
	return m
}

func (m *measurement) note(f *Finding) {
	f.Reaches, f.Filled = m.found[id(f.Path)], m.filled[id(f.Path)]
}

// marked puts a marker to a key: a number where a number is, else a text.
func (e *experiment) marked(base *setup, p yamldoc.Path, now any) change {
	others := e.options.Others[p.String()]
	for _, text := range e.reading.choices[id(p)].texts {
		if text != now {
			others = append(others[:len(others):len(others)], text)
		}
	}
	switch now.(type) {
	case int, int64, uint64, float64:
		n := e.numberMarker(base)
		if was, isWhole := wholeNumber(now); isWhole && e.options.Nudge {
			others = append([]any{was + 1, was - 1}, others...)
		}
		return change{p, append([]any{n}, others...), strconv.Itoa(n)}
	}
	text := e.textMarker()
	item := map[string]any{"name": text, "value": text}
	entry, deepEntry := map[string]any{text: text}, map[string]any{text: map[string]any{"value": text}}
	values := []any{text}
	switch now.(type) {
	case map[string]any:
		values = []any{entry, deepEntry, []any{item}} // some write {} and mean a list
	case []any:
		values = []any{[]any{text}, []any{item}}
	case nil:
		if _, isThere := yamldoc.Lookup(base.values, p); !isThere {
			break // see defaulted
		}
		values = []any{text, entry, deepEntry, []any{text}, []any{item}}
	}
	return change{p, append(values, others...), text}
}

// wholeNumber gives a number of values as an integer.
func wholeNumber(v any) (int64, bool) {
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	return int64(f), err == nil && f == float64(int64(f))
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

// attempt is one render: keys that are tried together, each by the first of its values.
type attempt []change

// atOnce is how many attempts are made before the next are chosen. It is the same on every machine: what is tried when
// the renders run out must not depend on the number of cores.
const atOnce = 16

// tryAll makes the attempts and those that follow from them. What follows comes before the rest: so the first keys are
// known to the end when the renders run out.
func (m *measurement) tryAll(ctx context.Context, attempts []attempt) {
	for len(attempts) > 0 {
		now := attempts[:min(len(attempts), atOnce)]
		sets := make([]map[string]any, len(now))
		for i, a := range now {
			sets[i] = with(m.base.values, a...)
		}
		shots := m.renderEach(ctx, sets)
		var next []attempt
		for i, shot := range shots {
			next = append(next, m.judge(now[i], shot)...)
		}
		attempts = append(next, attempts[len(shots):]...)
		if len(shots) < len(now) {
			break
		}
	}
	for _, a := range attempts {
		for _, c := range a {
			m.left[id(c.path)] = c.path
		}
	}
}

// judge takes what an attempt has shown, and gives those that are to follow: halves of the keys where something moved
// that none of the markers explains, the next value where one key by itself moved nothing.
func (m *measurement) judge(a attempt, shot *snapshot) []attempt {
	if len(a) == 1 {
		return m.judgeOne(a[0], shot)
	}
	if shot != nil {
		if reaches, rest := m.explain(shot, a); len(rest) == 0 {
			m.collect(reaches, a)
			return nil
		}
	}
	half := len(a) / 2
	return []attempt{a[:half], a[half:]}
}

// judgeOne judges one key by itself: all that moves is its doing.
func (m *measurement) judgeOne(c change, shot *snapshot) []attempt {
	if shot != nil {
		one := []change{c.only(c.values[0])}
		reaches, rest := m.explain(shot, one)
		key := id(c.path)
		if reaches[key] = append(reaches[key], m.switched(shot, rest, c.values[0])...); len(reaches[key]) > 0 {
			m.collect(reaches, one)
			return nil
		}
	}
	if len(c.values) > 1 {
		return []attempt{{change{c.path, c.values[1:], c.marker}}}
	}
	return nil
}

func (m *measurement) collect(reaches map[string][]Reach, changes []change) {
	for _, c := range changes {
		if key := id(c.path); len(reaches[key]) > 0 {
			m.found[key], m.filled[key] = reaches[key], fillingOf(c.values[0])
		}
	}
}

// Bounds of what is reported of one key: its fields, and the characters on each side of it in the text of one.
const (
	maxReaches = 60
	textAround = 60
)

// explain gives the fields in which the markers of changes turn up, by key, and
// the addresses of those that moved without one.
func (m *measurement) explain(shot *snapshot, changes []change) (map[string][]Reach, []string) {
	byMarker := make(map[string]string, len(changes))
	for _, c := range changes {
		if c.marker != "" {
			byMarker[c.marker] = id(c.path)
		}
	}
	out := map[string][]Reach{}
	var rest []string
	for _, a := range m.base.shot.differences(shot, m.base.masked) {
		f, _ := shot.field(a) // without a text where it is gone
		was, _ := m.base.shot.field(a)
		if isChecksum(f) {
			continue
		}
		found := markersIn(f, was.value, byMarker)
		if len(found) == 0 {
			rest = append(rest, a)
		}
		for key, reach := range found {
			if len(out[key]) < maxReaches {
				out[key] = append(out[key], reach)
			}
		}
	}
	return out, rest
}

// markersIn finds the markers in one field, which has a value in the base.
func markersIn(f field, base any, byMarker map[string]string) map[string]Reach {
	out := map[string]Reach{}
	for _, segment := range f.path {
		if key, ok := byMarker[strings.ToLower(textMarker.FindString(segment))]; ok {
			out[key] = Reach{Object: f.ref, Field: f.path, Value: base, Effect: Key}
		}
	}
	text := f.text()
	for _, markers := range []*regexp.Regexp{textMarker, numberMarker} {
		for _, at := range markers.FindAllStringIndex(text, maxReaches) {
			key, ok := byMarker[strings.ToLower(text[at[0]:at[1]])]
			if !ok || out[key].Effect != "" && out[key].Effect != Key {
				continue
			}
			r := Reach{Object: f.ref, Field: f.path, Value: base, Effect: Inside}
			r.Before = text[max(at[0]-textAround, 0):at[0]]
			r.After = text[at[1]:min(at[1]+textAround, len(text))]
			switch {
			case r.Before == "" && r.After == "":
				r.Effect = Direct
			case strings.Contains(r.Before, "map["): // a map that is printed by mistake
				r.Effect = Switch
			}
			out[key] = r
		}
	}
	return out
}

// IsMark reports whether the name of a field is one that an experiment made up.
func IsMark(segment string) bool {
	return segment == SampleKey || textMarker.FindString(segment) == strings.ToLower(segment) && segment != ""
}

// IsMade reports whether a text has something in it that an experiment made up.
func IsMade(text string) bool {
	for _, word := range []string{sampleText, SampleKey, ReleaseName, chartName, namespaceName} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return textMarker.MatchString(text)
}

// switched says what came, went or changed without a marker: objects as a whole where they came or went. A field that
// is now what was tried is the value's own.
func (m *measurement) switched(shot *snapshot, addresses []string, tried any) []Reach {
	var out []Reach
	whole := map[Ref]bool{}
	_, isSwitch := tried.(bool)
	for _, a := range addresses {
		f, there := shot.field(a)
		was, isInBoth := m.base.shot.field(a)
		if !there {
			f = was
		}
		r := Reach{Object: f.ref, Field: f.path, Effect: Switch, Gone: !there, Value: f.value}
		if isInBoth && there && !isSwitch && fmt.Sprint(f.value) == fmt.Sprint(tried) {
			r.Effect, r.Value = Direct, was.value
		}
		if slices.Contains(m.base.shot.refs, f.ref) != slices.Contains(shot.refs, f.ref) {
			if whole[f.ref] {
				continue
			}
			whole[f.ref] = true
			r.Field, r.Value = nil, nil
		}
		out = append(out, r)
	}
	return out[:min(len(out), maxReaches)]
}
