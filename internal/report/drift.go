package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/drift/branches"
)

// DriftOptions say how much of a comparison with upstream is shown, and how.
type DriftOptions struct {
	// All shows the findings of every class. Without it, what is ours, what follows from a convention and what is extra
	// is only counted.
	All bool
	// Classes are the classes to show, whatever All says. Empty for the usual ones.
	Classes []drift.Class
	// Coverage lists the branches of the templates that were not compared, in text and Markdown.
	Coverage bool
	// Context is how many lines of the objects' YAML are shown around a difference, in text alone. 0 for none.
	Context int
	// Color marks text with the colors of a terminal. Whether there is one, and what NO_COLOR says, is the caller's
	// business.
	Color bool
	// Width is the number of columns to wrap text at, 0 for 80.
	Width int
}

// shows reports whether findings of a class are shown one by one.
func (o DriftOptions) shows(c drift.Class) bool {
	if len(o.Classes) > 0 {
		return slices.Contains(o.Classes, c)
	}
	return o.All || c == drift.Drift || c == drift.LeftOut || c == drift.Accepted
}

// driftView is a comparison as people read it: what every format says in the same words.
type driftView struct {
	*drift.Report
	DriftOptions
}

// driftClass is a class of findings: how it is called, what it says, how many there are, and whether they are shown.
type driftClass struct {
	ID    drift.Class `json:"id"`
	Title string      `json:"title"`
	About string      `json:"about"`
	Color string      `json:"-"` // of the title, in a terminal
	// Count is the number of changes for drift, of findings for the other classes; Findings is that of findings.
	Count, Findings int `json:"-"`

	IsShown bool `json:"-"`
}

// ByClass gives all classes, in order.
func (v driftView) ByClass() []driftClass {
	classes := []driftClass{
		{ID: drift.Drift, Title: "Drift", About: "nothing explains it", Color: "bold red"},
		{ID: drift.LeftOut, Title: "Left out", About: "belongs to a component that was not scaffolded",
			Color: "yellow"},
		{ID: drift.Accepted, Title: "Accepted", About: "listed in the settings, with a reason", Color: "cyan"},
		{ID: drift.Values, Title: "Values", About: "set in values.yaml by you", Color: "cyan"},
		{ID: drift.Ours, Title: "Ours", About: "mends a fault of upstream's chart", Color: "green"},
		{ID: drift.Convention, Title: "Convention", About: "follows from names, labels and key names"},
		{ID: drift.Extra, Title: "Extra", About: "only in this chart, and changes nothing of upstream's"},
	}
	for i, c := range classes {
		classes[i].Count, classes[i].IsShown = v.Summary[c.ID], v.shows(c.ID)
		classes[i].Findings = v.Summary[c.ID]
		if c.ID == drift.Drift {
			classes[i].Count = len(v.Drift())
		}
	}
	return classes
}

// Headline is the answer in one sentence.
func (v driftView) Headline() string {
	if n := len(v.Drift()); n > 0 {
		return fmt.Sprintf("%s has drifted from %s: %s.", v.ChartName(), v.UpstreamName(),
			number(n, "change that nothing explains", "changes that nothing explains"))
	}
	return fmt.Sprintf("No drift: nothing between %s and %s is unexplained, in %s.",
		v.ChartName(), v.UpstreamName(), v.scope())
}

// scope names what was compared.
func (v driftView) scope() string {
	if len(v.Scenarios) == 0 {
		return "versions and values (no objects were rendered)"
	}
	pairs := 0
	for _, s := range v.Scenarios {
		pairs += len(s.Pairs)
	}
	return fmt.Sprintf("versions, values, and %s in %s", number(pairs, "pair of objects", "pairs of objects"),
		number(len(v.Scenarios), "scenario", "scenarios"))
}

// Compared says what the answer rests on, as far as the headline does not, "" where it says all.
func (v driftView) Compared() string {
	out := ""
	if v.Drifted() {
		out = "Compared: " + v.scope() + "."
	}
	if failed := len(v.Unrendered()); failed > 0 {
		out += fmt.Sprintf(" A chart did not render in %s.", number(failed, "scenario", "scenarios"))
	}
	return strings.TrimSpace(out)
}

