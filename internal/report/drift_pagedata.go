package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// pageData is what the page's script reads: the report with every text made visible, each of them once, and with the
// lines on which findings are.
type pageData struct {
	Classes   []driftClass   `json:"classes"`
	Show      []drift.Class  `json:"show"`
	Chart     string         `json:"chart"`
	Upstream  string         `json:"upstream"`
	Findings  []pageFinding  `json:"findings"`
	Changes   []pageChange   `json:"changes"`
	Scenarios []pageScenario `json:"scenarios"`
	Texts     []string       `json:"texts"`

	at map[string]int // positions in Texts
}

type pageFinding struct {
	// ID is the same in every run that finds the same, so that links keep.
	ID     string      `json:"id"`
	Layer  drift.Layer `json:"layer"`
	Class  drift.Class `json:"class"`
	Object string      `json:"object"`
	Path   string      `json:"path"`
	// Upstream and Chart are nil where there is no value.
	Upstream any    `json:"upstream"`
	Chart    any    `json:"chart"`
	Why      string `json:"why"`
	Remedy   string `json:"remedy"`
	// Scenarios are positions in the list of scenarios.
	Scenarios []int `json:"scenarios"`
}

// pageChange is drift that one change makes.
type pageChange struct {
	Title  string `json:"title"`
	Why    string `json:"why"`
	Remedy string `json:"remedy"`
	Made   string `json:"made"`
	// Findings are positions in the list of findings, the one that stands for the change first.
	Findings []int `json:"findings"`
}

type pageScenario struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Error string `json:"error"`
	// UpstreamValues and ChartValues are positions in Texts.
	UpstreamValues int        `json:"upstreamValues"`
	ChartValues    int        `json:"chartValues"`
	Pairs          []pagePair `json:"pairs"`
}

type pagePair struct {
	Object string `json:"object"`
	// Upstream and Chart are positions in Texts.
	Upstream int `json:"upstream"`
	Chart    int `json:"chart"`
	// Marks are, for each finding of the pair, its position and the lines where it is on both sides, from 1, or 0.
	Marks [][3]int `json:"marks"`
}

func newPageData(v driftView) *pageData {
	d := &pageData{
		Classes: v.ByClass(), Chart: v.ChartName(), Upstream: v.UpstreamName(), Findings: []pageFinding{},
		Scenarios: []pageScenario{}, Changes: []pageChange{}, at: map[string]int{},
	}
	for _, c := range v.Drift() {
		isDrift := func(i int) bool { return v.Findings[i].Class == drift.Drift }
		d.Changes = append(d.Changes, pageChange{
			Title: visible(c.Title), Why: visible(sentence(c.Why)), Remedy: visible(c.Remedy), Made: c.Made(),
			Findings: slices.DeleteFunc(slices.Clone(c.Findings), func(i int) bool { return !isDrift(i) }),
		})
	}
	for _, c := range d.Classes {
		if c.IsShown {
			d.Show = append(d.Show, c.ID)
		}
	}
	position := map[string]int{}
	for i, s := range v.Scenarios {
		position[s.Name] = i
		d.Scenarios = append(d.Scenarios, d.scenario(s, len(v.Findings)))
	}
	used := map[string]int{}
	for _, f := range v.Findings {
		d.Findings = append(d.Findings, pageFindingOf(f, position, used))
	}
	return d
}

func (d *pageData) scenario(s drift.Scenario, findings int) pageScenario {
	out := pageScenario{Name: visible(s.Name), About: visible(s.About), Error: visible(s.Error), Pairs: []pagePair{},
		UpstreamValues: d.text(s.UpstreamValues), ChartValues: d.text(s.ChartValues)}
	for _, p := range s.Pairs {
		pair := pagePair{visible(p.Object), d.text(p.Upstream), d.text(p.Chart), [][3]int{}}
		for _, m := range p.Findings {
			if m.Finding >= 0 && m.Finding < findings {
				pair.Marks = append(pair.Marks, [3]int{m.Finding, m.Upstream, m.Chart})
			}
		}
		out.Pairs = append(out.Pairs, pair)
	}
	return out
}

// text gives the position of a text, which is kept once.
func (d *pageData) text(s string) int {
	s = visible(strings.TrimRight(s, "\n"))
	at, there := d.at[s]
	if !there {
		at = len(d.Texts)
		d.at[s] = at
		d.Texts = append(d.Texts, s)
	}
	return at
}

func pageFindingOf(f drift.Finding, position, used map[string]int) pageFinding {
	out := pageFinding{
		ID: findingID(f, used), Layer: f.Layer, Class: f.Class,
		Object: visible(f.Object), Path: visible(f.Path.String()),
		Upstream: pageValue(f.Upstream), Chart: pageValue(f.Chart),
		Why: visible(sentence(f.Why)), Remedy: visible(f.Remedy), Scenarios: []int{},
	}
	for _, name := range findingScenarios(f) {
		if i, there := position[name]; there && !slices.Contains(out.Scenarios, i) {
			out.Scenarios = append(out.Scenarios, i)
		}
	}
	return out
}

func pageValue(v any) any {
	if v == nil {
		return nil
	}
	return valueText(v)
}

// findingID names a finding by what it is about, so that a link to it holds in the next run as well. Two about the same
// are told apart by a number.
func findingID(f drift.Finding, used map[string]int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.Layer), f.Object, f.Path.String()}, "\x00")))
	id := hex.EncodeToString(sum[:5])
	if used[id]++; used[id] > 1 {
		return fmt.Sprintf("%s-%d", id, used[id])
	}
	return id
}
