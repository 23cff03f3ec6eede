package scaffolding

import (
	"context"
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func load(files map[string][]byte) (*helmchart.Chart, error) {
	var list []helmchart.File
	for name, data := range files {
		list = append(list, helmchart.File{Name: name, Data: data})
	}
	return helmchart.LoadFiles(list)
}

// check renders the chart with its own values and decodes what comes out.
func check(ctx context.Context, c *Chart) error {
	chart, err := load(c.Files)
	if err != nil {
		return err
	}
	rendered, err := chart.Render(ctx, nil, helmchart.Release{Name: c.Name})
	if err != nil {
		return err
	}
	for _, f := range rendered {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return err
		}
		for _, o := range objects {
			for _, p := range o.Check() {
				return fmt.Errorf("%s: %s: %s", f.Name, p.Path, p.Message)
			}
		}
	}
	return nil
}
