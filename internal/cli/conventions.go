package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/selftest"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

func newConventions() *cobra.Command {
	var explain, isSelfTest bool
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
judged by the names of its keys ("name"), which is a guess. The keys of a
well-known library are known without it ("library"). What no chart says keeps its
plain name ("default"). Nothing is fetched from the network, unless
--dependency-build asks Helm to.

What was learned is tried in the new chart, too: --explain shows what each key
moves there and here, and what was corrected where that differs. --self-test
measures how predictable a repository's conventions are: it leaves out one chart
at a time and compares what the others predict with what the chart has.`,
		Example: `  helm livekit conventions apps/localai
  helm livekit conventions --explain
  helm livekit conventions --for charts/livekit
  helm livekit conventions --self-test apps
  helm livekit conventions apps/localai -o yaml > .helm-livekit.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if isSelfTest {
				return selfTest(cmd, args, r.renders(), out)
			}
			f.Like, f.Renders = args, r.renders()
			f.RoundTrip.All = explain || out.format == "json"
			learned, err := scaffolding.Learn(cmd.Context(), f)
			if err != nil {
				return err
			}
			return printLearned(cmd, learned, out.format, explain)
		},
	}
	cmd.Flags().BoolVar(&explain, "explain", false, "show the evidence of each fact")
	cmd.Flags().BoolVar(&isSelfTest, "self-test", false,
		"predict each chart below a folder (default: the repository) from the others, and say what agrees")
	cmd.Flags().StringVar(&f.Dir, "for", chartDir(nil), "the new `CHART_DIR`, whose neighbors and settings count")
	r = addRenderFlags(cmd)
	out = addOutput(cmd, "text", "yaml", "json")
	return cmd
}

// printLearned prints what was learned. Notes go to standard error where data is printed.
func printLearned(cmd *cobra.Command, learned *scaffolding.Learned, format string, explain bool) error {
	if format == "text" {
		return report.Conventions(cmd.OutOrStdout(), learned, explain)
	}
	for _, note := range slices.Concat(learned.Warnings, learned.Notes) {
		fmt.Fprintln(cmd.ErrOrStderr(), note)
	}
	if format == "json" {
		return report.JSON(cmd.OutOrStdout(), learned)
	}
	text, err := learned.YAML()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s%s", settings.SchemaLine, text)
	return err
}

// selfTest tells the charts of a folder from each other.
func selfTest(cmd *cobra.Command, args []string, renders scaffolding.Renders, out *output) error {
	if len(args) > 1 {
		return remedy.Errorf("name the folder that they are all in",
			"--self-test takes one folder, and not %d", len(args))
	}
	if out.format == "yaml" {
		return remedy.Errorf("use -o text or -o json", "--self-test has no conventions to print as YAML")
	}
	o := selftest.Options{Prober: renders.Prober, Getenv: renders.Getenv, HelmBin: renders.HelmBin}
	if len(args) > 0 {
		o.Dir = args[0]
	}
	result, err := selftest.Run(cmd.Context(), o)
	if err != nil {
		return err
	}
	return out.print(cmd, result, func(w io.Writer) error { return report.SelfTest(w, result) })
}
