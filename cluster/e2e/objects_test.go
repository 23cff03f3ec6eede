package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"
)

// makeNamespace makes the case's namespace, for cases that need something in it
// before the chart; labels are "key=value".
func (b *bench) makeNamespace(labels ...string) {
	b.Helper()
	n := &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: b.namespace, Labels: map[string]string{runLabel: s.run}}}
	for _, l := range labels {
		key, value, _ := strings.Cut(l, "=")
		n.Labels[key] = value
	}
	if _, err := s.cluster.CoreV1().Namespaces().Create(b.Context(), n, meta.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
}

var mapper = sync.OnceValue(func() *restmapper.DeferredDiscoveryRESTMapper {
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(s.cluster.Discovery()))
})

// apply makes the objects of a YAML text in the case's namespace.
func (b *bench) apply(text string) {
	b.Helper()
	client, err := dynamic.NewForConfig(s.cluster.Config)
	if err != nil {
		b.Fatal(err)
	}
	for document := range strings.SplitSeq(text, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			b.Fatalf("%v in\n%s", err, document)
		}
		if o.GetKind() == "" {
			continue
		}
		mapping, err := mapper().RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := client.Resource(mapping.Resource).Namespace(b.namespace).Create(b.Context(), o,
			meta.CreateOptions{}); err != nil {
			b.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
}

// waitForPod waits until a pod with the labels is ready and gives it; not is a pod that
// does not count.
func (b *bench) waitForPod(selector, not string) core.Pod {
	b.Helper()
	var found core.Pod
	err := wait.PollUntilContextTimeout(b.Context(), 300*time.Millisecond, 90*time.Second, true,
		func(ctx context.Context) (bool, error) {
			list, err := s.cluster.CoreV1().Pods(b.namespace).List(ctx, meta.ListOptions{LabelSelector: selector})
			if err != nil {
				return false, nil
			}
			for _, p := range list.Items {
				for _, c := range p.Status.Conditions {
					if c.Type == core.PodReady && c.Status == core.ConditionTrue && p.DeletionTimestamp == nil &&
						p.Name != not {
						found = p
						return true, nil
					}
				}
			}
			return false, nil
		})
	if err != nil {
		b.Fatalf("no pod with %s is ready: %v", selector, err)
	}
	return found
}

// secretEntry reads one entry of a Secret of the case's namespace.
func (b *bench) secretEntry(name, entry string) string {
	b.Helper()
	secret, err := s.cluster.CoreV1().Secrets(b.namespace).Get(b.Context(), name, meta.GetOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return string(secret.Data[entry])
}

// waitForObjects waits until the Deployments and DaemonSets that were applied have their pods.
func (b *bench) waitForObjects() {
	b.Helper()
	list, err := s.cluster.AppsV1().Deployments(b.namespace).List(b.Context(), meta.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range list.Items {
		b.waitForPod(meta.FormatLabelSelector(d.Spec.Selector), "")
	}
	err = wait.PollUntilContextTimeout(b.Context(), 300*time.Millisecond, 90*time.Second, true,
		func(ctx context.Context) (bool, error) {
			sets, err := s.cluster.AppsV1().DaemonSets(b.namespace).List(ctx, meta.ListOptions{})
			return err == nil && !slices.ContainsFunc(sets.Items, func(d apps.DaemonSet) bool {
				return d.Status.ObservedGeneration == 0 || d.Status.NumberReady < d.Status.DesiredNumberScheduled
			}), nil
		})
	if err != nil {
		b.Fatalf("the DaemonSets do not have all of their pods: %v", err)
	}
}
