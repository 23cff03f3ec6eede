// Package lineage finds what the keys of a chart's values mean: by reading its templates and by experiment.
package lineage

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Reading is which values a chart's templates read, found without rendering.
// Where the templates cannot be followed, values count as read.
type Reading struct {
	// Everything says that some template hands on all values at once, or that following the templates was given up: no
	// key is known to be unread.
	Everything bool

	reads   []Read
	seen    map[string]bool
	written []yamldoc.Path
	// required are those without which a template refuses to render.
	required []yamldoc.Path
	choices  map[string]choice // by path
	apis     []string          // that .Capabilities.APIVersions is asked for

	deciders map[place][]yamldoc.Path // what pipelines look at
	literals map[string][]string      // what values are compared to, by path
	members  map[string][]string      // what values are looked up as, in a list or a map of the template, by path
	versions []string                 // constraints of semverCompare
}

// place is where something stands in a template.
type place struct {
	file   string
	offset int
}

// choice is the texts that a value is compared to.
type choice struct {
	path  yamldoc.Path
	texts []string
}

// maxChoices bounds the texts of one value, and the API versions.
const maxChoices = 20

func (r *Reading) addChoice(p yamldoc.Path, to *value) {
	c := r.choices[id(p)]
	if to.text != nil && len(p) > 0 && len(c.texts) < maxChoices && !slices.Contains(c.texts, *to.text) {
		r.choices[id(p)] = choice{p, append(c.texts, *to.text)}
	}
}

// addAPI notes the argument of .Capabilities.APIVersions.Has.
func (r *Reading) addAPI(method parse.Node, argument *value) {
	isAsked := argument.text != nil && strings.HasSuffix(method.String(), ".APIVersions.Has")
	if isAsked && len(r.apis) < maxChoices && !slices.Contains(r.apis, *argument.text) {
		r.apis = append(r.apis, *argument.text)
	}
}

// addLiteral notes that a value is compared to a text or a number.
func (r *Reading) addLiteral(v, to *value) {
	if to.text == nil {
		return
	}
	for _, p := range slices.Concat(v.paths, v.from) {
		if known := r.literals[id(p)]; len(p) > 0 && len(known) < maxChoices && !slices.Contains(known, *to.text) {
			r.literals[id(p)] = append(known, *to.text)
		}
	}
}

// addMember notes that a value is looked up in a list or a map with such an entry.
func (r *Reading) addMember(v, entry *value) {
	r.addLiteral(v, entry)
	if entry.text == nil {
		return
	}
	for _, p := range slices.Concat(v.paths, v.from) {
		if known := r.members[id(p)]; len(p) > 0 && len(known) < maxChoices && !slices.Contains(known, *entry.text) {
			r.members[id(p)] = append(known, *entry.text)
		}
	}
}

func (r *Reading) addDecider(at place, paths []yamldoc.Path) {
	r.deciders[at] = addPaths(r.deciders[at], paths)
}

// AnyKey is the segment of a path that stands for any element of a list and any key of a map.
const AnyKey = anyKey

// Deciders gives the values that a pipeline looks at, by the file and the offset in it at which the pipeline begins.
func (r *Reading) Deciders(file string, offset int) []yamldoc.Path {
	return r.deciders[place{file, offset}]
}

// Literals gives the texts and numbers, as templates write them, that a value is compared to.
func (r *Reading) Literals(path yamldoc.Path) []string { return r.literals[id(path)] }

// Members gives the entries of the lists and maps in templates among which a value is looked up.
func (r *Reading) Members(path yamldoc.Path) []string { return r.members[id(path)] }

// APIs gives the API versions that templates ask for.
func (r *Reading) APIs() []string { return r.apis }

// Versions gives the constraints on versions that templates check.
func (r *Reading) Versions() []string { return r.versions }

// All gives every read of a value by its own name, in order of path.
func (r *Reading) All() []Read { return r.reads }

// Key gives the path of the value that is read.
func (r Read) Key() yamldoc.Path { return r.path }

// Read is one place where a template reads a value.
type Read struct {
	Path string // dotted ("image.tag"), any element or key is []
	File string // the template
	Line int    // from 1
	// Whole says that all below Path is read, as by toYaml.
	Whole bool
	// IsOpen says of an undeclared key that it lies where keys are free to be added: in a map that is handed on as a
	// whole (toYaml .Values.config), in one that is empty in values.yaml, or under global.
	IsOpen bool

	path         yamldoc.Path
	alternatives []yamldoc.Path // the other values that it may be
	isTested     bool           // by hasKey alone
}

