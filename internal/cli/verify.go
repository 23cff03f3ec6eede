package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	options      verify.Options
	onCluster    verify.InstallOptions
	install, all bool
	timeout      time.Duration
	out          *output
}

func newVerify(helm *helmFlags) *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify [CHART_DIR...]",
		Short: "Check a LiveKit chart, this tool's or any other",
		Long: `Checks a LiveKit chart without a cluster: Helm's linter, the rendered objects
against the types of Kubernetes, LiveKit's configuration against the server's
own rules, and what keeps calls from working. CHART_DIR is apps/livekit by
default. Exit code 2 says that a check failed.

Several charts, or a folder of charts, are also checked against each other: ports
of the nodes, hosts and fixed addresses that only one of them can have. Charts in
a folder that are not LiveKit's are only read for these.

With --install the chart is tried on the cluster of KUBECONFIG as well, in a
namespace of its own: installed, looked at, upgraded, tested and uninstalled, by the
Helm that runs this plugin (HELM_BIN, else helm on the path). What the trial made is
removed again, whatever comes of it. With --call two participants talk over each way of
media that the chart opens.`,
		Example: `  helm livekit verify apps/livekit
  helm livekit verify apps/livekit -f production.yaml -o json
  helm livekit verify apps
  helm livekit verify apps/livekit --install --call`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.options.Namespace = helm.namespace
			if verify.IsGroup(args...) {
				return f.runGroup(cmd, args)
			}
			return f.run(cmd, helm, chartDir(args))
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.options.ValueFiles, "values", "f", nil,
		"values file to check the chart with (several are merged)")
	flags.StringArrayVar(&f.options.Set, "set", nil, "value to check the chart with, as in Helm")
	flags.StringArrayVar(&f.options.SetString, "set-string", nil, "text to check the chart with, as in Helm")
	flags.StringArrayVar(&f.options.SetJSON, "set-json", nil, "value in JSON to check the chart with, as in Helm")
	flags.StringArrayVar(&f.options.SetFile, "set-file", nil, "file whose text is a value, as in Helm")
	flags.StringVar(&f.options.KubeVersion, "kube-version", "", "Kubernetes version to render for")
	flags.StringVar(&f.options.ReleaseName, "release", "", "name of the release (default: the chart's name)")
	flags.BoolVar(&f.install, "install", false, "try the chart on a cluster")
	flags.StringVar(&f.onCluster.Namespace, "test-namespace", "livekit-test",
		"with --install, the namespace to make for the trial; one that is there is refused")
	flags.BoolVar(&f.onCluster.Reuse, "reuse", false,
		"with --install, use a test namespace that is there; it is not deleted")
	flags.BoolVar(&f.onCluster.Keep, "keep", false, "with --install, leave release and namespace for debugging")
	flags.BoolVar(&f.onCluster.Call, "call", false, "with --install, make a call over each way of media")
	flags.DurationVar(&f.timeout, "timeout", time.Minute,
		"how long the checks may take; with --install (default 3m), how long each wait")
	flags.BoolVar(&f.all, "all", false, "show passed and skipped checks in full as well")
	f.out = addOutput(cmd, "text", "json", "markdown")
	return cmd
}

func (f *verifyFlags) run(cmd *cobra.Command, helm *helmFlags, dir string) error {
	if err := needInstall(cmd); err != nil && !f.install {
		return err
	}
	offline := f.timeout
	if f.install && !cmd.Flags().Changed("timeout") {
		f.timeout = 3 * time.Minute // images are pulled first
	}
	result, err := bounded(cmd.Context(), offline, func(ctx context.Context) (*verify.Report, error) {
		return verify.Run(ctx, dir, f.options)
	})
	if err != nil {
		return err
	}
	if f.install {
		f.onCluster.Timeout, f.onCluster.Progress, f.onCluster.Env = f.timeout, cmd.ErrOrStderr(), helm.env()
		if err := verify.Install(cmd.Context(), dir, f.options, f.onCluster, result); err != nil {
			return err
		}
	}
	shown := verifyOptions(cmd.OutOrStdout(), f.all)
	err = f.out.print(cmd, result, func(w io.Writer) error {
		if f.out.format == "markdown" {
			return report.VerifyMarkdown(w, result)
		}
		return report.Verify(w, result, shown)
	})
	if err == nil && result.Failed() {
		return errAnswer
	}
	return err
}

// runGroup checks several charts.
func (f *verifyFlags) runGroup(cmd *cobra.Command, paths []string) error {
	if f.install {
		return remedy.Errorf("name one chart", "--install is for one chart at a time")
	}
	if err := needInstall(cmd); err != nil {
		return err
	}
	result, err := bounded(cmd.Context(), f.timeout, func(ctx context.Context) (*verify.Group, error) {
		return verify.RunGroup(ctx, paths, f.options)
	})
	if err != nil {
		return err
	}
	shown := verifyOptions(cmd.OutOrStdout(), f.all)
	err = f.out.print(cmd, result, func(w io.Writer) error {
		if f.out.format == "markdown" {
			return report.VerifyGroupMarkdown(w, result)
		}
		return report.VerifyGroup(w, result, shown)
	})
	if err == nil && result.Failed() {
		return errAnswer
	}
	return err
}

// verifyOptions say how checks are shown on w.
func verifyOptions(w io.Writer, all bool) report.VerifyOptions {
	return report.VerifyOptions{All: all, Color: isColored(w)}
}

// needInstall refuses what only a trial on a cluster could do.
func needInstall(cmd *cobra.Command) error {
	for _, name := range []string{"test-namespace", "reuse", "keep", "call"} {
		if cmd.Flags().Changed(name) {
			return remedy.Errorf("add --install", "--%s is about a trial on a cluster", name)
		}
	}
	return nil
}

// chartDir is the chart that a command works on.
func chartDir(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "apps/livekit"
}
