package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

func newConventions() *cobra.Command {
	var explain bool
	var out *output
	var f scaffolding.RunOptions
	var r *renderFlags
	cmd := &cobra.Command{
		Use:   "conventions [CHART_DIR...]",
		Short: "Show the conventions that scaffold would follow",
		Long: `Reads the conventions of the charts, or of those beside the new chart where none
is given, and shows what scaffold would follow. -o yaml is a file for
scaffold --conventions, and may be saved as .helm-livekit.yaml as it is.

A chart is rendered again and again, with one value changed at a time: the key
that moves the image is the image's key, whatever it is called. Such facts are
"probed". Of several charts most decide ("voted"). What does not render is
judged by the names of its keys ("name"), which is a guess. Nothing is fetched
from the network, unless --dependency-build asks Helm to.

What was learned is tried in the new chart, too: --explain shows what each key
moves there and here, and what was corrected where that differs.`,
		Example: `  helm livekit conventions apps/localai
  helm livekit conventions --explain
  helm livekit conventions --for charts/livekit
  helm livekit conventions apps/localai -o yaml > .helm-livekit.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.Like, f.Renders = args, r.renders()
			f.RoundTrip.All = explain || out.format == "json"
			learned, err := scaffolding.Learn(cmd.Context(), f)
			if err != nil {
				return err
			}
			if out.format == "text" {
				return report.Conventions(cmd.OutOrStdout(), learned, explain)
			}
			for _, note := range slices.Concat(learned.Warnings, learned.Notes) {
				fmt.Fprintln(cmd.ErrOrStderr(), note)
			}
			if out.format == "json" {
				return report.JSON(cmd.OutOrStdout(), learned)
			}
			text, err := learned.YAML()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s%s", settings.SchemaLine, text)
			return err
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "show the evidence of each fact")
	cmd.Flags().StringVar(&f.Dir, "for", chartDir(nil), "the new `CHART_DIR`, whose neighbors and settings count")
	r = addRenderFlags(cmd)
	out = addOutput(cmd, "text", "yaml", "json")
	return cmd
}
