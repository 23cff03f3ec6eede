// Package names reads a sibling chart without rendering it: what its keys are
// by their names and shapes, and what its templates say as text.
package names

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Chart is a chart whose habits are read.
type Chart struct {
	Sheet *factsheet.Sheet // has the keys to look for
	Shown string           // the chart as the user named it; evidence begins with it
	Dir   string
	Name  string // the chart's, or what its templates call the application instead
	chart *yamldoc.Doc
	// layers are the values files that speak for the chart, its own first,
	// then those of the chart that it wraps, if that is at hand.
	layers []layer
	// Values are all layers in one, below the wrapper's prefix.
	Values *yamldoc.Node
	// Own are the values that the chart itself gives, without those of the one that it wraps.
	Own *yamldoc.Node
	// Given are its own values with those of its surroundings, under which it is rendered.
	Given *yamldoc.Node
	// environments are the stages that the repository has values files for, the one that says most first.
	environments []environment
	file         string // its own values file
	// Above are the folders of the charts in whose charts/ it lies, the nearest first.
	Above []string
	over  []layer // their values for it, and those at the root of an umbrella with a route
	// Wrapped is the dependency that is the application, in an umbrella.
	Wrapped *helmchart.Dependency
	// HasRoute says that the umbrella has a route of its own to that chart, whose values are at its root.
	HasRoute bool
	// Component is the block of the application among those of several components, where it is called for what that
	// does ("backend"); the new chart's is called like the chart.
	Component string
	// StandIn says that the values come from a file that Helm does not read by itself (values-prod.yaml).
	StandIn bool
	// Others are root keys with the values of dependencies that are not the application.
	Others    []string
	Templates []Templates
	scan      *scan // what the values name
}

// layer is a values file, seen from a prefix ("local-ai") downwards.
type layer struct {
	doc    *yamldoc.Doc
	prefix yamldoc.Path
	shown  string
}

// Next steps where a chart cannot be read.
const (
	correctIt = "correct the file, or name another chart with --like"
	nameOne   = "name the directory of a chart, such as apps/NAME"
)

// ReadChart reads the chart in dir; shown is what evidence calls it, and where its surroundings are. These count where
// there are any.
func ReadChart(
	ctx context.Context, sheet *factsheet.Sheet, dir, shown string, sources helmchart.Sources, around *Surroundings,
) (*Chart, error) {
	s := &Chart{Sheet: sheet, Shown: filepath.ToSlash(filepath.Clean(shown)), Dir: dir}
	if err := s.readChart(); err != nil {
		return nil, err
	}
	doc, file, err := s.readOwnValues()
	if err != nil {
		return nil, remedy.Errorf(correctIt, "reading the values of the chart %s: %w", s.Shown, err)
	}
	if !doc.Root.IsMap() {
		return nil, remedy.Errorf(correctIt, "%s:%d: values are a map of keys, and this is none",
			doc.Name, doc.Root.Line)
	}
	templates := readTemplates(dir, s.Shown, s.Name)
	s.Name = cmp.Or(templates.ownName(), s.Name)
	templates.chart = s.Name
	templates.resolve(plainTextOf(doc.Root))
	deps := s.Dependencies()
	wrapped := s.findWrapper(doc.Root, deps, templates)
	own := layer{doc: doc, shown: s.Shown + "/" + file}
	s.Values = doc.Root
	if wrapped != nil {
		own.prefix = []string{wrapped.Key()}
		s.Values = doc.Root.Child(wrapped.Key())
	}
	for _, d := range deps {
		if wrapped == nil || d.Key() != wrapped.Key() {
			s.Others = append(s.Others, d.Key())
		}
	}
	s.layers, s.Templates = []layer{own}, []Templates{templates}
	s.Own, s.Given, s.Wrapped = s.Values, s.Values, wrapped
	s.file, s.StandIn = file, file != "values.yaml"
	switch {
	case wrapped != nil:
		s.addWrapped(ctx, *wrapped, sources)
		for i := range s.Templates {
			s.Templates[i].resolve(s.plainText)
		}
		s.joinRoot(own)
	case templates.readDefaults:
		s.addDefaults()
	case !templates.HasWorkload():
		s.addLibraries(ctx, deps, sources)
	}
	s.readAbove()
	plain := s.Values
	s.readEnvironments(around)
	s.scan = newScan(s.Sheet, plain, s.Name, s.Others)
	s.scan.detect()
	if s.Values != plain {
		more := newScan(s.Sheet, s.Values, s.Name, s.Others)
		more.detect()
		s.scan = s.scan.with(more)
	}
	s.addLibrary(deps)
	return s, nil
}

