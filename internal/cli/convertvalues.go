package cli

import (
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/upstream"
)

func newConvertValues() *cobra.Command {
	var strict, canonical bool
	var reference upstream.Options
	var out *output
	cmd := &cobra.Command{
		Use:   "convert-values FILE [CHART_DIR]",
		Short: "Turn values for upstream's chart into values for this one",
		Long: `Turns a values file that was written for LiveKit's own livekit-server chart into
one for your chart, comments kept, and prints it. FILE is - for standard input.
CHART_DIR is apps/livekit by default. If that is not there, or with --canonical, the
values are those of a chart in the plain convention with all components.

The result does what upstream's chart does with FILE, upstream's defaults
included. What cannot be expressed is listed on stderr with the reason. Then both
charts are rendered and compared: stderr says whether they are equal. With
--strict values that cannot be expressed are an error, and so is a result that the
chart refuses, or with which it does something else.`,
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
			reference.UserAgent, reference.Timeout = userAgent(), proofTimeout
			if err := drift.Prove(cmd.Context(), target, result, reference); err != nil {
				return err
			}
			return printConverted(cmd, result, out, strict)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if a value cannot be expressed, or the result is not equal")
	cmd.Flags().BoolVar(&canonical, "canonical", false, "give canonical values, whatever chart there is")
	cmd.Flags().StringVar(&reference.Ref, "upstream", "",
		"upstream's `CHART`, for the proof (default: the one in LiveKit's repository)")
	cmd.Flags().StringVar(&reference.Version, "upstream-version", "",
		"version or range of upstream's chart (default: the newest)")
	cmd.Flags().BoolVar(&reference.Offline, "offline", false, "do not use the network: files and caches alone")
	out = addOutput(cmd, "yaml", "json")
	return cmd
}

// proofTimeout is how long upstream's chart is waited for.
const proofTimeout = 20 * time.Second

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
	isWrong := strict && (len(r.Lost) > 0 || r.Refusal != "" || len(r.Proof.Differences) > 0)
	if !isWrong {
		return out.print(cmd, r, func(w io.Writer) error { return report.Converted(w, cmd.ErrOrStderr(), r) })
	}
	const try = "change the source, or leave out --strict"
	switch err := report.Remarks(cmd.ErrOrStderr(), r); {
	case err != nil:
		return err
	case len(r.Lost) > 0:
		return remedy.Errorf(try, "%s: %d of its values cannot be expressed", r.Source, len(r.Lost))
	case r.Refusal != "":
		return remedy.Errorf(try, "%s: the chart refuses what comes of it", r.Source)
	}
	return remedy.Errorf(try, "%s: the chart does something else with what comes of it", r.Source)
}
