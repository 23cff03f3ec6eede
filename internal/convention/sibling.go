package convention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// maxDirEntries bounds how much of a strange directory is looked at.
const maxDirEntries = 2000

// sibling is a chart whose habits are read.
type sibling struct {
	shown string // the chart as the user named it; evidence begins with it
	dir   string
	name  string
	chart *yamldoc.Doc
	// layers are the values files that speak for the chart, its own first,
	// then those of the chart that it wraps, if that is at hand.
	layers []layer
	// values are all layers in one, below the wrapper's prefix.
	values *yamldoc.Node
	// own are the values that the chart itself gives, without those of the one
	// that it wraps.
	own *yamldoc.Node
	// wrapped is the dependency that is the application, in an umbrella.
	wrapped *dependency
	// component is the block of the application among those of several
	// components, where it is called for what that does ("backend"); the new
	// chart's is called like the chart.
	component string
	// standIn says that the values come from a file that Helm does not read by
	// itself (values.example.yaml).
	standIn bool
	// others are root keys with the values of dependencies that are not the
	// application.
	others    []string
	templates []templates
}

// layer is a values file, seen from a prefix ("local-ai") downwards.
type layer struct {
	doc    *yamldoc.Doc
	prefix []string
	shown  string
}

// dependency is an entry of Chart.yaml's dependencies.
type dependency struct{ name, alias, repository string }

func (d dependency) key() string {
	if d.alias != "" {
		return d.alias
	}
	return d.name
}

// readSibling reads the chart in dir; shown is what evidence calls it.
func readSibling(ctx context.Context, dir, shown string, sources helmchart.Sources) (*sibling, error) {
	s := &sibling{shown: filepath.ToSlash(filepath.Clean(shown)), dir: dir}
	if err := s.readChart(); err != nil {
		return nil, err
	}
	doc, file, err := readValues(dir)
	if err != nil {
		return nil, remedy.Errorf("correct the file, or name another chart with --like", "reading the values of the chart %s: %w", s.shown, err)
	}
	if !doc.Root.IsMap() {
		return nil, remedy.Errorf("correct the file, or name another chart with --like", "%s:%d: values are a map of keys, and this is none", doc.Name, doc.Root.Line)
	}
	own := readTemplates(dir, s.shown, s.name)
	deps := s.dependencies()
	wrapped := s.findWrapper(doc.Root, deps, own)
	s.layers = []layer{{doc: doc, shown: s.shown + "/" + file, prefix: wrapped.prefix()}}
	s.values = doc.Root
	if wrapped != nil {
		s.values = doc.Root.Get(yamldoc.JoinPath(wrapped.key()))
	}
	for _, d := range deps {
		if wrapped == nil || d.key() != wrapped.key() {
			s.others = append(s.others, d.key())
		}
	}
	s.templates = []templates{own}
	s.own, s.wrapped, s.standIn = s.values, wrapped, file != "values.yaml"
	if wrapped != nil {
		s.addWrapped(ctx, *wrapped, sources)
	}
	return s, nil
}

func (d *dependency) prefix() []string {
	if d == nil {
		return nil
	}
	return []string{d.key()}
}

func (s *sibling) readChart() error {
	info, err := os.Stat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return remedy.Errorf("name the directory of a chart, such as apps/NAME", "chart %s is not there", s.shown)
	}
	if err != nil {
		return fmt.Errorf("looking at the chart %s: %w", s.shown, err)
	}
	if !info.IsDir() {
		return remedy.Errorf("name the directory of a chart, such as apps/NAME", "%s is not a directory", s.shown)
	}
	doc, err := yamldoc.ReadFile(filepath.Join(s.dir, "Chart.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return remedy.Errorf("name the directory of a chart, such as apps/NAME", "%s holds no Chart.yaml, so it is not a chart", s.shown)
	}
	if err != nil {
		return remedy.Errorf("correct the file, or name another chart with --like", "reading the chart %s: %w", s.shown, err)
	}
	s.chart = doc
	s.name = doc.Root.Get("name").Str()
	if s.name == "" {
		s.name = filepath.Base(s.dir)
	}
	return nil
}

// readValues reads values.yaml, or what stands in for it in repositories that
// keep the real values elsewhere. A chart without any has no values.
func readValues(dir string) (*yamldoc.Doc, string, error) {
	names := []string{"values.yaml", "values.yml", "values.example.yaml", "values.example.yml", "values-example.yaml"}
	if more, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*values*.y*ml")); err == nil {
		for _, file := range more {
			names = append(names, filepath.Base(file))
		}
	}
	for _, name := range names {
		doc, err := yamldoc.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return doc, name, err
	}
	doc, err := yamldoc.Parse(filepath.Join(dir, "values.yaml"), nil)
	return doc, "values.yaml", err
}

// escapeGlob keeps the characters of a directory's name from being a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer("[", "\\[", "*", "\\*", "?", "\\?").Replace(dir)
}

