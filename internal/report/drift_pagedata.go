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
	Classes   []pageClass    `json:"classes"`
	Show      []drift.Class  `json:"show"`
	Chart     string         `json:"chart"`
	Upstream  string         `json:"upstream"`
	Findings  []pageFinding  `json:"findings"`
	Scenarios []pageScenario `json:"scenarios"`
	Texts     []string       `json:"texts"`
}

type pageClass struct {
	ID    drift.Class `json:"id"`
	Title string      `json:"title"`
	About string      `json:"about"`
}

type pageFinding struct {
	// ID is the same in every run that finds the same, so that links keep.
	ID     string      `json:"id"`
	Layer  drift.Layer `json:"layer"`
	Class  drift.Class `json:"class"`
	Object string      `json:"object"`
	Path   string      `json:"path"`
	// Upstream and Chart are nil where there is no value.
	Upstream *string `json:"upstream"`
	Chart    *string `json:"chart"`
	Why      string  `json:"why"`
	Remedy   string  `json:"remedy"`
	// Scenarios are positions in the list of scenarios.
	Scenarios []int `json:"scenarios"`
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

// pager gathers texts.
type pager struct {
	texts []string
	at    map[string]int
}

func newPageData(r *drift.Report, o DriftOptions) pageData {
	p := &pager{at: map[string]int{}}
	d := pageData{
		Chart: sideName(r.Chart), Upstream: sideName(r.Upstream), Findings: []pageFinding{},
		Scenarios: []pageScenario{},
	}
	for _, c := range drift.Classes {
		d.Classes = append(d.Classes, pageClass{c, classWords[c].title, classWords[c].about})
		if o.shows(c) {
			d.Show = append(d.Show, c)
		}
	}
	position := map[string]int{}
	for i, s := range r.Scenarios {
		position[s.Name] = i
		d.Scenarios = append(d.Scenarios, p.scenario(r, s))
	}
	used := map[string]int{}
	for _, f := range r.Findings {
		d.Findings = append(d.Findings, pageFindingOf(f, position, used))
	}
	d.Texts = p.texts
	return d
}

func (p *pager) scenario(r *drift.Report, s drift.Scenario) pageScenario {
	out := pageScenario{Name: visible(s.Name), About: visible(s.About), Error: visible(s.Error), Pairs: []pagePair{},
		UpstreamValues: p.text(s.UpstreamValues), ChartValues: p.text(s.ChartValues)}
	for _, pair := range s.Pairs {
		page := pagePair{
			Object: visible(pair.Object), Upstream: p.text(pair.Upstream), Chart: p.text(pair.Chart), Marks: [][3]int{},
		}
		for _, m := range pair.Findings {
			if m.Finding >= 0 && m.Finding < len(r.Findings) {
				page.Marks = append(page.Marks, [3]int{m.Finding, m.Upstream, m.Chart})
			}
		}
		out.Pairs = append(out.Pairs, page)
	}
	return out
}

// text gives the position of a text, which is kept once.
func (p *pager) text(s string) int {
	s = visible(strings.TrimRight(s, "\n"))
	at, there := p.at[s]
	if !there {
		at = len(p.texts)
		p.at[s] = at
		p.texts = append(p.texts, s)
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

func pageValue(v any) *string {
	if v == nil {
		return nil
	}
	s := valueText(v)
	return &s
}

// findingID names a finding by what it is about, so that a link to it holds in the next run as well. Two about the
// same are told apart by a number.
func findingID(f drift.Finding, used map[string]int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.Layer), f.Object, f.Path.String()}, "\x00")))
	id := hex.EncodeToString(sum[:5])
	if used[id]++; used[id] > 1 {
		return fmt.Sprintf("%s-%d", id, used[id])
	}
	return id
}
