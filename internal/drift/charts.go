package drift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/drift/branches"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// charts are the two charts with all that their comparison needs.
type charts struct {
	variant // the chart here
	sheet   *factsheet.Sheet
	rules   *rules
	// upstream is upstream's chart.
	upstream *helmchart.Chart
	sides    struct{ chart, upstream Side }
	labels   map[string]string // of the chart's pods
	// lenient says that the chart renders only where what it requires may be missing.
	lenient bool
	notes   []string
	release helmchart.Release
	memos   *memos
	// kinds are those of the chart's convention.
	kinds convention.Kinds
	// foreign is what is known of a chart without a lock, nil with one.
	foreign *foreign
	// pristine is the chart as it was scaffolded, nil for one of other making; whole is that with all components, nil
	// where it is no other.
	pristine *helmchart.Chart
	whole    *variant
	// isAsScaffolded says that the chart has the templates of pristine, and userValues how its values differ.
	isAsScaffolded bool
	userValues     map[string]any
	// anew is a chart without a lock as it would be generated, nil for all others.
	anew *variant
	// added make the chart with one more component each, by its name, once.
	added map[string]func() (*variant, error)
	// adopted are new defaults of upstream's that the chart's own values follow, by upstream's keys.
	adopted map[string]any
	// random are fields that differ from render to render.
	random map[field]bool
	// branches are those of upstream's chart and of the chart here, by the chart.
	branches map[*helmchart.Chart]*branches.Chart
}

// field is a field of an object: its role and the text of its path.
type field struct{ role, path string }

// variant is a chart to which canonical values can be given: places say where it has them, defaults are the values to
// which they are laid, its own as it was scaffolded.
type variant struct {
	chart    *helmchart.Chart
	places   *scaffolding.Paths
	defaults map[string]any
}

// overlay gives the values that, laid over the chart's defaults, make the settings true, and the settings that the
// chart has no place for.
func (v *variant) overlay(settings []scaffolding.Setting) (map[string]any, []scaffolding.Unplaced) {
	full := helmchart.Copy(v.defaults)
	unplaced := v.places.Apply(full, settings)
	return helmchart.Difference(v.defaults, full), unplaced
}

