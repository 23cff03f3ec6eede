package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

var updateGolden = flag.Bool("update", false, "write the golden reports anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "drift", name)
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-update writes it anew):\n%s", file, diff)
	}
}

func textOf(t *testing.T, r *drift.Report, o DriftOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Drift(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDriftGolden(t *testing.T) {
	golden(t, "usual.txt", textOf(t, sampleReport(), DriftOptions{}))
	golden(t, "all.txt", textOf(t, sampleReport(), DriftOptions{All: true, Width: 120}))
	golden(
		t, "ours-in-context.txt",
		textOf(t, sampleReport(), DriftOptions{Classes: []drift.Class{drift.Ours}, Context: 2}),
	)
	golden(t, "calm.txt", textOf(t, calmReport(), DriftOptions{}))
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colors are the only difference, and are there on request alone.
func TestDriftColor(t *testing.T) {
	plain := textOf(t, sampleReport(), DriftOptions{Context: 1})
	colored := textOf(t, sampleReport(), DriftOptions{Context: 1, Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("color that nobody asked for")
	}
	if !strings.Contains(colored, "\x1b[1;31m") {
		t.Error("no color")
	}
	if diff := cmp.Diff(plain, ansi.ReplaceAllString(colored, "")); diff != "" {
		t.Errorf("without its colors the text differs:\n%s", diff)
	}
}

func TestDriftWidth(t *testing.T) {
	for _, width := range []int{60, 80, 140} {
		for line := range strings.Lines(textOf(t, sampleReport(), DriftOptions{Width: width})) {
			// A path or a URL is one word, and is not broken.
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width && len(strings.Fields(line)) > 3 {
				t.Errorf("%d columns, expected at most %d: %s", n, width, line)
			}
		}
	}
}

// What a foreign chart says cannot steer the terminal.
func TestDriftHostileText(t *testing.T) {
	text := textOf(t, hostileReport(), DriftOptions{All: true, Context: 3})
	for _, r := range text {
		if r != '\n' && r < ' ' || r == '\u202e' || r == '\u2028' {
			t.Fatalf("the text has %q", r)
		}
	}
}

// Forty of one kind are a few lines; others keep theirs.
func TestDriftGrouping(t *testing.T) {
	r := &drift.Report{}
	for i := range 40 {
		r.Findings = append(
			r.Findings,
			drift.Finding{
				Layer: drift.LayerObjects, Class: drift.Accepted, Object: "A/a", Path: at(strings.Repeat("x", i+1)),
				Why: "one reason",
			},
		)
	}
	r.Findings = append(r.Findings,
		drift.Finding{
			Layer: drift.LayerObjects, Class: drift.Accepted, Object: "B/b", Path: at("other object"),
			Why: "one reason",
		},
		drift.Finding{Layer: drift.LayerObjects, Class: drift.Accepted, Object: "A/a", Path: at("other reason"),
			Why: "another"})
	count(r)
	text := textOf(t, r, DriftOptions{})
	if n := strings.Count(text, "One reason."); n != 2 {
		t.Errorf("the reason is given %d times, expected once an object:\n%s", n, text)
	}
	if n := strings.Count(text, "\nA/a\n"); n != 1 {
		t.Errorf("an object has %d headings", n)
	}
	if !strings.Contains(text, "and 35 more like these") {
		t.Errorf("the rest is not counted:\n%s", text)
	}
	if strings.Index(text, "other.reason") > strings.Index(text, "other.object") {
		t.Error("what is about one object is not together")
	}
	for i := range r.Findings {
		r.Findings[i].Class = drift.Drift
	}
	count(r)
	text = textOf(t, r, DriftOptions{})
	if strings.Contains(text, "more like these") || strings.Count(text, "A/a x") != 40 {
		t.Errorf("drift is cut:\n%s", text)
	}
}

func TestAcceptedIsNotCutWithAll(t *testing.T) {
	r := &drift.Report{}
	for i := range 40 {
		r.Findings = append(r.Findings, drift.Finding{Layer: drift.LayerObjects, Class: drift.Accepted, Object: "A/a",
			Path: at(strings.Repeat("x", i+1)), Why: "one reason"})
	}
	count(r)
	if all := textOf(t, r, DriftOptions{All: true}); strings.Contains(all, "more like these") {
		t.Error("not all are shown with all")
	}
}

func TestScenarioNames(t *testing.T) {
	of := func(names ...string) []drift.Finding { return []drift.Finding{{Scenarios: names}} }
	for _, c := range []struct {
		findings []drift.Finding
		want     string
	}{
		{nil, ""},
		{of("a"), "a"},
		{[]drift.Finding{{Scenario: "a"}}, "a"},
		{of("a", "b", "c", "d"), "a, b, c, d"},
		{of("a", "b", "c", "d", "e"), "a, b, c and 2 more"},
		{of("a", "b", "c", "d", "e", "f"), "all 6 scenarios"},
	} {
		if got := scenarioNames(c.findings, 6); got != c.want {
			t.Errorf("%v: %q, expected %q", c.findings, got, c.want)
		}
	}
}

func TestDriftNews(t *testing.T) {
	for _, c := range []struct{ since, upstream, chart, want string }{
		{"", "v1.9.0", "v1.9.0", ""},
		{"1.8.4", "v1.9.0", "v1.9.0", "The chart was made from upstream 1.8.4, and upstream is at 2.0.0."},
		{"", "v1.10.0", "v1.9.0", "Upstream's LiveKit is newer: v1.10.0, against v1.9.0 here."},
		{"", "v1.9.0", "v1.10.0", "LiveKit is newer here: v1.10.0, against v1.9.0 upstream."},
		{"", "latest", "v1.10.0", ""},
	} {
		r := &drift.Report{
			Chart: drift.Side{AppVersion: c.chart}, Upstream: drift.Side{Version: "2.0.0", AppVersion: c.upstream},
		}
		if c.since != "" {
			r.Since = &drift.Side{Version: c.since}
			c.want = "Upstream has moved on: the chart was made from 1.8.4, and upstream is at 2.0.0."
		}
		if got := strings.Join((driftView{Report: r}).News(), " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestValueText(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "(absent)"}, {"(absent)", `"(absent)"`}, {"", `""`}, {"500", `"500"`}, {500, "500"}, {int64(7), "7"},
		{"true", `"true"`}, {true, "true"}, {"null", `"null"`},
		{"livekit/livekit-server:v1.9.0", "livekit/livekit-server:v1.9.0"}, {" x", `" x"`}, {
			map[string]any{"b": []any{1, "<"}}, `{"b":[1,"<"]}`,
		},
		{"a\x1b\u202eb", `a\x1b\u202eb`}, {"two\nlines", "two\nlines"}, {
			"(hidden, 32 characters)", "(hidden, 32 characters)",
		},
	} {
		if got := valueText(c.value); got != c.want {
			t.Errorf("%#v: %s, expected %s", c.value, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for in, want := range map[string]string{
		"short": "short", "exactly-10": "exactly-10", "abcdefghijkl": "abcdef…jkl", "ääääääääääää": "ääääää…äää",
	} {
		if got := cut(in, 10); got != want {
			t.Errorf("%s: %s, expected %s", in, got, want)
		}
	}
}
