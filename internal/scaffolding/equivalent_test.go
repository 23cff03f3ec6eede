package scaffolding

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// A convention is about places, names and labels: what LiveKit does is the same
// in every one of them.
func TestConventionsDifferInNamesAndLabelsAlone(t *testing.T) {
	plain := behavior(t, canonical())
	names := []string{"image", "env", "hosts", "tls", "domain", "secrets", "persistence", "access mode", "service",
		"scheduling", "labels", "names", "files", "style"}
	for n, row := range coveringArray(names) {
		conv := canonical()
		var about []string
		for f, i := range row {
			factors[names[f]][i].apply(conv)
			about = append(about, names[f]+"="+factors[names[f]][i].name)
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(plain, behavior(t, conv)); diff != "" {
				t.Errorf("%s:\n%s", strings.Join(about, ", "), diff)
			}
		})
	}
}

// behavior gives what a chart of a convention renders by default, by kind and
// without names and labels.
func behavior(t *testing.T, conv *convention.Convention) map[string][]any {
	t.Helper()
	chart, err := Generate(context.Background(), conv, Options{With: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]any{}
	for _, o := range sound(t, write(t, chart), nil) {
		if o.Kind() != "Secret" { // the keys are random
			out[o.Kind()] = append(out[o.Kind()], nameless(o, "", o.Fields))
		}
	}
	for _, objects := range out {
		slices.SortFunc(objects, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return out
}

// nameless leaves out the names of objects, wherever they are named, and all
// labels.
func nameless(o manifest.Object, above string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			switch {
			case key == "labels", key == "matchLabels", key == "selector" && o.Kind() == "Service":
			case key == "name" && (above == "metadata" || above == "configMap" || above == "secretKeyRef" ||
				above == "service"):
			case key == "serviceAccountName", key == "claimName", key == "secretName":
			case key == "args" && o.Kind() == "Pod": // the URL of the Service
			default:
				out[key] = nameless(o, key, value)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, nameless(o, above, item))
		}
		return out
	case string:
		if above == "image" {
			return strings.TrimPrefix(v, "docker.io/") // which is what no registry means
		}
	}
	return v
}
