package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// driftPage is the page's parts: its frame, one style, and the scripts in the order in which they are joined.
//
//go:embed driftpage
var driftPage embed.FS

var driftScripts = []string{"dom.js", "diff.js", "model.js", "rows.js", "detail.js", "overview.js", "main.js"}

// DriftHTML prints one page that needs nothing besides itself: no network, no other file. It carries the whole
// report; the options say what is shown at first.
func DriftHTML(w io.Writer, r *drift.Report, o DriftOptions) error {
	style, script, err := driftAssets()
	if err != nil {
		return err
	}
	data, err := json.Marshal(newPageData(r, o))
	if err != nil {
		return fmt.Errorf("write the page's data: %w", err)
	}
	// html/template would escape by itself, and weigh 170 kB. A test holds that each action of the frame escapes.
	frame, err := template.ParseFS(driftPage, "driftpage/page.html")
	if err != nil {
		return fmt.Errorf("read the page's frame: %w", err)
	}
	var b bytes.Buffer
	err = frame.Execute(&b, map[string]any{
		"Policy": pagePolicy(style, script),
		"Style":  style,
		"Script": script,
		// json.Marshal has written <, >, &, U+2028 and U+2029 as \u escapes, so no value ends the element.
		"Data":     string(data),
		"Title":    sideName(r.Chart) + " and " + sideName(r.Upstream),
		"Headline": driftHeadline(r),
		"Drifted":  r.Drifted(),
		"Compared": driftCompared(r),
		"News":     driftNews(r),
		"Rows":     sideRows(r, visible),
		"Notes":    visibleAll(r.Notes),
		"Static":   staticGroups(r),
		"Counts":   driftCounts(r),
	})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// driftAssets gives the style, and the scripts as one, with nothing global.
func driftAssets() (style, script string, err error) {
	css, err := driftPage.ReadFile("driftpage/page.css")
	if err != nil {
		return "", "", fmt.Errorf("read the page's style: %w", err)
	}
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range driftScripts {
		js, err := driftPage.ReadFile("driftpage/" + name)
		if err != nil {
			return "", "", fmt.Errorf("read the page's script: %w", err)
		}
		b.Write(js)
	}
	b.WriteString("})();\n")
	return string(css), b.String(), nil
}

// pagePolicy forbids the page everything but its own style and script: no network, no frames, no forms, no text that
// becomes markup.
func pagePolicy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{
		"default-src 'none'", "script-src " + hash(script), "style-src " + hash(style), "img-src data:",
		"base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

// staticGroup is a group of drift as it is shown where scripts do not run.
type staticGroup struct {
	Title, Why, Remedy, Scenarios string
	Findings                      []staticFinding
}

type staticFinding struct{ Path, Upstream, Chart string }

// manyStatic is how many findings of one group are shown without a script.
const manyStatic = 50

func staticGroups(r *drift.Report) []staticGroup {
	var out []staticGroup
	for _, g := range groupDrift(r, drift.Drift) {
		s := staticGroup{Title: visible(g.title), Why: visible(sentence(g.why)), Remedy: visible(g.remedy),
			Scenarios: scenarioNames(g.findings, len(r.Scenarios))}
		for _, f := range g.findings[:min(len(g.findings), manyStatic)] {
			s.Findings = append(
				s.Findings, staticFinding{visible(f.Path.String()), valueText(f.Upstream), valueText(f.Chart)},
			)
		}
		if more := len(g.findings) - len(s.Findings); more > 0 {
			s.Findings = append(s.Findings, staticFinding{Path: fmt.Sprintf("and %d more", more)})
		}
		out = append(out, s)
	}
	return out
}

func visibleAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = visible(s)
	}
	return out
}
