package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
)

func newConvertValues() *cobra.Command {
	var strict, canonical bool
	var out *output
	cmd := &cobra.Command{
		Use:   "convert-values FILE [CHART_DIR]",
		Short: "Turn values for upstream's chart into values for this one",
		Long: `Turns a values file that was written for LiveKit's own livekit-server chart into
one for your chart, comments kept, and prints it. FILE is - for standard input.
CHART_DIR is apps/livekit by default; where that is no chart of this
tool, or with --canonical, the values are those of a chart in the plain
convention with all components.

The result does what upstream's chart does with FILE, upstream's defaults
included. What cannot be expressed is listed on stderr with the reason. With
--strict that is an error, and so are values that the chart refuses.`,
		Example: `  helm livekit convert-values old-values.yaml apps/livekit > apps/livekit/values-production.yaml
  helm get values livekit -o yaml | helm livekit convert-values - --strict`,
		Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, data, err := convert.ReadInput(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			target, err := targetOf(args[1:], canonical)
			if err != nil {
				return err
			}
			result, err := convert.File(cmd.Context(), name, data, target)
			if err != nil {
				return err
			}
			return printConverted(cmd, result, out, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if a value cannot be expressed")
	cmd.Flags().BoolVar(&canonical, "canonical", false, "give canonical values, whatever chart there is")
	out = addOutput(cmd, "yaml", "json")
	return cmd
}

// targetOf is the chart that values are converted for.
func targetOf(args []string, canonical bool) (*convert.Target, error) {
	if canonical && len(args) > 0 {
		return nil, remedy.Errorf("leave out one of the two",
			"--canonical and the chart %s exclude each other", args[0])
	}
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, err
	}
	if !canonical {
		dir := chartDir(args)
		target, err := convert.Open(sheet, dir)
		if err == nil || len(args) > 0 {
			return target, err
		}
		if _, statErr := os.Stat(dir); statErr == nil {
			return nil, err
		}
	}
	return convert.Canonical(sheet)
}

func printConverted(cmd *cobra.Command, r *convert.Result, out *output, strict bool) error {
	isWrong := strict && (len(r.Lost) > 0 || r.Refusal != "")
	err := out.print(cmd, r, func(w io.Writer) error {
		if isWrong {
			return report.Remarks(cmd.ErrOrStderr(), r)
		}
		return report.Converted(w, cmd.ErrOrStderr(), r)
	})
	const try = "change the source, or leave out --strict"
	switch {
	case err != nil || !isWrong:
		return err
	case len(r.Lost) > 0:
		return remedy.Errorf(try, "%s: %d values cannot be expressed", r.Source, len(r.Lost))
	}
	return remedy.Errorf(try, "%s: the chart refuses what comes of it", r.Source)
}
