package convention

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// facts are what one sibling says. A thing that it does not say is nil or empty.
type facts struct {
	shown        string
	dir          string
	isNear       bool // it lies beside the new chart
	component    string
	values       map[string]Value
	labels       *Labels
	naming       *Naming
	workload     string
	route        string
	files        *Files
	style        Style
	defaults     Defaults
	chartVersion string
	secrets      *Secrets
	registry     string // its image's, where that is none of the public ones
	notes        []string
}

// likeness tells how much a chart is like LiveKit: a server with a Service, a
// way in and a disk. Such a chart has more to say on how to write one.
func (f facts) likeness() int {
	n := 0
	for _, key := range []string{"image.repository", "service.port", "ingress.hosts", "persistence.size"} {
		if _, ok := f.values[key]; ok {
			n++
		}
	}
	return n
}

// weight is what the sibling's vote counts: more the more it is like LiveKit,
// and more again where it lies beside the new chart and not elsewhere in the
// repository.
func (f facts) weight() int {
	w := max(1, f.likeness()-1)
	if f.isNear {
		w *= nearWeight
	}
	return w
}

// nearWeight lets the charts beside the new one decide against a few times as
// many elsewhere.
const nearWeight = 4

// read gathers what the sibling says.
func (s *sibling) read() facts {
	sc := newScan(s.values, s.name, s.others)
	found := sc.detect()
	s.component = s.findComponent(found["image.repository"].path)
	f := facts{shown: s.shown, dir: s.dir, component: s.component, values: map[string]Value{}, route: sc.route}
	for key, at := range found {
		f.values[key] = Value{
			Path: s.pathOf(at.path), Shape: at.shape,
			Fact: Fact{Evidence: s.evidenceOf(at.path), Confidence: Name},
		}
	}
	s.readHints(sc, f.values)
	for _, t := range s.templates {
		f.readTemplates(t)
	}
	f.files.rename(s.component)
	f.style = s.style()
	f.defaults = s.defaults(sc)
	f.chartVersion = s.chart.Root.Get("version").Str()
	f.secrets = s.secrets()
	f.registry = s.registry(sc)
	if s.wrapped != nil {
		f.notes = append(f.notes, fmt.Sprintf("%s is a wrapper around the chart %s. The new chart stands alone: "+
			"it has at the root what is below %s there.", s.shown, s.wrapped.name, s.wrapped.key()))
	}
	return f
}

// plainBlocks are blocks that any application may have: they keep their names.
var plainBlocks = []string{
	"app", "application", "main", "mainapp", "server", "service", "deployment", "statefulset", "controller", "common", "global", "image", "images",
}

// findComponent gives the block that the image is in, where the values have
// several such blocks at their root, each for one component.
func (s *sibling) findComponent(image []string) string {
	if len(image) < 2 || slices.Contains(plainBlocks, norm(image[0])) || sameName(image[0], s.name) {
		return ""
	}
	blocks := 0
	for _, e := range s.values.Entries {
		if e.Value.IsMap() && !slices.Contains(s.others, e.Key) && pick(e.Value, []string{"image"}, nil) != nil {
			blocks++
		}
	}
	if blocks < 2 {
		return ""
	}
	return image[0]
}

// rename puts {name} for a component's folder.
func (f *Files) rename(component string) {
	if f == nil || component == "" {
		return
	}
	for kind, file := range f.Templates {
		folder, rest, inFolder := strings.Cut(file, "/")
		if inFolder && sameName(folder, component) {
			f.Templates[kind] = "{name}/" + rest
		}
	}
}

// pathOf writes a path, with {name} for a block that is called like the chart.
func (s *sibling) pathOf(path []string) string {
	out := slices.Clone(path)
	for i, segment := range out {
		isName := s.name != "" && sameName(segment, s.name) || i == 0 && s.component != "" && segment == s.component
		if isName && len(out) > 1 {
			out[i] = "{name}"
		}
	}
	return yamldoc.JoinPath(out...)
}

// evidenceOf is evidence for a path with <volume> in it, too.
func (s *sibling) evidenceOf(path []string) string {
	i := slices.Index(path, "<volume>")
	if i < 0 {
		return s.evidence(path)
	}
	block := s.values.Get(yamldoc.JoinPath(path[:i]...))
	for _, key := range block.Keys() {
		concrete := slices.Clone(path)
		concrete[i] = key
		if s.values.Get(yamldoc.JoinPath(concrete...)) != nil {
			return s.evidence(concrete)
		}
	}
	return s.evidence(path[:i])
}

// readTemplates takes what the chart's own templates say, and what those of a
// wrapped chart say where its own are silent.
func (f *facts) readTemplates(t templates) {
	w := t.workload()
	if w == nil {
		return
	}
	if f.workload == "" {
		f.workload = w.kind
	}
	if labels, ok := t.labelFacts(); ok && f.labels == nil {
		f.labels = &labels
	}
	if naming, ok := t.namingFacts(); ok && f.naming == nil {
		f.naming = &naming
	}
	if f.files == nil {
		f.files = &Files{
			Templates: t.filesByKind(), Extension: t.extension(),
			Fact: Fact{Evidence: t.shown + "/templates", Confidence: Name},
		}
	}
	if f.route != "" && t.object(f.route) != nil {
		return
	}
	for _, kind := range []string{RouteIngress, RouteIngressRoute, RouteHTTPRoute} {
		if t.object(kind) != nil {
			f.route = kind
			return
		}
	}
}

