package testinstall

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// inventory is what a namespace holds, as "kind/name".
type inventory map[string]bool

func (i inventory) without(other inventory) inventory {
	out := inventory{}
	for object := range i {
		if !other[object] {
			out[object] = true
		}
	}
	return out
}

// passing are kinds that come and go by themselves.
var passing = []string{"Event", "EndpointSlice", "Endpoints", "PodMetrics", "Lease"}

// ownNamespaces' objects are made by Kubernetes in each namespace.
var ownNamespaces = []string{"configmap/kube-root-ca.crt", "serviceaccount/default"}

// takeInventory lists what the namespace holds, of every kind that the cluster knows
// and that may be listed.
func (t *installTest) takeInventory(ctx context.Context) (inventory, error) {
	client, err := metadata.NewForConfig(t.client.Config)
	if err != nil {
		return nil, fmt.Errorf("what is in namespace %s: %w", t.Namespace, err)
	}
	out := inventory{}
	err = t.eachKind(func(resource schema.GroupVersionResource, kind string) error {
		list, err := client.Resource(resource).Namespace(t.Namespace).List(ctx, meta.ListOptions{})
		switch {
		case apierrors.IsForbidden(err), apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
			return nil
		case err != nil:
			return fmt.Errorf("what is in namespace %s: %s: %w", t.Namespace, resource.Resource, err)
		}
		for _, o := range list.Items {
			if name := objectName(kind, o.Name); !slices.Contains(ownNamespaces, name) {
				out[name] = true
			}
		}
		return nil
	})
	return out, err
}

// eachKind calls visit for every kind of objects that lie in namespaces.
func (t *installTest) eachKind(visit func(schema.GroupVersionResource, string) error) error {
	// A group whose server is down must not keep the others from being looked at.
	lists, err := discovery.ServerPreferredNamespacedResources(t.client.Discovery())
	if len(lists) == 0 && err != nil {
		return fmt.Errorf("the cluster's kinds: %w", err)
	}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			if !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "delete") ||
				slices.Contains(passing, r.Kind) {
				continue
			}
			if err := visit(version.WithResource(r.Name), r.Kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeKept deletes, in a namespace that stays, what the chart told Helm to leave:
// it was made for the test.
func (t *installTest) removeKept(ctx context.Context, kept inventory) {
	if len(kept) == 0 {
		return
	}
	client, err := metadata.NewForConfig(t.client.Config)
	if err != nil {
		return
	}
	_ = t.eachKind(func(resource schema.GroupVersionResource, kind string) error {
		for _, o := range t.release.objects {
			if o.GetKind() == kind && kept[objectName(kind, o.GetName())] && !t.before[objectName(kind, o.GetName())] {
				_ = client.Resource(resource).Namespace(t.Namespace).Delete(ctx, o.GetName(), meta.DeleteOptions{})
			}
		}
		return nil
	})
}
