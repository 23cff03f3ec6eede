package names

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Facts are what one sibling says. A thing that it does not say is nil or empty.
type Facts struct {
	Sheet        *factsheet.Sheet // has the keys of Values
	Shown        string
	Dir          string
	IsNear       bool // it lies beside the new chart
	Component    string
	Values       map[string]convention.Value
	Labels       *convention.Labels
	Naming       *convention.Naming
	Workload     string
	Route        string
	Files        *convention.Files
	Style        convention.Style
	Defaults     convention.Defaults
	ChartVersion string
	Secrets      convention.Secrets
	Registry     string // its image's, where that is none of the public ones
	Notes        []string
}

// Weight is what the sibling's vote counts: more the more it is like LiveKit, a server with a Service, a way in and a
// disk, and more again where it lies beside the new chart and not elsewhere in the repository.
func (f Facts) Weight() int {
	likeness := 0
	for _, k := range f.Sheet.Keys {
		if _, ok := f.Values[k.Anchor]; ok {
			likeness++
		}
	}
	w := max(1, likeness-1)
	if f.IsNear {
		w *= nearWeight
	}
	return w
}

// nearWeight lets the charts beside the new one decide against a few times as many elsewhere.
const nearWeight = 4

// Read gathers what the sibling says.
func (s *Chart) Read() Facts {
	found := s.scan.facts
	s.Follow(s.findComponent(found["image.repository"].path))
	f := Facts{
		Sheet: s.Sheet, Shown: s.Shown, Dir: s.Dir, Component: s.Component,
		Values: map[string]convention.Value{}, Route: s.scan.route,
		Style: s.style(), Defaults: s.speaker().defaults(), ChartVersion: s.chart.Root.Get("version").Str(),
		Secrets: s.secrets(), Registry: s.registry(),
	}
	for key, at := range found {
		f.Values[key] = convention.Value{Path: s.PathOf(at.path), Shape: at.shape, Declared: s.speaker().at(key) != nil,
			Fact: s.factOf(at)}
	}
	s.readHints(f.Values)
	for _, t := range s.Templates {
		f.ReadTemplates(t)
	}
	if f.Labels != nil && s.Component != "" {
		for _, set := range [][]convention.Label{f.Labels.Set, f.Labels.Selector, f.Labels.ServiceSelector} {
			for i := range set {
				set[i].Value = WithName(set[i].Value, s.Component)
			}
		}
	}
	for _, l := range s.layers {
		for _, d := range l.doc.Duplicates {
			f.Notes = append(f.Notes, d.Remark(l.shown))
		}
	}
	if s.Wrapped != nil {
		f.Notes = append(f.Notes, fmt.Sprintf("%s is a wrapper around the chart %s. The new chart stands alone: "+
			"it has at the root what is below %s there.", s.Shown, s.Wrapped.Name, s.Wrapped.Key()))
	}
	if _, hasEnv := f.Values["env"]; s.scan.references != nil && !hasEnv {
		f.Notes = append(f.Notes, fmt.Sprintf("%s has variables as a list of Secrets, in %s. "+
			"The new chart takes them as Kubernetes does, in env.", s.Shown, s.scan.references))
	}
	s.AddEnvironments(&f)
	return f
}

// plainBlocks are blocks that any application may have: they keep their names.
var plainBlocks = []string{
	"app", "application", "main", "mainapp", "server", "service", "deployment", "statefulset", "controller",
	"container", "pod", "common", "global", "image", "images",
}

// findComponent gives the block that the image is in, where the values have
// several such blocks at their root, each for one component.
func (s *Chart) findComponent(image []string) string {
	if len(image) < 2 || s.IsName(0, image[0]) || slices.Contains(plainBlocks, convention.NormalizeName(image[0])) {
		return ""
	}
	blocks := slices.DeleteFunc((section{nil, s.Values}).below(), func(p section) bool {
		return slices.Contains(s.Others, p.path[0]) || !p.pick([]string{"image"}, nil).exists()
	})
	if len(blocks) < 2 {
		return ""
	}
	return image[0]
}

// Follow says which of several components is the application, "" for the chart as a whole.
func (s *Chart) Follow(component string) {
	s.Component = component
	for i := range s.Templates {
		s.Templates[i].follow(component)
	}
}

