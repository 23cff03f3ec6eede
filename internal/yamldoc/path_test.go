package yamldoc

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePathRefuses(t *testing.T) {
	for _, in := range []string{"", ".", "a..b", "a[", `a."b`, "a b.[x]", ".a", "a.[0]", `a"b"`, `"[0]"`, "\xff"} {
		if p, err := ParsePath(in); err == nil {
			t.Errorf("%q is read as %q", in, p)
		}
	}
}

// What is read is written so that both readers read it again.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"image.tag", "service.ports[0].port", `a."b.c".d`, "persistence.<volume>.size",
		"a-b.c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil || !slices.Equal(p, again) {
			t.Errorf("%q is %q, which is written %q and read as %q, %v", s, p, p, again, err)
		}
	})
}

func TestValues(t *testing.T) {
	values := map[string]any{"a": map[string]any{"b": 1}, "list": []any{map[string]any{"c": 2}}, "text": "x"}
	for _, c := range []struct {
		path string
		want any
	}{
		{"a.b", 1},
		{"list[0].c", 2},
		{"list[1].c", nil},
		{"text.b", nil},
		{"a.nothing", nil},
	} {
		got, ok := Lookup(values, SplitPath(c.path))
		if got != c.want || ok != (c.want != nil) {
			t.Errorf("%s: %v, %v", c.path, got, ok)
		}
	}
	for _, path := range []string{"a.d.e", "list[0].d", "list[3].d", "text.b", "new[0].f"} {
		Set(values, SplitPath(path), true)
	}
	want := map[string]any{
		"a":    map[string]any{"b": 1, "d": map[string]any{"e": true}},
		"list": []any{map[string]any{"c": 2, "d": true}},
		"text": map[string]any{"b": true},
		"new":  []any{map[string]any{"f": true}},
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	if v := Delete(values, SplitPath("a.b")); v != 1 {
		t.Errorf("deleted %v", v)
	}
	if v := Delete(values, SplitPath("no.such")); v != nil {
		t.Errorf("deleted %v", v)
	}
	if diff := cmp.Diff([]Path{{"a", "d", "e"}, {"list"}, {"new"}, {"text", "b"}}, Leaves(values)); diff != "" {
		t.Error(diff)
	}
}
