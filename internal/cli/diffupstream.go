package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/drift/comparison"
	"github.com/helm-livekit/helm-livekit/internal/drift/patch"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
)

// diffFlags are the flags of diff-upstream.
type diffFlags struct {
	comparison comparison.Comparison
	detailed   bool
	timeout    time.Duration
	show       report.DriftOptions
	classes    []string
}

func newDiffUpstream() *cobra.Command {
	f := &diffFlags{}
	var out *output
	cmd := &cobra.Command{
		Use:   "diff-upstream [CHART_DIR]",
		Short: "Compare the chart with LiveKit's official chart",
		Long: `Compares a chart with upstream's livekit-server chart: versions, values, and the
objects that both render with equivalent values in some forty scenarios. Every
difference has a class: drift, which nothing explains; left-out, with the flag
that adds the component; accepted, by your settings; values, what you set in
values.yaml; ours, a fault of upstream's chart that yours does not have;
convention, names and labels; extra, what your chart alone has.
CHART_DIR may be any LiveKit chart (default: apps/livekit).

--upstream takes a directory, a .tgz, oci://HOST/PATH, the URL of a repository, or
NAME or NAME/CHART of one that Helm knows (default: LiveKit's repository).

-o patch prints edits of the chart that take over what upstream changed, each proven
by another comparison, for ` + "`git apply`" + ` at the root of the repository. What there is
no patch for is listed on stderr, with the reason.

Exit code 2 with --detailed-exitcode says that there is drift.`,
		Example: `  helm livekit diff-upstream
  helm livekit diff-upstream apps/livekit --upstream-version 1.9.0 --detailed-exitcode
  helm livekit diff-upstream apps/livekit --upstream ./livekit-helm/livekit-server -o html > drift.html
  helm livekit diff-upstream apps/livekit -o patch | git apply
  helm livekit diff-upstream --accept 'Deployment/server spec.replicas' --reason 'we scale by hand'`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			var patches *patch.Result
			result, err := bounded(cmd.Context(), f.timeout, func(ctx context.Context) (r *drift.Report, err error) {
				if r, err = f.run(ctx, cmd, chartDir(args)); err == nil && out.format == "patch" {
					patches, err = comparison.Patches(ctx, chartDir(args), r)
				}
				return r, err
			})
			if err != nil {
				return err
			}
			return f.print(cmd, result, patches, out)
		},
	}
	f.define(cmd)
	out = addOutput(cmd, "text", "json", "markdown", "html", "patch")
	return cmd
}

// check reads the classes, and refuses what would show or compare nothing, and a change without a reason.
func (f *diffFlags) check() error {
	if len(f.comparison.Accept) > 0 && strings.TrimSpace(f.comparison.Reason) == "" {
		return remedy.Errorf("say why with --reason",
			"--accept needs a reason: without one nobody knows later why the difference was fine")
	}
	for _, class := range f.classes {
		if !slices.Contains(drift.Classes, drift.Class(class)) {
			step := cmp.Or(remedy.DidYouMean(classes(), class), "use "+strings.Join(classes(), ", "))
			return remedy.Errorf(step, "--class %q is no class", class)
		}
		f.show.Classes = append(f.show.Classes, drift.Class(class))
	}
	if _, err := os.Stat(f.comparison.Since); err == nil {
		return nil // a folder
	}
	return drift.CheckVersion("--since", f.comparison.Since)
}

