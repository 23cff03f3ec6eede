// Package drift compares a chart with upstream's: versions, values and the objects that both render with equivalent
// values. Every difference has a class that says whether anybody needs to do anything about it.
//
// The way: render both charts in every scenario (scenariorun.go, render.go), pair their objects by what they are for
// (roles.go), compare them field by field (compare.go), explain the differences (explain.go, rules.go), and gather
// the findings (run.go).
package drift

import (
	"strconv"

	"github.com/helm-livekit/helm-livekit/internal/drift/branches"
	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Layer is where a difference was found.
type Layer string

// The layers, in the order of a report.
const (
	LayerVersion Layer = "version"
	LayerValues  Layer = "values"
	LayerObjects Layer = "objects"
)

// Class says what a difference is.
type Class string

// The classes, from the one that somebody has to look at to the one that is there for the record.
const (
	// Drift is a difference that nothing explains.
	Drift Class = "drift"
	// LeftOut belongs to a component that was not scaffolded.
	LeftOut Class = "left-out"
	// Accepted is listed in the settings with a reason.
	Accepted Class = "accepted"
	// Values follows from what the user has set in values.yaml.
	Values Class = "values"
	// Ours is a fault of upstream's chart that this one mends on purpose.
	Ours Class = "ours"
	// Convention follows from names, labels and key names.
	Convention Class = "convention"
	// Extra is something that only this chart has and that changes nothing of what upstream's does.
	Extra Class = "extra"
)

// Classes lists the classes in the order of a report.
var Classes = []Class{Drift, LeftOut, Accepted, Values, Ours, Convention, Extra}

// Report is the whole answer. It is the JSON of `diff-upstream -o json`.
type Report struct {
	Chart    Side `json:"chart"`
	Upstream Side `json:"upstream"`
	// Since is the version of upstream that the chart was derived from, nil where nobody knows.
	Since *Side `json:"since,omitempty"`
	// Summary counts the findings of each class, every class with its number.
	Summary map[Class]int `json:"summary"`
	// Findings are in order of layer, class, object and path.
	Findings []Finding `json:"findings"`
	// Changes are the findings that are drift, accepted or left out, by the change that makes them.
	Changes []Change `json:"changes"`
	// Scenarios are the values under which the objects were compared, in the order in which they were.
	Scenarios []Scenario `json:"scenarios,omitempty"`
	// Moved is what upstream changed since the version that the chart came from, nil if that is not known.
	Moved *Moved `json:"moved,omitempty"`
	// Coverage says how many branches of the templates were taken, nil where only some scenarios were compared.
	Coverage *Coverage `json:"coverage,omitempty"`
	// Notes say what was not compared, and why.
	Notes []string `json:"notes,omitempty"`
	// Input is what was compared.
	Input Input `json:"-"`
	// Written says which files were changed, for --accept.
	Written []string `json:"-"`
}

// Moved counts what upstream changed between two versions of its chart: values, and fields of objects in some scenario.
type Moved struct {
	Changes int `json:"changes"`
	// Here are those that this chart has as well, or that are explained otherwise; Open are those that are drift, and
	// LeftOut those of components that the chart was written without.
	Here    int `json:"here"`
	Open    int `json:"open"`
	LeftOut int `json:"leftOut"`
}

// Coverage is which branches of both charts' templates were compared.
type Coverage struct {
	Upstream branches.Coverage `json:"upstream"`
	Chart    branches.Coverage `json:"chart"`
	// AsScaffolded says that the chart here has the templates that it was scaffolded with.
	AsScaffolded bool `json:"asScaffolded"`
}

// Drifted reports whether anything is unexplained.
func (r *Report) Drifted() bool { return r.Summary[Drift] > 0 }

// Side is one of the two charts.
type Side struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	AppVersion string `json:"appVersion"`
	// Image is the server's image with its tag under the chart's own values, "" where there is none.
	Image string `json:"image,omitempty"`
	// Source is where the chart was read: a directory, a file or a URL.
	Source string `json:"source"`
	// Digest is the archive's, "sha256:..." or "" for a directory.
	Digest string `json:"digest,omitempty"`
}

