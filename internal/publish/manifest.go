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
	oci "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Helm's media types: https://helm.sh/docs/topics/registries/
const (
	mediaConfig     = "application/vnd.cncf.helm.config.v1+json"
	mediaChart      = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	mediaProvenance = "application/vnd.cncf.helm.chart.provenance.v1.prov"
)

// blob is one piece of content in a registry.
type blob struct {
	oci.Descriptor
	open func() (io.ReadCloser, error)
}

func memoryBlob(mediaType string, data []byte) blob {
	return blob{describe(mediaType, data), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func describe(mediaType string, data []byte) oci.Descriptor {
	return oci.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// artifact is a manifest with the blobs that it names.
type artifact struct {
	oci.Descriptor // of the manifest
	raw            []byte
	blobs          []blob
	// refers says that the manifest has a subject, with whose list of referrers
	// the registry's answers have to do as well.
	refers bool
}

// artifact gives the package in the form in which Helm keeps charts in
// registries. For the same archive the manifest has the same bytes as that of
// `helm push`, so that its keys and their order are Helm's: no mediaType, the
// layers in order of digest.
func (p *Package) artifact() (*artifact, error) {
	chart := blob{
		oci.Descriptor{MediaType: mediaChart, Digest: digest.Digest(p.Digest), Size: p.Size},
		func() (io.ReadCloser, error) { return os.Open(p.file) },
	}
	layers := []blob{chart}
	if p.provenance != nil {
		layers = append(layers, memoryBlob(mediaProvenance, p.provenance))
	}
	sort.Slice(layers, func(i, j int) bool { return layers[i].Digest < layers[j].Digest })
	config := memoryBlob(mediaConfig, p.config)
	manifest := oci.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		Config:      config.Descriptor,
		Annotations: annotations(p.metadata, p.time),
	}
	for _, layer := range layers {
		manifest.Layers = append(manifest.Layers, layer.Descriptor)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return &artifact{Descriptor: describe(oci.MediaTypeImageManifest, raw), raw: raw, blobs: append([]blob{config}, layers...)}, nil
}

// annotations are those that `helm push` writes: of Chart.yaml's fields, and
// Chart.yaml's own annotations over them, the title and the version aside.
func annotations(m helmchart.Metadata, created time.Time) map[string]string {
	out := map[string]string{}
	add := func(key, value string) {
		if strings.TrimSpace(value) != "" {
			out[key] = value
		}
	}
	add(oci.AnnotationDescription, m.Description)
	add(oci.AnnotationURL, m.Home)
	add(oci.AnnotationCreated, created.UTC().Format(time.RFC3339))
	if len(m.Sources) > 0 {
		add(oci.AnnotationSource, m.Sources[0])
	}
	add(oci.AnnotationAuthors, authors(m.Maintainers))
	maps.Copy(out, m.Annotations)
	delete(out, oci.AnnotationTitle)
	delete(out, oci.AnnotationVersion)
	add(oci.AnnotationTitle, m.Name)
	add(oci.AnnotationVersion, m.Version)
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
