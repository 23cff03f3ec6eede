package verify

import (
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkPersistence: every claim is of use, and there.
func checkPersistence(in *input, out *result) {
	used := map[string]bool{}
	values := manifest.Leaves(in.values)
	for _, w := range in.workloads {
		for _, volume := range w.claimVolumes() {
			name := volume.PersistentVolumeClaim.ClaimName
			used[name] = true
			// A claim that the user names is there before.
			isValue := func(leaf manifest.Leaf) bool { return leaf.Value == name }
			if find(in.objects, "PersistentVolumeClaim", name) == nil && !slices.ContainsFunc(values, isValue) {
				out.fail("Make the claim in the chart, or take its name from a value: "+w.spec("volumes"),
					"%s mounts claim %s, which the chart does not make", w, name)
			}
			w.checkMounts(out, volume.Name, "Claim "+name)
		}
		for _, claim := range w.claims {
			w.checkMounts(out, claim.Name, "Claim template "+claim.Name)
		}
	}
	claims := filter(in.ofKind("PersistentVolumeClaim"), func(o manifest.Object) bool { return !o.IsHook() })
	for _, o := range claims {
		if !used[o.Name()] {
			out.fail("Remove it, or mount it: "+o.File, "Claim %s is mounted by no pod of the chart", o.Name())
		}
	}
	if len(claims)+len(used) == 0 {
		out.skip("The chart renders no claim with these values, and the server needs none")
	}
}

// checkMounts: some container mounts the volume, and not the server alone.
func (w *workload) checkMounts(out *result, volume, what string) {
	mounts := w.mounts(volume)
	if len(mounts) == 0 {
		out.fail("Mount the volume, or remove it: "+w.spec("volumes"),
			"%s is a volume of %s that no container mounts", what, w)
		return
	}
	for _, s := range w.in.servers {
		name := s.container.Name
		if own := mounts[name]; s.workload == w && len(own) > 0 && len(mounts) == 1 {
			out.warn("Remove the claim and its mount: livekit-server keeps nothing on disk",
				"%s is mounted by container %s of %s alone (%s), which writes nothing", what, name, w, own[0].MountPath)
		}
	}
}
