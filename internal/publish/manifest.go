package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	spec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// Helm's media types: https://helm.sh/docs/topics/registries/
const (
	mediaConfig     = "application/vnd.cncf.helm.config.v1+json"
	mediaChart      = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	mediaProvenance = "application/vnd.cncf.helm.chart.provenance.v1.prov"
)

func memoryBlob(mediaType string, data []byte) oci.Blob {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	return oci.Blob{Descriptor: describe(mediaType, data), Open: open}
}

func describe(mediaType string, data []byte) spec.Descriptor {
	return spec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// artifact is a manifest with the blobs that it names.
type artifact struct {
	oci.Manifest
	annotations map[string]string
	blobs       []oci.Blob
}

func newArtifact(m spec.Manifest, blobs ...oci.Blob) (*artifact, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	written := oci.Manifest{Descriptor: describe(spec.MediaTypeImageManifest, raw), Raw: raw}
	return &artifact{written, m.Annotations, blobs}, nil
}

// artifact gives the package as Helm keeps charts in registries. For the same archive the manifest has the same bytes
// as that of `helm push`: no mediaType, keys in Helm's order, the layers in order of digest.
func (p *Package) artifact() (*artifact, error) {
	chart := oci.Blob{
		Descriptor: spec.Descriptor{MediaType: mediaChart, Digest: digest.Digest(p.Digest), Size: p.Size},
		Open:       func() (io.ReadCloser, error) { return os.Open(p.file) },
	}
	layers := []oci.Blob{chart}
	if p.provenance != nil {
		layers = append(layers, memoryBlob(mediaProvenance, p.provenance))
	}
	sort.Slice(layers, func(i, j int) bool { return layers[i].Digest < layers[j].Digest })
	config := memoryBlob(mediaConfig, p.config)
	manifest := spec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		Config:      config.Descriptor,
		Annotations: annotations(p.metadata, p.time),
	}
	for _, layer := range layers {
		manifest.Layers = append(manifest.Layers, layer.Descriptor)
	}
	return newArtifact(manifest, append([]oci.Blob{config}, layers...)...)
}

// annotations are those of `helm push`: Chart.yaml's fields, then its own annotations, title and version aside.
func annotations(m helmchart.Metadata, created time.Time) map[string]string {
	out := map[string]string{}
	add := func(key, value string) {
		if strings.TrimSpace(value) != "" {
			out[key] = value
		}
	}
	add(spec.AnnotationDescription, m.Description)
	add(spec.AnnotationURL, m.Home)
	add(spec.AnnotationCreated, created.UTC().Format(time.RFC3339))
	if len(m.Sources) > 0 {
		add(spec.AnnotationSource, m.Sources[0])
	}
	add(spec.AnnotationAuthors, authors(m.Maintainers))
	maps.Copy(out, m.Annotations)
	delete(out, spec.AnnotationTitle)
	delete(out, spec.AnnotationVersion)
	add(spec.AnnotationTitle, m.Name)
	add(spec.AnnotationVersion, m.Version)
	return out
}

func authors(maintainers []helmchart.Maintainer) string {
	var out []string
	for _, m := range maintainers {
		one := m.Name
		if m.Email != "" {
			one += " (" + m.Email + ")"
		}
		out = append(out, one)
	}
	return strings.Join(out, ", ")
}
