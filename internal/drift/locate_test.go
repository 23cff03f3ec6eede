package drift

import (
	"slices"
	"strings"
	"testing"
)

// handmade is a chart written by hand: its server's container is called app and stands behind another one, its
// ConfigMap has another text of YAML before the configuration.
const handmade = "testdata/handmade"

func handmadeInput(t *testing.T) Input {
	t.Helper()
	return Input{Chart: load(t, handmade), Dir: handmade, Upstream: load(t, standIn), UpstreamSource: standIn}
}

// A finding about the server's container is on the line of the container that runs the server, whatever it is called.
func TestFindingIsOnItsLine(t *testing.T) {
	in := handmadeInput(t)
	in.Only = []string{"defaults"}
	r := run(t, in)
	s := r.Scenarios[0]
	for path, want := range map[string]struct{ upstream, chart string }{
		"spec.template.spec.containers[server].image": {
			"        image: livekit/livekit-server:v1.9.0", "        image: livekit/livekit-server:v1.8.4"},
		"spec.template.spec.containers[server].name": {"        name: livekit-server", "        name: app"},
		"data.(<configuration>)":                     {"  config.yaml: |", "  settings.yaml: |"},
	} {
		i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Path.String() == path })
		if i < 0 {
			t.Errorf("there is no finding %s", path)
			continue
		}
		f := r.Findings[i]
		p := s.Pairs[slices.IndexFunc(s.Pairs, func(p Pair) bool { return p.Object == f.Object })]
		m := p.Findings[slices.IndexFunc(p.Findings, func(m Mark) bool { return m.Finding == i })]
		up, own := strings.Split(p.Upstream, "\n"), strings.Split(p.Chart, "\n")
		if up[m.Upstream-1] != want.upstream || own[m.Chart-1] != want.chart {
			t.Errorf("%s is on %q and %q", path, up[m.Upstream-1], own[m.Chart-1])
		}
		if m.Upstream != f.UpstreamAt.Line || m.Chart != f.ChartAt.Line {
			t.Errorf("%s: the mark %v is not where the finding is: %v, %v", path, m, f.UpstreamAt, f.ChartAt)
		}
		if f.ChartAt.File != "templates/server.yaml" || own[m.Chart-1][f.ChartAt.Column-1] == ' ' {
			t.Errorf("%s: %+v", path, f.ChartAt)
		}
	}
}

// A finding about a value is where values.yaml has its key, on both sides.
func TestFindingIsAtItsKey(t *testing.T) {
	in := handmadeInput(t)
	in.Only = []string{"defaults"}
	for _, f := range run(t, in).Findings {
		if f.Layer == LayerValues && f.Path.String() == "domain" {
			if want := (Position{"values.yaml", 17, 1}); f.ChartAt != want || f.UpstreamAt != (Position{}) {
				t.Errorf("%+v, %+v", f.UpstreamAt, f.ChartAt)
			}
			return
		}
	}
	t.Error("there is no finding about the domain")
}
