package cli

import (
	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

func newConventions() *cobra.Command {
	var explain bool
	var out *output
	cmd := &cobra.Command{
		Use:   "conventions [CHART_DIR...]",
		Short: "Show the conventions that scaffold would follow",
		Long: `Reads the conventions of the charts, or of those beside apps/livekit where none is
given, and shows what scaffold would follow. -o yaml is a file for
scaffold --conventions.`,
		Example: `  helm livekit conventions apps/localai
  helm livekit conventions --explain
  helm livekit conventions apps/localai -o yaml > conventions.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			conv, err := scaffolding.Conventions(cmd.Context(), chartDir(nil), args, "")
			if err != nil {
				return err
			}
			var text []byte
			switch out.format {
			case "json":
				text, err = conv.JSON()
			case "yaml":
				text, err = conv.YAML()
			default:
				return report.Conventions(cmd.OutOrStdout(), conv, explain)
			}
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "show the evidence of each fact")
	out = addOutput(cmd, "text", "yaml", "json")
	return cmd
}
