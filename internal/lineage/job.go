package lineage

import (
	"context"
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Job says what to experiment on, in words that another process understands.
type Job struct {
	// Chart is the chart's folder or archive.
	Chart string `json:"chart"`
	// Sources are where dependencies come from that do not lie in charts/.
	Sources helmchart.Sources `json:"sources"`
	// Dependency is the name of the dependency that is the application, where
	// the chart is an umbrella over it: that one is rendered instead.
	Dependency string `json:"dependency,omitempty"`
	// Values are laid over the defaults of what is rendered.
	Values  map[string]any `json:"values,omitempty"`
	Options Options        `json:"options"`
}

// Do loads the chart and runs the experiment in this process.
func (j Job) Do(ctx context.Context) (*Result, error) {
	chart, _, err := helmchart.LoadComplete(ctx, j.Chart, j.Sources)
	if err != nil {
		return nil, err
	}
	if j.Dependency != "" {
		if chart = chart.Dependency(j.Dependency); chart == nil {
			return nil, fmt.Errorf("chart %s: its dependency %s is not at hand", j.Chart, j.Dependency)
		}
	}
	return Run(ctx, chart.WithoutMissing(), j.Values, j.Options)
}
