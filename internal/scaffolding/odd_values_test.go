package scaffolding

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var combinations = flag.Int("combinations", 60, "how many random sets of values TestRandomValues tries")

// crash matches what Helm says where a template fails, and not the chart by a sentence.
var crash = regexp.MustCompile(`nil pointer|wrong type|error calling (include|tpl|[a-z]+): (runtime|interface|cannot|strconv)|` +
	`invalid value; expected|can't evaluate|index out of range|incompatible types|cannot unmarshal|error converting YAML`)

// mustRenderOrRefuse renders a chart with values: it is sound, or refused by a sentence.
func mustRenderOrRefuse(t *testing.T, chart *helmchart.Chart, values map[string]any) {
	t.Helper()
	say := func(format string, args ...any) {
		text, _ := yaml.Marshal(values)
		t.Errorf("%s\n"+format, append([]any{text}, args...)...)
	}
	files, err := chart.Render(context.Background(), values, helmchart.Release{Name: "rel"})
	if err != nil {
		if crash.MatchString(err.Error()) {
			say("a template crashes: %v", err)
		}
		return
	}
	for _, f := range files {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			say("%s: %v", f.Name, err)
		}
		for _, o := range objects {
			for _, p := range o.Check() {
				say("%s: %s %s: %s", f.Name, o, p.Path, p.Message)
			}
		}
	}
}

// A null unsets a default, or is refused: no template crashes over one.
func TestNullForEachKey(t *testing.T) {
	for name, with := range map[string][]string{"lean": nil, "whole": {"all"}} {
		chart, err := helmchart.Load(canonicalChart(t, with...))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range serverSheet().Keys {
			t.Run(name+" "+k.Key, func(t *testing.T) {
				values := map[string]any{}
				yamldoc.Set(values, yamldoc.SplitPath(k.Key), nil)
				mustRenderOrRefuse(t, chart, values)
			})
		}
	}
}

// pieces reads the pieces of values of which random sets are made.
func pieces(t *testing.T) []map[string]any {
	t.Helper()
	content, err := os.ReadFile("../../hack/judge/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Values, Outside []map[string]any }
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return append(file.Values, file.Outside...)
}

// What is set together is rendered, or refused by a sentence.
func TestRandomValues(t *testing.T) {
	chart, err := helmchart.Load(canonicalChart(t, "all"))
	if err != nil {
		t.Fatal(err)
	}
	pieces := pieces(t)
	random := rand.New(rand.NewPCG(1, uint64(*combinations)))
	for range *combinations {
		values := map[string]any{}
		for range 1 + random.IntN(5) {
			values = helmchart.Merge(values, pieces[random.IntN(len(pieces))])
		}
		mustRenderOrRefuse(t, chart, values)
	}
}
