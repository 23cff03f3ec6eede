package testinstall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	yamlreader "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// release is what Helm made of the chart.
type release struct {
	objects []unstructured.Unstructured
}

// readRelease asks Helm for the objects of the release that it installed.
func (t *installTest) readRelease(ctx context.Context) (*release, error) {
	out, err := t.helm.run(ctx, "get", "manifest", t.Release)
	if err != nil {
		return nil, err
	}
	return parseRelease(out)
}

func parseRelease(manifest string) (*release, error) {
	r := &release{}
	documents := yamlreader.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return nil, fmt.Errorf("what Helm rendered: %w", err)
		}
		object := unstructured.Unstructured{}
		if err := yaml.Unmarshal(document, &object.Object); err != nil {
			return nil, fmt.Errorf("what Helm rendered: %w", err)
		}
		if object.GetKind() != "" {
			r.objects = append(r.objects, object)
		}
	}
}

// kind gives the release's objects of one kind.
func (r *release) kind(kinds ...string) []unstructured.Unstructured {
	var out []unstructured.Unstructured
	for _, o := range r.objects {
		if slices.Contains(kinds, o.GetKind()) {
			out = append(out, o)
		}
	}
	return out
}

// decode turns an object into one of Kubernetes' types; what does not fit is left
// empty, for the API server has taken the object.
func decode[T any](o unstructured.Unstructured) T {
	var out T
	_ = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &out)
	return out
}

// workload is an object of the release that keeps pods running.
type workload struct {
	kind, name string
	replicas   int
	selector   map[string]string
	template   core.PodSpec
}

func (r *release) workloads() []workload {
	var out []workload
	for _, o := range r.kind("Deployment", "StatefulSet", "DaemonSet") {
		w := workload{kind: o.GetKind(), name: o.GetName(), replicas: 1}
		w.selector, _, _ = unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
		if n, ok, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "replicas"); ok {
			_, _ = fmt.Sscan(fmt.Sprint(n), &w.replicas)
		}
		spec, _, _ := unstructured.NestedMap(o.Object, "spec", "template", "spec")
		w.template = decode[core.PodSpec](unstructured.Unstructured{Object: spec})
		out = append(out, w)
	}
	return out
}

func (w workload) String() string { return w.kind + " " + w.name }
