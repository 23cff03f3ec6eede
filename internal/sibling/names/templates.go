package names

import (
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Bounds of reading a chart's templates.
const (
	maxTemplateFiles = 500
	maxTemplateBytes = 10 << 20
)

// Templates are a chart's templates as text. They are read line by line, not
// rendered: what a template makes of values is not known here.
type Templates struct {
	chart   string // name of the chart
	Shown   string // directory, for evidence
	files   []string
	objects []object
	defines map[string][]string // lines of each named template
	order   []string            // names of named templates, as they come
	helpers string              // file with named templates
	reads   []string            // paths below .Values that the templates read
	// operators are objects of which an operator makes a Secret, also those in
	// files that are beside the application.
	operators     []object
	mentionsVault bool
	// beside is the workload, once it is known: what lies beside it is more
	// likely its own.
	beside *object
}

// object is a document of a template that names its kind.
type object struct {
	kind, file string
	lines      []string
	vars       map[string]string // variables that the file sets
}

var (
	kindLine   = regexp.MustCompile(`^kind:\s*["']?([A-Za-z]+)["']?\s*$`)
	defineLine = regexp.MustCompile(`\{\{-?\s*define\s+"([^"]+)"\s*-?\}\}`)
	endLine    = regexp.MustCompile(`\{\{-?\s*end\s*-?\}\}`)
	openBlock  = regexp.MustCompile(`\{\{-?\s*(if|with|range|block)\b`)
	valuesPath = regexp.MustCompile(`\.Values((?:\.[A-Za-z_]\w*)+)`)
)

// readTemplates reads what can be read below dir/templates; a chart without
// them has none.
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
		if rel, err := filepath.Rel(dir, p); err == nil {
			files = append(files, helmchart.File{Name: filepath.ToSlash(rel), Data: data})
		}
		return nil
	})
	return newTemplates(files, shown, chart)
}

func isTemplate(name string) bool {
	ext := path.Ext(filepath.ToSlash(name))
	return ext == ".yaml" || ext == ".yml" || ext == ".tpl"
}

// newTemplates reads the files of a chart that lie below templates/.
func newTemplates(files []helmchart.File, shown, chart string) Templates {
	t := Templates{chart: chart, Shown: shown, defines: map[string][]string{}}
	for _, f := range files[:min(len(files), maxTemplateFiles)] {
		if rel, ok := strings.CutPrefix(f.Name, "templates/"); ok && isTemplate(f.Name) {
			t.read(rel, string(f.Data))
		}
	}
	t.finish()
	return t
}

func (t *Templates) read(file, text string) {
	t.files = append(t.files, file)
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	lines = t.readDefines(file, lines)
	t.mentionsVault = t.mentionsVault || strings.Contains(text, vaultAnnotation)
	if AsidePath(file, t.chart) {
		t.readOperators(documents(file, lines))
		return
	}
	for _, m := range valuesPath.FindAllStringSubmatch(text, -1) {
		if path := m[1][1:]; len(t.reads) < maxScanMaps && !slices.Contains(t.reads, path) {
			t.reads = append(t.reads, path)
		}
	}
	objects := documents(file, lines)
	t.readOperators(objects)
	t.objects = append(t.objects, objects...)
}

func (t *Templates) readOperators(objects []object) {
	for _, o := range objects {
		if slices.Contains(convention.Operators, o.kind) {
			t.operators = append(t.operators, o)
		}
	}
}

// documents splits a file, and notes the kind of each of its objects.
func documents(file string, lines []string) []object {
	var out []object
	current := object{file: file}
	flush := func() {
		if len(current.lines) > 0 {
			out = append(out, current)
		}
		current = object{file: file}
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "---") {
			flush()
			continue
		}
		if m := kindLine.FindStringSubmatch(line); m != nil && current.kind == "" {
			current.kind = m[1]
		}
		current.lines = append(current.lines, line)
	}
	flush()
	return out
}

// finish resolves what named templates may say, when all files are read: a
// document without a kind may include one that has it, and files set variables.
func (t *Templates) finish() {
	vars := map[string]map[string]string{}
	for _, o := range t.objects {
		if vars[o.file] == nil {
			vars[o.file] = map[string]string{}
		}
		for name, p := range assignments(*t, o.lines) {
			vars[o.file][name] = p
		}
	}
	var objects []object
	for _, o := range t.objects {
		if o.kind == "" {
			o.lines, o.kind = t.included(o.lines)
		}
		if o.vars = vars[o.file]; o.kind != "" {
			objects = append(objects, o)
		}
	}
	t.objects = objects
	t.beside = t.workload()
}

// included gives the lines and the kind of the first named template that is an
// object.
func (t *Templates) included(lines []string) ([]string, string) {
	for _, line := range lines {
		m := includeCall.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, below := range t.defines[m[1]] {
			if k := kindLine.FindStringSubmatch(below); k != nil {
				return t.defines[m[1]], k[1]
			}
		}
	}
	return nil, ""
}

// asideException are files that the application itself may have.
var asideException = map[string]bool{"configmap": true, "networkpolicy": true, "servicemonitor": true}

