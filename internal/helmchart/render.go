package helmchart

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// Render renders the chart with values over its defaults, as `helm template` does without a cluster (lookup finds
// nothing). Values are checked against the schema. Rendered NOTES.txt and empty files are left out; partials never
// render. The files come in order of name.
//
// Helm's engine cannot be interrupted: ctx is looked at before the render alone.
func (c *Chart) Render(ctx context.Context, values map[string]any, rel Release) ([]File, error) {
	p, err := c.Prepare(ctx, values, rel)
	if err != nil {
		return nil, err
	}
	return p.Render(nil)
}

// Prepared is a chart with all that its templates see, ready to be rendered once: templates may change values.
type Prepared struct {
	c       *chart.Chart // without the dependencies that are off
	top     chartutil.Values
	lenient bool
	trace   Tracer
}

// Prepare does what comes before the templates.
func (c *Chart) Prepare(ctx context.Context, values map[string]any, rel Release) (*Prepared, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if missing := c.MissingDependencies(); len(missing) > 0 {
		return nil, fmt.Errorf("render chart %s: missing in charts/: %s", c.Name(), strings.Join(missing, ", "))
	}
	processed, top, err := c.renderValues(values, rel)
	if err != nil {
		return nil, err
	}
	return &Prepared{processed, top, rel.Lenient, rel.Trace}, nil
}

// Values are those that the chart's templates see; those of a chart below it stand under its name.
func (p *Prepared) Values() map[string]any {
	switch values := p.top["Values"].(type) {
	case chartutil.Values:
		return values
	case map[string]any:
		return values
	}
	return nil
}

// Template is a template of the chart, or of a chart below it, whose names lead to its values.
type Template struct {
	File
	Scope []string
}

// Templates are all that there are to render or to include, named as Render names its files.
func (p *Prepared) Templates() []Template { return templatesOf(p.c, "", nil) }

func templatesOf(c *chart.Chart, above string, scope []string) []Template {
	var out []Template
	for _, f := range c.Templates {
		isLibrary := strings.EqualFold(c.Metadata.Type, "library")
		if f != nil && (!isLibrary || IsPartial(f.Name)) {
			out = append(out, Template{File{above + f.Name, f.Data}, scope})
		}
	}
	for _, d := range c.Dependencies() {
		below := append(slices.Clip(scope), d.Name())
		out = append(out, templatesOf(d, above+"charts/"+d.Name()+"/", below)...)
	}
	return out
}

// IsPartial reports whether a template is one that is included alone.
func IsPartial(name string) bool { return strings.HasPrefix(path.Base(name), "_") }

// Render renders the templates. Of those that keep does not name nothing is known: it has to name all that the others
// include. A nil keep names all.
func (p *Prepared) Render(keep func(name string) bool) ([]File, error) {
	if keep != nil {
		drop(p.c, "", keep)
	}
	rendered, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("render chart %s: %w", p.c.Name(), err)
	}
	var out []File
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if path.Base(name) != "NOTES.txt" && strings.TrimSpace(rendered[name]) != "" {
			out = append(out, File{strings.TrimPrefix(name, p.c.Name()+"/"), []byte(rendered[name])})
		}
	}
	return out, nil
}

// drop takes templates out of a chart that is a copy.
func drop(c *chart.Chart, above string, keep func(name string) bool) {
	c.Templates = slices.DeleteFunc(slices.Clone(c.Templates), func(f *chart.File) bool {
		return f == nil || !keep(above+f.Name)
	})
	for _, d := range c.Dependencies() {
		drop(d, above+"charts/"+d.Name()+"/", keep)
	}
}

// renderValues gives what templates see, and a copy of the chart without the dependencies that are off.
func (c *Chart) renderValues(values map[string]any, rel Release) (*chart.Chart, chartutil.Values, error) {
	values = Copy(values)
	processed := clone(c.c)
	caps, err := capabilities(rel)
	if err != nil {
		return nil, nil, err
	}
	want := processed.Metadata.KubeVersion
	if rel.KubeVersion != "" && want != "" && !chartutil.IsCompatibleRange(want, caps.KubeVersion.Version) {
		return nil, nil, fmt.Errorf("render chart %s: it is for Kubernetes %s, not %s",
			c.Name(), want, caps.KubeVersion.Version)
	}
	options := chartutil.ReleaseOptions{
		Name:      cmp.Or(rel.Name, "release"),
		Namespace: cmp.Or(rel.Namespace, "default"),
		Revision:  1,
		IsInstall: !rel.Upgrade,
		IsUpgrade: rel.Upgrade,
	}
	isAlone := len(processed.Dependencies())+len(processed.Metadata.Dependencies) == 0
	if isAlone && (rel.SkipSchema || processed.Schema == nil) {
		// What follows does the same, with copies that take longer than the templates.
		all := chartutil.CoalesceTables(values, Copy(processed.Values))
		processed.Values = nil
		top, err := chartutil.ToRenderValuesWithSchemaValidation(processed, nil, options, caps, true)
		if err != nil {
			return nil, nil, fmt.Errorf("render chart %s: %w", c.Name(), err)
		}
		top["Values"] = chartutil.Values(all)
		return processed, top, nil
	}
	if err := chartutil.ProcessDependencies(processed, values); err != nil {
		return nil, nil, fmt.Errorf("render chart %s: %w", c.Name(), err)
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(processed, values, options, caps, rel.SkipSchema)
	if err != nil {
		return nil, nil, fmt.Errorf("render chart %s: %w", c.Name(), err)
	}
	return processed, top, nil
}
