package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

func components() []factsheet.Component {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil // the embedded sheet; a test reads it
	}
	return sheet.Components
}

func componentHelp() string {
	var b strings.Builder
	for _, c := range components() {
		if c.Name == factsheet.Core {
			continue
		}
		note := ""
		if c.Default {
			note = " (by default)"
		}
		fmt.Fprintf(&b, "  %-14s %s%s\n", c.Name, c.About, note)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func completeComponents(cmd *cobra.Command) {
	names := []string{"all"}
	for _, c := range components() {
		if c.Name != factsheet.Core {
			names = append(names, c.Name)
		}
	}
	for _, flag := range []string{"with", "without"} {
		// It fails for an unknown flag alone, and the caller has defined these.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	}
}
