package explain

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// chart is the chart that is asked about.
type chart struct {
	*helmchart.Chart
	sheet      *factsheet.Sheet
	dir        string
	components []string // nil in a chart of other making
	paths      *scaffolding.Paths
	// convention says how the places are known.
	convention *convention.Convention
	config     string // key of the block with LiveKit's configuration, "" without one
	values     map[string]any
	file       *yamldoc.Doc // values.yaml
	job        lineage.Job
	lineage    *lineage.Result
	notes      []string
}

func openChart(ctx context.Context, sheet *factsheet.Sheet, o Options) (*chart, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, err
	}
	c := &chart{sheet: sheet, dir: filepath.ToSlash(o.Dir)}
	sources := helmchart.HelmSources(tree, o.Getenv)
	if c.Chart, err = helmchart.LoadComplete(ctx, o.Dir, sources); err != nil {
		return nil, remedy.Errorf("name the chart's folder: helm livekit explain KEY CHART_DIR", "%w", err)
	}
	c.values = c.Values()
	valuesFile := filepath.ToSlash(filepath.Join(o.Dir, "values.yaml"))
	if c.file, err = yamldoc.ParseValues(valuesFile, c.ValuesFile()); err != nil {
		return nil, err
	}
	for _, d := range c.file.Duplicates {
		c.notes = append(c.notes, d.Remark(c.file.Name))
	}
	lock, err := chartdir.ReadLock(target)
	if err != nil {
		return nil, err
	}
	if lock != nil {
		c.components, c.job = lock.Components, lineage.Job{Chart: o.Dir, Sources: sources}
		if c.paths, err = scaffolding.PathsOf(sheet, lock); err != nil {
			return nil, err
		}
		c.config = c.paths.Text(configHeading)
		return c, nil
	}
	return c, c.readForeign(ctx, sources, o)
}

// readForeign reads a chart of other making as a sibling is read, which renders it.
func (c *chart) readForeign(ctx context.Context, sources helmchart.Sources, o Options) (err error) {
	r := &recorder{prober: o.Prober}
	c.convention, err = sibling.Read(ctx, []string{o.Dir}, sibling.ReadOptions{
		Sheet: c.sheet, Prober: r, Sources: sources, Lenient: true,
	})
	if err != nil {
		return err
	}
	c.config = c.configBlock()
	c.take(r)
	c.paths, err = scaffolding.ObservedPaths(c.convention)
	return err
}

// configBlock finds the block with LiveKit's configuration, by what is in it or by upstream's name.
func (c *chart) configBlock() string {
	if found := livekit.FindConfig(c.values); found != "" {
		return found
	}
	for _, m := range c.sheet.Mappings() {
		if slices.Equal(m.To, []string{configHeading}) && c.declares(yamldoc.SplitPath(m.Key)) {
			return m.Key
		}
	}
	return ""
}

// render finds out which fields move, unless reading the chart has done so, or it has none of the values.
func (c *chart) render(ctx context.Context, prober sibling.Prober, options lineage.Options) error {
	if c.convention != nil || len(options.Only) == 0 {
		return nil
	}
	c.job.Options = options
	r := &recorder{prober: prober}
	r.Run(ctx, []lineage.Job{c.job}, func(int, *lineage.Result, error) {})
	c.take(r)
	return ctx.Err()
}

// take keeps what the renders showed.
func (c *chart) take(r *recorder) {
	c.lineage = r.result
	if r.err != nil {
		line, _, _ := strings.Cut(r.err.Error(), "\n")
		c.notes = append(c.notes, "which fields a value moves is not known, as the chart does not render: "+line)
	}
	if c.lineage == nil {
		return
	}
	if c.lineage.Incomplete != "" {
		c.notes = append(c.notes, "not every value was tried: rendering "+c.lineage.Incomplete)
	}
	if c.lineage.Required {
		c.notes = append(c.notes, "the chart renders only with values that it requires, and was rendered without them")
	}
}

// recorder is a prober that keeps the result of its one chart.
type recorder struct {
	prober sibling.Prober
	result *lineage.Result
	err    error
}

// Run is that of the prober.
func (r *recorder) Run(ctx context.Context, jobs []lineage.Job, done func(i int, r *lineage.Result, err error)) {
	for i := range jobs {
		jobs[i].Options.Nudge = true
	}
	r.prober.Run(ctx, jobs, func(i int, result *lineage.Result, err error) {
		r.result, r.err = result, err
		done(i, result, err)
	})
}

