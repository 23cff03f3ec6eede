package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Loss is a value that cannot be expressed.
type Loss struct {
	// Key is upstream's.
	Key string
	// Reason says why, and what to do instead.
	Reason string
}

// Settings is what became of the values.
type Settings struct {
	// Settings are in the order in which they were made; no key is there twice.
	Settings []scaffolding.Setting
	// Lost are the keys that nothing became of, in order of key. They are the
	// user's own: upstream's defaults are never lost.
	Lost []Loss
	// Notes say what is different with the result, though nothing is lost.
	Notes []Loss
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
}

// Values converts values that were written for upstream's chart. Those that
// they leave out are upstream's defaults.
func Values(values map[string]any, o Options) *Settings {
	c := &converter{
		sheet: o.Sheet, options: o, own: values,
		all:    helmchart.Merge(UpstreamDefaults(o.Sheet), values),
		result: &Settings{},
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
	slices.SortStableFunc(c.result.Lost, func(a, b Loss) int { return strings.Compare(a.Key, b.Key) })
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

func (c *converter) add(s scaffolding.Setting) {
	s.IsAsked = slices.ContainsFunc(s.From, c.isOwn)
	c.result.Settings = append(c.result.Settings, s)
}

func (c *converter) lose(key, reason string) {
	if c.isOwn(key) {
		c.result.Lost = append(c.result.Lost, Loss{key, reason})
	}
}

func (c *converter) note(key, reason string) {
	c.result.Notes = append(c.result.Notes, Loss{key, reason})
}

// isOwn reports whether the user's values have the key, be it as null.
func (c *converter) isOwn(key string) bool {
	path := strings.Split(key, ".")
	parent := c.own
	if len(path) > 1 {
		parent = table(c.own, path[:len(path)-1]...)
	}
	_, ok := parent[path[len(path)-1]]
	return ok
}

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
				s := scaffolding.Setting{Key: r.To[0], Value: value, IsWhole: r.How == factsheet.Replace, From: []string{r.Key}}
				if strings.HasSuffix(strings.ToLower(r.Key), "securitycontext") && !isSet(value) {
					s.Comment = "As upstream, which sets none: the chart's own default is safer."
				}
				c.add(s)
			}
		case factsheet.None:
			if isSet(c.get(r.Key)) {
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
	if err := k.Default.Decode(&value); err != nil {
		return false
	}
	switch v := value.(type) {
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return isSet(value)
}

// always makes the settings that follow from what upstream's templates do
// whatever the values are, and this chart does otherwise by default.
func (c *converter) always() {
	c.add(scaffolding.Setting{Key: "httpRoute.enabled", Value: false})
	c.add(scaffolding.Setting{Key: "serviceAccount.automount", Value: true, Comment: "As upstream. The server needs no token: better false."})
	c.add(scaffolding.Setting{Key: "preStopSeconds", Value: 0, Comment: "As upstream. A few seconds spare new callers an error in a rollout."})
}

// unknown reports what the user has set and no row of the table knows.
func (c *converter) unknown() {
	for _, key := range c.ownKeys() {
		if strings.HasPrefix(key, "livekit.") {
			continue // see config
		}
		if _, ok := c.sheet.Mapping(key); !ok && !c.isAboveRow(key) && key != "livekit" {
			c.lose(key, "upstream's chart reads no such key")
		}
	}
	c.otherKinds()
}

// ownKeys are the dotted paths of what the user has set, in order.
func (c *converter) ownKeys() []string {
	var out []string
	for _, leaf := range yamldoc.Leaves(c.own) {
		if len(leaf) > 0 {
			out = append(out, strings.Join(leaf, "."))
		}
	}
	slices.Sort(out)
	return out
}

// otherKinds reports what the user has set to something of another kind than upstream's
// chart reads there: nothing could come of it.
func (c *converter) otherKinds() {
	for _, key := range c.ownKeys() {
		value := get(c.own, strings.Split(key, ".")...)
		if _, isMap := value.(map[string]any); value == nil || isMap {
			continue
		}
		if c.isAboveRow(key) {
			c.lose(key, fmt.Sprintf("is %s, and upstream's chart reads a map there", kindOf(value)))
		} else if r, ok := c.sheet.Mapping(key); ok && r.Key == key && r.Default != nil && kindOf(r.Default) != kindOf(value) && kindOf(r.Default) != "a value" {
			c.lose(key, fmt.Sprintf("is %s, and upstream's chart reads %s there", kindOf(value), kindOf(r.Default)))
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
	return slices.ContainsFunc(c.sheet.Mappings(), func(m factsheet.Mapping) bool { return strings.HasPrefix(m.Key, key+".") })
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
