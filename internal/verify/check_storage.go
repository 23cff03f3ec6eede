package verify

import "slices"

// persistence judges whether every claim is of use, and there.
func persistence(s *subject, v *verdict) {
	used := map[string]bool{}
	for _, w := range s.workloads {
		for _, volume := range w.pod().Volumes {
			if volume.PersistentVolumeClaim == nil {
				continue
			}
			name := volume.PersistentVolumeClaim.ClaimName
			used[name] = true
			s.judgeReference(v, w, name)
			s.judgeMounts(v, w, volume.Name, "Claim "+name)
		}
		for _, claim := range w.claims {
			s.judgeMounts(v, w, claim.Name, "Claim template "+claim.Name)
		}
	}
	claims := 0
	for _, o := range s.objects {
		if o.Kind() != "PersistentVolumeClaim" || o.IsHook() {
			continue
		}
		claims++
		if !used[o.Name()] {
			v.fail("Remove it, or mount it: "+o.File, "Claim %s is mounted by no pod of the chart", o.Name())
		}
	}
	if claims+len(used) == 0 {
		v.skip("The chart renders no claim with these values, and the server needs none")
		return
	}
	v.pass("Every claim is there and mounted")
}

// judgeReference takes a claim that the user names: it is there before.
func (s *subject) judgeReference(v *verdict, w *workloadObject, name string) {
	if _, ok := s.find("PersistentVolumeClaim", name); ok || holdsText(s.values, name) {
		return
	}
	v.fail("Make the claim in the chart, or take its name from a value: "+w.spec("volumes"), "%s mounts claim %s, which the chart does not make", w, name)
}

// holdsText reports whether some value is this text.
func holdsText(values map[string]any, text string) bool {
	found := false
	eachText("", values, func(_, t string) { found = found || t == text })
	return found
}

func (s *subject) judgeMounts(v *verdict, w *workloadObject, volume, what string) {
	mounts := w.mounts(volume)
	if len(mounts) == 0 {
		v.fail("Mount the volume, or remove it: "+w.spec("volumes"), "%s is a volume of %s that no container mounts", what, w)
		return
	}
	i := slices.IndexFunc(s.servers, func(server *server) bool { return server.workloadObject == w })
	if i < 0 || len(mounts) > 1 || len(mounts[s.servers[i].container.Name]) == 0 {
		return
	}
	v.warn("Remove the claim and its mount: livekit-server keeps nothing on disk", "%s is mounted by container %s of %s alone (%s), which writes nothing",
		what, s.servers[i].container.Name, w, mounts[s.servers[i].container.Name][0].MountPath)
}
