package testinstall

import (
	"context"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// managedBy marks the namespaces that are made here.
const managedBy = "helm-livekit"

// namespaceMade is the identity of a namespace that this run made: nothing but
// that very object is ever deleted.
type namespaceMade struct {
	name string
	uid  types.UID
}

// makeNamespace creates the namespace, or takes one that is there where the
// plan says so.
func (t *installTest) makeNamespace(ctx context.Context) error {
	namespaces := t.client.CoreV1().Namespaces()
	if t.Reuse {
		return t.takeNamespace(ctx)
	}
	// Broken off in the middle, nobody would know whether it is there.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	made, err := namespaces.Create(ctx, &core.Namespace{ObjectMeta: meta.ObjectMeta{
		Name: t.Namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": managedBy},
	}}, meta.CreateOptions{})
	switch {
	case apierrors.IsAlreadyExists(err):
		return t.refuseNamespace(ctx)
	case apierrors.IsForbidden(err):
		return remedy.Errorf("let somebody make one for you, and name it with --test-namespace and --reuse",
			"namespace %s cannot be made: %w", t.Namespace, err)
	case err != nil:
		return remedy.Errorf("see kubectl get namespaces", "namespace %s cannot be made: %w", t.Namespace, err)
	}
	t.namespace = &namespaceMade{made.Name, made.UID}
	t.before = inventory{}
	return nil
}

// refuseNamespace says why a namespace that is there is left alone.
func (t *installTest) refuseNamespace(ctx context.Context) error {
	const step = "name another with --test-namespace, or use this one with --reuse: it is not deleted then"
	there, err := t.client.CoreV1().Namespaces().Get(ctx, t.Namespace, meta.GetOptions{})
	switch {
	case err != nil || there.Labels["app.kubernetes.io/managed-by"] != managedBy:
		return remedy.Errorf(step, "namespace %s is there already, and nothing in it is to be harmed", t.Namespace)
	case there.DeletionTimestamp != nil:
		return remedy.Errorf("wait until kubectl get namespace "+t.Namespace+" no longer finds it, or name another "+
			"with --test-namespace",
			"namespace %s, of an earlier trial, is being deleted", t.Namespace)
	}
	return remedy.Errorf("kubectl delete namespace "+t.Namespace+" if nobody needs it any more; else "+step,
		"namespace %s is there already: a trial of %s made it, and is running, or was told to keep it, or was killed",
		t.Namespace, there.CreationTimestamp.Format(time.DateTime))
}

func (t *installTest) takeNamespace(ctx context.Context) error {
	there, err := t.client.CoreV1().Namespaces().Get(ctx, t.Namespace, meta.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return remedy.Errorf("make it, or leave --reuse out: it is made for the trial then",
			"namespace %s, which is to be reused, is not there", t.Namespace)
	case err != nil:
		return remedy.Errorf("see kubectl get namespace "+t.Namespace, "namespace %s: %w", t.Namespace, err)
	case there.DeletionTimestamp != nil:
		return remedy.Errorf("wait until it is gone", "namespace %s is being deleted", t.Namespace)
	}
	if t.helm.hasRelease(ctx, t.Release) {
		return remedy.Errorf("name another release with --release, or uninstall it first",
			"release %s is in namespace %s already, and is not the trial's to change", t.Release, t.Namespace)
	}
	t.before, err = t.takeInventory(ctx)
	return err
}

// removeNamespace deletes the namespace if this run made it, and waits until it
// is gone.
func (t *installTest) removeNamespace(ctx context.Context, res *checkResult) {
	if t.namespace == nil {
		res.pass("Namespace %s was there before, and stays", t.Namespace)
		return
	}
	namespaces := t.client.CoreV1().Namespaces()
	t.progress("deleting namespace %s", t.Namespace)
	err := namespaces.Delete(ctx, t.namespace.name,
		meta.DeleteOptions{Preconditions: &meta.Preconditions{UID: &t.namespace.uid}})
	if err != nil && !apierrors.IsNotFound(err) {
		res.fail("kubectl delete namespace "+t.Namespace, "namespace %s cannot be deleted: %v", t.Namespace, err)
		return
	}
	err = wait.PollUntilContextCancel(ctx, 500*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		there, err := namespaces.Get(ctx, t.namespace.name, meta.GetOptions{})
		return apierrors.IsNotFound(err) || err == nil && there.UID != t.namespace.uid, nil
	})
	if err != nil {
		res.fail("see what kubectl get namespace "+t.Namespace+" -o yaml says of finalizers",
			"namespace %s is not gone: %v", t.Namespace, err)
		return
	}
	res.pass("Namespace %s is gone", t.Namespace)
}

// unreachable says that the API server does not answer.
func unreachable(err error) error {
	return remedy.Errorf("check that kubectl version reaches the cluster; KUBECONFIG and --kube-context say which one",
		"the cluster does not answer: %w", err)
}
