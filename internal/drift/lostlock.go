package drift

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

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
	rendered, err := c.render(ctx, c.chart, nil)
	if server := rendered.get(roleServer); err == nil && server != nil {
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
