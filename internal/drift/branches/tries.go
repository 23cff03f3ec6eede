package branches

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// assignment gives a key another value; nil removes it.
type assignment struct {
	key   yamldoc.Path
	value any
}

// try is what is tried for a branch: other values, or another cluster.
type try struct {
	assignments []assignment
	// with is another scenario, whose values are laid over those that there are.
	with *base
	// change alters what is no value; about says how.
	change func(*factsheet.Scenario)
	about  string
}

// name says what a try does.
func (t try) name() string {
	if t.change != nil {
		return t.about
	}
	var parts []string
	if t.with != nil {
		parts = append(parts, t.with.scenario.Name)
	}
	for _, a := range t.assignments {
		text := "null"
		if a.value != nil {
			text = fmt.Sprint(a.value)
		}
		const most = 30
		if runes := []rune(text); len(runes) > most {
			text = string(runes[:most]) + "..."
		}
		parts = append(parts, a.key.String()+"="+text)
	}
	return strings.Join(parts, ", ")
}

// Limits of what is tried for one side of a branch.
const (
	maxKeys   = 8 // that one condition looks at
	maxValues = 12
	maxPairs  = 24
)

// tries gives what may take a side of a branch, from the likeliest on.
func (s *search) tries(b Branch, from *base) []try {
	keys := s.chart.reading.Deciders(b.Template, b.offset)
	if b.kind == isMember {
		return []try{{assignments: []assignment{{b.key, b.member}}}}
	}
	if b.kind == isKey {
		keys = []yamldoc.Path{b.key}
	}
	keys = keys[:min(len(keys), maxKeys)]
	var out []try
	values := make([][]any, len(keys))
	for i, key := range keys {
		values[i] = s.values(b, key, from)
		helper := s.sayingOf(key, from)
		for _, v := range values[i] {
			if helper != nil && len(s.chart.reading.Literals(key)) > 0 {
				// What goes with the key comes with it: several servers have a Redis.
				out = append(out, try{with: helper, assignments: []assignment{{key, v}}})
			}
			out = append(out, try{assignments: []assignment{{key, v}}})
		}
	}
	if b.kind == isKey {
		return out
	}
	out = append(out, s.clusters()...)
	out = append(out, s.crossings(keys, from)...)
	return append(out, pairs(keys, values)...)
}

// sayingOf gives the shortest scenario that says something of a key, nil where the one to alter does so itself.
func (s *search) sayingOf(key yamldoc.Path, from *base) *base {
	if _, ok := yamldoc.Lookup(from.scenario.Values, key); ok {
		return nil
	}
	var out *base
	for _, other := range s.bases {
		_, ok := yamldoc.Lookup(other.scenario.Values, key)
		if ok && len(other.tried) == 0 &&
			(out == nil || len(yamldoc.Leaves(other.scenario.Values)) < len(yamldoc.Leaves(out.scenario.Values))) {
			out = other
		}
	}
	return out
}

// crossings gives other scenarios that say something of the keys, to be laid over one.
func (s *search) crossings(keys []yamldoc.Path, from *base) []try {
	const most = 8
	var out []try
	for _, other := range s.bases {
		isAbout := slices.ContainsFunc(keys, func(key yamldoc.Path) bool {
			_, ok := yamldoc.Lookup(other.scenario.Values, key)
			return ok
		})
		if isAbout && other != from && len(other.tried) == 0 && len(out) < most {
			out = append(out, try{with: other})
		}
	}
	return out
}

// pairs gives two keys at once another value each.
func pairs(keys []yamldoc.Path, values [][]any) []try {
	const each = 3
	var out []try
	for i := range keys {
		for j := range i {
			for _, v := range values[i][:min(each, len(values[i]))] {
				for _, w := range values[j][:min(each, len(values[j]))] {
					out = append(out, try{assignments: []assignment{{keys[i], v}, {keys[j], w}}})
				}
			}
		}
	}
	return out[:min(len(out), maxPairs)]
}

// values gives the values to try for a key: what templates compare it to, what it has in other scenarios, none, and
// samples of each kind.
func (s *search) values(b Branch, key yamldoc.Path, from *base) []any {
	now, _ := yamldoc.Lookup(from.merged, key)
	var out []any
	_, isMap := now.(map[string]any)
	add := func(v any) {
		if _, fits := v.(map[string]any); now != nil && v != nil && fits != isMap {
			return // Helm keeps a map where a value is none
		}
		isKnown := func(w any) bool { return helmchart.Equal(v, w) }
		if s.isUntried(key, v) {
			return
		}
		if !helmchart.Equal(v, now) && !slices.ContainsFunc(out, isKnown) && len(out) < maxValues {
			out = append(out, v)
		}
	}
	if b.kind == isTemplate {
		add(sampleTemplate)
		return out
	}
	for _, literal := range s.chart.reading.Literals(key) {
		for _, v := range near(literal) {
			add(v)
		}
	}
	if is, ok := now.(bool); ok {
		add(!is)
		return out
	}
	for _, other := range s.bases {
		if v, ok := yamldoc.Lookup(other.scenario.Values, key); ok {
			add(v)
		}
	}
	if strings.Contains(b.Text, ".Release.Name") {
		add(s.options.Release(from.scenario).Name)
	}
	add(nil)
	if n, ok := helmchart.Number(now); ok {
		add(int(n) + 1)
		add(0)
		return out
	}
	if _, isText := now.(string); isText && now != "" {
		add(sample)
		return out
	}
	for _, v := range []any{sample, true, 7, []any{sample}, map[string]any{sample: sample}} {
		add(v)
	}
	return out
}

