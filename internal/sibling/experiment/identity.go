package experiment

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// addIdentity takes names and labels from what was rendered: that is what
// they are, whatever the templates look like.
func (o *observation) addIdentity(f *names.Facts) {
	own, ok := o.identity(o.workload)
	if !ok {
		return
	}
	if naming, ok := o.naming(own); ok {
		if f.Naming != nil {
			naming.HelperPrefix = f.Naming.HelperPrefix
		}
		f.Naming = &naming
	}
	if labels, ok := o.labels(own); ok {
		f.Labels = &labels
	}
	f.Workload = o.workload.Kind
	o.addFiles(f)
}

func (o *observation) identity(ref lineage.Ref) (lineage.Identity, bool) {
	i := slices.IndexFunc(o.result.Identity, func(id lineage.Identity) bool { return id.Object == ref })
	if i < 0 {
		return lineage.Identity{}, false
	}
	return o.result.Identity[i], true
}

func (o *observation) seen(ref lineage.Ref, what string) convention.Fact {
	shown := o.sibling.Templates[len(o.sibling.Templates)-1].Shown
	return convention.Fact{Evidence: shown + "/" + ref.File + ", " + what, Confidence: convention.Probed}
}

// naming reads how the workload and its companions are named.
func (o *observation) naming(own lineage.Identity) (convention.Naming, bool) {
	n, ok := names.NewNaming(own.Object.Kind, func(kind string) (base, suffix string, ok bool) {
		if kind == own.Object.Kind {
			return o.fullname(own)
		}
		id, ok := o.mainOf(kind)
		if !ok {
			return "", "", false
		}
		return o.fullname(id)
	})
	n.Fact = o.seen(own.Object, "metadata.name is "+own.Name)
	return n, ok
}

func isWorkload(ref lineage.Ref) bool { return slices.Contains(convention.WorkloadKinds, ref.Kind) }

// mainOf gives the object of a kind that is the application's: the one in a file
// that is called like the kind, else the first.
func (o *observation) mainOf(kind string) (lineage.Identity, bool) {
	all := slices.DeleteFunc(slices.Clone(o.result.Identity), func(id lineage.Identity) bool {
		return id.Object.Kind != kind || !o.isRelated(id.Object)
	})
	i := slices.IndexFunc(all, func(id lineage.Identity) bool { return names.NamedLike(id.Object.File, kind) })
	if len(all) == 0 {
		return lineage.Identity{}, false
	}
	return all[max(i, 0)], true
}

// fullname splits an object's name into one of the Fullname patterns and what is
// appended to it.
func (o *observation) fullname(id lineage.Identity) (base, suffix string, ok bool) {
	name, contained := o.literal(id.Name), o.literal(id.Contained)
	base, suffix = names.SplitName(name)
	once := suffix == strings.TrimPrefix(contained, "{release}")
	switch {
	case base == convention.FullnameReleaseChart && once && !strings.HasPrefix(contained, base):
		base = convention.FullnameHelmCreate
	case base == convention.FullnameChartRelease && once && strings.HasPrefix(contained, convention.FullnameRelease):
		base = convention.FullnameChartReleaseOnce
	}
	if c := o.sibling.Component; c != "" && strings.EqualFold(suffix, "-"+c) {
		return base, "-{name}", base != ""
	}
	return base, suffix, base != "" && names.IsPlainSuffix(suffix)
}

// literal puts {name} for the chart's own name where the values have it.
func (o *observation) literal(pattern string) string {
	name := o.sibling.Name
	if name == "" || strings.Contains(pattern, "{name}") || strings.Contains(pattern, "{chart}") {
		return pattern
	}
	if pattern == name || strings.HasPrefix(pattern, name+"-") {
		return "{name}" + pattern[len(name):]
	}
	return pattern
}

// labels reads the labels of the workload, its selector and its Service's.
func (o *observation) labels(own lineage.Identity) (convention.Labels, bool) {
	selector, ok := o.patterns(own.Selector, own, true)
	if !ok {
		return convention.Labels{}, false
	}
	set, _ := o.patterns(own.Labels, own, false)
	pods, _ := o.patterns(own.PodLabels, own, false)
	var services [][]convention.Label
	for _, id := range o.result.Identity {
		if by, ok := o.patterns(id.Selector, own, true); ok && id.Object.Kind == "Service" {
			services = append(services, by)
		}
	}
	labels, ok := names.NewLabels(set, selector, pods, services)
	labels.Fact = o.seen(own.Object, "as rendered")
	return labels, ok
}

// patterns turns labels as they were rendered into patterns of Label.Value. What
// cannot be one is left out, or with strict set is a failure.
func (o *observation) patterns(labels []lineage.Label, own lineage.Identity, strict bool) ([]convention.Label, bool) {
	var out []convention.Label
	for _, l := range labels {
		value := l.Value
		if value == own.Name && value != "{name}" && value != "{release}" {
			value = "{fullname}"
		}
		value = o.literal(value)
		if o.sibling.Component != "" && value == o.sibling.Component {
			value = "{name}"
		}
		if lineage.IsMark(l.Name) {
			continue
		}
		label := convention.Label{Name: l.Name, Value: value}
		if !label.IsValid() {
			if strict {
				return nil, false
			}
			continue
		}
		out = append(out, label)
	}
	return out, true
}

// addFiles adds the files of kinds that reading templates as text did not
// find: objects that named templates make. A file that calls a library for all of
// them says nothing of how templates are called here.
func (o *observation) addFiles(f *names.Facts) {
	t := o.sibling.Templates[len(o.sibling.Templates)-1]
	if !t.HasWorkload() {
		return
	}
	files := map[string]string{}
	taken := map[string]bool{}
	for kind, file := range f.Files.Templates {
		files[kind], taken[file] = file, true
	}
	first := []lineage.Ref{o.workload}
	for _, key := range []string{"service.port", "ingress.hosts", "persistence.size", "autoscaling.maxReplicas"} {
		if ref, ok := o.reached[key]; ok && ref != o.workload {
			delete(taken, files[ref.Kind])
			delete(files, ref.Kind) // what the keys reach is surely the application's
			first = append(first, ref)
		}
	}
	for _, ref := range append(first, o.result.Refs...) {
		path, inTemplates := strings.CutPrefix(ref.File, "templates/")
		file := t.ChartPath(path)
		isOwn := ref == o.workload || names.IsFileFor(ref.Kind, path)
		if files[ref.Kind] == "" && inTemplates && isOwn && !taken[file] && !names.AsidePath(file, o.sibling.Name) {
			files[ref.Kind], taken[file] = file, true
		}
	}
	f.Files.Templates = files
	names.RenameComponent(f.Files, o.sibling.Component)
}
