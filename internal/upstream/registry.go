package upstream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/opencontainers/go-digest"
	spec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// The media types of a chart's archive; the second is that of Helm 3.0 to 3.6 (pkg/registry, constants.go).
const (
	chartType       = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	legacyChartType = "application/tar+gzip"
)

// ociReference is a chart in a registry.
type ociReference struct {
	oci.Reference
	shown      string // oci://HOST/PATH
	repository oci.Repository
}

func parseOCI(ref string, plainHTTP bool) (r ociReference, err error) {
	const step = "write it as oci://registry.example.com/charts/livekit-server, " +
		"with :VERSION or @sha256:DIGEST after it if need be"
	if r.Reference, err = oci.ParseReference(ref, step); err != nil {
		return r, err
	}
	if r.Host == "" || r.Path == "" {
		return r, remedy.Errorf(step, "%s names no chart in the registry", ref)
	}
	r.shown = oci.Scheme + r.Host + "/" + r.Path
	r.repository, err = oci.NewRepository(r.Host, r.Path, plainHTTP)
	return r, err
}

// source is the reference with a tag or digest.
func (r ociReference) source() string {
	out := r.shown
	if r.Tag != "" || r.Digest == "" {
		out += ":" + oci.Version(r.Tag)
	}
	if r.Digest != "" {
		out += "@" + r.Digest.String()
	}
	return out
}

// registry gets a chart of an OCI registry. version is for a reference without a tag and a digest.
func (f *finder) registry(ctx context.Context, ref, version string) (*Chart, error) {
	r, err := parseOCI(ref, f.o.PlainHTTP)
	if err != nil {
		return nil, err
	}
	c, err := f.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	var versions, notes []string
	if r.Tag == "" && r.Digest == "" {
		if versions, notes, err = f.versions(ctx, c, r, version); err != nil {
			return nil, err
		}
		if versions != nil || !isExact(version) {
			if version, err = choose(version, versions); err != nil {
				return nil, remedy.Errorf(cmp.Or(remedy.Step(err), noChart), "%s: %w", r.shown, err)
			}
		}
		r.Tag = oci.Tag(version)
	}
	out, err := f.pull(ctx, c, r)
	if err != nil {
		return nil, err
	}
	out.Source, out.Versions, out.Newest = r.source(), sorted(versions), newestStable(versions)
	out.Notes = append(notes, out.Notes...)
	return out, nil
}

// versions gives the registry's versions. An exact one can do without: some may pull and not list.
func (f *finder) versions(
	ctx context.Context, c *oci.Client, r ociReference, want string,
) (versions, notes []string, err error) {
	missing := f.notCached("the versions of %s are in no cache, and --offline forbids to read them", r.shown)
	read := func() ([]byte, error) { return f.readTags(ctx, c, r) }
	err = f.ask(r.shown+" tags", missing, read, func(data []byte, kept time.Time) error {
		var tags []string
		if json.Unmarshal(data, &tags) != nil {
			return missing
		}
		for _, tag := range tags {
			if isExact(oci.Version(tag)) { // and not one that moves, such as 1.2 or latest
				versions = append(versions, oci.Version(tag))
			}
		}
		if f.o.Offline {
			notes = []string{fmt.Sprintf("the versions of %s were read at %s", r.shown, moment(kept))}
		}
		return nil
	})
	if err != nil && isExact(want) && ctx.Err() == nil {
		return nil, []string{fmt.Sprintf("the versions of %s are not known: %v", r.shown, err)}, nil
	}
	return versions, notes, err
}

// connect says hello to the registry, with credentials where it wants some. Offline it gives nil.
func (f *finder) connect(ctx context.Context, r ociReference) (*oci.Client, error) {
	if f.o.Offline {
		return nil, nil
	}
	c, err := oci.Connect(ctx, f.connection(&repository{}), r.repository, oci.Pull, f.retry)
	if err == nil || remedy.Step(err) != "" {
		return c, err
	}
	hello := r.repository.URL("")
	hello.Path = "/v2/"
	return nil, registryFailure(err, hello, theRegistry)
}

func registryFailure(err error, u *url.URL, what subject) error {
	if wrong, ok := errors.AsType[*oci.DigestError](err); ok {
		return remedy.Errorf("try again; if it stays so, look at the registry's storage",
			"%s answers with content of digest %s, not %s", shown(u.String()), wrong.Got, wrong.Want)
	}
	return failure(err, u, what, "`helm registry login "+u.Host+"`")
}

