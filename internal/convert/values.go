package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Remark is about one key of upstream's: why it cannot be expressed, or what is
// otherwise now, and what to do instead.
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

// Get gives the value of a canonical key, nil where it is not set.
func (r *Settings) Get(key string) any {
	if i := slices.IndexFunc(r.Settings, func(s scaffolding.Setting) bool { return s.Key == key }); i >= 0 {
		return r.Settings[i].Value
	}
	return nil
}

// Options are what the conversion has to know of the chart.
type Options struct {
	// Sheet is that of the chart's service.
	Sheet *factsheet.Sheet
	// PodLabels are those of the chart's pods, by which an affinity finds them.
	// Without them selectors of upstream's pods are left as they are, and noted.
	PodLabels map[string]string
	// Release is the server's, whose keys go into the chart's configuration.
	Release livekit.Release
}

// Values converts values that were written for upstream's chart. Those that
// they leave out are upstream's defaults.
func Values(values map[string]any, o Options) *Settings {
	c := &converter{
		sheet: o.Sheet, options: o, own: values,
		all:    helmchart.Merge(UpstreamDefaults(o.Sheet), values),
		result: &Settings{Lost: []Remark{}, Notes: []Remark{}},
	}
	c.copies()
	c.media()
	c.redis()
	c.keys()
	c.turn()
	c.config()
	c.loadBalancer()
	c.affinity()
	c.always()
	c.unknown()
	slices.SortStableFunc(c.result.Lost, func(a, b Remark) int { return strings.Compare(a.Key, b.Key) })
	return c.result
}

// converter is one conversion.
type converter struct {
	sheet   *factsheet.Sheet
	options Options
	own     map[string]any // the user's
	all     map[string]any // over upstream's defaults
	result  *Settings
}

// set makes the setting of a value that comes from keys of upstream's, the first
// one with the value itself.
func (c *converter) set(key string, value any, from ...string) {
	c.add(scaffolding.Setting{Key: key, Value: value, From: from})
}

// replace makes the setting of a map that the chart's default is not merged into.
func (c *converter) replace(key string, value any, from ...string) {
	c.add(scaffolding.Setting{Key: key, Value: value, From: from, IsWhole: true})
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
		switch r.How {
		case factsheet.Copy, factsheet.Replace:
			if c.get(r.Key) == nil && c.isOwn(r.Key) && c.hasDefault(r.To[0]) {
				c.lose(r.Key, "is null: upstream's chart then sets nothing, and this one its own default")
			}
			if value := c.get(r.Key); value != nil {
				s := scaffolding.Setting{Key: r.To[0], Value: value, IsWhole: r.How == factsheet.Replace,
					From: []string{r.Key}}
				if strings.HasSuffix(strings.ToLower(r.Key), "securitycontext") && !yamldoc.IsSet(value) {
					s.Comment = "As upstream, which sets none: the chart's own default is safer."
				}
				c.add(s)
			}
		case factsheet.None:
			if c.has(r.Key) {
				c.lose(r.Key, r.Why)
			}
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

// always makes the settings that follow from what upstream's templates do
// whatever the values are, and this chart does otherwise by default.
func (c *converter) always() {
	c.add(scaffolding.Setting{Key: "httpRoute.enabled", Value: false})
	c.add(scaffolding.Setting{Key: "serviceAccount.automount", Value: true,
		Comment: "As upstream. The server needs no token: better false."})
	c.add(scaffolding.Setting{Key: "preStopSeconds", Value: 0,
		Comment: "As upstream. A few seconds spare new callers an error in a rollout."})
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
		isAbove := c.isAboveRow(key)
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

// isAboveRow reports whether the key is a block of keys that the table knows,
// which the user has set to something else (to null, as a rule).
func (c *converter) isAboveRow(key string) bool {
	return slices.ContainsFunc(c.sheet.Mappings(),
		func(m factsheet.Mapping) bool { return strings.HasPrefix(m.Key, key+".") })
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
