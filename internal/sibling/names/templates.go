package names

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Bounds of reading a chart's templates.
const (
	maxTemplateFiles = 500
	maxTemplateBytes = 10 << 20
)

// Templates are a chart's templates, parsed and not rendered: what a template makes of values is not known here.
type Templates struct {
	chart   string // name of the chart
	Shown   string // directory, for evidence
	sources []source
	defines map[string]*parse.Tree // named templates
	order   []string               // their names, as they come
	helpers string                 // file with named templates
	reads   []string               // paths below .Values that the templates read
	objects []object

	mentionsVault bool
	readDefaults  bool // the values that stand beside values.yaml
	// flushLists and indentedLists count the lists below a key.
	flushLists, indentedLists int
	// beside is the workload, once it is known: what lies beside it is more likely its own.
	beside *object
	// component is the one of several that is followed, "" for the chart as a whole.
	component string
	// values gives the text of a value, for kinds that are one; nil where none is known.
	values func(path string) string
}

// source is a template file. One that is aside belongs to tests, or to something beside the application.
type source struct {
	file    string
	root    *parse.ListNode
	isAside bool
}

// object is a document of a template that names its kind, as outlined.
type object struct {
	kind, file string
	lines      []string
}

var (
	kindLine   = regexp.MustCompile(`^kind:\s*["']?([A-Za-z]+)["']?\s*$`)
	action     = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	valuesPath = regexp.MustCompile(`\.Values((?:\.[A-Za-z_]\w*)+)`)
)

// readTemplates reads what can be read below dir/templates; a chart without them has none.
func readTemplates(dir, shown, chart string) Templates {
	var files []helmchart.File
	root := filepath.Join(dir, "templates")
	size := 0
	// A file that cannot be read says nothing, so its error is passed over.
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isTemplate(p) {
			return nil
		}
		if len(files) >= maxTemplateFiles || size > maxTemplateBytes {
			return fs.SkipAll
		}
		data, err := yamldoc.ReadBytes(p)
		if err != nil {
			return nil
		}
		size += len(data)
		rel, _ := filepath.Rel(dir, p) // p lies below dir
		files = append(files, helmchart.File{Name: filepath.ToSlash(rel), Data: data})
		return nil
	})
	return newTemplates(files, shown, chart)
}

func isTemplate(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".tpl"}, filepath.Ext(name))
}

// newTemplates reads the files of a chart that lie below templates/.
func newTemplates(files []helmchart.File, shown, chart string) Templates {
	t := Templates{chart: chart, Shown: shown, defines: map[string]*parse.Tree{}}
	for _, f := range files[:min(len(files), maxTemplateFiles)] {
		if rel, ok := strings.CutPrefix(f.Name, "templates/"); ok && isTemplate(f.Name) {
			t.read(rel, string(f.Data))
		}
	}
	t.findObjects()
	return t
}

func (t *Templates) findObjects() {
	t.objects = t.documents(false, nil)
	t.beside = t.workload()
}

// borrow adds the named templates of another chart, which may be included.
func (t *Templates) borrow(from Templates) {
	for name, tree := range from.defines {
		if _, isOwn := t.defines[name]; !isOwn {
			t.defines[name] = tree
		}
	}
	t.findObjects()
}

// follow says which of several components is followed.
func (t *Templates) follow(component string) {
	t.component, t.beside = component, nil
	t.beside = t.workload()
}

// resolve tells kinds that a value gives (kind: {{ .Values.controller.type }}).
func (t *Templates) resolve(values func(path string) string) {
	t.values = values
	t.findObjects()
}

var listBelowKey = regexp.MustCompile(`(?m)^( *)[A-Za-z][\w.-]*:[ \t]*\n( *)- `)

// lists is how lists are written below their keys, "" where there are none.
func (t Templates) lists() string {
	switch {
	case t.flushLists > t.indentedLists:
		return "flush"
	case t.indentedLists > 0:
		return "indented"
	}
	return ""
}