func (s *Chart) readChart() error {
	info, err := os.Stat(s.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.Errorf(nameOne, "chart %s is not there", s.Shown)
	case err != nil:
		return fmt.Errorf("looking at the chart %s: %w", s.Shown, err)
	case !info.IsDir():
		return remedy.Errorf(nameOne, "%s is not a directory", s.Shown)
	}
	s.chart, err = yamldoc.ReadValues(filepath.Join(s.Dir, "Chart.yaml"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remedy.Errorf(nameOne, "%s holds no Chart.yaml, so it is not a chart", s.Shown)
	case err != nil:
		return remedy.Errorf(correctIt, "reading the chart %s: %w", s.Shown, err)
	case !s.chart.Root.IsMap():
		return remedy.Errorf(correctIt, "reading the chart %s: Chart.yaml is a map, and this is none", s.Shown)
	}
	s.Name = cmp.Or(s.chart.Root.Get("name").Str(), filepath.Base(s.Dir))
	return nil
}

// readOwnValues reads the chart's values.yaml, or what stands in for it.
func (s *Chart) readOwnValues() (*yamldoc.Doc, string, error) {
	return readValues(s.Dir, func(doc *yamldoc.Doc) int {
		return len(newScan(s.Sheet, doc.Root, s.Name, nil).detect())
	})
}

// readValues reads values.yaml, or what stands in for it in repositories that keep the real values elsewhere: of
// several files the one that says most. A chart without any has no values.
func readValues(dir string, says func(*yamldoc.Doc) int) (*yamldoc.Doc, string, error) {
	for _, name := range []string{"values.yaml", "values.yml"} {
		if doc, err := yamldoc.ReadValues(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return doc, name, err
		}
	}
	var best *yamldoc.Doc
	file, most := "values.yaml", -1
	names, _ := fs.Glob(os.DirFS(dir), "*values*.y*ml") // fails for malformed patterns alone
	for _, name := range names {
		doc, err := yamldoc.ReadValues(filepath.Join(dir, name))
		if err != nil {
			return nil, name, err
		}
		n := 0
		if says != nil {
			n = says(doc)
		}
		if n > most {
			best, file, most = doc, name, n
		}
	}
	if best != nil {
		return best, file, nil
	}
	doc, err := yamldoc.Parse(filepath.Join(dir, file), nil)
	return doc, file, err
}

// Dependencies reads those of Chart.yaml, or of requirements.yaml as charts of apiVersion v1 have it.
func (s *Chart) Dependencies() []helmchart.Dependency {
	list := s.chart.Root.Get("dependencies")
	if !list.IsList() {
		if doc, err := yamldoc.ReadValues(filepath.Join(s.Dir, "requirements.yaml")); err == nil {
			list = doc.Root.Get("dependencies")
		}
	}
	var out []helmchart.Dependency
	for _, item := range itemsOf(list) {
		d := helmchart.Dependency{
			Name: item.Get("name").Str(), Alias: item.Get("alias").Str(), Repository: item.Get("repository").Str(),
			Version: item.Get("version").Str(),
		}
		if d.Name != "" {
			out = append(out, d)
		}
	}
	return out
}

// findWrapper finds the dependency that is the application, where the chart is an umbrella: it has no workload and no
// image of its own, and the values of the dependency say something about a workload.
func (s *Chart) findWrapper(root *yamldoc.Node, deps []helmchart.Dependency, own Templates) *helmchart.Dependency {
	if own.HasWorkload() {
		return nil
	}
	var keys []string
	for _, d := range deps {
		keys = append(keys, d.Key())
	}
	if _, found := newScan(s.Sheet, root, s.Name, keys).image(); found {
		return nil
	}
	var best *helmchart.Dependency
	most := 0
	for i, d := range deps {
		isOwn := convention.SameName(d.Key(), s.Name)
		values := root.Child(d.Key())
		if !values.IsMap() || aside(d.Key()) && !isOwn {
			continue
		}
		facts := len(newScan(s.Sheet, values, s.Name, nil).detect())
		if isOwn {
			facts++
		}
		if isWellKnown(d) {
			facts += len(s.Sheet.Keys)
		}
		if facts > most {
			best, most = &deps[i], facts
		}
	}
	return best
}

// addWrapped adds the chart that the umbrella wraps, where it is at hand: below
// charts/, elsewhere in the repository, or in one of Helm's caches.
func (s *Chart) addWrapped(ctx context.Context, d helmchart.Dependency, sources helmchart.Sources) {
	dirs := []string{"charts/" + d.Name}
	if rel, ok := strings.CutPrefix(d.Repository, "file://"); ok && !strings.HasPrefix(rel, "/") {
		dirs = append(dirs, rel)
	}
	for _, rel := range dirs {
		dir := filepath.Join(s.Dir, filepath.FromSlash(rel))
		doc, err := yamldoc.ReadValues(filepath.Join(dir, "Chart.yaml"))
		if err != nil {
			continue
		}
		shown := path.Join(s.Shown, rel)
		s.Templates = append(s.Templates, readTemplates(dir, shown, doc.Root.Get("name").Str()))
		if values, file, err := readValues(dir, nil); err == nil {
			s.addLayer(values, shown+"/"+file)
		}
		return
	}
	umbrella, err := helmchart.LoadComplete(ctx, s.Dir, sources)
	if err != nil {
		return // it is judged without
	}
	chart := umbrella.Dependency(d.Name)
	if chart == nil {
		return
	}
	shown := fmt.Sprintf("%s %s", d.Name, chart.Version())
	s.Templates = append(s.Templates, newTemplates(chart.Templates(), shown, chart.Name()))
	if values, err := yamldoc.ParseValues("values.yaml", chart.ValuesFile()); err == nil {
		s.addLayer(values, shown+": values.yaml")
	}
}

// allLayers are all values files that speak for the chart, those of its environments last.
func (s *Chart) allLayers() []layer {
	all := slices.Concat(s.layers, s.over)
	for _, e := range s.environments {
		all = append(all, e.layers...)
	}
	return all
}

// addLibraries adds the values that libraries have, where the templates are no more than calls of theirs: they name
// what the chart's own values leave as it is.
func (s *Chart) addLibraries(ctx context.Context, deps []helmchart.Dependency, sources helmchart.Sources) {
	if len(deps) == 0 {
		return
	}
	complete, err := helmchart.LoadComplete(ctx, s.Dir, sources)
	if err != nil {
		return // it is judged without
	}
	for _, d := range deps {
		library := complete.Dependency(d.Name)
		if library == nil || library.Type() != "library" {
			continue
		}
		shown := fmt.Sprintf("%s %s", d.Name, library.Version())
		if values, err := yamldoc.Parse("values.yaml", library.ValuesFile()); err == nil {
			s.addLayer(values, shown+": values.yaml")
		}
	}
}

// addDefaults adds the values that a chart of this tool's making keeps beside values.yaml.
func (s *Chart) addDefaults() {
	doc, err := yamldoc.ReadFile(filepath.Join(s.Dir, helmchart.DefaultsFile))
	if err == nil {
		s.addLayer(doc, s.Shown+"/"+helmchart.DefaultsFile)
	}
}

func (s *Chart) addLayer(values *yamldoc.Doc, shown string) {
	if values.Root.IsMap() {
		s.layers = append(s.layers, layer{doc: values, shown: shown})
		s.Values = overlay(s.Values, values.Root)
	}
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
func (s *Chart) evidence(path []string) string {
	for _, l := range s.allLayers() {
		full := yamldoc.JoinPath(append(slices.Clone(l.prefix), path...)...)
		if line := l.doc.Root.LineOf(full); line > 0 {
			return fmt.Sprintf("%s:%d %s", l.shown, line, full)
		}
	}
	last := s.Templates[len(s.Templates)-1]
	return fmt.Sprintf("%s/templates .Values.%s", last.Shown, yamldoc.JoinPath(path...))
}
