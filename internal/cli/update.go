package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/update"
)

// updateFlags are the flags of update.
type updateFlags struct {
	options update.Options
	renders *renderFlags
	diff    bool
	out     *output
}

func newUpdate() *cobra.Command {
	f := &updateFlags{options: update.Options{ToolVersion: version}}
	cmd := &cobra.Command{
		Use:   "update [CHART_DIR]",
		Short: "Bring a chart up to date, and keep every edit",
		Long: `Brings the chart in CHART_DIR (default: apps/livekit) up to date by a three-way
merge: what was generated, what is there now, and what would be generated now.
What you alone changed stays, what this tool alone changed is taken; where both
changed one place, nothing is written and the place is named.

The chart is rendered before and after, with its own values and with each values
file (values-*.yaml beside it, those of stages, valuesFiles of .helm-livekit.yaml,
--values), and the report says what a release will see. What an installed release
cannot take is refused without --allow-breaking.

Components, for --with and --without:
`,
		Example: `  helm livekit update
  helm livekit update apps/livekit --with pdb,metrics
  helm livekit update apps/livekit --app-version 1.13.11 --dry-run --diff
  helm livekit update apps/livekit --check -o markdown`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, chartDir(args)) },
	}
	f.add(cmd)
	addComponents(cmd)
	return cmd
}

func (f *updateFlags) add(cmd *cobra.Command) {
	flags, o := cmd.Flags(), &f.options
	flags.StringSliceVar(&o.With, "with", nil, "components to add, or all")
	flags.StringSliceVar(&o.Without, "without", nil, "components to remove, or all")
	flags.StringVar(&o.AppVersion, "app-version", "", "version of LiveKit to move to, such as 1.13.11")
	flags.StringVar(&o.Version, "version", "", "version of the chart to set")
	flags.BoolVar(&o.Follow, "follow", false, "read the siblings' conventions anew")
	flags.StringArrayVar(&o.Like, "like", nil, "sibling chart whose conventions to follow from now on (several vote)")
	flags.StringVar(&o.ConventionsFile, "conventions", "", "`FILE` of conventions to follow from now on")
	flags.StringArrayVarP(&o.ValuesFiles, "values", "f", nil,
		"values file of a release, to compare with and to migrate")
	flags.BoolVar(&o.Adopt, "adopt", false, "take up a LiveKit chart that has no lock")
	flags.BoolVar(&o.AllowBreaking, "allow-breaking", false, "write changes that an installed release cannot take")
	flags.Var(conflictsFlag{&o.Markers}, "conflicts", "what to do where both sides changed: refuse, or markers (git's)")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be done, and write nothing")
	flags.BoolVar(&o.Check, "check", false, "write nothing; exit code 2 says that there is something to update")
	flags.BoolVar(&f.diff, "diff", false, "show the diff of all files")
	f.renders = addRenderFlags(cmd)
	f.out = addOutput(cmd, "text", "json", "markdown")
	complete := cobra.FixedCompletions([]cobra.Completion{"refuse", "markers"}, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("conflicts", complete) // it fails for an unknown flag alone
}

func (f *updateFlags) run(cmd *cobra.Command, dir string) error {
	f.options.Dir, f.options.Renders = dir, f.renders.renders()
	result, err := update.Run(cmd.Context(), f.options)
	if result == nil {
		return err
	}
	perr := f.out.print(cmd, result, func(w io.Writer) error {
		if f.out.format == "markdown" {
			return report.UpdateMarkdown(w, result)
		}
		return report.Update(w, result, f.diff)
	})
	switch {
	case perr != nil:
		return perr
	case f.options.Check && !result.IsUpToDate():
		if err != nil {
			cmd.PrintErrln("Error:", err) // an update would end with it; that there is one is the answer
		}
		return errAnswer
	}
	return err
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