// Branches says how many branches of the templates were compared, "" where nobody counted.
func (v driftView) Branches() string {
	if v.Report.Coverage == nil || v.Report.Coverage.Upstream.Branches == 0 {
		return ""
	}
	up, here := v.Report.Coverage.Upstream, v.Report.Coverage.Chart
	out := fmt.Sprintf("%d of %d branches of upstream's templates were compared", up.Reached, up.Branches)
	if here.Branches > 0 {
		out += fmt.Sprintf(", and %d of %d of the chart's", here.Reached, here.Branches)
	}
	if v.Report.Coverage.AsScaffolded {
		out += "; the chart's templates are as they were scaffolded"
	}
	if missed := v.Missed(); len(missed) > 0 && !v.DriftOptions.Coverage {
		const few = 2
		var names []string
		for _, m := range missed[:min(few, len(missed))] {
			names = append(names, m.Place()+", "+m.Condition)
		}
		out += "; not reached: " + strings.Join(names, "; ")
		if more := len(missed) - few; more > 0 {
			out += fmt.Sprintf("; and %d more", more)
		}
		out += " (--coverage lists them)"
	}
	return visible(out + ".")
}

// driftBranch is a branch that was not compared.
type driftBranch struct {
	branches.Missed
	Side string
}

// Place names the template and the line.
func (b driftBranch) Place() string { return fmt.Sprintf("%s:%d", b.Template, b.Line) }

// Missed gives the branches that were not compared: those of upstream's chart, and those of the chart here that are not
// as they were scaffolded or were asked for.
func (v driftView) Missed() []driftBranch {
	if v.Report.Coverage == nil {
		return nil
	}
	var out []driftBranch
	for _, m := range v.Report.Coverage.Upstream.Missed {
		out = append(out, driftBranch{m, "upstream"})
	}
	for _, m := range v.Report.Coverage.Chart.Missed {
		out = append(out, driftBranch{m, "chart"})
	}
	return out
}

// Unrendered gives the scenarios in which a chart did not render.
func (v driftView) Unrendered() []drift.Scenario {
	return slices.DeleteFunc(slices.Clone(v.Scenarios), func(s drift.Scenario) bool { return s.Error == "" })
}

// Counts gives the number of findings of each class, in order.
func (v driftView) Counts() string {
	var parts []string
	for _, c := range v.ByClass() {
		parts = append(parts, c.number())
	}
	return strings.Join(parts, ", ")
}

func (c driftClass) number() string { return fmt.Sprintf("%d %s", c.Count, strings.ToLower(c.Title)) }

// News says what upstream has that is newer, one sentence each.
func (v driftView) News() []string {
	var out []string
	add := func(format string, versions ...any) { out = append(out, visible(fmt.Sprintf(format, versions...))) }
	up := v.Upstream
	if s := v.Since; s != nil {
		switch order := compareVersions(s.Version, up.Version); {
		case order < 0:
			add("Upstream has moved on: the chart was made from %s, and upstream is at %s.", s.Version, up.Version)
		case order > 0:
			add("The chart was made from %s, which is newer than the %s that it is compared with.",
				s.Version, up.Version)
		default:
			add("The chart was made from upstream %s.", s.Version)
		}
		if m := v.Moved; m != nil {
			out = append(out, moved(m, s.Version, up.Version))
		}
	}
	switch order := compareVersions(v.Chart.AppVersion, up.AppVersion); {
	case order < 0:
		add("Upstream's LiveKit is newer: %s, against %s here.", up.AppVersion, v.Chart.AppVersion)
	case order > 0:
		add("LiveKit is newer here: %s, against %s upstream.", v.Chart.AppVersion, up.AppVersion)
	}
	return out
}

// moved says what became of upstream's own changes in the chart.
func moved(m *drift.Moved, then, now string) string {
	if m.Changes == 0 {
		return visible(fmt.Sprintf("Nothing that is compared differs between upstream %s and %s.", then, now))
	}
	var parts []string
	if m.Here > 0 {
		parts = append(parts, fmt.Sprintf("%d this chart has, or differs in for a known reason", m.Here))
	}
	if m.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d it does not have (drift)", m.Open))
	}
	if m.LeftOut > 0 {
		parts = append(parts, fmt.Sprintf("%d belong to components that were not scaffolded", m.LeftOut))
	}
	return visible(fmt.Sprintf("Between upstream %s and %s %s differ: %s; --all lists them.", then, now,
		number(m.Changes, "value or field", "values and fields"), strings.Join(parts, ", ")))
}

// compareVersions is negative where a is the older one, and 0 where one is no version.
func compareVersions(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return 0
	}
	return va.Compare(vb)
}

// shortDigest keeps as much of a digest as people compare.
func shortDigest(s string) string {
	if n := len("sha256:") + 12; len(s) > n && strings.HasPrefix(s, "sha256:") {
		return s[:n] + "…"
	}
	return s
}

// driftSide is a fact about both charts.
type driftSide struct{ Name, Chart, Upstream string }

