package helmchart

import (
	"context"

	"helm.sh/helm/v3/pkg/engine"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// TraceAPI is an API version that no cluster serves. A template reports what it does by `lookup TraceAPI NAME "" TEXT`,
// which calls Release.Trace: it is the only function that works in every template, included ones and dicts as well, and
// leads back to the caller. The text must not be empty.
const TraceAPI = "trace.invalid/v1"

// Tracer is told what a template reports. What it returns is the template's result of lookup; nil finds nothing.
type Tracer func(name, text string) map[string]any

// run runs the engine, with a cluster that is empty but for the tracer where there is one.
func (p *Prepared) run() (map[string]string, error) {
	if p.trace == nil || p.lenient { // Helm looks nothing up when it is lenient
		return engine.Engine{LintMode: p.lenient}.Render(p.c, p.top)
	}
	return engine.RenderWithClientProvider(p.c, p.top, emptyCluster{p.trace})
}

// emptyCluster finds nothing.
type emptyCluster struct{ trace Tracer }

// GetClientFor gives the objects of a kind.
func (c emptyCluster) GetClientFor(api, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	if api != TraceAPI {
		return resource{name: kind}, false, nil
	}
	return resource{name: kind, trace: c.trace}, false, nil
}

// resource has the objects of one kind: none. What else it embeds is never called by lookup.
type resource struct {
	dynamic.NamespaceableResourceInterface
	name  string
	trace Tracer
}

// Get finds nothing, or what the tracer says.
func (r resource) Get(
	_ context.Context, name string, _ metav1.GetOptions, _ ...string,
) (*unstructured.Unstructured, error) {
	if r.trace != nil {
		if found := r.trace(r.name, name); found != nil {
			return &unstructured.Unstructured{Object: found}, nil
		}
	}
	return nil, r.notFound(name)
}

// List finds nothing.
func (r resource) List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	return nil, r.notFound("")
}

func (r resource) notFound(name string) error {
	return apierrors.NewNotFound(schema.GroupResource{Resource: r.name}, name)
}
