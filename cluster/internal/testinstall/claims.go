package testinstall

import (
	"context"
	"strings"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// checkClaims checks that the claims are bound, and where they are mounted.
func (t *installTest) checkClaims(ctx context.Context, res *checkResult) {
	mounted := map[string]bool{}
	for _, w := range t.release.workloads() {
		pods, err := t.pods(ctx, w)
		if err != nil {
			res.failErr(err)
			return
		}
		for _, p := range pods {
			for claim, at := range claimMounts(p.Spec) {
				mounted[claim] = true
				t.checkClaim(ctx, claim, at, res)
			}
		}
	}
	for _, o := range t.release.kind("PersistentVolumeClaim") {
		if !mounted[o.GetName()] {
			res.fail("see volumes in helm get manifest", "Claim %s is mounted by no pod: nothing is kept", o.GetName())
		}
	}
	res.skip("The pods have no claims")
}

func (t *installTest) checkClaim(ctx context.Context, name string, at []string, res *checkResult) {
	claim, err := t.client.CoreV1().PersistentVolumeClaims(t.Namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		res.fail("see kubectl -n "+t.Namespace+" get pvc", "claim %s: %v", name, err)
		return
	}
	class := "no storage class"
	if name := claim.Spec.StorageClassName; name != nil && *name != "" {
		class = "storage class " + *name
	}
	size := claim.Status.Capacity[core.ResourceStorage]
	switch {
	case claim.Status.Phase != core.ClaimBound:
		res.fail("see kubectl -n "+t.Namespace+" describe pvc "+name,
			"Claim %s is %s (%s)", name, claim.Status.Phase, class)
	case len(at) == 0:
		res.fail("see volumeMounts in helm get manifest", "Claim %s is a volume of the pod, and no container "+
			"mounts it", name)
	default:
		res.pass("Claim %s is bound: %s, %s, %s", name, size.String(), class, strings.Join(at, ", "))
	}
}

// claimMounts gives, for each claim among the volumes, where containers mount it.
func claimMounts(pod core.PodSpec) map[string][]string {
	out := map[string][]string{}
	for _, volume := range pod.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		at := []string{}
		for _, c := range kube.AllContainers(pod) {
			for _, m := range c.VolumeMounts {
				if m.Name == volume.Name {
					at = append(at, m.MountPath+" of "+c.Name)
				}
			}
		}
		out[volume.PersistentVolumeClaim.ClaimName] = at
	}
	return out
}
