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

// answer is what a worker writes of a job.
type answer struct {
	Result *Result `json:"result,omitempty"`
	Error  string  `json:"error,omitempty"`
}

// Do loads the chart and runs the experiment in this process.
func (j Job) Do(ctx context.Context) (*Result, error) {
	chart, err := helmchart.LoadComplete(ctx, j.Chart, j.Sources)
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

// exitMemory is the exit code of a worker that took too much memory.
const exitMemory = 77

// maxHeap is far more than any honest chart needs, in bytes.
const maxHeap = 1 << 30

// Serve is a worker: it reads jobs as JSON and writes an answer to each, a line
// of JSON, until in ends. It takes the whole process: beyond its limit of memory
// that ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	log.SetOutput(io.Discard) // Helm remarks on values that are no use
	debug.SetMemoryLimit(maxHeap)
	limitMemory()
	go watchMemory()
	jobs, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var job Job
		var a answer
		err := jobs.Decode(&job)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a job: %w", err)
		}
		if a.Result, err = job.Do(ctx); err != nil {
			a.Error = err.Error()
		}
		if err := answers.Encode(a); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
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
