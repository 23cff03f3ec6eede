package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/publish"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// pushFlags are the flags of push, and what they lead to.
type pushFlags struct {
	helm *helmFlags

	options       publish.Options
	sign          bool
	key           publish.Key
	passphrase    string // file
	retries       int
	passwordStdin bool
	noVerify      bool
}

func newPush(helm *helmFlags) *cobra.Command {
	f := &pushFlags{helm: helm}
	var out *output
	cmd := &cobra.Command{
		Use:   "push [CHART_DIR] oci://HOST/PATH",
		Short: "Publish the chart to an OCI registry, reproducibly",
		Long: `Checks the chart, packs it so that the same chart gives the same bytes everywhere,
and publishes it as HOST/PATH/NAME:VERSION, as helm push does. The
manifest's digest is all that goes to standard output. CHART_DIR is apps/livekit
by default.

A version that is there with the same content is left as it is; with other
content it is refused without --force. A push that is broken off leaves no
version that cannot be pulled. Credentials are those of helm registry login,
then Docker's. SOURCE_DATE_EPOCH sets the time that the package bears.`,
		Example: `  helm livekit push oci://ghcr.io/example/charts
  helm livekit push apps/livekit oci://registry.example.com/charts --version 1.2.3 --also-tag 1.2,latest
  helm livekit push apps/livekit oci://registry.example.com/charts --dry-run
  digest=$(helm livekit push oci://ghcr.io/example/charts) && cosign sign ghcr.io/example/charts/livekit@$digest`,
		Args: pushArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.complete(cmd, args); err != nil {
				return err
			}
			result, err := publish.Run(cmd.Context(), f.options)
			if failed, ok := errors.AsType[*failedChecks](err); ok {
				notes := cmd.ErrOrStderr()
				err = errors.Join(report.Verify(notes, failed.report, verifyOptions(notes, false)), err)
				fmt.Fprintln(notes)
			}
			if err != nil {
				return err
			}
			return out.print(cmd, result, func(w io.Writer) error { return report.Push(w, cmd.ErrOrStderr(), result) })
		},
	}
	f.define(cmd)
	out = addOutput(cmd, "text", "json")
	return cmd
}

func (f *pushFlags) define(cmd *cobra.Command) {
	flags, o := cmd.Flags(), &f.options
	flags.StringVar(&o.Package.Version, "version", "", "version of the package, in place of Chart.yaml's")
	flags.StringVar(&o.Package.AppVersion, "app-version", "", "appVersion of the package, in place of Chart.yaml's")
	flags.BoolVarP(&o.DependencyUpdate, "dependency-update", "u", false, "run helm dependency update first")
	flags.StringVarP(&o.Destination, "destination", "d", "", "`FOLDER` to leave the package in as well")
	flags.BoolVar(&f.sign, "sign", false, "sign the package with a PGP key, as helm package does")
	flags.StringVar(&f.key.Name, "key", "", "name of the key to sign with")
	flags.StringVar(&f.key.Keyring, "keyring", "", "`FILE` of secret keys (default: GnuPG's pubring.gpg)")
	flags.StringVar(&f.passphrase, "passphrase-file", "",
		"`FILE` whose first line is the key's passphrase, - for standard input")

	c := &o.Connection
	flags.StringVar(&c.Username, "username", "", "user of the registry")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password or token from standard input")
	flags.BoolVar(&c.PlainHTTP, "plain-http", false, "use HTTP without TLS")
	flags.StringVar(&c.CAFile, "ca-file", "", "`FILE` of certificates to trust, in place of the system's")
	flags.StringVar(&c.CertFile, "cert-file", "", "`FILE` with this client's certificate")
	flags.StringVar(&c.KeyFile, "key-file", "", "`FILE` with the key of this client's certificate")
	flags.BoolVar(&c.InsecureSkipTLSVerify, "insecure-skip-tls-verify", false, "skip TLS verification")

	flags.BoolVar(&o.Force, "force", false, "replace other content under the same version")
	flags.StringSliceVar(&o.AlsoTag, "also-tag", nil, "further tags, such as 1.2 or latest; they move")
	flags.StringSliceVar(&o.Attach, "attach", nil, "attach as referrers: report (of verify), sbom (of the images)")
	flags.BoolVar(&o.DryRun, "dry-run", false, "ask the registry what would happen, and write nothing")
	flags.BoolVar(&f.noVerify, "no-verify", false, "push without checking the chart")
	flags.DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long the registry may take, retries included")
	flags.IntVar(&f.retries, "retries", 5, "how often each request is tried again after a failure that may pass")
	attach := []string{publish.AttachReport, publish.AttachSBOM}
	// It fails for an unknown flag alone, and this one is defined above.
	_ = cmd.RegisterFlagCompletionFunc("attach", cobra.FixedCompletions(attach, cobra.ShellCompDirectiveNoFileComp))
}

