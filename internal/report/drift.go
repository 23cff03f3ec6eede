package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// DriftOptions say how much of a comparison with upstream is shown, and how.
type DriftOptions struct {
	// All shows the findings of every class. Without it, what is ours, what follows from a convention and what is
	// extra is only counted.
	All bool
	// Classes are the classes to show, whatever All says. Empty for the usual ones.
	Classes []drift.Class
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

// classWords are how a class is called, and what it says, in every format.
var classWords = map[drift.Class]struct{ title, about string }{
	drift.Drift:      {"Drift", "nothing explains it"},
	drift.LeftOut:    {"Left out", "belongs to a component that was not scaffolded"},
	drift.Accepted:   {"Accepted", "listed in the settings, with a reason"},
	drift.Ours:       {"Ours", "mends a fault of upstream's chart"},
	drift.Convention: {"Convention", "follows from names, labels and key names"},
	drift.Extra:      {"Extra", "only in this chart, and changes nothing of upstream's"},
}

// driftHeadline is the answer in one sentence.
func driftHeadline(r *drift.Report) string {
	if n := r.Summary[drift.Drift]; n > 0 {
		return fmt.Sprintf("%s has drifted from %s: %s.", sideName(r.Chart), sideName(r.Upstream),
			number(n, "difference that nothing explains", "differences that nothing explains"))
	}
	return fmt.Sprintf("No drift: nothing between %s and %s is unexplained, in %s.",
		sideName(r.Chart), sideName(r.Upstream), driftScope(r))
}

// driftScope names what was compared.
func driftScope(r *drift.Report) string {
	if len(r.Scenarios) == 0 {
		return "versions and values (no objects were rendered)"
	}
	pairs := 0
	for _, s := range r.Scenarios {
		pairs += len(s.Pairs)
	}
	return fmt.Sprintf("versions, values, and %s in %s", number(pairs, "pair of objects", "pairs of objects"),
		number(len(r.Scenarios), "scenario", "scenarios"))
}

// driftCompared says what the answer rests on, as far as the headline does not, "" where it says all.
func driftCompared(r *drift.Report) string {
	out := ""
	if r.Drifted() {
		out = "Compared: " + driftScope(r) + "."
	}
	failed := 0
	for _, s := range r.Scenarios {
		if s.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		out += fmt.Sprintf(" A chart did not render in %s.", number(failed, "scenario", "scenarios"))
	}
	return strings.TrimSpace(out)
}

// driftCounts gives the number of findings of each class, in order.
func driftCounts(r *drift.Report) string {
	var parts []string
	for _, c := range drift.Classes {
		parts = append(parts, fmt.Sprintf("%d %s", r.Summary[c], strings.ToLower(classWords[c].title)))
	}
	return strings.Join(parts, ", ")
}

// driftNews says what upstream has that is newer, one sentence each.
func driftNews(r *drift.Report) []string {
	var out []string
	add := func(format, a, b string) { out = append(out, visible(fmt.Sprintf(format, a, b))) }
	up := r.Upstream
	if s := r.Since; s != nil {
		switch order, known := compareVersions(s.Version, up.Version); {
		case !known || order == 0:
			out = append(out, visible(fmt.Sprintf("The chart was made from upstream %s.", s.Version)))
		case order < 0:
			add("Upstream has moved on: the chart was made from %s, and upstream is at %s.", s.Version, up.Version)
		default:
			add("The chart was made from %s, which is newer than the %s that it is compared with.",
				s.Version, up.Version)
		}
	}
	switch order, known := compareVersions(r.Chart.AppVersion, up.AppVersion); {
	case known && order < 0:
		add("Upstream's LiveKit is newer: %s, against %s here.", up.AppVersion, r.Chart.AppVersion)
	case known && order > 0:
		add("LiveKit is newer here: %s, against %s upstream.", r.Chart.AppVersion, up.AppVersion)
	}
	return out
}

// compareVersions is negative where a is the older one; known is false where one is no version.
func compareVersions(a, b string) (order int, known bool) {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	if errA != nil || errB != nil {
		return 0, false
	}
	return va.Compare(vb), true
}

// shortDigest keeps as much of a digest as people compare.
func shortDigest(s string) string {
	if n := len("sha256:") + 12; len(s) > n && strings.HasPrefix(s, "sha256:") {
		return s[:n] + "…"
	}
	return s
}

// sideRows are the facts about both charts, by name, digests as digest writes them.
func sideRows(r *drift.Report, digest func(string) string) [][3]string {
	var rows [][3]string
	for _, row := range [][3]string{
		{"name", r.Chart.Name, r.Upstream.Name},
		{"version", r.Chart.Version, r.Upstream.Version},
		{"LiveKit", r.Chart.AppVersion, r.Upstream.AppVersion},
		{"image", r.Chart.Image, r.Upstream.Image},
		{"source", r.Chart.Source, r.Upstream.Source},
		{"digest", digest(r.Chart.Digest), digest(r.Upstream.Digest)},
	} {
		if row[1] != "" || row[2] != "" {
			rows = append(rows, [3]string{row[0], cmp.Or(visible(row[1]), "-"), cmp.Or(visible(row[2]), "-")})
		}
	}
	return rows
}

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
	class drift.Class
	// title is the object, the component or the layer.
	title       string
	why, remedy string
	findings    []drift.Finding
}

// groupDrift puts findings of a class together that share title, reason and remedy, in the order of each one's first
// finding, those of one title side by side. What a component lacks is together whatever the reason, as there is one
// thing to do about it.
func groupDrift(r *drift.Report, class drift.Class) []driftGroup {
	type key struct{ title, why, remedy string }
	at := map[key]int{}
	titles := map[string]int{}
	var groups []driftGroup
	for _, f := range r.Findings {
		if f.Class != class {
			continue
		}
		title, isComponent := groupTitle(f)
		k := key{title, f.Why, f.Remedy}
		if isComponent {
			k.why = ""
		}
		i, there := at[k]
		if !there {
			i = len(groups)
			at[k] = i
			groups = append(groups, driftGroup{class: class, title: title, why: f.Why, remedy: f.Remedy})
			if _, there := titles[title]; !there {
				titles[title] = i
			}
		}
		if groups[i].why != f.Why {
			groups[i].why = "" // the title says as much
		}
		groups[i].findings = append(groups[i].findings, f)
	}
	slices.SortStableFunc(groups, func(a, b driftGroup) int { return titles[a.title] - titles[b.title] })
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
		return f.Object, false
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