// Sides are the facts about both charts that are known of one at least.
func (v driftView) Sides() []driftSide {
	sides := []driftSide{
		{"name", v.Chart.Name, v.Upstream.Name},
		{"version", v.Chart.Version, v.Upstream.Version},
		{"LiveKit", v.Chart.AppVersion, v.Upstream.AppVersion},
		{"image", v.Chart.Image, v.Upstream.Image},
		{"source", v.Chart.Source, v.Upstream.Source},
		{"digest", v.Chart.Digest, v.Upstream.Digest},
	}
	sides = slices.DeleteFunc(sides, func(s driftSide) bool { return s.Chart == "" && s.Upstream == "" })
	for i, s := range sides {
		sides[i] = driftSide{s.Name, cmp.Or(visible(s.Chart), "-"), cmp.Or(visible(s.Upstream), "-")}
	}
	return sides
}

// ChartName and UpstreamName name both charts, with their versions.
func (v driftView) ChartName() string    { return sideName(v.Chart) }
func (v driftView) UpstreamName() string { return sideName(v.Upstream) }

func sideName(s drift.Side) string { return visible(strings.TrimSpace(s.Name + " " + s.Version)) }

// number writes a number with its noun.
func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// driftGroup is findings that have one reason in one place.
type driftGroup struct {
	// Title is the object, the component or the layer. Heading is the same for the first group that has it, else "".
	Title, Heading string
	Why, Remedy    string
	Findings       []drift.Finding
	// Scenarios names those that show one of the findings.
	Scenarios string
}

// First gives the first findings of a group, n at most.
func (g *driftGroup) First(n int) []drift.Finding { return g.Findings[:min(n, len(g.Findings))] }

// Beyond gives how many findings there are besides the first n.
func (g *driftGroup) Beyond(n int) int { return max(len(g.Findings)-n, 0) }

// Groups puts findings of a class together that share title, reason and remedy, in the order of each one's first
// finding, those of one title side by side. What a component lacks is together whatever the reason, as there is one
// thing to do about it.
func (v driftView) Groups(class drift.Class) []*driftGroup {
	type key struct{ title, why, remedy string }
	known := map[key]*driftGroup{}
	var titles []string
	var groups []*driftGroup
	for _, f := range v.Findings {
		if f.Class != class {
			continue
		}
		title, isComponent := groupTitle(f)
		why := visible(sentence(f.Why))
		k := key{title, why, f.Remedy}
		if isComponent {
			k.why = ""
		}
		g := known[k]
		if g == nil {
			g = &driftGroup{Title: title, Why: why, Remedy: f.Remedy}
			known[k], groups, titles = g, append(groups, g), append(titles, title)
		}
		if g.Why != why {
			g.Why = "" // the title says as much
		}
		g.Findings = append(g.Findings, f)
	}
	slices.SortStableFunc(groups, func(a, b *driftGroup) int {
		return slices.Index(titles, a.Title) - slices.Index(titles, b.Title)
	})
	for i, g := range groups {
		g.Scenarios = scenarioNames(g.Findings, len(v.Scenarios))
		if i == 0 || groups[i-1].Title != g.Title {
			g.Heading = g.Title
		}
	}
	return groups
}

// component finds the component that a remedy tells to add.
var component = regexp.MustCompile(`--with[= ]([A-Za-z0-9,-]+)`)

// groupTitle is what a finding is listed under.
func groupTitle(f drift.Finding) (title string, isComponent bool) {
	m := component.FindStringSubmatch(f.Remedy)
	switch {
	case f.Class == drift.LeftOut && m != nil && m[1] == "all":
		return "Several components", true
	case f.Class == drift.LeftOut && m != nil:
		return "Component " + m[1], true
	case f.Object != "":
		return visible(f.Object), false
	case f.Layer == drift.LayerVersion:
		return "Versions", false
	case f.Layer == drift.LayerValues:
		return "values.yaml", false
	}
	return string(f.Layer), false
}

// location is where a finding is, under a title that may not say the object.
func location(f drift.Finding) string {
	path := f.Path.String()
	if f.Class == drift.LeftOut {
		path = strings.TrimSpace(f.Object + " " + path)
	}
	return visible(cmp.Or(path, "(the whole object)"))
}

// manyScenarios is from how many scenarios on a list of them says less than their number.
const manyScenarios = 4

// scenarioNames names the scenarios of findings, of many the first ones.
func scenarioNames(findings []drift.Finding, total int) string {
	var names []string
	for _, f := range findings {
		for _, s := range findingScenarios(f) {
			if s = visible(s); !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
	}
	if len(names) == total && total > manyScenarios {
		return fmt.Sprintf("all %d scenarios", total)
	}
	return listed(names, manyScenarios)
}

// findingScenarios are all scenarios that show a finding.
func findingScenarios(f drift.Finding) []string {
	if len(f.Scenarios) == 0 && f.Scenario != "" {
		return []string{f.Scenario}
	}
	return f.Scenarios
}
