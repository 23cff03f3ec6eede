package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/doctor"
	"github.com/helm-livekit/helm-livekit/internal/report"
)

func newDoctor(helm *helmFlags) *cobra.Command {
	var out *output
	o := doctor.Options{ToolVersion: version, UserAgent: userAgent(), Getenv: os.Getenv}
	cmd := &cobra.Command{
		Use:   "doctor [CHART_DIR]",
		Short: "Check what the plugin works with: Helm, lock, settings, logins, cluster",
		Long: `Checks this plugin and what it works with: Helm and helm-livekit-cluster, the chart's
lock and what was edited since, the settings file, stored logins to registries, and
the kubeconfig. CHART_DIR is apps/livekit by default. Credentials are
looked for and never printed. verify checks the chart itself.

With --online it asks the cluster, by Helm, and GitHub for newer releases of the
plugin and of LiveKit. Exit code 2 says that a check failed.`,
		Example: `  helm livekit doctor
  helm livekit doctor apps/livekit --registry ghcr.io --online`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.IsNamed, o.Env = chartDir(args), len(args) > 0, helm.env()
			o.RegistryConfig = cmd.Flag("registry-config").Value.String()
			result, err := doctor.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			err = out.printData(
				cmd,
				result,
				func(w io.Writer) error { return report.Checks(w, result.Checks, verifyOptions(w, true)) },
			)
			if err == nil && result.Failed() {
				return errAnswer
			}
			return err
		},
	}
	cmd.Flags().StringArrayVar(&o.Registries, "registry", nil, "`HOST` of a registry whose login to look for")
	cmd.Flags().BoolVar(&o.Online, "online", false, "ask the cluster and GitHub as well")
	out = addOutput(cmd, "text", "json", "yaml")
	return cmd
}
