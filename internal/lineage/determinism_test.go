package lineage

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// unkind is a chart whose keys have to be tried one by one: each switches something.
func unkind(t *testing.T) *helmchart.Chart {
	t.Helper()
	var values, template strings.Builder
	for i := range 12 {
		fmt.Fprintf(&values, "k%02d: {flag: %t, word: left, map: {}}\n", i, i%2 == 0)
		fmt.Fprintf(&template, `
---
kind: Pod
metadata: {name: p%[1]d, annotations: {at: {{ now | date "05.000000" | quote }}, key: {{ randAlphaNum 8 }}}}
spec:
  {{- if .Values.k%02[1]d.flag }}
  flag: {{ .Values.k%02[1]d.word }}
  {{- end }}
  {{- if eq .Values.k%02[1]d.word "left" "right" }}
  word: true
  {{- end }}
  order: {{ keys .Values.k%02[1]d | join "," }}
  map: {{ toJson .Values.k%02[1]d.map }}
`, i)
	}
	return chart(t, values.String(), "all.yaml", template.String())
}

// busy keeps every core at work until the test is over.
func busy(t *testing.T) {
	t.Helper()
	var done atomic.Bool
	for range 4 * runtime.NumCPU() {
		go func() {
			for !done.Load() {
				_ = strings.Repeat("x", 100)
			}
		}()
	}
	t.Cleanup(func() { done.Store(true) })
}

// What an experiment finds does not depend on how many renders run at once, nor on how busy the machine is: not even
// where the renders do not suffice.
func TestFindsTheSameOnEveryMachine(t *testing.T) {
	c := unkind(t)
	for _, most := range []int{24, 0} {
		want := run(t, c, Options{MaxRenders: most, Parallel: 1})
		if isCut := want.Incomplete != ""; isCut != (most > 0) {
			t.Errorf("at most %d renders: %q", most, want.Incomplete)
		}
		for _, parallel := range []int{1, 3, 16} {
			t.Run(fmt.Sprintf("%d renders, %d at once, under load", most, parallel), func(t *testing.T) {
				busy(t)
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(parallel))
				got := run(t, c, Options{MaxRenders: most, Parallel: parallel})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// When the renders run out, the keys that are to be tried first are known, and those that are not are named.
func TestFirstKeysAreKnownWhenRendersRunOut(t *testing.T) {
	r := run(t, unkind(t), Options{MaxRenders: 40, First: []yamldoc.Path{{"k11"}, {"[0]", "none"}}})
	if r.Renders > 40 || len(r.Untried) == 0 {
		t.Errorf("%d renders, untried %v", r.Renders, r.Untried)
	}
	for _, f := range r.Findings {
		if f.Path[0] == "k11" && len(f.Reaches) == 0 {
			t.Errorf("%s moves nothing", f.Path)
		}
	}
	for _, p := range r.Untried {
		if p[0] == "k11" {
			t.Errorf("%s was not tried", p)
		}
	}
}

// A render that does not end under some value costs what comes after it, not what was found before.
func TestKeepsWhatWasFoundBeforeAnEndlessRender(t *testing.T) {
	dir := writeChart(t, "a: one\nb: false\n", "kind: Pod\nspec: {a: {{ .Values.a }}}\n"+
		"{{ if .Values.b }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}")
	job := Job{Chart: dir, Options: Options{MaxCPU: time.Second, Only: []string{"a", "b"}}}
	results, errs := outcomes(context.Background(), pool(t), job)
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	if !strings.Contains(results[0].Incomplete, "CPU time") {
		t.Errorf("incomplete: %q", results[0].Incomplete)
	}
	expect(t, results[0], "a: direct Pod spec.a", "b: ")
}
