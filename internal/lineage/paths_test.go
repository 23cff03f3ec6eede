package lineage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func spell(paths []yamldoc.Path) string {
	var out []string
	for _, p := range paths {
		out = append(out, p.String())
	}
	return strings.Join(out, " ")
}

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		above, below string
		want         bool
	}{
		{"a", "a", true},
		{"a", "a.b", true},
		{"a.b", "a", false},
		{"a.b", "a.c", false},
		{"hosts[0].host", "hosts[0].host", true},
		{"vols[0].size", "vols.data.size", true}, // any key of a map
		{"vols.data", "vols[0].size", true},
	} {
		if got := covers(yamldoc.SplitPath(test.above), yamldoc.SplitPath(test.below)); got != test.want {
			t.Errorf("%s covers %s: %t", test.above, test.below, got)
		}
	}
}

func TestLeavesTakesTheFirstElementForAll(t *testing.T) {
	got := spell(leaves(values(t, "{b: {c: {}, d: 1}, a: [{x: 1, w: []}, {z: 1}], e: null, f.g: [[2]]}")))
	if want := `a[0].w a[0].x b.c b.d e "f.g"[0][0]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := leaves(map[string]any{}); got != nil {
		t.Errorf("no values have leaves: %v", got)
	}
}

func TestExpand(t *testing.T) {
	all := values(t, "{list: [{a: 1}], none: [], map: {p: {}, q: {}, r: {}, s: {}}, text: x}")
	for path, want := range map[string]string{
		"list[0].a": "list[0].a",
		"none[0].a": "",
		"map[0].x":  "map.p.x map.q.x map.r.x",
		"text[0]":   "",
		"new.key":   "new.key",
	} {
		if got := spell(expand(all, yamldoc.SplitPath(path))); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestWithLeavesTheGivenValues(t *testing.T) {
	base := values(t, "{a: {b: [{c: 1}]}, l: [[1, 2]]}")
	before := fmt.Sprint(base)
	sample := map[string]any{"x": "y"}
	got := with(base,
		change{path: yamldoc.Path{"a", "b", "[0]", "c"}, values: []any{sample}},
		change{path: yamldoc.Path{"a", "b", "[0]", "c", "z"}, values: []any{2}},
		change{path: yamldoc.Path{"l", "[0]", "[0]"}, values: []any{3}},
		change{path: yamldoc.Path{"new", "key"}, values: []any{true}})
	want := map[string]any{
		"a":   map[string]any{"b": []any{map[string]any{"c": map[string]any{"x": "y", "z": 2}}}},
		"l":   []any{[]any{3, 2.0}},
		"new": map[string]any{"key": true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if len(sample) != 1 || fmt.Sprint(base) != before {
		t.Errorf("what was given has changed: %v, %v", sample, base)
	}
}

func TestHasScalarAbove(t *testing.T) {
	all := values(t, "{a: {b: text}, l: [1]}")
	for path, want := range map[string]bool{"a.b": false, "a.b.c": true, "a.c.d": false, "l[0].x": true, "n.m": false} {
		if got := hasScalarAbove(all, yamldoc.SplitPath(path)); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}
