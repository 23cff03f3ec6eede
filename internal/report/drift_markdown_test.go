package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

func markdownOf(t *testing.T, r *drift.Report, o DriftOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := DriftMarkdown(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDriftMarkdownGolden(t *testing.T) {
	golden(t, "usual.md", markdownOf(t, sampleReport(), DriftOptions{}))
	golden(t, "calm.md", markdownOf(t, calmReport(), DriftOptions{}))
}

func TestDriftMarkdownMark(t *testing.T) {
	for _, r := range []*drift.Report{sampleReport(), calmReport(), {}} {
		if first, _, _ := strings.Cut(markdownOf(t, r, DriftOptions{}), "\n"); first != "<!-- helm-livekit "+
			"diff-upstream -->" {
			t.Errorf("the first line is %s", first)
		}
	}
}

// A comment that GitHub takes, whatever there is to say; what is cut is counted.
func TestDriftMarkdownLimit(t *testing.T) {
	left := regexp.MustCompile(`\n(\d+) findings are left out here`)
	row := regexp.MustCompile("\\n\\| `(Kind\\d/role )?field")
	for _, n := range []int{10, 400, 5000} {
		r := manyDrift(n)
		text := markdownOf(t, r, DriftOptions{All: true})
		if len(text) > commentLimit {
			t.Errorf("%d findings: %d bytes, expected at most %d", n, len(text), commentLimit)
		}
		if open, closed := strings.Count(text, "<details>"), strings.Count(text, "</details>"); open != closed {
			t.Errorf("%d findings: %d blocks opened, %d closed", n, open, closed)
		}
		said := 0
		if m := left.FindStringSubmatch(text); m != nil {
			fmt.Sscan(m[1], &said)
		}
		if shown := len(row.FindAllString(text, -1)); shown+said != n {
			t.Errorf("%d findings: %d are shown and %d are said to be left out", n, shown, said)
		}
		if (said > 0) != (n > 100) {
			t.Errorf("%d findings: %d left out", n, said)
		}
	}
}

// manyDrift is findings of all classes with long texts.
func manyDrift(n int) *drift.Report {
	r := &drift.Report{}
	for i := range n {
		r.Findings = append(r.Findings, drift.Finding{Layer: drift.LayerObjects,
			Class: drift.Classes[i%len(drift.Classes)], Object: fmt.Sprintf("Kind%d/role", i%9),
			Path: at(fmt.Sprintf("field%d", i)), Upstream: strings.Repeat("long ", 100),
			Chart: strings.Repeat("ä|`", 300), Why: fmt.Sprintf("reason %d: %s", i%20, strings.Repeat("so ", 300))})
	}
	count(r)
	return r
}

func TestMarkdownCode(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "`plain`", "": "`\"\"`", "a|b": "`a\\|b`", "a`b": "`` a`b ``", "``": "``` `` ```",
		"two\nlines": "`two\\nlines`", "<b>": "`<b>`",
	} {
		if got := mdCode(in); got != want {
			t.Errorf("%q: %s, expected %s", in, got, want)
		}
	}
}

func TestMarkdownText(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 1.9.0":   "plain words, 1.9.0",
		"run `helm a|b` <now>": "run `helm a\\|b` &lt;now&gt;",
		"[x](http://evil)":     `\[x\](http:<!-- -->//evil)`,
		"*a* _b_ ~c~":          `\*a\* \_b\_ \~c\~`,
		"@team see #12":        "@<!-- -->team see #<!-- -->12",
		"&lt;":                 "&amp;lt;",
		"- item":               `\- item`,
		"one ` alone":          "one \\` alone",
		"a\nb":                 `a\\nb`,
	} {
		if got := mdText(in); got != want {
			t.Errorf("%q: %s, expected %s", in, got, want)
		}
	}
}

// Rows of tables stay rows, and nothing of a foreign chart is markup.
func TestDriftMarkdownHostile(t *testing.T) {
	text := markdownOf(t, hostileReport(), DriftOptions{All: true})
	prose := regexp.MustCompile("(`+) ?[^\n]*? ?`+").ReplaceAllString(text, "")
	for _, bad := range []string{"<script", "<img", "<svg", "</style", "\u202e", "\x1b", "@everyone"} {
		if strings.Contains(prose, bad) {
			t.Errorf("%q is in the text, not in code", bad)
		}
	}
	cells := regexp.MustCompile(`(^|[^\\])\|`)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") && len(cells.FindAllString(line, -1)) != 4 {
			t.Errorf("a row without its three cells: %s", line)
		}
	}
}
