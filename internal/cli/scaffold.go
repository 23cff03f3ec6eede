package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

func newScaffold() *cobra.Command {
	var out *output
	var r *renderFlags
	var diff bool
	o := scaffolding.RunOptions{ToolVersion: version}
	cmd := &cobra.Command{
		Use:   "scaffold [CHART_DIR]",
		Short: "Write a LiveKit chart in the conventions of a sibling",
		Long: `Writes a LiveKit chart into CHART_DIR (default: apps/livekit), in the conventions of
the chart that --like names, or of the charts beside it.

The chart is made in a temporary folder, checked, and then moved into place. A
chart that is there is not touched: helm livekit update brings it up to date.

Components, for --with and --without:
`,
		Example: `  helm livekit scaffold
  helm livekit scaffold apps/livekit --like apps/localai
  helm livekit scaffold charts/livekit --with turn,metrics --set-host live.example.com
  helm livekit scaffold --cloud gke
  helm livekit scaffold --dry-run`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Renders = chartDir(args), r.renders()
			result, err := scaffolding.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return out.print(cmd, result, func(w io.Writer) error { return report.Scaffold(w, result, diff) })
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.Like, "like", nil, "sibling chart whose conventions to follow (several vote)")
	flags.StringVar(&o.ConventionsFile, "conventions", "", "`FILE` of conventions, as conventions -o yaml writes it")
	flags.StringVar(&o.Name, "name", "", "name of the chart (default: the folder's)")
	flags.StringVar(&o.Version, "version", "", "version of the chart (default: 0.1.0)")
	flags.StringVar(&o.AppVersion, "app-version", "", "version of LiveKit such as 1.13.5, and tag of its image")
	flags.StringVar(&o.Host, "set-host", "", "host for signalling, such as livekit.example.com")
	flags.StringVar(&o.Cloud, "cloud", "", "where it runs, for values that fit: "+strings.Join(cloudNames, ", "))
	flags.StringVar(&o.Values, "values", "", "full for all values in values.yaml, or lean for those that differ from "+
		"their defaults\n(default: as the siblings have it)")
	flags.StringSliceVar(&o.With, "with", nil, "components to add, or all")
	flags.StringSliceVar(&o.Without, "without", nil, "components to leave out, or all")
	flags.BoolVar(&o.Register, "register", false, "write the chart's entry where those beside it are registered\n"+
		"(Argo CD, Flux, helmfile, CODEOWNERS, ...)")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be written, and write nothing")
	flags.BoolVar(&diff, "diff", false, "show the text of all files")
	r = addRenderFlags(cmd)
	out = addOutput(cmd, "text", "json")
	addComponents(cmd)
	// They fail for an unknown flag alone.
	_ = cmd.RegisterFlagCompletionFunc("cloud", cobra.FixedCompletions(cloudNames, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("values",
		cobra.FixedCompletions([]cobra.Completion{"full", "lean"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// cloudNames are those that the embedded clouds.yaml has; a test compares them.
var cloudNames = []cobra.Completion{"eks", "gke", "aks", "do", "metallb", "k3s"}

// components are those that can be chosen.
func components() []factsheet.Component {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil // the embedded sheet; a test reads it
	}
	return slices.DeleteFunc(slices.Clone(sheet.Components), func(c factsheet.Component) bool {
		return c.Name == factsheet.Core
	})
}

// addComponents lists the components in the command's help and in the completion of its flags. The fact sheet is read
// when either is asked for, and not whenever the plugin starts.
func addComponents(cmd *cobra.Command) {
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var lines []string
		for _, c := range components() {
			line := fmt.Sprintf("  %-15s %s", c.Name, c.About)
			if c.Default {
				line += " (by default)"
			}
			lines = append(lines, line)
		}
		cmd.Long += strings.Join(lines, "\n")
		cmd.Parent().HelpFunc()(cmd, args)
	})
	complete := ofList(func() []string {
		names := []string{"all"}
		for _, c := range components() {
			names = append(names, c.Name)
		}
		return names
	})
	for _, flag := range []string{"with", "without"} {
		// It fails for an unknown flag alone, and the caller has defined these.
		_ = cmd.RegisterFlagCompletionFunc(flag, complete)
	}
}
