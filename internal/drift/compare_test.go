package drift

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

func TestSame(t *testing.T) {
	resources := manifest.Path{"spec", "resources", "limits", "cpu"}
	for _, c := range []struct {
		a, b any
		path manifest.Path
		want bool
	}{
		{nil, nil, nil, true}, {nil, "", nil, false}, {nil, 0, nil, false}, {nil, false, nil, false}, {
			nil, "<nil>", resources, false,
		},
		{1, int64(1), nil, true}, {1, 1.0, nil, true}, {1, "1", nil, false}, {"1", "1", nil, true},
		{true, "true", nil, false},
		{4, "4", resources, true}, {"4", 4.0, resources, true}, {4, "5", resources, false},
		{4, "4000m", resources, false},
		{1000000.0, "1000000", resources, true}, {4, "4", manifest.Path{"resources"}, false}, {
			true, "true", resources, false,
		},
	} {
		if got := same(c.a, c.b, c.path); got != c.want {
			t.Errorf("%#v and %#v at %s: %v", c.a, c.b, c.path, got)
		}
	}
}

// What is known of both sides decides what a difference is.
func TestCompareValues(t *testing.T) {
	is := func(v any) expectation { return expectation{value: v} }
	anything := expectation{isAnything: true}
	known := func(upstream, chart expectation) *explanation {
		return &explanation{upstream: upstream, chart: chart, class: Ours, why: "mends it"}
	}
	for name, c := range map[string]struct {
		x               *explanation
		upstream, chart any
		want            Class
		why             string
	}{
		"nothing known, the same": {nil, 1, int64(1), "", ""},
		"nothing known, another":  {nil, 1, 2, Drift, ""},
		"nothing known, gone":     {nil, 1, nil, Drift, ""},
		"as it is known":          {known(is(1), is(2)), 1, 2, Ours, "mends it"},
		"upstream is not as known": {
			known(is(1), is(2)), 3, 2, Drift, "upstream's chart is not as it is known here",
		},
		"the chart is not as known": {
			known(is(1), is(2)), 1, 3, Drift, "the chart has not what it should have here",
		},
		"the chart may have anything": {known(is(1), anything), 1, 3, Ours, "mends it"},
		"anything, and the same":      {known(is(1), anything), 1, 1, "", ""},
		"upstream has nothing":        {known(is(nil), anything), nil, 3, Ours, "mends it"},
		"upstream has something for all": {
			known(is(nil), anything), 1, 3, Drift, "upstream's chart is not as it is known here",
		},
	} {
		if got := compare(c.x, c.upstream, c.chart, nil); got.Class != c.want || !strings.HasPrefix(got.Why, c.why) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A field that was edited is drift, unless it has become what it would be anyway.
func TestFields(t *testing.T) {
	withField := func(value any) *rendered.Object {
		o := &rendered.Object{Role: "Ingress/signalling", Leaves: map[string]manifest.Leaf{}}
		if value != nil {
			o.Leaves["spec.x"] = manifest.Leaf{Path: manifest.Path{"spec", "x"}, Value: value}
		}
		return o
	}
	chart, err := helmchart.LoadFiles([]helmchart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: a\nversion: 1.0.0\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	ours := &explanation{
		path: manifest.Path{"spec", "x"}, upstream: expectation{value: "u"}, chart: expectation{isAnything: true},
		class: Ours, why: "mends it",
	}
	for name, c := range map[string]struct {
		upstream, chart, pristine, whole any
		known                            *explanation
		foreign                          bool
		want                             Class
		why                              string
	}{
		"as scaffolded, as upstream": {"u", "u", "u", nil, nil, false, "", ""},
		"as scaffolded, explained":   {"u", "c", "c", nil, ours, false, Ours, "mends it"},
		"as scaffolded, unexplained": {"u", "c", "c", nil, nil, false, Drift, ""},
		"edited":                     {"u", "e", "c", nil, nil, false, Drift, whyEdited},
		"edited where it was ours": {
			"u", "e", "c", nil, ours, false, Drift, whyEdited + "; what was there mends it",
		},
		"edited to be upstream's": {"u", "u", "c", nil, nil, false, "", ""},
		"removed":                 {"u", nil, "c", nil, nil, false, Drift, whyEdited},
		"edited to what all have": {"u", "w", "c", "w", nil, false, Drift, ""},
		"a component would have it": {
			"u", "c", "c", "u", nil, false, LeftOut, "components that do this were not scaffolded",
		},
		"edited to be what a component has": {"u", "u", "c", "u", nil, false, Drift, whyEdited},
		"upstream's is not a component's":   {nil, nil, nil, "w", nil, false, Drift, whyOtherThanWhole},
		"no component would have it":        {"u", "c", "c", "w", nil, false, Drift, ""},
		"of other making, the same":         {"u", "u", nil, nil, ours, true, "", ""},
		"of other making, its own":          {nil, "c", nil, nil, nil, true, Extra, whyOnlyChart},
		"of other making, without it":       {"u", nil, nil, nil, nil, true, Drift, ""},
		"of other making, ours":             {"u", "c", nil, nil, ours, true, Extra, whyOnlyChart},
	} {
		d := objectDiff{ctx: t.Context(), role: "Ingress/signalling", run: &scenarioRun{},
			charts:   &charts{variant: variant{chart: chart}},
			upstream: withField(c.upstream), chart: withField(c.chart), pristine: withField(c.pristine),
			fresh: withField(c.pristine),
			known: map[string]*explanation{}}
		if !c.foreign {
			d.charts.pristine = chart
		}
		if c.whole != nil {
			d.whole = withField(c.whole)
		}
		if c.known != nil {
			d.known["spec.x"] = c.known
		}
		got := d.fields()
		if c.want == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Class != c.want || got[0].Why != c.why {
			t.Errorf("%s: %+v", name, got)
		}
		d.charts.random = map[field]bool{{d.role, "spec.x"}: true}
		if got := d.fields(); len(got) > 0 {
			t.Errorf("%s: what differs each time is a finding: %+v", name, got)
		}
	}
}

// An object that one side alone has.
func TestPresence(t *testing.T) {
	o := &rendered.Object{Object: manifest.Object{Fields: map[string]any{"kind": "Ingress"}}, Role: rendered.RoleRoute}
	for name, c := range map[string]struct {
		upstream, chart, pristine, whole *rendered.Object
		foreign, explained               bool
		want                             Class
		why                              string
	}{
		"of other making, without it": {o, nil, nil, nil, true, false, Drift, whyNoObject},
		"of other making, explained":  {o, nil, nil, nil, true, true, Ours, "mends it"},
		"of other making, its own":    {nil, o, nil, nil, true, false, Extra, "the chart alone has this object"},
		"removed since":               {o, nil, o, nil, false, true, Drift, whyEdited},
		"added since":                 {nil, o, nil, nil, false, false, Drift, whyEdited},
		"explained":                   {o, nil, nil, nil, false, true, Ours, "mends it"},
		"a component would have it": {
			o, nil, nil, o, false, false, LeftOut, "components that do this were not scaffolded",
		},
		"a component alone has it": {
			nil, nil, nil, o, false, false, Drift, "upstream's chart has no such object",
		},
		"nobody has it":                   {o, nil, nil, nil, false, false, Drift, whyNoObject},
		"scaffolded, and not upstream's":  {nil, o, o, nil, false, false, Drift, "upstream's chart has no such object"},
		"neither side, but a scaffold of": {nil, nil, o, nil, false, false, Drift, whyEdited},
	} {
		d := objectDiff{ctx: t.Context(), role: rendered.RoleRoute, run: &scenarioRun{}, charts: &charts{},
			upstream: c.upstream, chart: c.chart, pristine: c.pristine, whole: c.whole, fresh: c.pristine,
			known: map[string]*explanation{}}
		if !c.foreign {
			d.charts.pristine = &helmchart.Chart{}
		}
		if c.explained {
			d.known[""] = &explanation{upstream: expectation{isAnything: true}, class: Ours, why: "mends it"}
		}
		got := d.presence()
		if len(got) != 1 || got[0].Class != c.want || got[0].Why != c.why || got[0].Object != "Ingress/signalling" ||
			len(got[0].Path) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestShapeReason(t *testing.T) {
	run := &scenarioRun{unplaced: []scaffolding.Unplaced{{Reason: "one host"}}}
	run.unplaced[0].Key = "ingress.hosts"
	for _, c := range []struct {
		path manifest.Path
		want bool
	}{
		{manifest.Path{"spec", "rules", "[h]", "host"}, true}, {
			manifest.Path{"spec", "tls", "[0]", "secretName"}, true,
		},
		{manifest.Path{"spec", "(order of rules)"}, true}, {manifest.Path{"spec", "ingressClassName"}, false},
		{manifest.Path{"metadata", "tls"}, false}, {manifest.Path{"spec"}, false}, {nil, false},
	} {
		if got := run.shapeReason(rendered.RoleRoute, c.path) != ""; got != c.want {
			t.Errorf("%v: %v", c.path, got)
		}
	}
	if run.shapeReason(rendered.RoleServer, manifest.Path{"spec", "rules"}) != "" {
		t.Error("another object than the route has a reason")
	}
}
