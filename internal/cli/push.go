package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/helm-livekit/helm-livekit/internal/publish"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/report"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// pushFlags are the flags of push.
type pushFlags struct {
	helm *helmFlags

	pack             publish.PackOptions
	dependencyUpdate bool
	destination      string

	sign           bool
	key            publish.Key
	passphraseFile string

	options       publish.Options
	retries       int
	passwordStdin bool
	attach        []string
	dryRun        bool
	noVerify      bool
}

// What --attach knows.
const (
	attachReport = "report"
	attachSBOM   = "sbom"
)

func newPush(helm *helmFlags) *cobra.Command {
	f := &pushFlags{helm: helm}
	var out *output
	cmd := &cobra.Command{
		Use:   "push [CHART_DIR] oci://HOST/PATH",
		Short: "Publish the chart to an OCI registry, reproducibly",
		Long: `Checks the chart, packs it so that the same chart gives the same bytes everywhere,
and publishes it as HOST/PATH/NAME:VERSION, as helm push does. CHART_DIR is
apps/livekit where it is not given. The manifest's digest is all that goes to
standard output.

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
			result, err := f.run(cmd, args)
			if err != nil {
				return err
			}
			if out.isJSON() {
				return report.JSON(cmd.OutOrStdout(), result)
			}
			return report.Push(cmd.OutOrStdout(), cmd.ErrOrStderr(), result)
		},
	}
	f.define(cmd)
	out = addOutput(cmd, "text", "json")
	return cmd
}

func (f *pushFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.pack.Version, "version", "", "version of the package, in place of Chart.yaml's")
	flags.StringVar(&f.pack.AppVersion, "app-version", "", "appVersion of the package, in place of Chart.yaml's")
	flags.BoolVarP(&f.dependencyUpdate, "dependency-update", "u", false, "run helm dependency update first")
	flags.StringVarP(&f.destination, "destination", "d", "", "`FOLDER` to leave the package in as well")
	flags.BoolVar(&f.sign, "sign", false, "sign the package with a PGP key, as helm package does")
	flags.StringVar(&f.key.Name, "key", "", "name of the key to sign with")
	flags.StringVar(&f.key.Keyring, "keyring", publish.DefaultKeyring(), "`FILE` of secret keys")
	flags.StringVar(&f.passphraseFile, "passphrase-file", "", "`FILE` whose first line is the key's passphrase, - for standard input")

	c := &f.options.Connection
	flags.StringVar(&c.Username, "username", "", "user of the registry")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password or token from standard input")
	flags.BoolVar(&c.PlainHTTP, "plain-http", false, "use HTTP without TLS")
	flags.StringVar(&c.CAFile, "ca-file", "", "`FILE` of certificates to trust, in place of the system's")
	flags.StringVar(&c.CertFile, "cert-file", "", "`FILE` with this client's certificate")
	flags.StringVar(&c.KeyFile, "key-file", "", "`FILE` with the key of this client's certificate")
	flags.BoolVar(&c.SkipTLSVerify, "insecure-skip-tls-verify", false, "take any certificate of the registry")

	flags.BoolVar(&f.options.Force, "force", false, "replace other content under the same version")
	flags.StringSliceVar(&f.options.AlsoTag, "also-tag", nil, "further tags, such as 1.2 or latest; they move")
	flags.StringSliceVar(&f.attach, "attach", nil, "attach as referrers: report (of verify), sbom (of the images)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "ask the registry what would happen, and write nothing")
	flags.BoolVar(&f.noVerify, "no-verify", false, "push without checking the chart")
	flags.DurationVar(&f.options.Timeout, "timeout", 5*time.Minute, "how long the registry may take, retries included")
	flags.IntVar(&f.retries, "retries", 5, "how often each request is tried again after a failure that may pass")
	complete := cobra.FixedCompletions([]string{attachReport, attachSBOM}, cobra.ShellCompDirectiveNoFileComp)
	// It fails for an unknown flag alone, and this one is defined above.
	_ = cmd.RegisterFlagCompletionFunc("attach", complete)
}

// pushArgs takes [CHART_DIR] oci://HOST/PATH.
func pushArgs(cmd *cobra.Command, args []string) error {
	step := fmt.Sprintf("`%s --help` shows the use", cmd.CommandPath())
	if len(args) == 0 {
		return remedy.Errorf(step, "no registry is given, such as oci://registry.example.com/charts")
	}
	if len(args) == 2 && strings.HasPrefix(args[0], publish.Scheme) {
		return remedy.Errorf(step, "the chart comes before the registry")
	}
	return atMost(2)(cmd, args)
}

func (f *pushFlags) run(cmd *cobra.Command, args []string) (*publish.Result, error) {
	if err := f.complete(cmd, args); err != nil {
		return nil, err
	}
	ctx, o := cmd.Context(), &f.options
	if f.dependencyUpdate {
		if err := publish.UpdateDependencies(ctx, os.Getenv("HELM_BIN"), f.pack.Dir, o.Connection); err != nil {
			return nil, err
		}
	}
	verdict := f.verify(ctx) // while the chart is packed and the registry asked
	packed, err := f.packed(ctx)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	plan, refused := publish.Prepare(ctx, packed, *o)
	checks, err := f.judge(cmd.ErrOrStderr(), <-verdict)
	if err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	if f.dryRun {
		return plan.Result(), nil
	}
	if f.destination != "" {
		if _, err := packed.Save(f.destination); err != nil {
			return nil, err
		}
	}
	attachments, err := f.attachments(ctx, packed, checks)
	if err != nil {
		return nil, err
	}
	return plan.Push(ctx, attachments...)
}

// complete reads the arguments and what the flags lead to.
func (f *pushFlags) complete(cmd *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	var err error
	last := len(args) - 1
	if f.options.Target, err = publish.ParseTarget(args[last]); err != nil {
		return err
	}
	f.pack.Dir = chartDir(args[:last])
	if f.pack.Time, err = publish.Time(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	notes, o := cmd.ErrOrStderr(), &f.options
	if f.passwordStdin {
		if o.Connection.Password, err = readPassword(cmd.InOrStdin()); err != nil {
			return err
		}
	}
	f.key.Passphrase = f.passphrase(cmd.InOrStdin(), notes)
	o.Connection.RegistryConfig = cmd.Flag("registry-config").Value.String()
	o.Connection.UserAgent = "helm-livekit/" + version
	o.Notes, o.Tries, o.Wait = notes, f.retries+1, 250*time.Millisecond
	if f.helm.debug {
		o.Debug = notes
	}
	if file, ok := notes.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		o.Progress = report.Progress(file)
	}
	return nil
}

// check refuses flags that do not go together.
func (f *pushFlags) check() error {
	switch {
	case f.sign && f.key.Name == "":
		return remedy.Errorf("give --key with part of the key's name", "--sign is given without --key")
	case !f.sign && (f.key.Name != "" || f.passphraseFile != ""):
		return remedy.Errorf("give --sign as well", "--key and --passphrase-file are for --sign, which is not given")
	case f.passwordStdin != (f.options.Connection.Username != ""):
		return remedy.Errorf("give both", "--username and --password-stdin belong together, and one is missing")
	case f.passwordStdin && f.passphraseFile == "-":
		return remedy.Errorf("put the passphrase into a file", "both --password-stdin and --passphrase-file would read standard input")
	case f.dryRun && f.dependencyUpdate:
		return remedy.Errorf("run `helm dependency update` first", "--dry-run writes nothing, and --dependency-update does")
	case f.retries < 0:
		return remedy.Errorf("give 0 for none", "--retries %d is no number of retries", f.retries)
	}
	for _, name := range f.attach {
		switch {
		case name != attachReport && name != attachSBOM:
			return remedy.Errorf("give report or sbom", "--attach does not know %q", name)
		case name == attachReport && f.noVerify:
			return remedy.Errorf("leave one of them out", "--no-verify makes no report that --attach could attach")
		}
	}
	return nil
}

func readPassword(stdin io.Reader) (string, error) {
	const most = 64 << 10 // tokens of clouds are a few KiB
	data, err := io.ReadAll(io.LimitReader(stdin, most))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimRight(string(data), "\r\n")
	if password == "" {
		return "", remedy.Errorf("pipe it in, as in `echo $TOKEN | helm livekit push --password-stdin ...`", "no password on standard input")
	}
	return password, nil
}

// passphrase gives the passphrase of a key: of a file, or asked for.
func (f *pushFlags) passphrase(stdin io.Reader, notes io.Writer) func(string) ([]byte, error) {
	return func(userID string) ([]byte, error) {
		if f.passphraseFile != "" {
			return publish.ReadPassphrase(f.passphraseFile, stdin)
		}
		terminal := int(os.Stdin.Fd())
		if f.passwordStdin || !term.IsTerminal(terminal) {
			return nil, remedy.Errorf("give --passphrase-file", "the key %q has a passphrase, and there is no terminal to ask for it", userID)
		}
		fmt.Fprintf(notes, "Passphrase for the key %q: ", userID)
		defer fmt.Fprintln(notes)
		return term.ReadPassword(terminal)
	}
}

// verdict is what came of the checks before a push.
type verdict struct {
	report *verify.Report // nil where none was asked for
	err    error
}

// verify checks the chart in the background.
func (f *pushFlags) verify(ctx context.Context) <-chan verdict {
	done := make(chan verdict, 1)
	if f.noVerify {
		done <- verdict{}
		return done
	}
	go func() {
		report, err := bounded(ctx, time.Minute, func(ctx context.Context) (*verify.Report, error) {
			return verify.Run(ctx, f.pack.Dir, verify.Options{Namespace: f.helm.namespace})
		})
		done <- verdict{report, err}
	}()
	return done
}

func (f *pushFlags) judge(notes io.Writer, v verdict) (*verify.Report, error) {
	if v.err != nil || v.report == nil || !v.report.Failed() {
		return v.report, v.err
	}
	if err := report.Verify(notes, v.report, false); err != nil {
		return nil, err
	}
	fmt.Fprintln(notes)
	return nil, remedy.Errorf("mend the chart, or give --no-verify", "%s fails the checks of verify, and was not pushed", f.pack.Dir)
}

func (f *pushFlags) packed(ctx context.Context) (*publish.Package, error) {
	packed, err := publish.Pack(ctx, f.pack)
	if err != nil || !f.sign {
		return packed, err
	}
	if err := packed.Sign(f.key); err != nil {
		_ = packed.Close()
		return nil, err
	}
	return packed, nil
}

func (f *pushFlags) attachments(ctx context.Context, packed *publish.Package, checks *verify.Report) ([]publish.Attachment, error) {
	var out []publish.Attachment
	for _, name := range f.attach {
		var one publish.Attachment
		var err error
		if name == attachSBOM {
			one, err = publish.SBOM(ctx, packed)
		} else {
			one, err = reportAttachment(checks)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func reportAttachment(checks *verify.Report) (publish.Attachment, error) {
	var text strings.Builder
	if err := report.JSON(&text, checks); err != nil {
		return publish.Attachment{}, err
	}
	return publish.Attachment{Type: publish.ReportType, Name: "verify.json", Data: []byte(text.String())}, nil
}