// openCharts prepares the charts.
func openCharts(ctx context.Context, in Input) (*charts, error) {
	c := &charts{variant: variant{chart: in.Chart}, upstream: in.Upstream, memos: newMemos(), random: map[field]bool{}}
	c.release = Release()
	c.release.KubeVersion = cmp.Or(in.KubeVersion, c.release.KubeVersion)
	c.release.APIVersions = slices.Concat(c.release.APIVersions, in.APIVersions)
	var err error
	if c.sheet, err = factsheet.OrServer(in.Sheet); err != nil {
		return nil, err
	}
	if c.rules, err = newRules(c.sheet); err != nil {
		return nil, err
	}
	c.sides.chart = sideOf(in.Chart, in.Dir)
	c.sides.upstream = sideOf(in.Upstream, in.UpstreamSource)
	c.sides.upstream.Digest = in.UpstreamDigest
	isOurs := in.Lock != nil
	switch {
	case in.Regenerated:
		c.notePristine(in.Chart)
		err = c.openScaffolded(in.Lock)
	case isOurs:
		err = c.openLocked(in.Lock)
	default:
		isOurs, err = c.openLost(ctx, in)
	}
	if err == nil && !isOurs {
		err = c.openForeign(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	c.adoptDefaults()
	return c, c.renderDefaults(ctx)
}

func sideOf(c *helmchart.Chart, source string) Side {
	return Side{Name: c.Name(), Version: c.Version(), AppVersion: c.AppVersion(), Source: source}
}

// openLocked prepares the comparison of a chart that this tool wrote, with what it was scaffolded as.
func (c *charts) openLocked(lock *chartdir.Lock) (err error) {
	pristine, err := scaffolding.Pristine(lock)
	if err != nil {
		return fmt.Errorf("the chart as it was scaffolded: %w", err)
	}
	c.notePristine(pristine)
	return c.openScaffolded(lock)
}

// openScaffolded prepares the comparison of a chart by what it was scaffolded from.
func (c *charts) openScaffolded(lock *chartdir.Lock) (err error) {
	if c.places, err = scaffolding.PathsOf(c.sheet, lock); err != nil {
		return err
	}
	conv, err := scaffolding.ConventionOf(c.sheet, lock)
	if err != nil {
		return err
	}
	c.kinds = conv.Kinds
	c.defaults = c.pristine.Values()
	return c.addComponents(lock)
}

// openLost prepares the comparison of a chart that this tool wrote and that has lost its lock: it is known by its
// files, and its conventions and components are read from the chart itself. It reports whether the chart is one.
//
// What the user has edited in it nobody knows, so the chart counts as it was scaffolded: a difference from upstream's
// chart is explained where its values are those that such a chart has.
func (c *charts) openLost(ctx context.Context, in Input) (bool, error) {
	if in.Convention == nil {
		return false, nil
	}
	conv, files := c.withOwnKinds(ctx, *in.Convention), []string(nil)
	for _, f := range c.chart.Templates() {
		files = append(files, f.Name)
	}
	components, err := scaffolding.ComponentsIn(conv, c.chart.Name(), files, c.chart.Values())
	if err != nil {
		return false, nil // a chart that cannot be generated is of other making
	}
	generated, err := scaffolding.Compose(conv, scaffolding.Options{
		Name: c.chart.Name(), Version: c.chart.Version(), AppVersion: c.chart.AppVersion(),
		With: components, Without: []string{"all"},
	})
	if err != nil || !isGenerated(c.chart, generated.Files) {
		slog.Debug("the chart is of other making", "error", err)
		return false, nil
	}
	lock, err := scaffolding.NewLock(generated, scaffolding.RunOptions{}, in.Dir)
	if err != nil {
		return false, err
	}
	c.notes = append(c.notes, "the chart has no lock: it is known by its files as one that was scaffolded, and its "+
		"conventions are read from it; edits in it are told where they make it differ from upstream's")
	c.notePristine(c.chart)
	if c.anew, err = withComponents(c.sheet, lock, lock.Components); err != nil {
		return false, err
	}
	return true, c.openScaffolded(lock)
}

// withOwnKinds gives a convention with the kinds that the chart's own templates have for the server and for the way in:
// optional parts of a whole chart can look like those of others.
func (c *charts) withOwnKinds(ctx context.Context, conv convention.Convention) *convention.Convention {
	now, err := c.render(ctx, c.chart, nil)
	if server := now.Get(rendered.RoleServer); err == nil && server != nil {
		conv.Kinds.Workload = server.Kind()
	}
	has := func(text string) bool {
		return slices.ContainsFunc(c.chart.Templates(), func(f helmchart.File) bool {
			return strings.Contains(string(f.Data), text)
		})
	}
	switch {
	case has("\nkind: IngressRoute\n"):
		conv.Kinds.Route = convention.RouteIngressRoute
	case has("\nkind: Ingress\n"):
		conv.Kinds.Route = convention.RouteIngress
	}
	return &conv
}

// fewFiles is how many generated templates a chart has at least that this tool wrote.
const fewFiles = 5

// isGenerated reports whether a chart has templates as this tool generates them, white space aside and whatever their
// files are called.
func isGenerated(chart *helmchart.Chart, generated map[string][]byte) bool {
	plain := func(text []byte) string { return strings.Join(strings.Fields(string(text)), "") }
	texts := map[string]bool{}
	for name, text := range generated {
		if strings.HasPrefix(name, "templates/") {
			texts[plain(text)] = true
		}
	}
	n := 0
	for _, f := range chart.Templates() {
		if texts[plain(f.Data)] {
			n++
		}
	}
	return n >= fewFiles
}

// addComponents makes the chart as it would be with all components, and with each one that it lacks.
func (c *charts) addComponents(lock *chartdir.Lock) (err error) {
	c.added = map[string]func() (*variant, error){}
	all := slices.Clone(lock.Components)
	for _, component := range c.sheet.Components {
		if name := component.Name; !slices.Contains(lock.Components, name) {
			all = append(all, name)
			with := slices.Concat(lock.Components, component.Requires, []string{name})
			c.added[name] = sync.OnceValues(func() (*variant, error) { return withComponents(c.sheet, lock, with) })
		}
	}
	if len(c.added) > 0 {
		c.whole, err = withComponents(c.sheet, lock, all)
	}
	return err
}

func withComponents(sheet *factsheet.Sheet, lock *chartdir.Lock, components []string) (*variant, error) {
	chart, paths, err := scaffolding.Regenerate(sheet, lock, components)
	if err != nil {
		return nil, err
	}
	return &variant{chart, paths, chart.Values()}, nil
}

// rendersAlike reports whether two charts render the same values alike: their templates and names are the same.
func rendersAlike(a, b *helmchart.Chart) bool {
	return a.Name() == b.Name() && a.Version() == b.Version() && a.AppVersion() == b.AppVersion() &&
		slices.EqualFunc(a.Templates(), b.Templates(), func(x, y helmchart.File) bool {
			return x.Name == y.Name && string(x.Data) == string(y.Data)
		})
}

// renderDefaults renders the charts as they are: for the server's image, for the labels of the pods, and twice for
// what differs each time.
func (c *charts) renderDefaults(ctx context.Context) error {
	first, chartErr := c.render(ctx, c.chart, nil)
	if chartErr != nil && c.foreign != nil {
		c.lenient = true
		first, _ = c.render(ctx, c.chart, nil)
		if c.lenient = first != nil; c.lenient {
			const note = "the chart renders only with values that it requires, and is compared without them: "
			c.notes = append(c.notes, note+firstLine(chartErr))
		}
	}
	second, _ := c.renderAnew(ctx, c.chart, nil)
	up, upErr := c.render(ctx, c.upstream, nil)
	if chartErr != nil && upErr != nil {
		return fmt.Errorf("neither chart renders: %w", errors.Join(chartErr, upErr))
	}
	c.random = randomFields(first, second)
	c.sides.chart.Image, _ = first.Get(rendered.RoleServer).Value(imagePath.String()).(string)
	c.sides.upstream.Image, _ = up.Get(rendered.RoleServer).Value(imagePath.String()).(string)
	if c.pristine != nil && !c.isAsScaffolded {
		var err error
		// The pristine chart's labels are what an affinity is to select.
		if first, err = c.render(ctx, c.pristine, c.userValues); err != nil {
			if first, err = c.render(ctx, c.pristine, nil); err != nil {
				return fmt.Errorf("the chart as it was scaffolded: %w", err)
			}
		}
		second, _ = c.renderAnew(ctx, c.pristine, c.userValues)
		// What was random and is not any more, or the other way round, is a change; a chart that does not render with
		// its own values says nothing of that.
		was := randomFields(first, second)
		if chartErr != nil {
			c.random = was
		}
		maps.DeleteFunc(c.random, func(f field, _ bool) bool { return !was[f] })
	}
	if server := first.Get(rendered.RoleServer); server != nil {
		c.labels = server.TextMap("spec", "template", "metadata", "labels")
	}
	return nil
}

// randomFields gives the fields that two renders of the same values have differently.
func randomFields(first, second *rendered.Chart) map[field]bool {
	out := map[field]bool{}
	if first == nil {
		return out
	}
	for role, a := range first.ByRole {
		b := second.Get(role)
		for key, leaf := range a.Leaves {
			if other := b.Value(key); other != nil && !same(leaf.Value, other, leaf.Path) {
				out[field{role, key}] = true
			}
		}
	}
	return out
}
