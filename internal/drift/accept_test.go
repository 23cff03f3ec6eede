package drift

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/settings"
)

func TestIsNamed(t *testing.T) {
	image := Finding{Layer: LayerObjects, Object: "Deployment/server", Path: imagePath}
	label := Finding{
		Layer: LayerObjects, Object: "Service/turn", Path: []string{"metadata", "labels", "app.kubernetes.io/name"},
	}
	value := Finding{Layer: LayerValues, Path: []string{"podAnnotations", "example.net/team"}}
	whole := Finding{Layer: LayerObjects, Object: "Service/turn"}
	for _, c := range []struct {
		f    Finding
		name string
		want bool
	}{
		{image, "objects Deployment/server spec.template.spec.containers[server].image", true},
		{image, "Deployment/server spec.template.spec.containers[server].image", true},
		{image, "spec.template.spec.containers[server].image", true},
		{image, "spec.template.spec.containers[*].image", true},
		{image, "spec.template.spec.containers[server]", false},
		{image, "spec.template.spec.**", true},
		{image, "Deployment/* *.image", true},
		{image, "values spec.template.spec.containers[server].image", false},
		{image, "*", false}, {image, "", false},
		{label, `Service/turn metadata.labels["app.kubernetes.io/name"]`, true},
		{value, `values podAnnotations["example.net/team"]`, true},
		{value, "values podAnnotations.example.net/team", true}, {value, "podAnnotations.**", true},
		{whole, "Service/turn", true}, {whole, "objects Service/turn", true}, {whole, "Service/*", true},
		{whole, "spec.**", false},
	} {
		if got := c.f.IsNamed(c.name); got != c.want {
			t.Errorf("%s by %q: %v", c.f.ID(), c.name, got)
		}
	}
}

// Drift and what was left out can be accepted; a name without a difference is noted.
func TestAccept(t *testing.T) {
	path := []string{"spec", "replicas"}
	r := &Report{}
	findings := []*Finding{
		{Class: Drift, Path: path, Why: "was", Remedy: "do it"}, {Class: LeftOut, Path: path}, {
			Class: Ours, Path: path, Why: "was",
		},
		{Class: Drift, Path: []string{"other"}},
	}
	accept(
		r, findings,
		[]settings.Accepted{
			{Finding: "spec.replicas", Reason: "by hand"}, {Finding: "spec.*", Reason: "late"}, {Finding: "gone"},
		},
	)
	for i, want := range []Finding{
		{Class: Accepted, Why: "by hand"}, {Class: Accepted, Why: "by hand"}, {Class: Ours, Why: "was"}, {Class: Drift},
	} {
		if f := findings[i]; f.Class != want.Class || f.Why != want.Why || f.Remedy != "" {
			t.Errorf("%d: %+v", i, f)
		}
	}
	if len(r.Notes) != 2 || r.Notes[1] != "accepted and no longer there: gone" {
		t.Errorf("%q", r.Notes)
	}
}