// Change is what one edit of either chart makes: a default with the fields that follow from it, an object that is
// missing, a port in all places where it is.
type Change struct {
	// ID counts from 1.
	ID int `json:"id"`
	// Class is Drift if one of the findings is, else theirs.
	Class Class `json:"class"`
	// Title names the change in a few words, Why says what it is, Remedy the next step, "" for none.
	Title  string `json:"title"`
	Why    string `json:"why"`
	Remedy string `json:"remedy,omitempty"`
	// UpstreamAt and ChartAt are where the charts' files make what differs: FILE:LINE, FILE or "".
	UpstreamAt string `json:"upstreamAt,omitempty"`
	ChartAt    string `json:"chartAt,omitempty"`
	// Findings are positions in Report.Findings, Scenarios all those that show one of them.
	Findings  []int    `json:"findings"`
	Scenarios []string `json:"scenarios,omitempty"`
	// Key is the key of the chart's values that takes over upstream's Value, nil where there is none.
	Key   manifest.Path `json:"-"`
	Value any           `json:"-"`
	// IsEdit says that the change was made in the chart, after it was scaffolded.
	IsEdit bool `json:"-"`

	lead int // the finding that it is named after
}

// Finding is one difference.
type Finding struct {
	Layer Layer `json:"layer"`
	Class Class `json:"class"`
	// Change is the ID of the change that the finding is part of, 0 for findings that are explained.
	Change int `json:"change,omitempty"`
	// Scenario is the first scenario that shows it, "" in the other layers; Scenarios are all of them.
	Scenario  string   `json:"scenario,omitempty"`
	Scenarios []string `json:"scenarios,omitempty"`
	// Object is the kind and role of the object, such as "Deployment/server" or "Service/turn", whatever the object
	// is called on either side.
	Object string `json:"object,omitempty"`
	// Path is the field's, written as `kubectl explain` has it, with an element's name or key in brackets
	// (spec.template.spec.containers[server].image); in the layer of values the key. It is empty where the object as
	// a whole differs.
	Path manifest.Path `json:"path"`
	// UpstreamAt and ChartAt are where both sides have the field, as far as that is known. Where neither has a field,
	// it is what would hold it.
	UpstreamAt Position `json:"-"`
	ChartAt    Position `json:"-"`
	// Upstream and Chart are the values on both sides, nil where there is none. What a Secret holds is never shown:
	// it is "(hidden, 32 characters)".
	Upstream any `json:"upstream"`
	Chart    any `json:"chart"`
	// Why explains the class in a sentence: the rule, the fault that is mended, the reason that was given, or what to
	// do.
	Why string `json:"why"`
	// Remedy is the next step, "" where nothing is to be done.
	Remedy string `json:"remedy,omitempty"`

	isMove  bool     // what upstream changed since the version that the chart came from
	lacking *lacking // of one that a component would mend, which has no name yet
	cause   cause
}

// cause is what is known of why a finding is there.
type cause struct {
	kind changes.Kind
	// keys are those of upstream's values that the field follows from; block is what a new key belongs to.
	keys  []string
	block string
	// was is the default that a key of upstream's is known to have, is the one that it has now, and place the key of
	// the chart that answers it.
	was, is any
	place   manifest.Path
	// isEdit says that the difference was made in the chart.
	isEdit bool
}

// Scenario is one set of values under which both charts were rendered.
type Scenario struct {
	Name string `json:"name"`
	// About says in a few words what the scenario is for.
	About string `json:"about,omitempty"`
	// UpstreamValues and ChartValues are the values as YAML, secrets hidden.
	UpstreamValues string `json:"upstreamValues,omitempty"`
	ChartValues    string `json:"chartValues,omitempty"`
	// Pairs are the objects that were compared, an empty side where there is none.
	Pairs []Pair `json:"pairs,omitempty"`
	// Error is why a chart did not render, "" where both did.
	Error string `json:"error,omitempty"`

	found []*Finding
}

// Pair is an object of both charts.
type Pair struct {
	// Object is as in Finding.
	Object string `json:"object"`
	// Upstream and Chart are the objects as YAML, as rendered but for secrets, "" where one side has none.
	Upstream string `json:"upstream"`
	Chart    string `json:"chart"`
	// Findings are those about the object, in order.
	Findings []Mark `json:"findings"`
}

// Mark is a finding about a pair. Its JSON is the finding's position alone.
type Mark struct {
	// Finding is a position in Report.Findings.
	Finding int
	// Upstream and Chart are the lines of Pair.Upstream and Pair.Chart on which the field is, from 1, or 0.
	Upstream, Chart int

	found *Finding
}

// MarshalJSON writes the position of the finding.
func (m Mark) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, int64(m.Finding), 10), nil }

// Position is a place in a chart. Line and Column count from 1, and are 0 where they are not known.
type Position struct {
	// File is the chart's file: values.yaml, or the template that renders the object.
	File string
	// Line and Column are those in values.yaml. What a template renders has other lines in each scenario: those of an
	// object are in its YAML in the pair of the finding's first scenario.
	Line, Column int
}
