package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

var combinations = flag.Int("combinations", 40, "how many random sets of values TestDryRun asks the cluster about")

// What the chart with all components renders of random values, the API server takes: every field is one that it knows.
func TestDryRun(t *testing.T) {
	b := placeAlone(t, "random values, by the API server's dry run")
	b.makeNamespace()
	chart := b.scaffold(false, "all")
	client, err := dynamic.NewForConfig(s.cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, uint64(*combinations)))
	pieces := b.pieces()
	rendered := 0
	for range *combinations {
		var values map[string]any
		for range 1 + random.IntN(5) {
			values = helmchart.Merge(values, pieces[random.IntN(len(pieces))])
		}
		text, err := yaml.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.command(b.Context(), b.helm, "template", "rel", chart, "-n", b.namespace,
			"-f", b.values(string(text))).Output()
		if err != nil {
			continue // refused: internal/scaffolding looks whether by a sentence
		}
		rendered++
		objects, err := manifest.Parse("rendered", out)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if err := b.dryRun(client, &unstructured.Unstructured{Object: o.Fields}); err != nil {
				t.Errorf("%s\n%s: %v", text, o, err)
			}
		}
	}
	b.row.call = fmt.Sprintf("%d of %d render", rendered, *combinations)
	if rendered == 0 {
		t.Error("none of the values renders")
	}
}

// dryRun asks the API server whether it would make an object. What this cluster lacks is left out: kinds without
// their definitions, and IPv6.
func (b *bench) dryRun(client dynamic.Interface, o *unstructured.Unstructured) error {
	kind := o.GroupVersionKind()
	if _, err := mapper().RESTMapping(kind.GroupKind()); apimeta.IsNoMatchError(err) {
		return nil
	}
	mapping, err := mapper().RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == apimeta.RESTScopeNameNamespace {
		resource = client.Resource(mapping.Resource).Namespace(b.namespace)
	}
	_, err = resource.Create(b.Context(), o, meta.CreateOptions{
		DryRun: []string{meta.DryRunAll}, FieldValidation: meta.FieldValidationStrict,
	})
	if err != nil && strings.Contains(err.Error(), "not configured on this cluster") {
		return nil
	}
	return err
}

// pieces reads the pieces of values of which random sets are made.
func (b *bench) pieces() []map[string]any {
	b.Helper()
	content, err := os.ReadFile(filepath.Join(s.root, "hack/judge/values.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	var file struct{ Values, Outside []map[string]any }
	if err := yaml.Unmarshal(content, &file); err != nil {
		b.Fatal(err)
	}
	return append(file.Values, file.Outside...)
}
