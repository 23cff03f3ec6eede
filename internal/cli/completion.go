package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// addCompletion tells the shell what can stand where: for arguments by command, and for flags by name, as a flag means
// the same in every command. Flags that are not named here take files.
func addCompletion(root *cobra.Command) {
	arguments := map[string]cobra.CompletionFunc{
		"conventions": folders, "scaffold": folders, "update": folders, "verify": folders, "diff-upstream": folders,
		"push": folders, "doctor": folders,
		"convert-values": fileThenFolder, "version": cobra.NoFileCompletions,
	}
	flags := map[string]cobra.CompletionFunc{
		"like": folders, "for": folders, "destination": folders,
		"values": yamlFiles, "conventions": yamlFiles, "scenario": yamlFiles,
		"class": ofList(classes), "only": ofList(scenarios), "accept": drifting, "app-version": releases,
	}
	for _, name := range []string{"name", "version", "set-host", "set", "set-string", "set-json", "kube-version",
		"api-versions", "release", "test-namespace", "timeout", "also-tag", "key", "username", "retries",
		"upstream-version", "since", "reason", "context"} {
		flags[name] = cobra.NoFileCompletions
	}
	for _, cmd := range root.Commands() {
		if complete := arguments[cmd.Name()]; complete != nil {
			cmd.ValidArgsFunction = complete
		}
		for name, complete := range flags {
			// It fails where the command has no such flag, or has completion of its own for it.
			_ = cmd.RegisterFlagCompletionFunc(name, complete)
		}
	}
}

func folders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func yamlFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func fileThenFolder(cmd *cobra.Command, args []string, text string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return yamlFiles(cmd, args, text)
	}
	return folders(cmd, args, text)
}

// ofList completes the last name of several with commas between them.
func ofList(names func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, text string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := text[:strings.LastIndexByte(text, ',')+1]
		var out []cobra.Completion
		for _, name := range names() {
			if !slices.Contains(strings.Split(before, ","), name) {
				out = append(out, before+name)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func classes() []string {
	var out []string
	for _, class := range drift.Classes {
		out = append(out, string(class))
	}
	return out
}

func scenarios() []string {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil // the embedded sheet; a test reads it
	}
	var out []string
	for _, s := range sheet.Upstream.Scenarios {
		out = append(out, s.Name)
	}
	return out
}

// releases gives the known releases of LiveKit, the newest first.
func releases(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	for _, r := range slices.Backward(livekit.Releases()) {
		out = append(out, strings.TrimPrefix(string(r), "v"))
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// drifting compares the chart without the network, in the scenarios that show most, and gives the names of what could
// be accepted.
func drifting(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	f := &diffFlags{timeout: 30 * time.Second}
	f.comparison.Upstream.Ref = cmd.Flag("upstream").Value.String()
	f.comparison.Upstream.Offline, f.comparison.Only = true, []string{"defaults", "everything"}
	result, err := bounded(cmd.Context(), f.timeout, func(ctx context.Context) (*drift.Report, error) {
		return f.run(ctx, cmd, chartDir(args))
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, finding := range result.Findings {
		if finding.Class == drift.Drift || finding.Class == drift.LeftOut {
			out = append(out, finding.ID())
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
