// Package publish checks a chart, packs it reproducibly, signs it, and pushes it to an OCI registry in the form that
// Helm reads, with what is attached to it.
package publish

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options say what is published, where it goes, and how.
type Options struct {
	Package PackOptions
	// DependencyUpdate has Helm fill charts/ first; Helm is its program.
	DependencyUpdate bool
	Helm             string
	// Check checks the chart while it is packed and the registry is asked, nil for not at all. It gives the report
	// that may be attached; with an error nothing is pushed.
	Check       func(context.Context) (report []byte, err error)
	Sign        *Key   // nil for no signature
	Destination string // folder to leave the package in as well, "" for none
	DryRun      bool   // ask the registry what would happen, and write nothing

	Target     Target
	Connection oci.Options

	Force   bool     // take the place of another content under the same version
	AlsoTag []string // further tags, which move from wherever they are
	Attach  []string // AttachReport, AttachSBOM

	Timeout time.Duration // of all that has to do with the registry, retries included
	Tries   int           // of each operation, at most
	Wait    time.Duration // after an operation's first failure; it doubles

	Notes    io.Writer               // a line for each retry
	Progress func(done, total int64) // bytes; nil for none
}

// What Options.Attach knows: the report of Check, and a bill of materials.
const (
	AttachReport = "report"
	AttachSBOM   = "sbom"
)

// What became of a push.
const (
	Pushed         = "pushed"
	AlreadyPresent = "already-present" // the version was there with the same content
	WouldPush      = "would-push"      // a dry run found nothing in the way
)

// Result is what a push came to.
type Result struct {
	Ref         string            `json:"ref"`    // HOST/PATH/NAME:TAG
	Digest      string            `json:"digest"` // of the manifest
	Size        int64             `json:"size"`   // of the manifest, in bytes
	Status      string            `json:"status"` // Pushed, AlreadyPresent or WouldPush
	Annotations map[string]string `json:"annotations"`

	// Chart and Version are those of Chart.yaml, Repository is the reference without the tag.
	Chart      string `json:"-"`
	Version    string `json:"-"`
	Repository string `json:"-"`
	// ChartDigest and ChartSize are those of the archive.
	ChartDigest string   `json:"-"`
	ChartSize   int64    `json:"-"`
	AlsoTagged  []string `json:"-"` // further references
	Attached    []string `json:"-"` // references by digest
	Replaced    string   `json:"-"` // digest of what was there before, with Force
	PlainHTTP   bool     `json:"-"` // as Connection has it, for whoever pulls
}

// Run publishes a chart.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.DependencyUpdate {
		if err := updateDependencies(ctx, o.Helm, o.Package.Dir, o.Connection); err != nil {
			return nil, err
		}
	}
	var report []byte
	var checks errgroup.Group // while the chart is packed and the registry is asked
	if o.Check != nil {
		checks.Go(func() (err error) {
			report, err = o.Check(ctx)
			return err
		})
	}
	packed, err := Pack(ctx, o.Package)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	if o.Sign != nil {
		if err := packed.Sign(*o.Sign); err != nil {
			return nil, err
		}
	}
	plan, refused := prepare(ctx, packed, o)
	if err := cmp.Or(checks.Wait(), refused); err != nil {
		return nil, err
	}
	if o.DryRun {
		return &plan.result, nil
	}
	if o.Destination != "" {
		if _, err := packed.Save(o.Destination); err != nil {
			return nil, err
		}
	}
	attachments, err := o.attachments(ctx, packed, report)
	if err != nil {
		return nil, err
	}
	return plan.push(ctx, attachments...)
}

// updateDependencies fills the charts/ of a chart by Helm itself, with the flags that `helm package
// --dependency-update` takes for the registry.
func updateDependencies(ctx context.Context, helm, dir string, c oci.Options) error {
	if err := isChart(dir); err != nil {
		return err
	}
	program, err := exec.LookPath(cmp.Or(helm, "helm"))
	if err != nil {
		return remedy.Errorf("run it as `helm livekit push`, or set HELM_BIN", "update dependencies: no Helm: %w", err)
	}
	var flags []string
	add := func(isSet bool, flag string) {
		if isSet {
			flags = append(flags, flag)
		}
	}
	add(c.PlainHTTP, "--plain-http")
	add(c.InsecureSkipTLSVerify, "--insecure-skip-tls-verify")
	add(c.CAFile != "", "--ca-file="+c.CAFile)
	add(c.CertFile != "", "--cert-file="+c.CertFile)
	add(c.KeyFile != "", "--key-file="+c.KeyFile)
	err = helmchart.UpdateDependencies(ctx, program, dir, flags...)
	if failed, ok := errors.AsType[*helmchart.BuildError](err); ok {
		return remedy.Errorf(failed.Step, "update dependencies of %s: %w\n%s", dir, failed.Err, failed.Output)
	}
	return err
}

func (o Options) attachments(ctx context.Context, p *Package, report []byte) (out []Attachment, err error) {
	for _, name := range o.Attach {
		one := Attachment{Type: ReportType, Name: "verify.json", Data: report}
		if name == AttachSBOM {
			if one, err = SBOM(ctx, p); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// Validate refuses options that do not go together.
func (o Options) Validate() error {
	switch {
	case o.Sign != nil && o.Sign.Name == "":
		return remedy.Errorf("give --key with part of the key's name", "--sign is given without --key")
	case o.DryRun && o.DependencyUpdate:
		return remedy.Errorf("run `helm dependency update` first",
			"--dry-run writes nothing, and --dependency-update does")
	case o.Tries < 1:
		return remedy.Errorf("give 0 for none", "--retries %d is no number of retries", o.Tries-1)
	}
	for _, name := range o.Attach {
		switch {
		case name != AttachReport && name != AttachSBOM:
			return remedy.Errorf("give report or sbom", "--attach does not know %q", name)
		case name == AttachReport && o.Check == nil:
			return remedy.Errorf("leave one of them out", "--no-verify makes no report that --attach could attach")
		}
	}
	return nil
}
