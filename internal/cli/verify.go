package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

func newVerify(helm *helmFlags) *cobra.Command {
	var valueFiles, sets []string
	var kubeVersion string
	var all bool
	var timeout time.Duration
	var out *output
	cmd := &cobra.Command{
		Use:   "verify [CHART_DIR]",
		Short: "Check a LiveKit chart, this tool's or any other",
		Long: `Checks a LiveKit chart without a cluster: Helm's linter, the rendered objects
against the types of Kubernetes, LiveKit's configuration against the server's
own rules, and what keeps calls from working. CHART_DIR is apps/livekit where
it is not given. Exit code 2 says that a check failed.`,
		Example: `  helm livekit verify apps/livekit
  helm livekit verify apps/livekit -f production.yaml -o json`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			options := verify.Options{ValueFiles: valueFiles, Set: sets, Namespace: helm.namespace, KubeVersion: kubeVersion}
			result, err := bounded(cmd.Context(), timeout, func(ctx context.Context) (*verify.Report, error) {
				return verify.Run(ctx, chartDir(args), options)
			})
			if err != nil {
				return err
			}
			return printVerify(cmd.OutOrStdout(), result, out, all)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&valueFiles, "values", "f", nil, "values file to check the chart with (several are merged)")
	flags.StringArrayVar(&sets, "set", nil, "value to check the chart with, as in Helm")
	flags.StringVar(&kubeVersion, "kube-version", "", "Kubernetes version to render for")
	flags.DurationVar(&timeout, "timeout", time.Minute, "how long a chart may take")
	flags.BoolVar(&all, "all", false, "show passed and skipped checks in full as well")
	out = addOutput(cmd, "text", "json")
	return cmd
}

func printVerify(w io.Writer, result *verify.Report, out *output, all bool) error {
	var err error
	if out.isJSON() {
		err = report.JSON(w, result)
	} else {
		err = report.Verify(w, result, all)
	}
	if err == nil && result.Failed() {
		err = errChecksFailed
	}
	return err
}

// chartDir is the chart that a command works on.
func chartDir(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "apps/livekit"
}
