package scaffolding

import (
	"context"
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// check renders the chart with its own values and decodes what comes out.
func check(ctx context.Context, c *Chart) error {
	var files []helmchart.File
	for name, data := range c.Files {
		files = append(files, helmchart.File{Name: name, Data: data})
	}
	chart, err := helmchart.LoadFiles(files)
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
