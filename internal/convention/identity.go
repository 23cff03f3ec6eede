package convention

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
)

// raiseIdentity takes names and labels from what was rendered: that is what
// they are, whatever the templates look like.
func (o *observation) raiseIdentity(f *facts) {
	own, ok := o.identity(o.workload)
	if !ok {
		return
	}
	if naming, ok := o.naming(own); ok {
		if f.naming != nil {
			naming.HelperPrefix = f.naming.HelperPrefix
		}
		f.naming = &naming
	}
	if labels, ok := o.labels(own); ok {
		f.labels = &labels
	}
	f.workload = o.workload.Kind
	o.raiseFiles(f)
}

func (o *observation) identity(ref lineage.Ref) (lineage.Identity, bool) {
	for _, id := range o.result.Identity {
		if id.Object == ref {
			return id, true
		}
	}
	return lineage.Identity{}, false
}

func (o *observation) seen(ref lineage.Ref, what string) Fact {
	shown := o.sibling.templates[len(o.sibling.templates)-1].shown
	return Fact{Evidence: shown + "/" + ref.File + ", " + what, Confidence: Probed}
}

// naming reads how the workload and its companions are named.
func (o *observation) naming(own lineage.Identity) (Naming, bool) {
	base, suffix, ok := o.fullname(own)
	if !ok {
		return Naming{}, false
	}
	n := Naming{Fullname: base, HelperPrefix: "{name}", Fact: o.seen(own.Object, "metadata.name is "+own.Name)}
	suffixes := map[string]string{}
	if suffix != "" {
		suffixes[own.Object.Kind] = suffix
	}
	for _, id := range o.result.Identity {
		kind := id.Object.Kind
		_, done := suffixes[kind]
		if done || !o.isRelated(id.Object) || !slices.Contains(namedKinds, kind) || slices.Contains(workloadKinds, kind) {
			continue
		}
		if b, s, ok := o.fullname(id); ok && b == base && o.isMain(id) {
			suffixes[kind] = s
		}
	}
	for kind, s := range suffixes {
		if s == "" {
			delete(suffixes, kind)
		}
	}
	if len(suffixes) > 0 {
		n.Suffixes = suffixes
	}
	return n, true
}

// isMain tells the object of its kind that is the application's: the one in a
// file that is called like the kind, else the first.
func (o *observation) isMain(id lineage.Identity) bool {
	first := -1
	for i, other := range o.result.Identity {
		if other.Object.Kind != id.Object.Kind || !o.isRelated(other.Object) {
			continue
		}
		if first < 0 {
			first = i
		}
		if isNamedLike(other.Object.File, other.Object.Kind) {
			return other.Object == id.Object
		}
	}
	return first >= 0 && o.result.Identity[first].Object == id.Object
}

func isNamedLike(file, kind string) bool {
	base, _, _ := strings.Cut(file[strings.LastIndexByte(file, '/')+1:], ".")
	return norm(base) == norm(kind)
}

// fullname splits an object's name into one of the Fullname patterns and what is
// appended to it.
func (o *observation) fullname(id lineage.Identity) (base, suffix string, ok bool) {
	name, contained := o.literal(id.Name), o.literal(id.Contained)
	if rest, found := strings.CutPrefix(name, "{release}-{name}"); found {
		if rest == strings.TrimPrefix(contained, "{release}") && !strings.HasPrefix(contained, "{release}-{name}") {
			base = FullnameHelmCreate
		} else {
			base = FullnameReleaseChart
		}
		suffix = rest
	} else if rest, found := strings.CutPrefix(name, "{name}-{release}"); found && rest == strings.TrimPrefix(contained, "{release}") &&
		strings.HasPrefix(contained, "{release}") {
		base, suffix = FullnameChartReleaseOnce, rest
	} else {
		for _, b := range []string{FullnameChartRelease, FullnameChart, FullnameRelease} {
			if rest, found := strings.CutPrefix(name, b); found {
				base, suffix = b, rest
				break
			}
		}
	}
	if c := o.sibling.component; c != "" && strings.EqualFold(suffix, "-"+c) {
		return base, "-{name}", base != ""
	}
	return base, suffix, base != "" && (suffix == "" || plainSuffix.MatchString(suffix))
}