// IsName reports whether the segment at some depth of a path is called like the
// chart, or is the component that is followed.
func (s *Chart) IsName(depth int, segment string) bool {
	isComponent := depth == 0 && s.Component != "" && segment == s.Component
	return isComponent || s.Name != "" && convention.SameName(segment, s.Name)
}

// OwnBlock gives the block at the root of the values that is called like the chart or is the component that is
// followed, where the application's image is in it.
func (s *Chart) OwnBlock() string {
	if image := s.scan.facts["image.repository"].path; len(image) > 1 && s.IsName(0, image[0]) {
		return image[0]
	}
	return ""
}

// IsOther reports whether a block at the root of the values is that of another component: it has an image that is not
// the application's, or is called like a database or another helper.
func (s *Chart) IsOther(block string) bool {
	image := s.scan.facts["image.repository"].path
	b := section{[]string{block}, s.Values.Child(block)}
	if !b.IsMap() || len(image) > 0 && image[0] == block || convention.SameName(block, s.Name) {
		return false
	}
	return aside(block) || b.pick([]string{"image"}, nil).exists()
}

// byName is a fact that names and shapes tell.
func byName(evidence string) convention.Fact {
	return convention.Fact{Evidence: evidence, Confidence: convention.Name}
}

// PathOf writes a path, with {name} for a block that is called like the chart.
func (s *Chart) PathOf(path []string) string {
	out := slices.Clone(path)
	for i, segment := range out {
		if s.IsName(i, segment) && len(out) > 1 {
			out[i] = "{name}"
		}
	}
	return yamldoc.JoinPath(out...)
}

// EvidenceOf names the file, the line and the key that a path stands for, which may have {name} and <volume> in it.
func (s *Chart) EvidenceOf(path []string) string {
	at := slices.Clone(path)
	for i, segment := range at {
		if segment != "<volume>" && segment != "{name}" {
			continue
		}
		keys := s.Values.Get(yamldoc.JoinPath(at[:i]...)).Keys()
		n := slices.IndexFunc(keys, func(key string) bool {
			if segment == "{name}" {
				return s.IsName(i, key)
			}
			return s.Values.Get(yamldoc.JoinPath(slices.Concat(at[:i], []string{key}, at[i+1:])...)) != nil
		})
		switch {
		case n >= 0:
			at[i] = keys[n]
		case segment == "<volume>":
			return s.evidence(at[:i])
		}
	}
	return s.evidence(at)
}

// ReadTemplates takes what the chart's own templates say, and what those of a
// wrapped chart say where its own are silent.
func (f *Facts) ReadTemplates(t Templates) {
	w := t.workload()
	if w == nil {
		return
	}
	f.Workload = cmp.Or(f.Workload, w.kind)
	if labels, ok := t.labelFacts(w); ok && f.Labels == nil {
		f.Labels = &labels
	}
	if naming, ok := t.namingFacts(w); ok && f.Naming == nil {
		f.Naming = &naming
	}
	if f.Files == nil {
		f.Files = &convention.Files{
			Templates: t.filesByKind(w), Extension: t.Extension(), Fact: byName(t.Shown + "/templates"),
		}
	}
	kinds := []string{f.Route, convention.RouteIngress, convention.RouteIngressRoute, convention.RouteHTTPRoute}
	if i := slices.IndexFunc(kinds, func(kind string) bool { return t.object(kind) != nil }); i >= 0 {
		f.Route = kinds[i]
	}
}

// maxLean is how many lines, without the empty ones, a values.yaml has that names what a chart sets, and not all that
// can be set: the one of `helm create` has about a hundred.
const maxLean = 60

// A values.yaml without comments has chosen to have none if it has a few lines, and one where most keys have theirs
// says something about each.
const (
	minUncommented = 8
	mostCommented  = 0.6
)

