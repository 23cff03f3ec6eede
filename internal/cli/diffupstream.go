package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/upstream"
)

// errDrifted says that a report, already printed, has drift.
var errDrifted = errors.New("drift")

// diffFlags are the flags of diff-upstream.
type diffFlags struct {
	upstream  upstream.Options
	since     string
	scenarios []string
	only      []string
	accept    []string
	reason    string
	detailed  bool
	timeout   time.Duration
	show      report.DriftOptions
	classes   []string
}

func newDiffUpstream() *cobra.Command {
	f := &diffFlags{}
	var out *output
	cmd := &cobra.Command{
		Use:   "diff-upstream [CHART_DIR]",
		Short: "Say how the chart stands to LiveKit's own",
		Long: `Compares a chart with upstream's livekit-server chart: versions, values, and the
objects that both render under the same wishes in some forty scenarios. Every
difference has a class: drift, which nothing explains; left-out, with the flag
that adds the component; accepted, by your settings; ours, a fault of upstream's
chart that yours does not have; convention, names and labels; extra, what your
chart alone has. CHART_DIR is apps/livekit where it is not given, and may be any
LiveKit chart.

--upstream takes a directory, a .tgz, oci://HOST/PATH, the URL of a repository, or
NAME or NAME/CHART of one that Helm knows; LiveKit's own where it is not given.

Exit code 2 with --detailed-exitcode says that there is drift.`,
		Example: `  helm livekit diff-upstream
  helm livekit diff-upstream apps/livekit --upstream-version 1.9.0 --detailed-exitcode
  helm livekit diff-upstream apps/livekit --upstream ./livekit-helm/livekit-server -o html > drift.html
  helm livekit diff-upstream --accept 'Deployment/server spec.replicas' --reason 'we scale by hand'`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.accept) > 0 && strings.TrimSpace(f.reason) == "" {
				return remedy.Errorf("say why with --reason",
					"--accept needs a reason: without one nobody knows later why the difference was fine")
			}
			if err := f.check(); err != nil {
				return err
			}
			result, err := bounded(cmd.Context(), f.timeout, func(ctx context.Context) (*drift.Report, error) {
				return f.run(ctx, cmd, chartDir(args))
			})
			if err != nil {
				return err
			}
			return f.print(cmd, result, out)
		},
	}
	f.define(cmd)
	out = addOutput(cmd, "text", "json", "markdown", "html")
	return cmd
}

// check refuses what names nothing: it would show or compare nothing, and say so nowhere.
func (f *diffFlags) check() error {
	for _, class := range f.classes {
		if !slices.Contains(drift.Classes, drift.Class(class)) {
			return remedy.Errorf("use drift, left-out, accepted, ours, convention or extra",
				"--class %q is no class", class)
		}
	}
	return drift.CheckVersion("--since", f.since)
}

func (f *diffFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.upstream.Ref, "upstream", "", "upstream's chart; LiveKit's repository where it is not given")
	flags.StringVar(&f.upstream.Version, "upstream-version", "",
		"version or range of upstream's chart, the newest where it is not given")
	flags.BoolVar(&f.upstream.Offline, "offline", false, "ask nobody: files and caches alone")
	flags.StringVar(&f.since, "since", "",
		"version of upstream's chart that the chart came from; the lock says it of charts that scaffold wrote")
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "values file for upstream's chart, as a further scenario")
	flags.StringSliceVar(&f.only, "only", nil, "names of the scenarios to compare, all where it is not given")
	flags.StringArrayVar(&f.accept, "accept", nil,
		"difference to accept from now on, as the report names it; * and a last ** stand for more")
	flags.StringVar(&f.reason, "reason", "", "why, for --accept")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 where there is drift")
	flags.BoolVar(&f.show.All, "all", false, "show what is explained as well")
	flags.StringSliceVar(&f.classes, "class", nil,
		"show these classes alone: drift, left-out, accepted, ours, convention, extra")
	flags.IntVar(&f.show.Context, "context", 0, "lines of the objects to show around a difference")
	flags.DurationVar(&f.timeout, "timeout", 2*time.Minute, "how long all may take")
	flags.StringVar(&f.upstream.CAFile, "ca-file", "", "certificates of the authorities to trust")
	flags.StringVar(&f.upstream.CertFile, "cert-file", "", "client certificate")
	flags.StringVar(&f.upstream.KeyFile, "key-file", "", "key of the client certificate")
	flags.BoolVar(&f.upstream.InsecureSkipTLSVerify, "insecure-skip-tls-verify", false, "take any certificate")
	flags.BoolVar(&f.upstream.PlainHTTP, "plain-http", false, "speak HTTP with an OCI registry")
}

func (f *diffFlags) run(ctx context.Context, cmd *cobra.Command, dir string) (*drift.Report, error) {
	f.upstream.UserAgent = "helm-livekit/" + version
	f.upstream.Timeout = f.timeout
	if debug, _ := cmd.Flags().GetBool("debug"); debug {
		f.upstream.Log = cmd.ErrOrStderr()
	}
	c := drift.Comparison{
		Dir: dir, Upstream: f.upstream, Since: f.since, ScenarioFiles: f.scenarios, Only: f.only,
		Prober: (&renderFlags{}).renders().Prober, Getenv: os.Getenv,
	}
	if len(f.accept) > 0 {
		c.Accept, c.Reason = f.accept, f.reason
	}
	return drift.Compare(ctx, c)
}

func (f *diffFlags) print(cmd *cobra.Command, r *drift.Report, out *output) error {
	w := cmd.OutOrStdout()
	for _, c := range f.classes {
		f.show.Classes = append(f.show.Classes, drift.Class(c))
	}
	f.show.Color = isTerminal(w) && os.Getenv("NO_COLOR") == ""
	var err error
	switch out.format {
	case "json":
		err = report.JSON(w, r)
	case "markdown":
		err = report.DriftMarkdown(w, r, f.show)
	case "html":
		err = report.DriftHTML(w, r, f.show)
	default:
		err = report.Drift(w, r, f.show)
	}
	for _, note := range r.Written {
		fmt.Fprintln(cmd.ErrOrStderr(), note)
	}
	if err == nil && f.detailed && r.Drifted() {
		return errDrifted
	}
	return err
}

// isTerminal reports whether a person reads along.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
