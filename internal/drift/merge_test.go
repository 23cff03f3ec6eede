package drift

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// The text "1" and the number 1 are two findings, whatever they look like in print.
func TestTextIsNoNumber(t *testing.T) {
	in := handmadeInput(t)
	for name, value := range map[string]any{"text": "1", "number": int64(1)} {
		in.Scenarios = append(
			in.Scenarios,
			factsheet.Scenario{Name: name, Values: map[string]any{"podAnnotations": map[string]any{"x": value}}},
		)
	}
	in.Only = []string{"text", "number"}
	seen := map[any][]string{}
	for _, f := range run(t, in).Findings {
		if f.Path.String() == "spec.template.metadata.annotations.x" {
			seen[f.Upstream] = f.Scenarios
		}
	}
	if diff := cmp.Diff(map[any][]string{"1": {"text"}, int64(1): {"number"}}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestMerge(t *testing.T) {
	base := Finding{Layer: LayerObjects, Class: Drift, Object: "A/a", Path: []string{"x"}, Upstream: "1", Why: "so"}
	with := func(change func(f *Finding)) Finding {
		f := base
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		other Finding
		same  bool
	}{
		"the same":        {base, true},
		"another layer":   {with(func(f *Finding) { f.Layer = LayerVersion }), false},
		"another class":   {with(func(f *Finding) { f.Class = Extra }), false},
		"another object":  {with(func(f *Finding) { f.Object = "A/b" }), false},
		"another path":    {with(func(f *Finding) { f.Path = []string{"x", "y"} }), false},
		"another reason":  {with(func(f *Finding) { f.Why = "thus" }), false},
		"a number":        {with(func(f *Finding) { f.Upstream = 1 }), false},
		"nothing":         {with(func(f *Finding) { f.Upstream = nil }), false},
		"a text <nil>":    {with(func(f *Finding) { f.Chart = "<nil>" }), false},
		"another remedy":  {with(func(f *Finding) { f.Remedy = "do it" }), true},
		"another place":   {with(func(f *Finding) { f.ChartAt.Line = 7 }), true},
		"a list in print": {with(func(f *Finding) { f.Upstream = []any{"1"} }), false},
	} {
		all, first := collection{known: map[string]*Finding{}, kept: map[*Finding]*Finding{}}, base
		all.add(&first, "first")
		all.add(&c.other, "second")
		if got := len(all.findings) == 1; got != c.same {
			t.Errorf("%s: %d findings", name, len(all.findings))
		}
	}
}

func TestValueKey(t *testing.T) {
	valueKey := func(v any) string { return Finding{Upstream: v}.key() }
	for _, same := range [][]any{
		{1, int64(1), 1.0, uint64(1)}, {"a"}, {true}, {nil}, {[]any{1, "2"}}, {[]any{1, 2}}, {"[1,2]"},
		{map[string]any{"a": 1}}, {"1"}, {"true"},
	} {
		for _, v := range same {
			if valueKey(v) != valueKey(same[0]) {
				t.Errorf("%#v is not %#v", v, same[0])
			}
			for _, other := range []any{"x", 2, false} {
				if valueKey(v) == valueKey(other) {
					t.Errorf("%#v is %#v", v, other)
				}
			}
		}
	}
	if valueKey("1") == valueKey(1) || valueKey("[1,2]") == valueKey([]any{1, 2}) {
		t.Error("a text is what it looks like")
	}
}