// readTags lists the tags of a repository, as JSON.
func (f *finder) readTags(ctx context.Context, c *oci.Client, r ociReference) ([]byte, error) {
	tags, err := c.Tags(ctx)
	list := r.repository.URL("/tags/list")
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return json.Marshal(tags)
	case errors.Is(err, oci.ErrTagPages), errors.Is(err, oci.ErrTagsElsewhere):
		return nil, remedy.Errorf("name the version with a tag, as in "+r.shown+":1.2.3", "%s: %w", r.shown, cause(err))
	case errors.As(err, &syntax):
		return nil, remedy.Errorf("look whether it is a registry",
			"%s answers with something else than a list of tags", shown(list.String()))
	}
	return nil, registryFailure(err, list, theTags)
}

// pull gets the chart under a tag or digest.
func (f *finder) pull(ctx context.Context, c *oci.Client, r ociReference) (out *Chart, err error) {
	missing := f.notCached("%s is in no cache, and --offline forbids to read it", r.source())
	read := func() ([]byte, error) { return f.readManifest(ctx, c, r) }
	use := func(raw []byte, kept time.Time) (err error) {
		if out, err = f.ofManifest(ctx, c, r, raw); err != nil {
			return err
		}
		if !kept.IsZero() {
			out.note("what %s leads to was read at %s", r.source(), moment(kept))
		}
		if isExact(oci.Version(r.Tag)) && oci.Version(r.Tag) != out.Version() {
			out.note("the tag of %s is not the chart's version: Chart.yaml says %s", r.source(), out.Version())
		}
		return nil
	}
	raw := f.own.get(r.Digest)
	switch {
	case r.Digest == "":
		err = f.ask(r.source(), missing, read, use)
		return out, err
	case raw == nil && f.o.Offline:
		return nil, missing
	case raw == nil:
		raw, err = read()
	}
	if err == nil {
		err = use(raw, time.Time{})
	}
	return out, err
}

// ofManifest gets the chart that a manifest names.
func (f *finder) ofManifest(ctx context.Context, c *oci.Client, r ociReference, raw []byte) (*Chart, error) {
	layer, err := chartLayer(raw)
	if err != nil {
		return nil, remedy.Errorf("point --upstream to a chart, as in oci://registry.example.com/charts/livekit-server",
			"%s is no chart: %w", r.source(), err)
	}
	out, err := f.byDigest(r.source(), layer.Digest, func() ([]byte, error) {
		if f.o.Offline {
			return nil, f.notCached("the archive of %s is in no cache, and --offline forbids to read it", r.source())
		}
		data, err := c.Blob(ctx, layer.Digest)
		if err != nil {
			return nil, registryFailure(err, r.repository.URL("/blobs/"+layer.Digest.String()), theArchive)
		}
		return data, nil
	})
	if err == nil {
		f.cache(f.own.put(raw))
	}
	return out, err
}

// readManifest reads the manifest under a tag or digest.
func (f *finder) readManifest(ctx context.Context, c *oci.Client, r ociReference) ([]byte, error) {
	identifier := cmp.Or(r.Digest.String(), r.Tag)
	got, err := c.Manifest(ctx, identifier)
	if err == nil && got == nil {
		err = &oci.StatusError{Code: http.StatusNotFound}
	}
	if err != nil {
		return nil, registryFailure(err, r.repository.URL("/manifests/"+identifier), theManifest)
	}
	return got.Raw, nil
}

// chartLayer gives the archive that a manifest names.
func chartLayer(raw []byte) (spec.Descriptor, error) {
	var m struct {
		spec.Manifest
		Manifests []spec.Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return spec.Descriptor{}, errors.New("its manifest is no JSON")
	}
	var types []string
	for _, layer := range m.Layers {
		types = append(types, layer.MediaType)
		switch isSHA := layer.Digest.Validate() == nil && layer.Digest.Algorithm() == digest.SHA256; {
		case layer.MediaType != chartType && layer.MediaType != legacyChartType:
		case isSHA:
			return layer, nil
		default:
			return layer, errors.New("its manifest gives no SHA-256 for the archive")
		}
	}
	if len(m.Manifests) > 0 {
		return spec.Descriptor{}, errors.New("it is an index of several images")
	}
	return spec.Descriptor{}, fmt.Errorf("it holds %s", cmp.Or(some(types), "none"))
}
