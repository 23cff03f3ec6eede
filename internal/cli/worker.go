package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime/metrics"
	"time"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// workerName is the hidden command that renders strangers' charts.
const workerName = "__render"

// newWorker is not for people: the command starts itself so.
func newWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Render charts for another process of this command",
		Hidden: true,
		Args:   between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return lineage.Serve(cmd.Context(), os.Stdin, cmd.OutOrStdout())
		},
	}
}

// renderFlags say how siblings are rendered.
type renderFlags struct {
	not, build bool
	max        uint
}

func addRenderFlags(cmd *cobra.Command) *renderFlags {
	f := &renderFlags{}
	cmd.Flags().BoolVar(&f.not, "no-render", false, "do not render sibling charts: go by the names of their keys")
	cmd.Flags().BoolVar(&f.build, "dependency-build", false,
		"have Helm fetch the siblings' dependencies that were not found")
	cmd.Flags().UintVar(&f.max, "max-renders", 0,
		fmt.Sprintf("render each sibling chart up to `N` times (default %d, or %d where several vote)",
			lineage.DefaultMaxRenders, sibling.RendersOfMany))
	cmd.MarkFlagsMutuallyExclusive("no-render", "dependency-build")
	cmd.MarkFlagsMutuallyExclusive("no-render", "max-renders")
	return f
}

// renders says that charts are rendered by processes of this program.
func (f *renderFlags) renders() scaffolding.Renders {
	if f.not {
		return scaffolding.Renders{}
	}
	pool := &lineage.Pool{}
	if self, err := os.Executable(); err == nil {
		pool.Command = []string{self, workerName}
	}
	r := scaffolding.Renders{Prober: pool, Getenv: os.Getenv, Max: int(f.max)}
	if f.build {
		r.HelmBin = helmBin()
	}
	return r
}

// helmBin is the Helm that runs the plugin, or the one on the path.
func helmBin() string { return cmp.Or(os.Getenv("HELM_BIN"), "helm") }

// maxHeap is far more than any honest chart needs.
const maxHeap = 1 << 30

// bounded gives up on work that takes too long or too much memory, or that is interrupted. A stranger's chart can be
// made to loop or to swell, and Helm's engine cannot be interrupted: the work then goes on until the process ends,
// which it does with the error that this returns.
func bounded[T any](ctx context.Context, timeout time.Duration, work func(context.Context) (T, error)) (T, error) {
	var result, nothing T
	done := make(chan error, 1)
	go func() {
		var err error
		result, err = work(ctx)
		done <- err
	}()
	late := time.After(timeout)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return result, err
		case <-ctx.Done():
			return nothing, ctx.Err()
		case <-late:
			return nothing, remedy.Errorf("look for a template that loops, or raise --timeout",
				"the chart takes more than %s to render and judge", timeout)
		case <-look.C:
			if heap() > maxHeap {
				return nothing, remedy.Errorf("look for a template that repeats something without end",
					"the chart takes more than %d GiB of memory to render and judge", maxHeap>>30)
			}
		}
	}
}

// heap gives the bytes that live and dead objects take.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
