package publish

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
)

// Attachment is something about a chart that a registry keeps beside it, as
// a referrer (https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md,
// "subject").
type Attachment struct {
	Type string // media type of the artifact and of its data
	Name string // file name that tools give it
	Data []byte
}

// ReportType is the media type of the verdict of `helm livekit verify`.
const ReportType = "application/vnd.helm-livekit.verify.v1+json"

// artifact gives the attachment as a manifest that refers to subject. The same
// attachment to the same chart has the same digest.
func (a Attachment) artifact(subject oci.Descriptor, created string) (*artifact, error) {
	empty := memoryBlob(oci.MediaTypeEmptyJSON, oci.DescriptorEmptyJSON.Data)
	data := memoryBlob(a.Type, a.Data)
	named := data.Descriptor
	named.Annotations = map[string]string{oci.AnnotationTitle: a.Name}
	raw, err := json.Marshal(oci.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    oci.MediaTypeImageManifest,
		ArtifactType: a.Type,
		Config:       empty.Descriptor,
		Layers:       []oci.Descriptor{named},
		Subject:      &oci.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations:  map[string]string{oci.AnnotationCreated: created},
	})
	if err != nil {
		return nil, fmt.Errorf("attach %s: %w", a.Name, err)
	}
	return &artifact{Descriptor: describe(oci.MediaTypeImageManifest, raw), raw: raw, blobs: []blob{empty, data}, refers: true}, nil
}

// writeAttachments writes what is attached. Where a registry has no API for referrers,
// go-containerregistry keeps the list of them under a tag, as the specification says
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema).
func (p *Plan) writeAttachments(ctx context.Context) error {
	p.attached, p.result.Attached = nil, nil
	created := p.result.Annotations[oci.AnnotationCreated]
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