func (t *Templates) read(file, text string) {
	t.mentionsVault = t.mentionsVault || strings.Contains(text, vaultAnnotation)
	for _, list := range listBelowKey.FindAllStringSubmatch(text, -1) {
		if len(list[1]) == len(list[2]) {
			t.flushLists++
		} else {
			t.indentedLists++
		}
	}
	t.readDefaults = t.readDefaults || helmchart.ReadsDefaults(text)
	src := source{file, t.parse(file, strings.ReplaceAll(text, "\r\n", "\n")), AsidePath(file, t.chart)}
	t.sources = append(t.sources, src)
	if src.isAside {
		return
	}
	for _, m := range valuesPath.FindAllStringSubmatch(text, -1) {
		if path := m[1][1:]; len(t.reads) < maxScanMaps && !slices.Contains(t.reads, path) {
			t.reads = append(t.reads, path)
		}
	}
}

// parse keeps the named templates of a file and gives the rest. Of a file with a
// mistake in it, the text without actions is given.
func (t *Templates) parse(file, text string) *parse.ListNode {
	tree := parse.New(file)
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", defined); err != nil {
		plain := &parse.TextNode{NodeType: parse.NodeText, Text: []byte(action.ReplaceAllString(text, unknown))}
		return &parse.ListNode{NodeType: parse.NodeList, Nodes: []parse.Node{plain}}
	}
	delete(defined, file)
	inOrder := func(a, b string) int { return int(defined[a].Root.Pos - defined[b].Root.Pos) }
	t.order = append(t.order, slices.SortedFunc(maps.Keys(defined), inOrder)...)
	maps.Copy(t.defines, defined)
	if len(defined) > 0 && helpersRank(file) > helpersRank(t.helpers) {
		t.helpers = file
	}
	return tree.Root
}

// documents outlines the files, those aside as well where they are wanted, and gives the objects in them.
func (t Templates) documents(withAside bool, values func(string) string) []object {
	var out []object
	for _, src := range t.sources {
		if src.isAside && !withAside {
			continue
		}
		current := object{file: src.file}
		flush := func() {
			if current.kind != "" {
				out = append(out, current)
			}
			current = object{file: src.file}
		}
		text := t.outline(src.root, values)
		lines := strings.Split(text, "\n")
		known := lines
		if t.values != nil && strings.Contains(text, "kind: "+unknown) {
			known = strings.Split(t.outline(src.root, t.values), "\n")
		}
		for i, line := range lines {
			if strings.HasPrefix(line, "---") {
				flush()
				continue
			}
			m := kindLine.FindStringSubmatch(line)
			if m == nil && len(known) == len(lines) {
				m = kindLine.FindStringSubmatch(known[i])
			}
			if m != nil && current.kind == "" {
				current.kind = m[1]
			}
			current.lines = append(current.lines, line)
		}
		flush()
	}
	return out
}

// AsidePath tells files of tests and of components beside the application.
func AsidePath(file, chart string) bool {
	ofAny := []string{"configmap", "networkpolicy", "servicemonitor"} // the application itself may have such files
	for _, segment := range strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/") {
		isOwn := convention.SameName(segment, chart) || slices.Contains(ofAny, convention.NormalizeName(segment))
		if aside(segment) && !isOwn {
			return true
		}
	}
	return false
}

// helpersRank says how likely a file is the one for named templates.
func helpersRank(file string) int {
	switch {
	case strings.HasPrefix(path.Base(file), "_helpers."):
		return 2
	case path.Ext(file) == ".tpl":
		return 1
	}
	return 0
}

// HasWorkload reports whether the templates have a workload of the application.
func (t Templates) HasWorkload() bool { return t.workload() != nil }

// workload gives the application's own.
func (t Templates) workload() *object { return t.object(convention.WorkloadKinds...) }

// object gives the application's object of one of the kinds: of the component that is followed, in a file that is
// called like the kind or like the chart, beside the workload, in a file for the kind, with the shortest name; of equal
// ones the first.
func (t Templates) object(kinds ...string) *object {
	isWorkload := slices.Contains(convention.WorkloadKinds, kinds[0])
	var best *object
	var bestRank []int
	for i := range t.objects {
		o := &t.objects[i]
		if !slices.Contains(kinds, o.kind) {
			continue
		}
		unless := func(is bool) int {
			if is {
				return 0
			}
			return 1
		}
		rank := []int{
			unless(t.component != "" && t.ofComponent(o.file) != o.file),
			unless(NamedLike(o.file, o.kind) || NamedLike(o.file, t.chart)),
			unless(t.beside != nil && path.Dir(t.beside.file) == path.Dir(o.file)),
			unless(t.IsFileFor(o.kind, o.file)),
			len(convention.NormalizeName(strings.TrimSuffix(path.Base(o.file), path.Ext(o.file)))),
		}
		if isWorkload {
			rank = rank[:2] // the order of files says as much as their names
		}
		if best == nil || slices.Compare(rank, bestRank) < 0 {
			best, bestRank = o, rank
		}
	}
	return best
}

