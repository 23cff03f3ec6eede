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
	release := c.release
	release.Lenient = c.lenient && chart == c.chart
	files, err := memo.Render(ctx, chart, values, release)
	if err != nil {
		return nil, err
	}
	var objects []manifest.Object
	for _, f := range inOrder(files) {
		if f.err != nil {
			return nil, fmt.Errorf("render chart %s: %w", chart.Name(), f.err)
		}
		objects = append(objects, f.objects...)
	}
	return rendered.New(strings.ReplaceAll(chart.Name()+"-"+chart.Version(), "+", "_"), objects), nil
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
