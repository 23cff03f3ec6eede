package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

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

func componentHelp() string {
	var lines []string
	for _, c := range components() {
		line := fmt.Sprintf("  %-14s %s", c.Name, c.About)
		if c.Default {
			line += " (by default)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// addComponents lists the components in the command's help and in the completion of its flags. The fact sheet is read
// when either is asked for, and not whenever the plugin starts.
func addComponents(cmd *cobra.Command) {
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		cmd.Long += componentHelp()
		cmd.Parent().HelpFunc()(cmd, args)
	})
	complete := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names := []cobra.Completion{"all"}
		for _, c := range components() {
			names = append(names, c.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	for _, flag := range []string{"with", "without"} {
		// It fails for an unknown flag alone, and the caller has defined these.
		_ = cmd.RegisterFlagCompletionFunc(flag, complete)
	}
}
