package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
)

func components() []canonical.Component {
	table, err := canonical.Load()
	if err != nil {
		return nil // the embedded table; a test reads it
	}
	return table.Components
}

func componentHelp() string {
	var b strings.Builder
	for _, c := range components() {
		if c.Name == canonical.Core {
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
		if c.Name != canonical.Core {
			names = append(names, c.Name)
		}
	}
	for _, flag := range []string{"with", "without"} {
		// It fails for an unknown flag alone, and the caller has defined these.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	}
}
