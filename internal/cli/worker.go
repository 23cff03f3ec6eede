package cli

import (
	"cmp"
	"os"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// workerName is the hidden command that renders strangers' charts.
const workerName = "__render"

// newWorker is not for people: the command starts itself so.
func newWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Render charts for another process of this command",
		Hidden: true,
		Args:   atMost(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return lineage.Serve(cmd.Context(), os.Stdin, cmd.OutOrStdout())
		},
	}
}

// renderFlags say how siblings are rendered.
type renderFlags struct{ not, build bool }

func addRenderFlags(cmd *cobra.Command) *renderFlags {
	f := &renderFlags{}
	cmd.Flags().BoolVar(&f.not, "no-render", false, "do not render sibling charts: go by the names of their keys")
	cmd.Flags().BoolVar(&f.build, "dependency-build", false,
		"have Helm fetch the siblings' dependencies that are not at hand")
	cmd.MarkFlagsMutuallyExclusive("no-render", "dependency-build")
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
	r := scaffolding.Renders{Prober: pool, Getenv: os.Getenv}
	if f.build {
		r.HelmBin = helmBin()
	}
	return r
}

// helmBin is the Helm that runs the plugin, or the one on the path.
func helmBin() string { return cmp.Or(os.Getenv("HELM_BIN"), "helm") }