// Reads follows the templates from each file that renders, through the named templates that they include. libraries are
// templates of other charts, of which only what is included counts. A template that does not parse gives a
// *yamldoc.Error.
func Reads(templates []helmchart.File, libraries ...helmchart.File) (*Reading, error) {
	w := newWalker(map[string][]*source{})
	for _, f := range libraries {
		if _, err := w.add(f); err != nil {
			return nil, err
		}
	}
	var entries []*source
	for _, f := range templates {
		entry, err := w.add(f)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	for _, entry := range entries {
		w.template(entry, &value{traits: isRoot})
	}
	slices.SortStableFunc(w.reading.reads, func(a, b Read) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return w.reading, nil
}

func newWalker(named map[string][]*source) *walker {
	return &walker{
		reading: &Reading{
			seen: map[string]bool{}, choices: map[string]choice{},
			deciders: map[place][]yamldoc.Path{}, literals: map[string][]string{},
			members: map[string][]string{},
		},
		named:    named,
		done:     map[string]bool{},
		includes: map[string][]yamldoc.Path{},
		trace:    &trace{files: map[string]bool{}},
	}
}

// Undeclared gives the first read of each key that values do not declare,
// in order of path. What lies below such a key is not given as well.
func (r *Reading) Undeclared(values map[string]any) []Read {
	var out []Read
	for _, read := range r.reads {
		if read.isTested || r.isWritten(read.path) {
			continue
		}
		declared, open := declares(values, read.path)
		isAlternative := func(p yamldoc.Path) bool { ok, _ := declares(values, p); return ok }
		isReported := func(r Read) bool { return covers(r.path, read.path) }
		if declared || slices.ContainsFunc(read.alternatives, isAlternative) || slices.ContainsFunc(out, isReported) {
			continue
		}
		read.IsOpen = open || read.path[0] == "global" || r.isHandedOn(read.path)
		out = append(out, read)
	}
	return out
}

// isHandedOn reports whether a map above p is read as a whole.
func (r *Reading) isHandedOn(p yamldoc.Path) bool {
	return slices.ContainsFunc(r.reads, func(read Read) bool {
		return read.Whole && len(read.path) < len(p) && covers(read.path, p)
	})
}

func (r *Reading) isWritten(p yamldoc.Path) bool {
	return slices.ContainsFunc(r.written, func(q yamldoc.Path) bool { return covers(q, p) })
}

// declares reports whether values has p, and if not whether that is so below a
// map without entries, a null or a list, whose contents are the user's.
func declares(values map[string]any, p yamldoc.Path) (declared, open bool) {
	var at any = values
	for i, segment := range p {
		m, isMap := at.(map[string]any)
		switch {
		case segment == anyKey:
			return true, false // what follows is some entry's own
		case !isMap, i > 0 && len(m) == 0:
			return false, true
		}
		var ok bool
		if at, ok = m[segment]; !ok {
			return false, false
		}
	}
	return true, false
}

// Unread gives the declared keys that no template reads, in order: the paths of scalars, lists and empty maps.
func (r *Reading) Unread(values map[string]any) []string {
	if r.Everything || len(values) == 0 {
		return nil
	}
	var out []string
	for _, leaf := range yamldoc.Leaves(values) {
		if !r.isRead(leaf) {
			out = append(out, leaf.String())
		}
	}
	return out
}

func (r *Reading) isRead(leaf yamldoc.Path) bool {
	return slices.ContainsFunc(r.reads, func(read Read) bool {
		return covers(leaf, read.path) || read.Whole && covers(read.path, leaf)
	})
}

// IsRead reports whether some template is known to read a value, or what lies above it as a whole.
func (r *Reading) IsRead(path yamldoc.Path) bool { return r.isRead(path) }

// IsReadWhole reports whether some template reads a value as a whole, as by toYaml, or what lies above it.
func (r *Reading) IsReadWhole(path yamldoc.Path) bool {
	return slices.ContainsFunc(r.reads, func(read Read) bool { return read.Whole && covers(read.path, path) })
}

// IsReadAlone reports whether some template reads a value by its own name.
func (r *Reading) IsReadAlone(path yamldoc.Path) bool {
	return slices.ContainsFunc(r.reads, func(read Read) bool { return covers(path, read.path) })
}

// IsOnlyTested reports whether all that templates do with a value at the top is to look whether it is set, as they do
// with a key of any name: so a chart refuses keys that it does not have.
func (r *Reading) IsOnlyTested(key string) bool {
	isRead := func(read Read) bool {
		isAnyKey := len(read.path) == 1 && read.path[0] == anyKey && !read.Whole
		return !isAnyKey && (covers(yamldoc.Path{key}, read.path) || read.Whole && covers(read.path, yamldoc.Path{key}))
	}
	return !r.Everything && !slices.ContainsFunc(r.reads, isRead)
}

// source is a template with what is needed to name its lines.
type source struct {
	file   string
	tree   *parse.Tree
	text   []byte
	inLine int // of a text within a template: the line of that template
}

func (s *source) line(pos parse.Pos) int {
	if s.inLine > 0 {
		return s.inLine
	}
	return 1 + bytes.Count(s.text[:min(int(pos), len(s.text))], []byte("\n"))
}

// laysOverDefaults reports whether the template puts the values over a file of defaults.
func (s *source) laysOverDefaults() bool {
	return helmchart.ReadsDefaults(string(s.text)) && helmchart.ReadsDefaults(s.tree.Root.String())
}

// add parses a file and keeps its named templates.
func (w *walker) add(f helmchart.File) (*source, error) {
	tree := parse.New(f.Name)
	// Helm's functions are known by name in functions.go; what they are is the renderer's business.
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(f.Data), "", "", defined); err != nil {
		return nil, syntaxError(f.Name, err)
	}
	for name, t := range defined {
		if name != f.Name {
			w.named[name] = append(w.named[name], &source{file: f.Name, tree: t, text: f.Data})
		}
	}
	return &source{file: f.Name, tree: tree, text: f.Data}, nil
}

var templateError = regexp.MustCompile(`(?s)^template: .*?:(\d+):(?:\d+:)? (.*)$`)

func syntaxError(file string, err error) error {
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return &yamldoc.Error{Name: file, Line: 1, Reason: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	return &yamldoc.Error{Name: file, Line: line, Reason: m[2]}
}
