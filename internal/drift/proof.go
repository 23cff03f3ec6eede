package drift

import (
	"context"
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/upstream"
)

// Prove compares what upstream's chart renders with a values file, and a chart with what was made of it, and writes
// down in the conversion what came of that. Where upstream's chart was not found it says so. The error is that of a
// comparison that cannot be made.
func Prove(ctx context.Context, target *convert.Target, r *convert.Result, options upstream.Options) error {
	if r.Refusal != "" {
		r.Proof = &convert.Proof{Skipped: "the chart refuses the values"}
		return nil
	}
	found, err := upstream.Find(ctx, options)
	if err != nil {
		r.Proof = &convert.Proof{Skipped: "upstream's chart was not found (" + firstLine(err) + ")"}
		return ctx.Err()
	}
	in := Input{
		Sheet: target.Sheet, Chart: target.Chart, Lock: target.Lock, Dir: target.Dir, Regenerated: target.Dir == "",
		Upstream: found.Chart, UpstreamSource: found.Source,
		Scenarios: []factsheet.Scenario{{Name: r.Source, Values: r.Given}}, Only: []string{r.Source},
	}
	c, runs, err := renderScenarios(ctx, in)
	if err != nil {
		return fmt.Errorf("compare with upstream's chart: %w", err)
	}
	run := runs[0]
	r.Proof = &convert.Proof{Upstream: c.sides.upstream.Name + " " + c.sides.upstream.Version}
	if run.upstreamErr != nil {
		r.Proof.Skipped = "upstream's chart does not render with the file: " + firstLine(run.upstreamErr)
		return nil
	}
	// What was printed is what is judged, whatever it was made of.
	run.values = r.Values
	run.chart, run.chartErr = c.render(ctx, c.chart, r.Values)
	compared, err := c.scenario(ctx, run)
	if err != nil {
		return fmt.Errorf("compare with upstream's chart: %w", err)
	}
	for _, f := range compared.found {
		if f.Class == Drift {
			r.Proof.Differences = append(r.Proof.Differences, f.line())
		} else {
			r.Proof.Explained++
		}
	}
	return nil
}

// line tells a difference in one.
func (f *Finding) line() string {
	at := strings.TrimSpace(f.Object + " " + f.Path.String())
	return fmt.Sprintf("%s: %s upstream, %s here", at, shortly(f.Upstream), shortly(f.Chart))
}

func shortly(v any) string {
	if v == nil {
		return "nothing"
	}
	text := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "..."
	}
	return text
}