// AsidePath tells files of tests and of components beside the application.
func AsidePath(file, chart string) bool {
	for _, segment := range strings.Split(strings.TrimSuffix(file, path.Ext(file)), "/") {
		name := convention.NormalizeName(segment)
		if aside(segment) && !convention.SameName(segment, chart) && !asideException[name] {
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

// readDefines takes the named templates out of the lines.
func (t *Templates) readDefines(file string, lines []string) []string {
	var rest []string
	name, depth := "", 0
	for _, line := range lines {
		m := defineLine.FindStringSubmatch(line)
		switch {
		case name == "" && m != nil:
			name, depth = m[1], 0
			t.defines[name] = []string{}
			t.order = append(t.order, name)
			if t.helpers == "" || helpersRank(file) > helpersRank(t.helpers) {
				t.helpers = file
			}
			if endLine.MatchString(line[strings.Index(line, m[0])+len(m[0]):]) {
				body := endLine.ReplaceAllString(strings.Replace(line, m[0], "", 1), "")
				t.defines[name] = append(t.defines[name], strings.TrimSpace(body))
				name = ""
			}
		case name == "":
			rest = append(rest, line)
		default:
			depth += len(openBlock.FindAllString(line, -1))
			ends := len(endLine.FindAllString(line, -1))
			if depth -= ends; depth < 0 {
				name = ""
				continue
			}
			t.defines[name] = append(t.defines[name], line)
		}
	}
	return rest
}

// HasWorkload reports whether the templates have a workload of the application.
func (t Templates) HasWorkload() bool { return t.workload() != nil }

// workload gives the application's own.
func (t Templates) workload() *object { return t.object(convention.WorkloadKinds...) }

// object gives the application's object of one of the kinds: the one in a file
// that is called like the kind or like the chart, beside the workload, with the
// shortest name; of equal ones the first.
func (t Templates) object(kinds ...string) *object {
	isWorkload := len(kinds) > 0 && slices.Contains(convention.WorkloadKinds, kinds[0])
	folder := ""
	if w := t.beside; w != nil && !isWorkload {
		folder = path.Dir(w.file)
	}
	var best *object
	bestRank := []int{}
	for i := range t.objects {
		o := &t.objects[i]
		if !slices.Contains(kinds, o.kind) {
			continue
		}
		base := strings.TrimSuffix(path.Base(o.file), path.Ext(o.file))
		rank := []int{1, 1, len(convention.NormalizeName(base))}
		if convention.SameName(base, o.kind) || convention.SameName(base, t.chart) {
			rank[0] = 0
		}
		if folder == path.Dir(o.file) {
			rank[1] = 0
		}
		if isWorkload {
			rank = rank[:1] // the order of files says as much as their names
		}
		if best == nil || slices.Compare(rank, bestRank) < 0 {
			best, bestRank = o, rank
		}
	}
	return best
}

// section gives what stands under nested keys of an object: the text behind the
// last key, and the lines below it. Lines that begin with {{ belong to the
// section that they stand in, however little they are indented.
func (o *object) section(keys ...string) (inline string, body []string, ok bool) {
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
			isTemplate := strings.HasPrefix(text, "{{") || strings.HasPrefix(text, "#")
			if in {
				if at <= indent && !isTemplate {
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
			return "", nil, false
		}
		lines, least = below, indent
	}
	return inline, lines, true
}

// ChartPath puts {name} for the chart's name in a file's path, alone or before
// a dash.
func (t Templates) ChartPath(file string) string {
	segments := strings.Split(file, "/")
	for i, s := range segments {
		rest, ok := strings.CutPrefix(s, t.chart)
		if ok && t.chart != "" && (rest == "" || rest[0] == '-' || i == len(segments)-1 && rest == path.Ext(s)) {
			segments[i] = "{name}" + rest
		}
	}
	return strings.Join(segments, "/")
}

// filesByKind gives the file of each kind. A file of several kinds counts for
// its first alone, as two templates cannot go to one path.
func (t Templates) filesByKind() map[string]string {
	out, taken := map[string]string{}, map[string]bool{}
	note := func(kind, file string) {
		if out[kind] == "" && !taken[file] {
			out[kind], taken[file] = t.ChartPath(file), true
		}
	}
	if w := t.workload(); w != nil {
		note(w.kind, w.file)
	}
	for _, kind := range slices.Sorted(maps.Keys(convention.FileWords)) {
		if o := t.object(kind); o != nil && IsFileFor(kind, o.file) {
			note(kind, o.file)
		}
	}
	if t.helpers != "" && path.Ext(t.helpers) == ".tpl" {
		out["helpers"] = t.ChartPath(t.helpers)
	}
	return out
}

func (t Templates) extension() string {
	yml, yaml := 0, 0
	for _, f := range t.files {
		switch path.Ext(f) {
		case ".yml":
			yml++
		case ".yaml":
			yaml++
		}
	}
	if yml > yaml {
		return "yml"
	}
	return "yaml"
}

// helperNames are named templates that most charts have.
var helperNames = []string{"fullname", "name", "labels", "chart", "selectorLabels", "serviceAccountName"}

// helperPrefix is what most of the usual named templates have before their last
// dot, "" where the chart has none of them.
func (t Templates) helperPrefix() string {
	votes := map[string]int{}
	best := ""
	for _, name := range t.order {
		i := strings.LastIndexByte(name, '.')
		if i <= 0 || !slices.Contains(helperNames, name[i+1:]) {
			continue
		}
		prefix := name[:i]
		if votes[prefix]++; best == "" || votes[prefix] > votes[best] {
			best = prefix
		}
	}
	if best == t.chart {
		return "{name}"
	}
	if rest, ok := strings.CutPrefix(best, t.chart+"."); ok {
		return "{name}." + rest
	}
	return best
}
