package lineage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
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
	// WithOwn renders the templates of the umbrella with that dependency, where they render there.
	WithOwn bool `json:"withOwn,omitempty"`
	// Above are the folders of the charts in whose charts/ it lies, the nearest first: it may include their templates.
	Above []string `json:"above,omitempty"`
	// Values are laid over the defaults of what is rendered.
	Values  map[string]any `json:"values,omitempty"`
	Options Options        `json:"options"`
}

// answer is what the process writes of a job.
type answer struct {
	Result *Result `json:"result,omitempty"`
	Error  string  `json:"error,omitempty"`
	Step   string  `json:"step,omitempty"` // what to do about the error
}

// Do loads the chart and runs the experiment in this process.
func (j Job) Do(ctx context.Context) (*Result, error) {
	chart, err := helmchart.LoadComplete(ctx, j.Chart, j.Sources)
	if err != nil {
		return nil, err
	}
	instead := chart.Instead()
	var joined *helmchart.Chart
	if j.Dependency != "" {
		umbrella := chart
		if chart = umbrella.Dependency(j.Dependency); chart == nil {
			return nil, fmt.Errorf("chart %s: its dependency %s was not found: --dependency-build lets Helm fetch it",
				j.Chart, j.Dependency)
		}
		if j.WithOwn {
			joined = chart.WithTemplates(umbrella)
		}
	}
	for _, dir := range j.Above {
		above, err := helmchart.LoadComplete(ctx, dir, j.Sources)
		if err != nil {
			return nil, err
		}
		chart = chart.Within(above)
	}
	var result *Result
	if joined != nil {
		result, _ = Run(ctx, joined.WithoutMissing(), j.Values, j.Options) // else the dependency alone
	}
	if result == nil {
		result, err = Run(ctx, chart.WithoutMissing(), j.Values, j.Options)
	}
	if endless := (*endlessError)(nil); errors.As(err, &endless) {
		return nil, remedy.Errorf(lookForLoop, "rendering %s does not end: it %s", j.Chart, endless.reason)
	}
	if err != nil {
		return nil, err
	}
	result.Instead = instead
	return result, nil
}

const lookForLoop = "look for a template that loops"

// exitMemory is the exit code of a process that took too much memory.
const exitMemory = 77

// maxHeap is far more than any honest chart needs, in bytes.
const maxHeap = 1 << 30

// Serve is the process that Pool runs for a job: it reads the job as JSON and writes the answer. It takes the whole
// process: beyond its limit of memory that ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	log.SetOutput(io.Discard) // Helm remarks on values that are no use
	debug.SetMemoryLimit(maxHeap)
	debug.SetGCPercent(400) // of the memory there is enough: a third of the time would go into collecting it
	limitMemory()
	go watchMemory()
	var job Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("reading a job: %w", err)
	}
	job.Options.ownProcess = true
	var a answer
	var err error
	if a.Result, err = job.Do(ctx); err != nil {
		a.Error, a.Step = err.Error(), remedy.Step(err)
	}
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return fmt.Errorf("writing an answer: %w", err)
	}
	return nil
}

// watchMemory ends the process when it holds too much.
func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(10 * time.Millisecond) {
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 && sample[0].Value.Uint64() > maxHeap {
			os.Exit(exitMemory)
		}
	}
}
