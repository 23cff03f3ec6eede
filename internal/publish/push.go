// Package publish packs a chart reproducibly and pushes it to an OCI registry
// in the form that Helm reads.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options say where a package goes and how.
type Options struct {
	Target     Target
	Connection Connection

	Force   bool     // take the place of another content under the same version
	AlsoTag []string // further tags, which move from wherever they are

	Timeout time.Duration // of all that has to do with the registry, retries included
	Tries   int           // of each operation, at most
	Wait    time.Duration // after an operation's first failure; it doubles

	Notes    io.Writer               // a line for each retry
	Debug    io.Writer               // a line for each request; nil for none
	Progress func(done, total int64) // bytes; nil for none
}

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

	// Chart and Version are those of Chart.yaml, Repository is the reference
	// without the tag.
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

// Push writes the chart: its blobs, its manifest by digest, what is attached to
// it, and last its tags, so that a push that is broken off leaves no tag that
// cannot be pulled.
func (p *Plan) Push(ctx context.Context, attach ...Attachment) (*Result, error) {
	p.attach = attach
	ctx, cancel := p.limit(ctx)
	defer cancel()
	if err := p.push(ctx); err != nil {
		return nil, p.explain(p.session.retry, err)
	}
	return p.Result(), nil
}

// errGone says that a registry no longer has what it took before: it was
// restarted without its data, or collects garbage.
var errGone = errors.New("the registry has lost what it took")

func (p *Plan) push(ctx context.Context) error {
	const rounds = 3
	if !p.isPresent() {
		p.take(p.own, Pushed)
	}
	for round := 1; ; round++ {
		before := p.session.retry.again.Load()
		err := p.round(ctx)
		if err == nil && p.session.retry.again.Load() != before {
			err = p.confirm(ctx) // the trouble may have come after the look
		}
		if !errors.Is(err, errGone) || round == rounds {
			return err
		}
		p.take(p.own, Pushed) // what was there is gone as well
	}
}

func (p *Plan) round(ctx context.Context) error {
	tags := p.also
	if !p.isPresent() {
		if err := p.write(ctx, p.chart); err != nil {
			return err
		}
		tags = append([]name.Tag{p.tag}, p.also...)
	}
	if err := p.writeAttachments(ctx); err != nil {
		return err
	}
	return p.tagAll(ctx, tags)
}

// write writes blobs and the manifest by its digest, and looks that the
// registry has them.
func (p *Plan) write(ctx context.Context, m *artifact) error {
	sent := newProgress(m.blobs, p.o.Progress)
	group, uploads := errgroup.WithContext(ctx)
	for _, b := range m.blobs {
		group.Go(func() error { return p.session.upload(uploads, b, sent) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := gone(p.session.put(ctx, p.tag.Repository.Digest(m.Digest.String()), m)); err != nil {
		return err
	}
	return p.isThere(ctx, m)
}

// isThere looks that a manifest and its blobs can be pulled by digest.
func (p *Plan) isThere(ctx context.Context, m *artifact) error {
	whole := false
	var found *stored
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		whole, err = p.isWhole(ctx, m)
		return err
	})
	group.Go(func() (err error) {
		found, err = p.session.manifest(ctx, p.tag.Repository.Digest(m.Digest.String()), m.Digest)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if !whole || found == nil {
		return fmt.Errorf("%w: %s cannot be pulled", errGone, m.Digest)
	}
	return nil
}

// tagAll writes tags and looks where they lead.
func (p *Plan) tagAll(ctx context.Context, tags []name.Tag) error {
	for _, tag := range tags {
		if err := gone(p.session.put(ctx, tag, p.chart)); err != nil {
			return err
		}
		if err := p.leads(ctx, tag); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) leads(ctx context.Context, tag name.Tag) error {
	there, err := p.session.manifest(ctx, tag, "")
	switch {
	case err != nil:
		return err
	case there == nil:
		return fmt.Errorf("%w: tag %s", errGone, tag.TagStr())
	case there.Digest != p.chart.Digest:
		return remedy.Errorf("look who else pushes this version",
			"tag %s leads to %s right after it was set to %s", tag.TagStr(), there.Digest, p.chart.Digest)
	}
	return nil
}

// confirm looks at all that was written once more.
func (p *Plan) confirm(ctx context.Context) error {
	for _, m := range append([]*artifact{p.chart}, p.attached...) {
		if err := p.isThere(ctx, m); err != nil {
			return err
		}
	}
	for _, tag := range append([]name.Tag{p.tag}, p.also...) {
		if err := p.leads(ctx, tag); err != nil {
			return err
		}
	}
	return nil
}

// gone knows a manifest that is refused since the registry lacks its blobs.
func gone(err error) error {
	var refused *transport.Error
	if !errors.As(err, &refused) || refused.StatusCode >= http.StatusInternalServerError {
		return err
	}
	for _, d := range refused.Errors {
		if d.Code == transport.ManifestBlobUnknownErrorCode || d.Code == transport.BlobUnknownErrorCode {
			return fmt.Errorf("%w: %w", errGone, err)
		}
	}
	return err
}
