package drift

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// The release that both charts are rendered for. The Kubernetes version is one for which this tool's charts are made.
const (
	releaseNamespace = "media"
	kubeVersion      = "1.34.0"
)

// render renders a chart and finds out what each object is for. One of other making may require values that upstream's
// does not: they are left out then.
func (c *charts) render(ctx context.Context, chart *helmchart.Chart, values map[string]any) (*rendered.Chart, error) {
	return c.renderBy(ctx, c.memos.of(chart), chart, values)
}

// renderAnew renders every template of a chart, also those whose values are the same as before.
func (c *charts) renderAnew(
	ctx context.Context, chart *helmchart.Chart, values map[string]any,
) (*rendered.Chart, error) {
	return c.renderBy(ctx, lineage.NewMemo(parseFile), chart, values)
}

func (c *charts) renderBy(
	ctx context.Context, memo *lineage.Memo[parsedFile], chart *helmchart.Chart, values map[string]any,
) (*rendered.Chart, error) {
	files, err := memo.Render(ctx, chart, values, c.releaseOf(chart))
	if err != nil {
		return nil, err
	}
	return c.read(chart, files)
}

// renderIn renders a chart in a scenario and notes the branches that were taken.
func (c *charts) renderIn(
	ctx context.Context, run *scenarioRun, chart *helmchart.Chart, values map[string]any,
) (*rendered.Chart, error) {
	of := c.branches[chart]
	if of == nil {
		return c.render(ctx, chart, values)
	}
	files, seen, err := of.Render(ctx, values, c.releaseOf(chart))
	run.seen[chart] = seen
	if err != nil {
		return nil, err
	}
	parsed := map[string]parsedFile{}
	for _, f := range files {
		parsed[f.Name] = parseFile(f.Name, f.Data)
	}
	return c.read(chart, parsed)
}

func (c *charts) releaseOf(chart *helmchart.Chart) helmchart.Release {
	release := c.release
	release.Lenient = c.lenient && chart == c.chart
	return release
}

// droppedMetrics is the version of Kubernetes that has no autoscaling/v2beta1 any more.
const droppedMetrics = "1.25.0"

// read reads what a chart has rendered.
func (c *charts) read(chart *helmchart.Chart, files map[string]parsedFile) (*rendered.Chart, error) {
	var objects []manifest.Object
	for _, f := range inOrder(files) {
		if f.err != nil {
			return nil, fmt.Errorf("render chart %s: %w", chart.Name(), f.err)
		}
		objects = append(objects, f.objects...)
	}
	own := strings.ReplaceAll(chart.Name()+"-"+chart.Version(), "+", "_")
	if isOlder(c.release.KubeVersion, droppedMetrics) {
		return rendered.NewOld(own, objects), nil
	}
	return rendered.New(own, objects), nil
}

// parsedFile is what a rendered file says.
type parsedFile struct {
	objects []manifest.Object
	err     error
}

// maxFile bounds the text of one template that is compared, in bytes. A release as a whole, which Helm stores
// compressed in one Secret, has to be smaller than 1 MiB.
const maxFile = 512 << 10

var errTooLarge = errors.New("too large to be compared")

func parseFile(name string, text []byte) parsedFile {
	if len(text) > maxFile {
		return parsedFile{err: fmt.Errorf("%s renders to %d KiB, more than %d KiB: %w",
			name, len(text)>>10, maxFile>>10, errTooLarge)}
	}
	objects, err := manifest.Parse(name, text)
	return parsedFile{objects, err}
}

// memos keep what the templates of each chart gave: a scenario changes what few of them read.
type memos struct {
	mu  sync.Mutex
	all map[*helmchart.Chart]*lineage.Memo[parsedFile]
}

func newMemos() *memos { return &memos{all: map[*helmchart.Chart]*lineage.Memo[parsedFile]{}} }

func (m *memos) of(chart *helmchart.Chart) *lineage.Memo[parsedFile] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[chart] == nil {
		m.all[chart] = lineage.NewMemo(parseFile)
	}
	return m.all[chart]
}