// style measures the sibling's own values and Chart.yaml together: a short
// values.yaml may show neither lists nor quotes.
func (s *Chart) style() convention.Style {
	values, chart := s.layers[0].doc.Style(), s.chart.Style()
	out := convention.Style{
		Lists: cmp.Or(values.Lists, chart.Lists, s.Templates[0].lists()), Quotes: cmp.Or(values.Quotes, chart.Quotes),
		Collections: values.Collections, Comments: values.Comments, DocumentStart: values.DocumentStart,
		Header: license(s.layers[0].doc.Head()), ChartFields: s.chart.Root.Keys(), ValuesOrder: s.Values.Keys(),
		Fact: byName(s.layers[0].shown),
	}
	if len(s.layers[0].doc.Root.Entries) == 0 {
		out.DocumentStart = chart.DocumentStart
	}
	for _, indent := range []int{chart.Indent, values.Indent} {
		if convention.MinIndent <= indent && indent <= convention.MaxIndent {
			out.Indent = indent
		}
	}
	if lines := s.layers[0].doc.Lines(); lines > maxLean {
		out.Values = convention.ValuesFull
	} else if lines > 0 {
		out.Values = convention.ValuesLean
	}
	switch hasOwn := s.layers[0].doc.HasCommentLines(); {
	case !hasOwn && s.layers[0].doc.Lines() < minUncommented:
		out.Comments = "plain" // it may have nothing to say yet
	case !hasOwn:
		out.Comments = "none"
	case out.Comments == "plain" && s.layers[0].doc.CommentedShare() > mostCommented:
		out.Comments = "each"
	}
	return out
}

// Reads reports whether the chart's own templates read a value, which its values.yaml need not have.
func (s *Chart) Reads(path yamldoc.Path) bool {
	return slices.ContainsFunc(s.Templates[0].reads, func(read string) bool {
		return yamldoc.SplitPath(read).Contains(path)
	})
}

// readHints takes keys that stand in comments and those that the templates read, where the values do not name them:
// storageClass is often in neither values nor any default.
func (s *Chart) readHints(values map[string]convention.Value) {
	own := s.layers[0]
	for _, c := range own.doc.Commented() {
		if path := yamldoc.SplitPath(c.Path); own.prefix.Contains(path) {
			evidence := fmt.Sprintf("%s:%d %s (in a comment)", own.shown, c.Line, c.Path)
			s.takeHint(values, path[len(own.prefix):], evidence)
		}
	}
	for _, t := range s.Templates {
		for _, read := range t.reads {
			s.takeHint(values, strings.Split(read, "."), fmt.Sprintf("%s/templates .Values.%s", t.Shown, read))
		}
	}
}

// takeHint takes the keys that a path may be.
func (s *Chart) takeHint(values map[string]convention.Value, hint yamldoc.Path, evidence string) {
	if len(hint) == 0 {
		return
	}
	for _, k := range s.Sheet.Keys {
		path, ok := s.scan.hinted(k, hint)
		if _, isKnown := values[k.Key]; ok && !isKnown {
			shape := s.hintedShape(k.Key, path[len(path)-1])
			values[k.Key] = convention.Value{Path: s.PathOf(path), Shape: shape, Fact: byName(evidence)}
		}
	}
}

// hinted gives the path of a key that a hint names: in its block, or around the image.
func (s *scan) hinted(k factsheet.Key, path yamldoc.Path) (yamldoc.Path, bool) {
	parent, last := path[:len(path)-1], path[len(path)-1]
	if !k.Hinted || !slices.Contains(k.Names, convention.NormalizeName(last)) {
		return nil, false
	}
	if k.Block() == "" {
		return path, parent.Contains(s.imageBlock.path)
	}
	block, ok := s.facts[k.Block()]
	isSame := func(a, b string) bool { return a == b || a == "<volume>" }
	if ok && slices.EqualFunc(block.path, parent, isSame) {
		return append(slices.Clone(block.path), last), true
	}
	return path, ok && len(parent) > 0 && parent.Contains(block.path)
}

// hintedShape gives the shape that a hinted key has by its name or its block.
func (s *Chart) hintedShape(key, name string) string {
	switch {
	case key != "persistence.accessMode":
		return s.scan.facts[factsheet.BlockOf(key)].shape
	case strings.HasSuffix(name, "s"):
		return convention.AccessModeList
	}
	return ""
}

// license gives the lines of a file's head where they are a license or say whose it is, nothing for any other text.
func license(head []string) []string {
	text := strings.Join(head, "\n")
	for _, word := range []string{"SPDX-", "Copyright", "Licensed under"} {
		if strings.Contains(text, word) {
			return head
		}
	}
	return nil
}