// literal puts {name} for the chart's own name where the values have it.
func (o *observation) literal(pattern string) string {
	name := o.sibling.name
	if name == "" || strings.Contains(pattern, "{name}") || strings.Contains(pattern, "{chart}") {
		return pattern
	}
	if pattern == name || strings.HasPrefix(pattern, name+"-") {
		return "{name}" + pattern[len(name):]
	}
	return pattern
}

// labels reads the labels of the workload, its selector and its Service's.
func (o *observation) labels(own lineage.Identity) (Labels, bool) {
	selector, ok := o.patterns(own.Selector, own, true)
	if !ok || len(selector) == 0 {
		return Labels{}, false
	}
	selector = slices.DeleteFunc(selector, changesWithVersion)
	if len(selector) == 0 {
		return Labels{}, false
	}
	out := Labels{Selector: selector, Set: selector, Fact: o.seen(own.Object, "as rendered")}
	if set, _ := o.patterns(own.Labels, own, false); len(set) > 0 {
		out.Set = agreeWith(set, selector)
	}
	pod, _ := o.patterns(own.PodLabels, own, false)
	for _, id := range o.result.Identity {
		if id.Object.Kind != "Service" {
			continue
		}
		by, ok := o.patterns(id.Selector, own, true)
		finds := ok && len(by) > 0 && !slices.ContainsFunc(by, func(l Label) bool { return !slices.Contains(pod, l) || changesWithVersion(l) })
		if finds {
			if !slices.Equal(by, selector) {
				out.ServiceSelector = by
			}
			break
		}
	}
	out.Scheme = labelScheme(out)
	return out, true
}

// patterns turns labels as they were rendered into patterns of Label.Value. What
// cannot be one is left out, or with strict set is a failure.
func (o *observation) patterns(labels []lineage.Label, own lineage.Identity, strict bool) ([]Label, bool) {
	var out []Label
	for _, l := range labels {
		value := l.Value
		if value == own.Name && value != "{name}" && value != "{release}" {
			value = "{fullname}"
		}
		value = o.literal(value)
		if o.sibling.component != "" && value == o.sibling.component {
			value = "{name}"
		}
		if lineage.IsMark(l.Name) {
			continue
		}
		if !labelPattern.MatchString(value) || !labelName.MatchString(l.Name) {
			if strict {
				return nil, false
			}
			continue
		}
		out = append(out, Label{l.Name, value})
	}
	return out, true
}

// raiseFiles adds the files of kinds that reading templates as text did not
// find: objects that named templates make. A file that calls a library for all of
// them says nothing of how templates are called here.
func (o *observation) raiseFiles(f *facts) {
	if t := o.sibling.templates[len(o.sibling.templates)-1]; !t.hasWorkload() {
		return
	}
	if f.files == nil {
		f.files = &Files{Extension: "yaml", Fact: o.seen(o.workload, "as rendered")}
	}
	files := map[string]string{}
	taken := map[string]bool{}
	for kind, file := range f.files.Templates {
		files[kind], taken[file] = file, true
	}
	t := o.sibling.templates[len(o.sibling.templates)-1]
	first := []lineage.Ref{o.workload}
	for _, key := range []string{"service.port", "ingress.hosts", "persistence.size", "autoscaling.maxReplicas"} {
		if ref, ok := o.reached[key]; ok && ref != o.workload {
			delete(taken, files[ref.Kind])
			delete(files, ref.Kind) // what the keys reach is surely the application's
			first = append(first, ref)
		}
	}
	for _, ref := range append(first, o.result.Refs...) {
		file, inTemplates := strings.CutPrefix(ref.File, "templates/")
		words, known := fileWords[ref.Kind]
		base := norm(file[strings.LastIndexByte(file, '/')+1:])
		known = ref == o.workload || known && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(base, w) })
		file = t.chartPath(file)
		if files[ref.Kind] == "" && inTemplates && known && !taken[file] && !asidePath(file, o.sibling.name) {
			files[ref.Kind], taken[file] = file, true
		}
	}
	f.files.Templates = files
	f.files.rename(o.sibling.component)
}
