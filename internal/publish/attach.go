package publish

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Attachment is something about a chart that a registry keeps beside it, as a referrer
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md, "subject").
type Attachment struct {
	Type string // media type of the artifact and of its data
	Name string // file name that tools give it
	Data []byte
}

// ReportType is the media type of the report of `helm livekit verify`.
const ReportType = "application/vnd.helm-livekit.verify.v1+json"

// artifact gives the attachment as a manifest that refers to subject. The same attachment to the same chart has the
// same digest.
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
