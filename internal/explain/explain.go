// Package explain says what one value of a LiveKit chart is: what the fact sheet and LiveKit's releases tell of it,
// where a chart has it, and which rendered fields move with it.
package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Options is what `explain` is asked.
type Options struct {
	// Key is a canonical key, one of upstream's, or the chart's own path.
	Key string
	// Dir is the chart's folder, "" for none.
	Dir string
	// Prober renders the chart.
	Prober sibling.Prober
	// Getenv is os.Getenv, by which Helm's caches are found.
	Getenv func(string) string
}

// Report is all that was found for a key.
type Report struct {
	Key     string   `json:"key"`
	Chart   string   `json:"chart,omitempty"`
	Matches []Match  `json:"matches"`
	Notes   []string `json:"notes,omitempty"`
}

// Match is one value that the key may mean.
type Match struct {
	// Key is its canonical name, or what else it is called.
	Key string `json:"key"`
	// Kind is one of the constants.
	Kind    string `json:"kind"`
	Doc     string `json:"doc,omitempty"`
	Comment string `json:"comment,omitempty"`
	Type    string `json:"type,omitempty"`
	// Default is that of the chart's own making; nil says nothing.
	Default any `json:"default,omitempty"`
	// Component is the part of the chart that has the value, Add the command that adds that where the chart lacks it.
	Component string `json:"component,omitempty"`
	Add       string `json:"add,omitempty"`
	// Here is where the chart has it, nil where it has not.
	Here *Place `json:"here,omitempty"`
	// Moves are the fields that move with it.
	Moves    []Field       `json:"moves,omitempty"`
	Upstream []Counterpart `json:"upstream,omitempty"`
	// Differs says what charts of this tool render otherwise than upstream's, and why.
	Differs []string `json:"differs,omitempty"`
	// Known says which releases of LiveKit know it, Variable what else sets it there.
	Known    string   `json:"known,omitempty"`
	Variable string   `json:"variable,omitempty"`
	Traps    []string `json:"traps,omitempty"`
	// Below are the values in a block.
	Below []Short `json:"below,omitempty"`
}

// Kinds of matches.
const (
	Canonical     = "value"         // of the fact sheet
	Block         = "block"         // of such values
	Configuration = "configuration" // LiveKit's own, that the fact sheet has no row for
	Own           = "own"           // only this chart has it
	Upstreams     = "upstream"      // a key of upstream's that nothing answers
)

// Place is where a chart has a value.
type Place struct {
	Path string `json:"path"`
	// File and Line are 0 where values.yaml does not have it.
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
	Value any    `json:"value"`
	// How says how the place is known in a chart of other making.
	How string `json:"how,omitempty"`
}

// Field is a rendered field, or with an empty path a whole object.
type Field struct {
	Object string `json:"object"`
	Path   string `json:"path,omitempty"`
	Effect string `json:"effect"`
}

// Counterpart is a key of upstream's chart, with what becomes of its value.
type Counterpart struct {
	Key     string `json:"key"`
	Default any    `json:"default,omitempty"`
	About   string `json:"about"`
}

// Short is a value with a line about it.
type Short struct {
	Key string `json:"key"`
	Doc string `json:"doc"`
}

// explainer answers for one chart, or for none.
type explainer struct {
	sheet   *factsheet.Sheet
	chart   *chart // nil without one
	release livekit.Release
}

// Run finds out what a key is.
func Run(ctx context.Context, o Options) (*Report, error) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, err
	}
	x := &explainer{sheet: sheet, release: livekit.ServerVersion}
	name := strings.TrimPrefix(strings.ReplaceAll(o.Key, "[]", "[0]"), ".Values.")
	query, err := yamldoc.ParsePath(name)
	if err != nil {
		return nil, remedy.Errorf("write it with dots, as in image.tag or ingress.hosts[].host", "%q is no key", o.Key)
	}
	report := &Report{Key: o.Key}
	if o.Dir != "" {
		if x.chart, err = openChart(ctx, sheet, o); err != nil {
			return nil, err
		}
		report.Chart = x.chart.dir
		x.release = livekit.ReleaseOf(x.chart.AppVersion()).Release
	}
	found := x.find(query)
	if len(found) == 0 {
		return nil, x.unknown(query)
	}
	if x.chart != nil {
		experiment, err := x.experiment(found)
		if err != nil {
			return nil, err
		}
		if err := x.chart.render(ctx, o.Prober, experiment); err != nil {
			return nil, err
		}
		report.Notes = x.chart.notes
	}
	for _, f := range found {
		match, err := x.describe(f)
		if err != nil {
			return nil, err
		}
		report.Matches = append(report.Matches, match)
	}
	return report, nil
}

// unknown is the error of a key that nobody knows, with those that may be meant.
func (x *explainer) unknown(query yamldoc.Path) error {
	step := "`helm livekit explain --help` says what can be asked for"
	if near := remedy.Nearest(x.names(), query.String()); len(near) > 0 {
		step = "did you mean " + strings.Join(near[:min(len(near), 3)], " or ") + "?"
	}
	if x.chart == nil {
		return remedy.Errorf(step, "no value is called %s", query)
	}
	return remedy.Errorf(step, "no value is called %s, and %s has none at that path", query, x.chart.dir)
}

// names gives all that can be asked for.
func (x *explainer) names() []string {
	out := x.sheet.Values()
	for _, m := range x.sheet.Mappings() {
		out = append(out, m.Key)
	}
	for _, key := range x.release.Keys() {
		out = append(out, configHeading+"."+key)
	}
	if x.chart != nil {
		for _, p := range yamldoc.Leaves(x.chart.values) {
			out = append(out, p.String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// configHeading is the block with LiveKit's own configuration.
const configHeading = "config"

// Keys gives the canonical keys, for completion.
func Keys() ([]string, error) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, fmt.Errorf("the keys to complete: %w", err)
	}
	return sheet.Values(), nil
}