// sample is a text that is a name, so that it can stand nearly anywhere.
const sample = "sample"

// sampleTemplate is a text that tpl makes another one of.
const sampleTemplate = "from-{{ .Release.Name }}"

// isUntried reports whether a value is not to be tried.
func (s *search) isUntried(key yamldoc.Path, value any) bool {
	return slices.ContainsFunc(s.options.Facts.Untried, func(u factsheet.Untried) bool {
		return u.Key == key.String() && helmchart.Equal(u.Value, value)
	})
}

// near gives what a literal stands for, and the numbers beside one: conditions ask for more or less than it.
func near(literal string) []any {
	if n, err := strconv.Atoi(literal); err == nil {
		return []any{n, n + 1, n - 1}
	}
	var v any
	if yaml.Unmarshal([]byte(literal), &v) == nil && v == true {
		return []any{true}
	}
	return []any{strings.Trim(literal, "^$")}
}

var minorVersion = regexp.MustCompile(`1\.(\d+)`)

// clusters gives other releases and clusters, as far as templates ask for them.
func (s *search) clusters() []try {
	var out []try
	for _, minor := range s.minors() {
		version := fmt.Sprintf("1.%d.0", minor)
		if s.options.Accepts == nil || s.options.Accepts(version) {
			change := func(w *factsheet.Scenario) { w.KubeVersion = version }
			out = append(out, try{change: change, about: "Kubernetes " + version})
		}
	}
	for _, api := range s.chart.reading.APIs() {
		out = append(out,
			try{change: func(w *factsheet.Scenario) { w.APIs = append(w.APIs, api) }, about: "with " + api},
			try{change: func(w *factsheet.Scenario) { w.WithoutAPIs = append(w.WithoutAPIs, api) },
				about: "without " + api})
	}
	if s.asksForUpgrade {
		out = append(out, try{change: func(w *factsheet.Scenario) { w.Upgrade = true }, about: "upgrade"})
	}
	return out
}

// minors gives the minor versions of Kubernetes about which templates ask, and those beside them.
func (s *search) minors() []int {
	found := map[int]bool{}
	for _, constraint := range s.chart.reading.Versions() {
		for _, m := range minorVersion.FindAllStringSubmatch(constraint, -1) {
			if n, err := strconv.Atoi(m[1]); err == nil {
				found[n], found[n-1], found[n+1] = true, true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Assign gives values, which are laid over defaults, with which a key has another value; nil removes it. It is false
// where the key has no place.
func Assign(defaults, values map[string]any, key yamldoc.Path, value any) (map[string]any, bool) {
	before := over(defaults, values)
	after := helmchart.Copy(before)
	path, ok := placeIn(after, key)
	if !ok {
		return nil, false
	}
	if value == nil {
		yamldoc.Delete(after, path)
	} else {
		yamldoc.Set(after, path, value)
	}
	return over(values, helmchart.Difference(before, after)), true
}

// placeIn gives the place of a key in values: that of an element is the first one.
func placeIn(values map[string]any, key yamldoc.Path) (yamldoc.Path, bool) {
	var out yamldoc.Path
	var at any = values
	for i, segment := range key {
		switch v := at.(type) {
		case map[string]any:
			if segment == lineage.AnyKey {
				if len(v) == 0 {
					return nil, false
				}
				segment = slices.Sorted(maps.Keys(v))[0]
			}
			at = v[segment]
		case []any:
			if segment != lineage.AnyKey || len(v) == 0 {
				return nil, false
			}
			at = v[0]
		case nil:
			if segment == lineage.AnyKey {
				return nil, false
			}
		default:
			return nil, false
		}
		out = append(out, segment)
		if at == nil && i+1 < len(key) && slices.Contains(key[i+1:], lineage.AnyKey) {
			return nil, false
		}
	}
	return out, true
}

// over lays values over others. A null stays: it unsets what the chart has by default.
func over(values, top map[string]any) map[string]any {
	out := helmchart.Copy(values)
	for k, v := range top {
		below, isMap := v.(map[string]any)
		was, wasMap := out[k].(map[string]any)
		if isMap && wasMap {
			out[k] = over(was, below)
		} else {
			out[k] = v
		}
	}
	return helmchart.Copy(out)
}
