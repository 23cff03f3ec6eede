package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// push writes the chart: its blobs, its manifest by digest, what is attached to it, and last its tags, so that a push
// that is broken off leaves no tag that cannot be pulled.
func (p *plan) push(ctx context.Context, attach ...Attachment) (*Result, error) {
	p.attach = attach
	ctx, cancel := p.limit(ctx)
	defer cancel()
	if err := p.pushAll(ctx); err != nil {
		return nil, p.explain(ctx, err)
	}
	return &p.result, nil
}

// errGone says that a registry no longer has what it took before: it was restarted without its data, or collects
// garbage.
var errGone = errors.New("the registry has lost what it took")

func (p *plan) pushAll(ctx context.Context) error {
	const rounds = 3
	if !p.isPresent() {
		p.take(p.own, Pushed)
	}
	for round := 1; ; round++ {
		before := p.retry.Again()
		err := p.round(ctx)
		if err == nil && p.retry.Again() != before {
			err = p.confirm(ctx) // the trouble may have come after the look
		}
		if !errors.Is(err, errGone) || round == rounds {
			return err
		}
		p.take(p.own, Pushed) // what was there is gone as well
	}
}

func (p *plan) round(ctx context.Context) error {
	tags := p.also
	if !p.isPresent() {
		if err := p.write(ctx, p.chart); err != nil {
			return err
		}
		tags = append([]string{p.tag}, p.also...)
	}
	if err := p.writeAttachments(ctx); err != nil {
		return err
	}
	return p.tagAll(ctx, tags)
}

// write writes blobs and the manifest by its digest, and looks that the registry has them.
func (p *plan) write(ctx context.Context, m *artifact) error {
	sent := progress{report: p.o.Progress}
	for _, b := range m.blobs {
		sent.total += b.Size
	}
	group, uploads := errgroup.WithContext(ctx)
	for _, b := range m.blobs {
		b, finish := sent.watch(b)
		group.Go(func() error {
			defer finish()
			return p.client.Upload(uploads, b)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := gone(p.client.Put(ctx, m.Digest.String(), m.Manifest)); err != nil {
		return err
	}
	return p.isThere(ctx, m)
}

// isThere looks that a manifest and its blobs can be pulled by digest.
func (p *plan) isThere(ctx context.Context, m *artifact) error {
	whole, err := p.isWhole(ctx, m)
	if err == nil && !whole {
		return fmt.Errorf("%w: %s cannot be pulled", errGone, m.Digest)
	}
	return err
}

// tagAll writes tags and looks where they lead.
func (p *plan) tagAll(ctx context.Context, tags []string) error {
	for _, tag := range tags {
		if err := gone(p.client.Put(ctx, tag, p.chart.Manifest)); err != nil {
			return err
		}
		if err := p.leads(ctx, tag); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) leads(ctx context.Context, tag string) error {
	there, err := p.client.Manifest(ctx, tag)
	switch {
	case err != nil:
		return err
	case there == nil:
		return fmt.Errorf("%w: tag %s", errGone, tag)
	case there.Digest != p.chart.Digest:
		return remedy.Errorf("look who else pushes this version",
			"tag %s leads to %s right after it was set to %s", tag, there.Digest, p.chart.Digest)
	}
	return nil
}

// confirm looks at all that was written once more.
func (p *plan) confirm(ctx context.Context) error {
	for _, m := range append([]*artifact{p.chart}, p.attached...) {
		if err := p.isThere(ctx, m); err != nil {
			return err
		}
	}
	for _, tag := range append([]string{p.tag}, p.also...) {
		if err := p.leads(ctx, tag); err != nil {
			return err
		}
	}
	return nil
}

// gone knows a manifest that is refused since the registry lacks its blobs.
func gone(err error) error {
	if oci.Status(err) < http.StatusInternalServerError && oci.HasCode(err, "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN") {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}
