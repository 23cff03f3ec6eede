package testinstall

import (
	"context"
	"slices"
	"strings"
	"time"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/helm-livekit/helm-livekit/cluster/internal/diagnose"
)

// checkIngresses checks that a controller serves the Ingresses. Where none does, that
// is the cluster's matter, and a warning.
func (t *installTest) checkIngresses(ctx context.Context, res *checkResult) {
	findings, err := diagnose.Namespace(ctx, t.client, t.Namespace)
	if err != nil {
		res.failErr(err)
		return
	}
	for _, o := range t.release.kind("Ingress") {
		ingress, err := t.client.NetworkingV1().Ingresses(t.Namespace).Get(ctx, o.GetName(), meta.GetOptions{})
		if err != nil {
			res.fail("see kubectl -n "+t.Namespace+" get ingresses", "Ingress %s: %v", o.GetName(), err)
			continue
		}
		about := slices.DeleteFunc(slices.Clone(findings),
			func(f diagnose.Finding) bool { return f.Object != "Ingress "+ingress.Name })
		for _, f := range about {
			res.warn(f.Remedy, "%s", f)
		}
		if len(about) == 0 {
			ingress = t.waitForIngress(ctx, ingress)
		}
		switch {
		case len(ingress.Status.LoadBalancer.Ingress) > 0:
			res.pass("Ingress %s for %s is served", ingress.Name, hostsOf(ingress))
		case len(about) == 0:
			res.warn("see kubectl -n "+t.Namespace+" describe ingress "+ingress.Name+" and the controller's log",
				"Ingress %s for %s has no address yet: its controller has not taken it, or tells none", ingress.Name,
				hostsOf(ingress))
		}
	}
	res.skip("The release has no Ingress")
}

// waitForIngress gives a controller some time to take an Ingress, and gives it as it is then.
func (t *installTest) waitForIngress(ctx context.Context, i *networking.Ingress) *networking.Ingress {
	const patience = 15 * time.Second
	_ = wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, patience, true,
		func(ctx context.Context) (bool, error) {
			now, err := t.client.NetworkingV1().Ingresses(t.Namespace).Get(ctx, i.Name, meta.GetOptions{})
			if err != nil {
				return false, nil
			}
			i = now
			return len(i.Status.LoadBalancer.Ingress) > 0, nil
		})
	return i
}

func hostsOf(i *networking.Ingress) string {
	var hosts []string
	for _, r := range i.Spec.Rules {
		hosts = append(hosts, r.Host)
	}
	if len(hosts) == 0 {
		return "any host"
	}
	return strings.Join(hosts, ", ")
}
