package experiment

import (
	"cmp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// addIdentity takes names and labels from what was rendered: that is what they are, whatever the templates look like.
func (o *observation) addIdentity(f *names.Facts) {
	if o.own.Name == "" {
		return
	}
	if naming, ok := o.naming(); ok {
		if f.Naming != nil {
			naming.HelperPrefix = f.Naming.HelperPrefix
			if naming.Fullname == f.Naming.Fullname { // of a claim that nothing of the values brings about
				naming.Claim = cmp.Or(naming.Claim, f.Naming.Claim)
			}
		}
		f.Naming = &naming
	}
	if labels, ok := o.labels(); ok {
		f.Labels = &labels
	}
	f.Workload, f.Route = o.workload.Kind, o.route(f.Route)
	o.addFiles(f)
}

// route gives the kind of the route that is rendered, where that is not the one that the values speak of: a block
// ingress may be left over from helm create.
func (o *observation) route(named string) string {
	isShown := func(kind string) bool {
		return slices.ContainsFunc(o.result.Refs, func(r lineage.Ref) bool { return r.Kind == kind && !o.unrelated[r] })
	}
	if i := slices.IndexFunc(routeKinds, isShown); i >= 0 && !isShown(named) && o.result.Incomplete == "" {
		return routeKinds[i]
	}
	return named
}

// seen is a fact that the rendered workload tells.
func (o *observation) seen(what string) convention.Fact {
	shown := o.sibling.Templates[len(o.sibling.Templates)-1].Shown
	return convention.Fact{Evidence: shown + "/" + o.workload.File + ", " + what, Confidence: convention.Probed}
}

// naming reads how the workload and its companions are named.
func (o *observation) naming() (convention.Naming, bool) {
	n, ok := names.NewNaming(o.workload.Kind, func(kind string) (base, suffix string, ok bool) {
		return o.fullname(o.mainOf(kind))
	})
	n.Fact = o.seen("metadata.name is " + o.own.Name)
	return n, ok
}

func isWorkload(ref lineage.Ref) bool { return slices.Contains(convention.WorkloadKinds, ref.Kind) }

// mainOf gives the object of a kind that is the application's: the workload, or
// the one in a file that is called like the kind, else the first.
func (o *observation) mainOf(kind string) lineage.Identity {
	if kind == o.workload.Kind {
		return o.own
	}
	all := slices.DeleteFunc(slices.Clone(o.result.Identity), func(id lineage.Identity) bool {
		return id.Object.Kind != kind || o.unrelated[id.Object]
	})
	i := slices.IndexFunc(all, func(id lineage.Identity) bool { return names.NamedLike(id.Object.File, kind) })
	if len(all) == 0 {
		return lineage.Identity{}
	}
	return all[max(i, 0)]
}

// fullname splits an object's name into one of the Fullname patterns and what is appended to it.
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
		if base == convention.FullnameChart {
			return base, suffix, true // {name}-{name} would be nobody's name
		}
		return base, "-{name}", base != ""
	}
	return base, suffix, base != "" && names.IsPlainSuffix(suffix)
}

// literal puts {name} for the chart's own name where the values have it.
func (o *observation) literal(pattern string) string {
	if strings.Contains(pattern, "{name}") || strings.Contains(pattern, "{chart}") {
		return pattern
	}
	return strings.Replace(names.WithName(pattern, o.sibling.Name), "{name}-{chartVersion}", "{chart}", 1)
}

// labels reads the labels of the workload, its selector and its Service's.
func (o *observation) labels() (convention.Labels, bool) {
	selector, isKnown := o.patterns(o.own.Selector, o.driven)
	set, _ := o.patterns(o.own.Labels, o.driven)
	pods, _ := o.patterns(o.own.PodLabels, o.driven)
	all, _ := o.patterns(o.own.PodLabels, nil)
	var services [][]convention.Label
	for _, id := range o.result.Identity {
		by, isKnown := o.patterns(id.Selector, nil)
		if isKnown && id.Object.Kind == "Service" {
			// What the workload's labels lost, and not the like of another workload's.
			isLost := func(l convention.Label) bool { return slices.Contains(all, l) && !slices.Contains(pods, l) }
			services = append(services, slices.DeleteFunc(by, isLost))
		}
	}
	labels, ok := names.NewLabels(set, selector, pods, services)
	labels.Fact = o.seen("as rendered")
	return labels, ok && isKnown
}

const versionLabel = "app.kubernetes.io/version"

