package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// output is the flag -o, --output.
type output struct {
	format  string
	formats []string
}

// isJSON reports whether scripts are to read the result.
func (o *output) isJSON() bool { return o.format == "json" }

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