// pushArgs takes [CHART_DIR] oci://HOST/PATH.
func pushArgs(cmd *cobra.Command, args []string) error {
	step := fmt.Sprintf("`%s --help` shows the use", cmd.CommandPath())
	if len(args) == 0 {
		return remedy.Errorf(step, "no registry is given, such as oci://registry.example.com/charts")
	}
	if len(args) == 2 && strings.HasPrefix(args[0], oci.Scheme) {
		return remedy.Errorf(step, "the chart comes before the registry")
	}
	return between(0, 2)(cmd, args)
}

// complete reads the arguments and what the flags lead to.
func (f *pushFlags) complete(cmd *cobra.Command, args []string) (err error) {
	o, notes, last := &f.options, cmd.ErrOrStderr(), len(args)-1
	o.Package.Dir = chartDir(args[:last])
	o.Helm = os.Getenv("HELM_BIN")
	o.Notes, o.Tries, o.Wait = notes, f.retries+1, 250*time.Millisecond
	o.Connection.RegistryConfig = cmd.Flag("registry-config").Value.String()
	o.Connection.UserAgent = userAgent()
	if f.helm.debug {
		o.Connection.Debug = notes
	}
	if isTerminal(notes) {
		o.Progress = report.Progress(notes)
	}
	if !f.noVerify {
		o.Check = f.verify
	}
	if f.sign {
		o.Sign = &f.key
		f.key.Passphrase = passphrase(f.passphrase, cmd.InOrStdin(), f.passwordStdin, notes)
	}
	if err := cmp.Or(f.check(), o.Validate()); err != nil {
		return err
	}
	if o.Target, err = publish.ParseTarget(args[last]); err != nil {
		return err
	}
	if o.Package.Time, err = publish.Time(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	if f.passwordStdin {
		o.Connection.Password, err = readPassword(cmd.InOrStdin())
	}
	return err
}

// check refuses flags that do not go together.
func (f *pushFlags) check() error {
	switch {
	case !f.sign && (f.key.Name != "" || f.passphrase != ""):
		return remedy.Errorf("give --sign as well", "--key and --passphrase-file are for --sign, which is not given")
	case f.passwordStdin != (f.options.Connection.Username != ""):
		return remedy.Errorf("give both", "--username and --password-stdin belong together, and one is missing")
	case f.passwordStdin && f.passphrase == "-":
		return remedy.Errorf("put the passphrase into a file",
			"both --password-stdin and --passphrase-file would read standard input")
	}
	return nil
}

// failedChecks says that a chart fails the checks of verify.
type failedChecks struct {
	report *verify.Report
	error
}

// Unwrap gives the error with the next step.
func (f *failedChecks) Unwrap() error { return f.error }

// verify checks the chart and gives the report as JSON.
func (f *pushFlags) verify(ctx context.Context) ([]byte, error) {
	dir := f.options.Package.Dir
	r, err := bounded(ctx, time.Minute, func(ctx context.Context) (*verify.Report, error) {
		return verify.Run(ctx, dir, verify.Options{Namespace: f.helm.namespace})
	})
	if err != nil {
		return nil, err
	}
	if r.Failed() {
		return nil, &failedChecks{r, remedy.Errorf("fix the chart, or give --no-verify",
			"%s fails the checks of verify, and was not pushed", dir)}
	}
	var text bytes.Buffer
	err = report.JSON(&text, r)
	return text.Bytes(), err
}

// readPassword reads a password or token from standard input.
func readPassword(stdin io.Reader) (string, error) {
	const most = 64 << 10 // tokens of clouds are a few KiB
	data, err := io.ReadAll(io.LimitReader(stdin, most))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimRight(string(data), "\r\n")
	if password == "" {
		return "", remedy.Errorf("pipe it in, as in `echo $TOKEN | helm livekit push --password-stdin ...`",
			"no password on standard input")
	}
	return password, nil
}

// passphrase gives the passphrase of a key: of a file, or asked for at a terminal that nothing else reads.
func passphrase(file string, stdin io.Reader, stdinTaken bool, notes io.Writer) func(string) ([]byte, error) {
	return func(userID string) ([]byte, error) {
		if file != "" {
			return publish.ReadPassphrase(file, stdin)
		}
		terminal := int(os.Stdin.Fd())
		if stdinTaken || !term.IsTerminal(terminal) {
			return nil, remedy.Errorf("give --passphrase-file",
				"the key %q has a passphrase, and there is no terminal to ask for it", userID)
		}
		fmt.Fprintf(notes, "Passphrase for the key %q: ", userID)
		defer fmt.Fprintln(notes)
		return term.ReadPassword(terminal)
	}
}
