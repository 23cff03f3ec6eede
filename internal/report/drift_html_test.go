package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

func pageOf(t *testing.T, r *drift.Report, o DriftOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := DriftHTML(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The policy names the style and the script that are on the page, and nothing else.
func TestDriftHTMLPolicy(t *testing.T) {
	page := pageOf(t, sampleReport(), DriftOptions{})
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(
		page)[1])
	for _, part := range []struct{ directive, pattern string }{
		{"style-src", `(?s)<style>(.*?)</style>`}, {"script-src", `(?s)<script>(.*?)</script>`},
	} {
		text := regexp.MustCompile(part.pattern).FindStringSubmatch(page)
		if text == nil {
			t.Fatalf("the page has no %s", part.pattern)
		}
		sum := sha256.Sum256([]byte(text[1]))
		if want := part.directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'"; !strings.Contains(policy, want) {
			t.Errorf("%s: the policy lacks %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") ||
		strings.Contains(policy, "http") {
		t.Errorf("the policy lets more in: %s", policy)
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d scripts", n)
	}
}

// Whatever a chart says, the page has the elements that it has anyway.
func TestDriftHTMLHostile(t *testing.T) {
	page := pageOf(t, hostileReport(), DriftOptions{All: true})
	for _, element := range []string{
		"</script", "<script", "<style", "</style", "<noscript", "</noscript", "<svg", "<img", "<b>", "<!--",
	} {
		if got, want := strings.Count(page, element), strings.Count(pageOf(t, calmReport(), DriftOptions{}),
			element); got != want {
			t.Errorf("%s is there %d times, expected %d", element, got, want)
		}
	}
	for _, char := range []string{"\u2028", "\u2029", "\u202e", "\x1b"} {
		if strings.Contains(page, char) {
			t.Errorf("%q is on the page", char)
		}
	}
	if _, err := readPageData(page); err != nil {
		t.Errorf("the data: %v", err)
	}
}

// text/template escapes nothing by itself, so the frame has to, in each of its actions that print a text. The style,
// the script and the data are elements of their own, and a number is no text.
func TestDriftHTMLFrameEscapes(t *testing.T) {
	frame, err := driftPage.ReadFile("driftpage/page.html")
	if err != nil {
		t.Fatal(err)
	}
	asItIs := map[string]bool{".Style": true, ".Script": true, ".Data": true, "len .Notes": true}
	for _, m := range regexp.MustCompile(`{{-? *(.*?) *-?}}`).FindAllStringSubmatch(string(frame), -1) {
		word, _, _ := strings.Cut(m[1], " ")
		isControl := slices.Contains([]string{"if", "else", "range", "with", "end"}, word)
		if !isControl && !asItIs[m[1]] && !strings.HasSuffix(m[1], "| html") {
			t.Errorf("{{%s}} is not escaped: write {{%s | html}}", m[1], m[1])
		}
	}
}

func readPageData(page string) (pageData, error) {
	var d pageData
	text := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(page)
	return d, json.Unmarshal([]byte(text[1]), &d)
}

func TestDriftHTMLData(t *testing.T) {
	r := sampleReport()
	d, err := readPageData(pageOf(t, r, DriftOptions{Classes: []drift.Class{drift.Ours}}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]drift.Class{drift.Ours}, d.Show); diff != "" {
		t.Errorf("shown at first: %s", diff)
	}
	if len(d.Findings) != len(r.Findings) || len(d.Scenarios) != len(r.Scenarios) {
		t.Errorf("%d findings in %d scenarios, expected all", len(d.Findings), len(d.Scenarios))
	}
	ids, texts := map[string]bool{}, map[string]bool{}
	for _, f := range d.Findings {
		ids[f.ID] = true
	}
	for _, text := range d.Texts {
		texts[text] = true
	}
	if len(ids) != len(r.Findings) {
		t.Errorf("%d links for %d findings", len(ids), len(r.Findings))
	}
	if len(texts) != len(d.Texts) {
		t.Errorf("texts are kept more than once")
	}
	if other, _ := readPageData(pageOf(t, r, DriftOptions{})); other.Findings[5].ID != d.Findings[5].ID {
		t.Errorf("links change from run to run")
	}
}

// Every finding of an object is on a line of one side at least.
func TestDriftHTMLMarks(t *testing.T) {
	r := sampleReport()
	d := newPageData(r, DriftOptions{})
	for _, s := range d.Scenarios {
		for _, pair := range s.Pairs {
			for _, mark := range pair.Marks {
				f := r.Findings[mark[0]]
				if mark[1] == 0 && mark[2] == 0 {
					t.Errorf("%s: %s %s is on no line", s.Name, f.Object, f.Path)
				}
			}
		}
	}
}

func TestDriftHTMLIsTheSameEachTime(t *testing.T) {
	if a, b := pageOf(t, sampleReport(), DriftOptions{}), pageOf(t, sampleReport(), DriftOptions{}); a != b {
		t.Error("two pages of one report differ")
	}
}
