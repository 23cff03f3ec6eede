package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/update"
)

func newUpdate() *cobra.Command {
	var out *output
	var r *renderFlags
	var showDiff bool
	o := update.Options{ToolVersion: version}
	cmd := &cobra.Command{
		Use:   "update [CHART_DIR]",
		Short: "Bring a chart up to date, and keep every edit",
		Long: `Brings the chart in CHART_DIR (apps/livekit where it is not given) up to date by a
three-way merge: what was generated, what is there now, and what would be
generated now. What you alone changed stays, what this tool alone changed is
taken; where both changed one place, nothing is written and the place is named.

The chart is rendered before and after, with its own values and with each values
file (values-*.yaml beside it, valuesFiles of .helm-livekit.yaml, --values), and
the report says what a release will see. What an installed release cannot take is
refused without --allow-breaking.

Components, for --with and --without:
`,
		Example: `  helm livekit update
  helm livekit update apps/livekit --with pdb,metrics
  helm livekit update apps/livekit --app-version 1.13.11 --dry-run --diff
  helm livekit update apps/livekit --check -o markdown`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Renders = chartDir(args), r.renders()
			result, err := update.Run(cmd.Context(), o)
			if result == nil {
				return err
			}
			perr := out.print(cmd, result, func(w io.Writer) error {
				if out.format == "markdown" {
					return report.UpdateMarkdown(w, result)
				}
				return report.Update(w, result, showDiff)
			})
			switch {
			case perr != nil:
				return perr
			case o.Check && (err != nil || !result.IsUpToDate()):
				return errAnswer
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.With, "with", nil, "components to add, or all")
	flags.StringSliceVar(&o.Without, "without", nil, "components to remove, or all")
	flags.StringVar(&o.AppVersion, "app-version", "", "version of LiveKit to move to, such as 1.13.11")
	flags.StringVar(&o.Version, "version", "", "version of the chart to set")
	flags.BoolVar(&o.Follow, "follow", false, "read the siblings' conventions anew")
	flags.StringArrayVar(&o.Like, "like", nil, "sibling chart whose conventions to follow from now on (several vote)")
	flags.StringVar(&o.ConventionsFile, "conventions", "", "`FILE` of conventions to follow from now on")
	flags.StringArrayVarP(&o.ValuesFiles, "values", "f", nil, "values file of a release, to compare with and to migrate")
	flags.BoolVar(&o.Adopt, "adopt", false, "take up a LiveKit chart that has no lock")
	flags.BoolVar(&o.AllowBreaking, "allow-breaking", false, "write changes that an installed release cannot take")
	flags.Var(conflictsFlag{&o.Markers}, "conflicts", "what to do where both sides changed: refuse, or markers (git's)")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be done, and write nothing")
	flags.BoolVar(&o.Check, "check", false, "write nothing; exit code 2 says that there is something to update")
	flags.BoolVar(&showDiff, "diff", false, "show the diff of all files")
	r = addRenderFlags(cmd)
	out = addOutput(cmd, "text", "json", "markdown")
	addComponents(cmd)
	complete := cobra.FixedCompletions([]cobra.Completion{"refuse", "markers"}, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("conflicts", complete) // it fails for an unknown flag alone
	return cmd
}

// conflictsFlag is the flag --conflicts: refuse, or markers.
type conflictsFlag struct{ markers *bool }

func (f conflictsFlag) String() string {
	if f.markers != nil && *f.markers {
		return "markers"
	}
	return "refuse"
}

func (f conflictsFlag) Type() string { return "way" }

// Set is pflag's.
func (f conflictsFlag) Set(s string) error {
	if s != "refuse" && s != "markers" {
		return fmt.Errorf("%q is neither refuse nor markers", s)
	}
	*f.markers = s == "markers"
	return nil
}