// section gives what stands under nested keys of an object: the text behind the
// last key, and the lines below it. Of no object it is nothing.
func (o *object) section(keys ...string) (inline string, body []string) {
	if o == nil {
		return "", nil
	}
	lines, least := o.lines, -1
	for _, key := range keys {
		var below []string
		indent, in := 0, false
		for _, line := range lines {
			text := strings.TrimSpace(line)
			if text == "" {
				continue
			}
			at := len(line) - len(strings.TrimLeft(line, " "))
			if in {
				if at <= indent && !strings.ContainsAny(text[:1], "#"+unknown+missing) {
					break
				}
				below = append(below, line)
				continue
			}
			if rest, found := strings.CutPrefix(text, key+":"); found && at > least {
				in, indent, inline = true, at, strings.TrimSpace(rest)
			}
		}
		if !in {
			return "", nil
		}
		lines, least = below, indent
	}
	return inline, lines
}

// ofComponent puts {name} for the component that is followed, where a file's path has it as a word.
func (t Templates) ofComponent(file string) string {
	if t.component == "" {
		return file
	}
	word := regexp.MustCompile(`(?i)(^|[-_/])` + regexp.QuoteMeta(t.component) + `($|[-_./])`)
	return word.ReplaceAllString(file, "${1}{name}${2}")
}

// ChartPath puts {name} for the name of the chart, or of the component that is followed, in a file's path: alone or
// between dashes.
func (t Templates) ChartPath(file string) string {
	segments := strings.Split(t.ofComponent(file), "/")
	for i, s := range segments {
		ext := ""
		if i == len(segments)-1 {
			ext = path.Ext(s)
		}
		segments[i] = WithName(strings.TrimSuffix(s, ext), t.chart) + ext
	}
	return strings.Join(segments, "/")
}

// filesByKind gives the file of each kind. A file of several kinds counts for
// its first alone, as two templates cannot go to one path.
func (t Templates) filesByKind(workload *object) map[string]string {
	out := map[string]string{workload.kind: t.ChartPath(workload.file)}
	taken := map[string]bool{workload.file: true}
	for _, kind := range slices.Sorted(maps.Keys(convention.FileWords)) {
		if o := t.object(kind); o != nil && t.IsFileFor(kind, o.file) && !taken[o.file] {
			out[kind], taken[o.file] = t.ChartPath(o.file), true
		}
	}
	if path.Ext(t.helpers) == ".tpl" {
		out["helpers"] = t.ChartPath(t.helpers)
	}
	return out
}

// Extension is that of most template files.
func (t Templates) Extension() string {
	count := map[string]int{}
	for _, src := range t.sources {
		count[path.Ext(src.file)]++
	}
	if count[".yml"] > count[".yaml"] {
		return "yml"
	}
	return "yaml"
}

// helperNames are named templates that most charts have.
var helperNames = []string{"fullname", "name", "labels", "chart", "selectorLabels", "serviceAccountName"}

// helperPrefix is what most of the usual named templates have before their last
// dot, "" where the chart has none of them.
func (t Templates) helperPrefix() string {
	best := t.commonPrefix()
	if best == t.chart {
		return "{name}"
	}
	if rest, ok := strings.CutPrefix(best, t.chart+"."); ok {
		return "{name}." + rest
	}
	return best
}

func (t Templates) commonPrefix() string {
	var prefixes []string
	for _, name := range t.order {
		if i := strings.LastIndexByte(name, '.'); i > 0 && slices.Contains(helperNames, name[i+1:]) {
			prefixes = append(prefixes, name[:i])
		}
	}
	return convention.MostFrequent(prefixes)
}

// ownName gives the application's name where the named template for it has a word, and not the chart's name: default
// "ui" .Values.nameOverride.
func (t Templates) ownName() string {
	tree, ok := t.defines[t.commonPrefix()+".name"]
	if !ok {
		return ""
	}
	name := strings.TrimSpace(t.outline(tree.Root, nil))
	if strings.Contains(name, "{") || !convention.IsObjectName(name) {
		return ""
	}
	return name
}
