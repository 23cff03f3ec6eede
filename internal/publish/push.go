package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
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

// errGone says that a registry lost what it took: it was restarted without its data, or collects garbage.
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
	tags := p.tags[1:]
	if !p.isPresent() {
		if err := p.write(ctx, p.chart); err != nil {
			return err
		}
		tags = p.tags
	}
	if err := p.writeAttachments(ctx); err != nil {
		return err
	}
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

// leads looks where a tag leads.
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
	for _, tag := range p.tags {
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

// Attachment is something about a chart that a registry keeps beside it, as a referrer
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md, "subject").
type Attachment struct {
	Type string // media type of the artifact and of its data
	Name string // file name that tools give it
	Data []byte
}

// ReportType is the media type of the report of `helm livekit verify`.
const ReportType = "application/vnd.helm-livekit.verify.v1+json"

// artifact gives the attachment as a manifest that refers to subject, of the same digest whenever it is made.
func (a Attachment) artifact(subject spec.Descriptor, created string) (*artifact, error) {
	empty := memoryBlob(spec.MediaTypeEmptyJSON, spec.DescriptorEmptyJSON.Data)
	data := memoryBlob(a.Type, a.Data)
	named := data.Descriptor
	named.Annotations = map[string]string{spec.AnnotationTitle: a.Name}
	return newArtifact(spec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    spec.MediaTypeImageManifest,
		ArtifactType: a.Type,
		Config:       empty.Descriptor,
		Layers:       []spec.Descriptor{named},
		Subject:      &spec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations:  map[string]string{spec.AnnotationCreated: created},
	}, empty, data)
}

// writeAttachments writes what is attached.
func (p *plan) writeAttachments(ctx context.Context) error {
	p.attached, p.result.Attached = nil, nil
	created := p.result.Annotations[spec.AnnotationCreated]
	if created == "" {
		created = time.Unix(0, 0).UTC().Format(time.RFC3339)
	}
	for _, a := range p.attach {
		m, err := a.artifact(p.chart.Descriptor, created)
		if err != nil {
			return err
		}
		if err := p.write(ctx, m); err != nil {
			return fmt.Errorf("attach %s: %w", a.Name, err)
		}
		p.attached = append(p.attached, m)
		p.result.Attached = append(p.result.Attached, m.Digest.String())
	}
	return nil
}

// progress counts the bytes that are on their way.
type progress struct {
	report func(done, total int64) // nil for none

	mu          sync.Mutex
	done, total int64
}

// watch gives a blob so that what is read of it is counted, from its beginning with every try, and what counts it as
// sent: it is, or will be begun anew.
func (p *progress) watch(b oci.Blob) (watched oci.Blob, finish func()) {
	if p.report == nil {
		return b, func() {}
	}
	var sent int64
	add := func(n int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		n = min(max(n, -sent), b.Size-sent)
		sent += n
		p.done += n
		p.report(p.done, p.total)
	}
	open := func() (io.ReadCloser, error) {
		r, err := b.Open()
		add(-b.Size)
		return &counted{r, add}, err
	}
	return oci.Blob{Descriptor: b.Descriptor, Open: open}, func() { add(b.Size) }
}

// counted counts what is read.
type counted struct {
	io.ReadCloser
	count func(n int64)
}

func (c *counted) Read(buffer []byte) (int, error) {
	n, err := c.ReadCloser.Read(buffer)
	c.count(int64(n))
	return n, err
}
