package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/explain"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/report"
)

func newExplain() *cobra.Command {
	var out *output
	cmd := &cobra.Command{
		Use:   "explain KEY [CHART_DIR]",
		Short: "Say what a value does, and where a chart has it",
		Long: `Says of a value what it does, its type and default, the component that has it, where
it lies in the chart, which rendered fields move with it, what upstream's chart calls
it, and what to beware of.

KEY is a canonical key (image.tag), a key of upstream's chart (podHostNetwork), a path
of the chart (ingress.hosts[].host), or a key of LiveKit's own configuration
(config.rtc.udp_port). CHART_DIR may be any LiveKit chart; without one, apps/livekit
is asked where it is there.`,
		Example: `  helm livekit explain media.type
  helm livekit explain livekit.rtc.tcp_port apps/livekit
  helm livekit explain 'ingress.hosts[].host' charts/livekit -o json`,
		Args:              between(1, 2),
		ValidArgsFunction: completeKey,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := chartDir(args[1:])
			if is, _ := helmchart.IsChartDir(dir); !is && len(args) == 1 {
				dir = "" // what holds for any chart
			}
			result, err := explain.Run(cmd.Context(), explain.Options{
				Key: args[0], Dir: dir, Prober: (&renderFlags{}).renders().Prober, Getenv: os.Getenv,
			})
			if err != nil {
				return err
			}
			return out.printData(cmd, result, func(w io.Writer) error { return report.Explain(w, result) })
		},
	}
	out = addOutput(cmd, "text", "json", "yaml")
	return cmd
}

// completeKey completes canonical keys, and then a chart's folder.
func completeKey(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	keys, err := explain.Keys()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}