func (f *diffFlags) define(cmd *cobra.Command) {
	flags, c, u := cmd.Flags(), &f.comparison, &f.comparison.Upstream
	flags.StringVar(&u.Ref, "upstream", "", "upstream's `CHART` (default: the one in LiveKit's repository)")
	flags.StringVar(&u.Version, "upstream-version", "",
		"version or range of upstream's chart (default: the newest)")
	flags.BoolVar(&u.Offline, "offline", false, "do not use the network: files and caches alone")
	flags.StringVar(&c.Since, "since", "",
		"`VERSION` of upstream's chart that the chart came from, or its folder (default: the one in the lock)")
	flags.StringArrayVar(&c.ScenarioFiles, "scenario", nil, "values file for upstream's chart, as a further scenario")
	flags.StringSliceVar(&c.Only, "only", nil, "names of the scenarios to compare (default: all)")
	flags.StringArrayVarP(&c.Values.ValueFiles, "values", "f", nil,
		"values file for the chart (several are merged), such as one without which it does not render")
	flags.StringArrayVar(&c.Values.Set, "set", nil, "value for the chart, as in Helm")
	flags.StringArrayVar(&c.Values.SetString, "set-string", nil, "text for the chart, as in Helm")
	flags.StringArrayVar(&c.Values.SetJSON, "set-json", nil, "value in JSON for the chart, as in Helm")
	flags.StringArrayVar(&c.Values.SetFile, "set-file", nil, "file whose text is a value of the chart, as in Helm")
	flags.StringVar(&c.KubeVersion, "kube-version", "", "Kubernetes version to render for")
	flags.StringSliceVar(&c.APIVersions, "api-versions", nil, "API versions that templates find, beside the usual ones")
	flags.StringArrayVar(&c.Accept, "accept", nil,
		"difference to accept from now on, as the report names it; * and a last ** stand for more")
	flags.StringVar(&c.Reason, "reason", "", "why, for --accept")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 where there is drift")
	flags.BoolVar(&f.show.All, "all", false, "show what is explained as well")
	flags.StringSliceVar(&f.classes, "class", nil,
		"show these classes alone: drift, left-out, accepted, values, ours, convention, extra")
	flags.BoolVar(&f.show.Coverage, "coverage", false,
		"count the branches of the chart's templates, too, and list those that were not compared")
	flags.IntVar(&f.show.Context, "context", 0, "lines of the objects to show around a difference")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute, "how long all may take")
	flags.StringVar(&u.CAFile, "ca-file", "", "`FILE` of certificates to trust, in place of the system's")
	flags.StringVar(&u.CertFile, "cert-file", "", "`FILE` with this client's certificate")
	flags.StringVar(&u.KeyFile, "key-file", "", "`FILE` with the key of this client's certificate")
	flags.BoolVar(&u.InsecureSkipTLSVerify, "insecure-skip-tls-verify", false, "skip TLS verification")
	flags.BoolVar(&u.PlainHTTP, "plain-http", false, "speak HTTP with an OCI registry")
}

func (f *diffFlags) run(ctx context.Context, cmd *cobra.Command, dir string) (*drift.Report, error) {
	c := f.comparison
	c.Coverage = f.show.Coverage
	c.Dir, c.Prober, c.Getenv = dir, (&renderFlags{}).renders().Prober, os.Getenv
	c.Upstream.UserAgent, c.Upstream.Timeout = userAgent(), f.timeout
	if debug, _ := cmd.Flags().GetBool("debug"); debug {
		c.Upstream.Log = cmd.ErrOrStderr()
	}
	return comparison.Compare(ctx, c)
}

func (f *diffFlags) print(cmd *cobra.Command, r *drift.Report, patches *patch.Result, out *output) error {
	f.show.Color = isColored(cmd.OutOrStdout())
	write := map[string]func(io.Writer, *drift.Report, report.DriftOptions) error{
		"text": report.Drift, "markdown": report.DriftMarkdown, "html": report.DriftHTML,
	}[out.format]
	if patches != nil {
		write = func(w io.Writer, _ *drift.Report, _ report.DriftOptions) error {
			return report.DriftPatches(w, cmd.ErrOrStderr(), patches)
		}
	}
	err := out.print(cmd, r, func(w io.Writer) error { return write(w, r, f.show) })
	for _, note := range r.Written {
		fmt.Fprintln(cmd.ErrOrStderr(), note)
	}
	if err == nil && f.detailed && r.Drifted() {
		return errAnswer
	}
	return err
}

// isColored reports whether a text may have the colors of a terminal.
func isColored(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// isTerminal reports whether a person reads along.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