// lacks reports whether a chart of this tool's making was written without a component.
func (c *chart) lacks(component string) bool {
	return c.components != nil && component != "" && !slices.Contains(c.components, component)
}

// placeOf gives the path of a canonical key, or of one below it, and how that is known; nil without one.
func (c *chart) placeOf(key string) (path yamldoc.Path, how string) {
	if path, err := c.paths.PathOf(key); err == nil {
		return path, c.evidence(key)
	}
	if c.convention == nil {
		return nil, ""
	}
	if rest, ok := strings.CutPrefix(key, configHeading+"."); ok && c.config != "" {
		return yamldoc.SplitPath(c.config + "." + rest), "by the block that is LiveKit's configuration"
	}
	for _, m := range c.sheet.Mappings() {
		if len(m.To) == 0 || m.To[0] != key && !strings.HasPrefix(key, m.To[0]+".") {
			continue
		}
		if path := yamldoc.SplitPath(m.Key + key[len(m.To[0]):]); c.declares(path) {
			return path, "by upstream's name"
		}
	}
	if path := yamldoc.SplitPath(key); c.declares(path) {
		return path, "by the name alone"
	}
	return nil, ""
}

func (c *chart) declares(path yamldoc.Path) bool {
	_, ok := yamldoc.Lookup(c.values, path)
	return ok
}

// evidence says how the place of a key is known, "" in a chart of this tool's making.
func (c *chart) evidence(key string) string {
	if c.convention == nil {
		return ""
	}
	v := c.convention.Values[key]
	return strings.TrimSpace(fmt.Sprintf("%s: %s", v.Confidence, v.Evidence))
}

// place gives what the chart has at a path.
func (c *chart) place(path yamldoc.Path, how string) *Place {
	p := &Place{Path: path.String(), How: how}
	value, _ := yamldoc.Lookup(c.values, path)
	p.Value = redact.Value(manifest.Path(path), value)
	if p.Line = c.file.Root.LineOf(p.Path); p.Line > 0 {
		p.File = c.file.Name
	}
	return p
}

// moves gives the fields that move with the value at a path, or with those below it; where that is a part of a value,
// those of the whole.
func (c *chart) moves(path yamldoc.Path) []Field {
	if c.lineage == nil {
		return nil
	}
	var out []Field
	above := 0
	for _, f := range c.lineage.Findings {
		switch {
		case path.Contains(f.Path):
			out = c.addFields(out, f)
		case f.Path.Contains(path) && len(f.Path) > above:
			above = len(f.Path)
		}
	}
	if len(out) > 0 || above == 0 {
		return out
	}
	return c.moves(path[:above])
}

// sampleName is a key that an experiment puts into an empty map.
var sampleName = regexp.MustCompile(`\bzq[a-z0-9]+\b`)

// effects are those of lineage in words.
var effects = map[lineage.Effect]string{
	lineage.Direct: "is the value", lineage.Inside: "has the value in its text", lineage.Key: "has the value as a name",
	lineage.Switch: "changes with it",
}

func (c *chart) addFields(out []Field, f lineage.Finding) []Field {
	r := c.lineage
	for _, reach := range f.Reaches {
		i := slices.Index(r.Refs, reach.Object)
		if i < 0 {
			continue
		}
		path := sampleName.ReplaceAllString(reach.Field.String(), "KEY")
		field := Field{c.nameOf(r.Refs[i], r.Objects[i]), path, effects[reach.Effect]}
		if !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	return out
}

// nameOf names an object as it is called in a release: by the pattern that was seen, as an experiment gives names of
// its own.
func (c *chart) nameOf(ref lineage.Ref, o manifest.Object) string {
	name := o.Name()
	for _, id := range c.lineage.Identity {
		if id.Object == ref {
			name = id.Name
		}
	}
	fill := strings.NewReplacer("{release}", "RELEASE", lineage.ReleaseName, "RELEASE", "{name}", c.Name())
	return ref.Kind + "/" + fill.Replace(name)
}

// reads reports whether a template reads the value at a path.
func (c *chart) reads(path yamldoc.Path) bool {
	reading, err := lineage.Reads(c.Templates(), c.LibraryTemplates()...)
	return err == nil && slices.ContainsFunc(reading.Undeclared(c.values), func(r lineage.Read) bool {
		return r.Path == path.String()
	})
}