// style measures the sibling's own values and Chart.yaml together: a short
// values.yaml may show neither lists nor quotes.
func (s *sibling) style() Style {
	values, chart := s.layers[0].doc.Style(), s.chart.Style()
	out := Style{
		Indent: values.Indent, Lists: firstOf(values.Lists, chart.Lists), Quotes: firstOf(values.Quotes, chart.Quotes),
		Comments: values.Comments, DocumentStart: values.DocumentStart,
		ChartFields: s.chart.Root.Keys(), ValuesOrder: s.values.Keys(),
		Fact: Fact{Evidence: s.layers[0].shown, Confidence: Name},
	}
	if len(s.layers[0].doc.Root.Entries) == 0 {
		out.DocumentStart = chart.DocumentStart
	}
	if out.Indent < minIndent || out.Indent > maxIndent {
		out.Indent = chart.Indent
	}
	if out.Indent < minIndent || out.Indent > maxIndent {
		out.Indent = 0 // no habit to follow
	}
	if out.Comments == "none" {
		out.Comments = "plain" // comments have to be written somehow
	}
	return out
}

// hintedSettings are keys that charts have without naming them in values, each
// with the block that it is to stand in.
var hintedSettings = []struct {
	key, block string
	names      []string
}{
	{"persistence.storageClass", "persistence", []string{"storageclass", "storageclassname"}},
	{"persistence.accessMode", "persistence", []string{"accessmode", "accessmodes"}},
	{"persistence.existingClaim", "persistence", []string{"existingclaim"}},
	{"persistence.mountPath", "persistence", []string{"mountpath"}},
	{"ingress.className", "ingress", []string{"classname", "ingressclassname"}},
	{"ingress.annotations", "ingress", []string{"annotations"}},
	{"ingress.tls", "ingress", []string{"tls"}},
	{"resources", "", []string{"resources"}},
	{"nodeSelector", "", []string{"nodeselector"}},
	{"tolerations", "", []string{"tolerations"}},
	{"affinity", "", []string{"affinity"}},
	{"podAnnotations", "", []string{"podannotations"}},
	{"imagePullSecrets", "", []string{"imagepullsecrets"}},
	{"replicaCount", "", replicaNames},
}

// hint is a path that something but the values themselves mentions.
type hint struct {
	path     []string
	evidence string
}

// hints gathers the keys that stand in comments and those that the templates
// read: storageClass is often in neither values nor any default.
func (s *sibling) hints() []hint {
	var out []hint
	own := s.layers[0]
	for _, c := range own.doc.Commented() {
		path := yamldoc.SplitPath(c.Path)
		if hasPrefix(path, own.prefix) {
			evidence := fmt.Sprintf("%s:%d %s (in a comment)", own.shown, c.Line, c.Path)
			out = append(out, hint{path[len(own.prefix):], evidence})
		}
	}
	for _, t := range s.templates {
		for _, read := range t.reads {
			out = append(out, hint{strings.Split(read, "."), fmt.Sprintf("%s/templates .Values.%s", t.shown, read)})
		}
	}
	return out
}

// readHints takes keys from hints where the values do not name them: beside the
// keys of their block, or around the image.
func (s *sibling) readHints(sc *scan, values map[string]Value) {
	for _, h := range s.hints() {
		if len(h.path) == 0 {
			continue
		}
		parent, last := h.path[:len(h.path)-1], h.path[len(h.path)-1]
		for _, setting := range hintedSettings {
			if _, known := values[setting.key]; known || !slices.Contains(setting.names, norm(last)) {
				continue
			}
			path := h.path
			if setting.block != "" {
				block, ok := sc.facts[setting.block]
				switch {
				case !ok:
					continue
				case sameBlock(block.path, parent):
					path = append(slices.Clone(block.path), last)
				case !hasPrefix(block.path, parent) || len(parent) == 0:
					continue
				}
			} else if !hasPrefix(sc.imageBlock.path, parent) {
				continue
			}
			values[setting.key] = Value{
				Path: s.pathOf(path), Shape: hintedShape(sc, setting.key, last), Fact: Fact{Evidence: h.evidence, Confidence: Name},
			}
		}
	}
}

// hintedShape gives the shape that a hinted key has by its name or its block.
func hintedShape(sc *scan, key, name string) string {
	switch {
	case key == "persistence.accessMode" && strings.HasSuffix(name, "s"):
		return AccessModeList
	case key != "persistence.accessMode" && strings.HasPrefix(key, "persistence."):
		return sc.facts["persistence"].shape
	}
	return ""
}

// sameBlock compares a path with one in which <volume> stands for any name.
func sameBlock(pattern, path []string) bool {
	return slices.EqualFunc(pattern, path, func(a, b string) bool { return a == b || a == "<volume>" })
}
