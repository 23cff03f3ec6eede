package testinstall

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// uninstall removes the release and looks at what it leaves.
func (t *installTest) uninstall(ctx context.Context, res *checkResult) {
	if !t.helm.hasRelease(ctx, t.Release) {
		res.skip("There is no release to uninstall")
		return
	}
	if t.release == nil { // it did not come up, and is there all the same
		if r, err := t.readRelease(ctx); err == nil {
			t.release = r
		}
	}
	t.progress("uninstalling")
	if _, err := t.helm.run(ctx, "uninstall", t.Release, "--wait",
		"--timeout", t.Timeout.Duration.String()); err != nil {
		res.fail("see helm status "+t.Release+" -n "+t.Namespace, "%v", err)
		return
	}
	left := t.waitUntilGone(ctx)
	kept := t.kept()
	for _, object := range slices.Sorted(maps.Keys(left)) {
		if kept[object] {
			res.pass("%s stays, as the chart says (helm.sh/resource-policy: keep)", object)
			continue
		}
		res.fail("see why kubectl -n "+t.Namespace+" get "+object+" finds it: is it a hook, made by a controller, "+
			"or held by a finalizer?", "%s is left after the release was uninstalled", object)
	}
	for object := range kept {
		if !left[object] {
			res.fail("see the annotations of "+object,
				"%s was to stay (helm.sh/resource-policy: keep), and is gone", object)
		}
	}
	if t.Reuse {
		t.removeKept(ctx, kept)
	}
	if len(res.failures) == 0 {
		res.pass("The release is gone, and left nothing else")
	}
}

// waitUntilGone waits for what ends after helm uninstall has returned, pods above
// all, and gives what is left beside what was there before.
func (t *installTest) waitUntilGone(ctx context.Context) inventory {
	kept := t.kept()
	left := inventory{}
	_ = wait.PollUntilContextTimeout(ctx, time.Second, time.Minute, true, func(ctx context.Context) (bool, error) {
		now, err := t.takeInventory(ctx)
		if err != nil {
			return false, nil
		}
		left = now.without(t.before)
		return len(left.without(kept)) == 0, nil
	})
	return left
}

// kept are the objects that the chart tells Helm to leave.
func (t *installTest) kept() inventory {
	out := inventory{}
	if t.release == nil {
		return out
	}
	for _, o := range t.release.objects {
		if o.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
			out[objectName(o.GetKind(), o.GetName())] = true
		}
	}
	return out
}

func objectName(kind, name string) string { return strings.ToLower(kind) + "/" + name }
