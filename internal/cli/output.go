package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/report"
)

// output is the flag -o, --output.
type output struct {
	format  string
	formats []string
}

// print writes a result: as JSON for scripts, else by text.
func (o *output) print(cmd *cobra.Command, result any, text func(w io.Writer) error) error {
	if o.format == "json" {
		return report.JSON(cmd.OutOrStdout(), result)
	}
	return text(cmd.OutOrStdout())
}

// addOutput defines -o with its formats, the first of which is the default.
func addOutput(cmd *cobra.Command, formats ...string) *output {
	o := &output{format: formats[0], formats: formats}
	cmd.Flags().VarP(o, "output", "o", "output format: "+strings.Join(formats, ", "))
	complete := cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)
	// It fails for an unknown flag alone, and this one is defined above.
	_ = cmd.RegisterFlagCompletionFunc("output", complete)
	return o
}

func (o *output) String() string { return o.format }
func (o *output) Type() string   { return "format" }

// Set is pflag's.
func (o *output) Set(s string) error {
	if !slices.Contains(o.formats, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(o.formats, ", "))
	}
	o.format = s
	return nil
}