// patterns turns labels as they were rendered into patterns of Label.Value. What cannot be one is left out; whole says
// that nothing was. So are labels whose text comes from a value, those of driven, though they do not count for whole:
// the text is the value's, and may be a dummy.
func (o *observation) patterns(labels []lineage.Label, driven map[string]string) (out []convention.Label, whole bool) {
	whole = true
	for _, l := range labels {
		value := l.Value
		if value == o.own.Name && value != "{name}" && value != "{release}" {
			value = "{fullname}"
			if _, suffix, isKept := o.fullname(o.own); isKept {
				value += suffix
			}
		}
		value = o.literal(value)
		if o.sibling.Component != "" && value == o.sibling.Component {
			value = "{name}"
		}
		isVersion := value == "" && l.Name == versionLabel
		isDriven := driven[l.Name] != "" && !strings.Contains(value, "{")
		if lineage.IsMark(l.Name) || !isVersion && (value == "" || isDriven) {
			continue
		}
		if isVersion { // of an image whose tag is to be given
			value = "{version}"
		}
		if label := (convention.Label{Name: l.Name, Value: value}); label.IsValid() {
			out = append(out, label)
		} else {
			whole = false
		}
	}
	return out, whole
}

// drivenLabels gives the labels of the workload and its pods whose text comes from a value, with the path of that.
func (o *observation) drivenLabels() map[string]string {
	out := map[string]string{}
	for _, f := range o.result.Findings {
		for _, r := range f.Reaches {
			n := len(r.Field) - 2
			isText := r.Effect == lineage.Direct || r.Effect == lineage.Inside
			if r.Object == o.workload && isText && n > 0 && r.Field[n] == "labels" && out[r.Field[n+1]] == "" {
				out[r.Field[n+1]] = f.Path.String()
			}
		}
	}
	return out
}

// addFiles adds the files of kinds that reading templates as text did not find: objects that named templates make. A
// file that calls a library for all of them says nothing of how templates are called here.
func (o *observation) addFiles(f *names.Facts) {
	t := o.sibling.Templates[len(o.sibling.Templates)-1]
	switch {
	case t.HasWorkload():
	case o.isAlone(o.workload):
		f.Files = &convention.Files{Extension: t.Extension(), Fact: o.seen("as rendered")}
	default:
		return
	}
	files := map[string]string{}
	taken := map[string]bool{}
	for kind, file := range f.Files.Templates {
		files[kind], taken[file] = file, true
	}
	forget := func(kind string) {
		delete(taken, files[kind])
		delete(files, kind)
	}
	for kind, file := range files {
		if o.isFileOfOthers(t, kind, file) {
			forget(kind)
		}
	}
	if strings.HasPrefix(o.workload.File, "templates/") {
		forget(o.workload.Kind)
	}
	first := []lineage.Ref{o.workload}
	for _, key := range []string{"service.port", "ingress.hosts", "persistence.size", "autoscaling.maxReplicas"} {
		if ref, ok := o.reached[key]; ok && ref != o.workload {
			forget(ref.Kind) // what the keys reach is surely the application's
			first = append(first, ref)
		}
	}
	for _, ref := range append(first, o.result.Refs...) {
		path, inTemplates := strings.CutPrefix(ref.File, "templates/")
		file := t.ChartPath(path)
		isOwn := ref == o.workload || !o.unrelated[ref] && t.IsFileFor(ref.Kind, path)
		if files[ref.Kind] == "" && inTemplates && isOwn && !taken[file] && !names.AsidePath(file, o.sibling.Name) {
			files[ref.Kind], taken[file] = file, true
		}
	}
	f.Files.Templates = files
}

// isAlone reports whether a file of the chart's own templates is called like an object's kind and renders no other.
func (o *observation) isAlone(ref lineage.Ref) bool {
	isAnother := func(r lineage.Ref) bool { return r.File == ref.File && r != ref }
	isOwn := strings.HasPrefix(ref.File, "templates/") && isOwnFile(ref)
	return isOwn && !slices.ContainsFunc(o.result.Refs, isAnother)
}

// isFileOfOthers reports whether all objects of a kind in a file belong to another workload.
func (o *observation) isFileOfOthers(t names.Templates, kind, file string) bool {
	var own, others int
	for _, ref := range o.result.Refs {
		path, _ := strings.CutPrefix(ref.File, "templates/")
		switch {
		case ref.Kind != kind || t.ChartPath(path) != file:
		case o.unrelated[ref]:
			others++
		default:
			own++
		}
	}
	return own == 0 && others > 0
}