// dependencies reads those of Chart.yaml, or of requirements.yaml as charts of
// apiVersion v1 have it.
func (s *sibling) dependencies() []dependency {
	list := s.chart.Root.Get("dependencies")
	if !list.IsList() {
		if doc, err := yamldoc.ReadFile(filepath.Join(s.dir, "requirements.yaml")); err == nil {
			list = doc.Root.Get("dependencies")
		}
	}
	if !list.IsList() {
		return nil
	}
	var out []dependency
	for _, item := range list.Items {
		d := dependency{item.Get("name").Str(), item.Get("alias").Str(), item.Get("repository").Str()}
		if d.name != "" {
			out = append(out, d)
		}
	}
	return out
}

// findWrapper finds the dependency that is the application, where the chart is
// an umbrella: it has no workload and no image of its own, and the values of the
// dependency say something about a workload.
func (s *sibling) findWrapper(root *yamldoc.Node, deps []dependency, own templates) *dependency {
	if own.hasWorkload() {
		return nil
	}
	var keys []string
	for _, d := range deps {
		keys = append(keys, d.key())
	}
	if _, found := newScan(root, s.name, keys).image(); found {
		return nil
	}
	var best *dependency
	most := 0
	for i, d := range deps {
		values := root.Get(yamldoc.JoinPath(d.key()))
		if !values.IsMap() || aside(d.key()) && !sameName(d.key(), s.name) {
			continue
		}
		facts := len(newScan(values, s.name, nil).detect())
		if sameName(d.key(), s.name) {
			facts++
		}
		if facts > most {
			best, most = &deps[i], facts
		}
	}
	return best
}

// addWrapped adds the chart that the umbrella wraps, where it is at hand: below
// charts/, elsewhere in the repository, or in one of Helm's caches.
func (s *sibling) addWrapped(ctx context.Context, d dependency, sources helmchart.Sources) {
	for _, rel := range wrappedDirs(d) {
		dir := filepath.Join(s.dir, filepath.FromSlash(rel))
		doc, err := yamldoc.ReadFile(filepath.Join(dir, "Chart.yaml"))
		if err != nil {
			continue
		}
		shown := path.Join(s.shown, rel)
		s.templates = append(s.templates, readTemplates(dir, shown, doc.Root.Get("name").Str()))
		if values, file, err := readValues(dir); err == nil {
			s.addLayer(values, shown+"/"+file)
		}
		return
	}
	umbrella, _, err := helmchart.LoadComplete(ctx, s.dir, sources)
	if err != nil {
		return // it is judged without
	}
	chart := umbrella.Dependency(d.name)
	if chart == nil {
		return
	}
	shown := fmt.Sprintf("%s %s", d.name, chart.Version())
	s.templates = append(s.templates, newTemplates(chart.Templates(), shown, chart.Name()))
	if values, err := yamldoc.Parse("values.yaml", chart.ValuesFile()); err == nil {
		s.addLayer(values, shown+": values.yaml")
	}
}

func (s *sibling) addLayer(values *yamldoc.Doc, shown string) {
	if values.Root.IsMap() {
		s.layers = append(s.layers, layer{doc: values, shown: shown})
		s.values = overlay(s.values, values.Root)
	}
}

func wrappedDirs(d dependency) []string {
	dirs := []string{"charts/" + d.name}
	if rel, ok := strings.CutPrefix(d.repository, "file://"); ok && !strings.HasPrefix(rel, "/") {
		dirs = append(dirs, rel)
	}
	return dirs
}

// overlay lays values over a chart's defaults as Helm does. Neither is changed.
func overlay(over, base *yamldoc.Node) *yamldoc.Node {
	if !over.IsMap() || !base.IsMap() {
		return over
	}
	out := *over
	out.Entries = slices.Clone(over.Entries)
	for i, e := range out.Entries {
		if below := base.Child(e.Key); below != nil {
			out.Entries[i].Value = overlay(e.Value, below)
		}
	}
	for _, e := range base.Entries {
		if over.Entry(e.Key) == nil {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

// evidence names the file, the line and the key that say so.
func (s *sibling) evidence(path []string) string {
	for _, l := range s.layers {
		full := yamldoc.JoinPath(append(slices.Clone(l.prefix), path...)...)
		if line := l.doc.Root.LineOf(full); line > 0 {
			return fmt.Sprintf("%s:%d %s", l.shown, line, full)
		}
	}
	last := s.templates[len(s.templates)-1]
	return fmt.Sprintf("%s/templates .Values.%s", last.shown, yamldoc.JoinPath(path...))
}

// sameName tells whether two names are one, dashes and case aside.
func sameName(a, b string) bool { return norm(a) == norm(b) }

// norm is how names are compared: without case, dashes, dots and underscores.
func norm(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '-' || r == '_' || r == '.' || r == ' ':
			return -1
		}
		return r
	}, s)
}
