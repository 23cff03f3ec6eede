// Package cli is the command line: flags in, one call into a domain package, a report out. It knows no YAML or Helm.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
)

// version is set by the linker in a release.
var version = "0.1.0"

// userAgent names this program to servers.
func userAgent() string { return "helm-livekit/" + version }

// The exit codes that scripts rely on.
const (
	exitFine   = 0
	exitError  = 1 // the command could not do its work
	exitAnswer = 2 // it did, and the answer is that checks failed, or drift
)

// errAnswer says that a report, already printed, has failed checks or drift.
var errAnswer = errors.New("checks failed, or there is drift")

// Run runs the command with its arguments, the program's name left out, and gives the exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exitCode(root.ExecuteContext(ctx), stderr)
}

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errAnswer):
		return exitAnswer
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "Error: interrupted")
		return exitError
	}
	fmt.Fprintln(stderr, "Error:", err)
	if step := remedy.Step(err); step != "" {
		fmt.Fprintln(stderr, "Try:  ", step)
	}
	return exitError
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "helm-livekit",
		Short: "A LiveKit chart of your own, in your repository's conventions",
		Long: `Gives a repository of Helm charts its own LiveKit chart: standalone, written the
way that repository writes charts, and working at the first install.

Exit codes: 0 fine; 1 the command could not do its work; 2 it did, and checks
failed or there is drift. Helm adds its own "plugin exited with error" to 1 and 2.
With 1 the reason is on standard error and standard output is empty, with -o json too.`,
		Example: `  helm livekit scaffold apps/livekit --like apps/localai
  helm livekit verify apps/livekit`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Helm runs a plugin as `helm livekit`, and says so in its environment.
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: displayName()},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return remedy.Errorf(fmt.Sprintf("`%s --help` lists the flags", cmd.CommandPath()), "%w", err)
	})
	helm := addHelmFlags(root.PersistentFlags())
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		trimLists(cmd.Flags())
		if helm.debug {
			log.SetFlags(log.Lmicroseconds)
			slog.SetLogLoggerLevel(slog.LevelDebug)
			return
		}
		// Helm's linter logs by the standard logger what it reports anyway.
		log.SetOutput(io.Discard)
	}
	root.AddCommand(newScaffold(), newUpdate(), newDiffUpstream(), newConventions(), newVerify(helm), newPush(helm),
		newConvertValues(), newExplain(), newConfig(), newDoctor(helm), newVersion(), newWorker())
	addCompletion(root)
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		cmd.Flags().VisitAll(plainSwitch)
		cmd.InheritedFlags().VisitAll(plainSwitch)
		return usage(cmd)
	})
	return root
}

// trimLists takes the spaces out of flags with commas: "pdb, metrics" are two components.
func trimLists(flags *pflag.FlagSet) {
	flags.Visit(func(f *pflag.Flag) {
		list, ok := f.Value.(pflag.SliceValue)
		if !ok || f.Value.Type() != "stringSlice" {
			return
		}
		items := list.GetSlice()
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
		_ = list.Replace(items) // of texts, which cannot fail
	})
}

// plainSwitch lets the help show --debug, where pflag would write --debug[=true|false].
func plainSwitch(f *pflag.Flag) {
	if f.Value.Type() == "bool" {
		f.Value = shownSwitch{f.Value}
	}
}

// shownSwitch is the value of a switch as the help shows it.
type shownSwitch struct{ pflag.Value }

func (shownSwitch) Type() string { return "boolfunc" }

func displayName() string {
	if os.Getenv("HELM_PLUGIN_NAME") != "" {
		return "helm livekit"
	}
	return "helm-livekit"
}

func newVersion() *cobra.Command {
	var out *output
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  helm livekit version",
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return out.print(cmd, map[string]string{"version": version}, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, version)
				return err
			})
		},
	}
	out = addOutput(cmd, "text", "json")
	return cmd
}

// between allows that many arguments, and demands some.
func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		step := fmt.Sprintf("`%s --help` shows the use", cmd.CommandPath())
		switch {
		case len(args) < least:
			return remedy.Errorf(step, "an argument is missing: %s", cmd.Use)
		case len(args) > most:
			return remedy.Errorf(step, "unexpected argument %q", strings.Join(args[most:], " "))
		}
		return nil
	}
}

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

// printData writes a result as JSON or YAML for scripts, else by text.
func (o *output) printData(cmd *cobra.Command, result any, text func(w io.Writer) error) error {
	if o.format == "yaml" {
		return report.YAML(cmd.OutOrStdout(), result)
	}
	return o.print(cmd, result, text)
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
		return fmt.Errorf("%q must be one of %s", s, strings.Join(o.formats, ", "))
	}
	o.format = s
	return nil
}
