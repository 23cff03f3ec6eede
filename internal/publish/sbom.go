package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// SBOMType is the media type of a bill of materials in CycloneDX.
const SBOMType = "application/vnd.cyclonedx+json"

// SBOM gives the container images that a chart's objects run with its default values, as a bill of materials
// (https://cyclonedx.org/docs/1.6/json/) without the time and random numbers that would make each one different.
func SBOM(ctx context.Context, p *Package) (Attachment, error) {
	chart, err := helmchart.Load(p.file)
	if err != nil {
		return Attachment{}, fmt.Errorf("list images: %w", err)
	}
	images, err := imagesOf(ctx, chart)
	if err != nil {
		return Attachment{}, fmt.Errorf("list images: %w", err)
	}
	data, err := json.MarshalIndent(materials(p, images), "", "  ")
	if err != nil {
		return Attachment{}, fmt.Errorf("write bill of materials: %w", err)
	}
	return Attachment{Type: SBOMType, Name: "sbom.cdx.json", Data: append(data, '\n')}, nil
}

// imagesOf gives the images in order, each once.
func imagesOf(ctx context.Context, chart *helmchart.Chart) ([]string, error) {
	files, err := chart.Render(ctx, nil, helmchart.Release{Name: chart.Name()})
	if err != nil {
		return nil, err
	}
	var images []string
	for _, f := range files {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			for _, leaf := range manifest.Leaves(o.Fields) {
				if image, _ := leaf.Value.(string); image != "" && isImage(leaf.Path) {
					images = append(images, image)
				}
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images), nil
}

// isImage knows the image of a container wherever a pod is written down, in objects of any kind.
func isImage(p manifest.Path) bool {
	n := len(p)
	return n > 2 && p[n-1] == "image" && strings.HasPrefix(p[n-2], "[") &&
		slices.Contains([]string{"containers", "initContainers", "ephemeralContainers"}, p[n-3])
}

// The parts of CycloneDX that are used here.
type (
	bill struct {
		Format      string      `json:"bomFormat"`
		SpecVersion string      `json:"specVersion"`
		Version     int         `json:"version"`
		Metadata    described   `json:"metadata"`
		Components  []component `json:"components"`
	}
	described struct {
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref,omitempty"`
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		PURL    string `json:"purl,omitempty"`
	}
)

func materials(p *Package, images []string) bill {
	b := bill{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: described{component{
			Type: "application", Ref: p.Name + "@" + p.Version, Name: p.Name, Version: p.Version,
		}},
		Components: []component{},
	}
	for _, image := range images {
		repository, tag, digest := splitImage(image)
		b.Components = append(b.Components, component{
			Type: "container", Ref: image, Name: repository, Version: cmp.Or(tag, digest),
			PURL: packageURL(repository, tag, digest),
		})
	}
	return b
}

// splitImage takes REPOSITORY[:TAG][@DIGEST] apart.
func splitImage(image string) (repository, tag, digest string) {
	repository, digest, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(repository, ":"); colon > strings.LastIndex(repository, "/") {
		repository, tag = repository[:colon], repository[colon+1:]
	}
	return repository, tag, digest
}

// packageURL names an image as https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md says.
func packageURL(repository, tag, digest string) string {
	out := "pkg:oci/" + url.PathEscape(path.Base(repository))
	if digest != "" {
		out += "@" + url.QueryEscape(digest)
	}
	first, rest, found := strings.Cut(repository, "/")
	if !found {
		first, rest = "docker.io", "library/"+repository
	} else if !strings.ContainsAny(first, ".:") && first != "localhost" {
		first, rest = "docker.io", repository
	}
	query := url.Values{"repository_url": {first + "/" + rest}}
	if tag != "" {
		query.Set("tag", tag)
	}
	return out + "?" + query.Encode()
}
