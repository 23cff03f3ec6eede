package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Remark is about one key of upstream's: why it cannot be expressed, or what is otherwise now, and what to do instead.
type Remark struct {
	Key    string `json:"key"`
	Reason string `json:"reason"`
}

// Settings is what became of the values.
type Settings struct {
	// Settings are in the order in which they were made; no key is there twice.
	Settings []scaffolding.Setting
	// Lost are the keys that nothing became of, in order of key. They are the
	// user's own: upstream's defaults are never lost.
	Lost []Remark
	// Notes say what is different with the result, though nothing is lost.
	Notes []Remark
}

// Values converts values that were written for upstream's chart, by the sheet of the service. Those that they leave out
// are upstream's defaults. An affinity finds the chart's pods by their labels, and is copied where these are not known.
// Keys that the release of the server does not know are lost; "" stands for the newest. The error is that of a fact
// sheet that is not sound.
func Values(
	sheet *factsheet.Sheet, values map[string]any, podLabels map[string]string, release livekit.Release,
) (*Settings, error) {
	c := &converter{
		sheet: sheet, podLabels: podLabels, own: values, release: cmp.Or(release, livekit.Newest()),
		all:    helmchart.Merge(UpstreamDefaults(sheet), values),
		result: &Settings{Lost: []Remark{}, Notes: []Remark{}},
	}
	c.copies()
	if err := c.rules(); err != nil {
		return nil, err
	}
	c.unknown()
	slices.SortStableFunc(c.result.Lost, func(a, b Remark) int { return strings.Compare(a.Key, b.Key) })
	return c.result, nil
}

// converter is one conversion.
type converter struct {
	sheet     *factsheet.Sheet
	podLabels map[string]string
	own       map[string]any // the user's
	all       map[string]any // over upstream's defaults
	result    *Settings
	release   livekit.Release // of the server
}

func (c *converter) add(s scaffolding.Setting) {
	s.IsAsked = slices.ContainsFunc(s.From, c.isOwn)
	c.result.Settings = append(c.result.Settings, s)
}

func (c *converter) lose(key, reason string) {
	if c.isOwn(key) {
		c.result.Lost = append(c.result.Lost, Remark{key, reason})
	}
}

func (c *converter) note(key, reason string) {
	c.result.Notes = append(c.result.Notes, Remark{key, reason})
}

// isOwn reports whether the user's values have the key, be it as null.
func (c *converter) isOwn(key string) bool {
	_, ok := yamldoc.Lookup(c.own, strings.Split(key, "."))
	return ok
}

// has reports whether a value of upstream's is neither null nor empty nor off.
func (c *converter) has(key string) bool { return yamldoc.IsSet(c.get(key)) }

func (c *converter) get(key string) any { return get(c.all, strings.Split(key, ".")...) }

// copies makes the settings of the rows that are copied.
func (c *converter) copies() {
	for _, r := range c.sheet.Mappings() {
		value := c.get(r.Key)
		isCopy := r.How == factsheet.Copy || r.How == factsheet.Replace
		switch {
		case r.How == factsheet.None && yamldoc.IsSet(value):
			c.lose(r.Key, r.Why)
		case isCopy && value != nil:
			s := scaffolding.Setting{
				Key: r.To[0], Value: value, IsWhole: r.How == factsheet.Replace, From: []string{r.Key},
			}
			if r.How == factsheet.Replace && !yamldoc.IsSet(value) && c.hasDefault(r.To[0]) {
				s.Comment = "As upstream, which sets none: the chart's own default is safer."
			}
			c.add(s)
		case isCopy && c.hasDefault(r.To[0]):
			c.lose(r.Key, "is null: upstream's chart then sets nothing, and this one its own default")
		}
	}
}

// hasDefault reports whether the chart sets something where nothing is said.
func (c *converter) hasDefault(key string) bool {
	k := c.sheet.Key(key)
	if k == nil || k.IsHeading() {
		return false
	}
	var value any
	return k.Default.Decode(&value) == nil && yamldoc.IsSet(value)
}

// unknown reports what the user has set and upstream's chart does not read, or reads
// as something of another kind, of which nothing could come.
func (c *converter) unknown() {
	for _, leaf := range yamldoc.Leaves(c.own) {
		key := strings.Join(leaf, ".")
		if key == "" {
			continue
		}
		value, _ := yamldoc.Lookup(c.own, leaf)
		row, isRow := c.sheet.Mapping(key)
		isAbove := c.sheet.IsAboveMapping(key)
		if !isRow && !isAbove && key != "livekit" && !strings.HasPrefix(key, block) { // see config
			c.lose(key, "upstream's chart reads no such key")
		}
		want := ""
		switch _, isMap := value.(map[string]any); {
		case value == nil || isMap:
		case isAbove:
			want = "a map"
		case isRow && row.Key == key && row.Default != nil:
			want = kindOf(row.Default)
		}
		if want != "" && want != "a value" && want != kindOf(value) {
			c.lose(key, fmt.Sprintf("is %s, and upstream's chart reads %s there", kindOf(value), want))
		}
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	}
	return "a value"
}

// UpstreamDefaults gives upstream's defaults as one map of values: those of the
// version of its chart that the sheet is about.
func UpstreamDefaults(sheet *factsheet.Sheet) map[string]any {
	out := map[string]any{}
	for _, m := range sheet.Mappings() {
		if m.Default != nil {
			yamldoc.Set(out, strings.Split(m.Key, "."), m.Default)
		}
	}
	return helmchart.Merge(out, nil) // a copy: the sheet stays as it is
}
