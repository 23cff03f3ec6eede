package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// The media types of a chart's archive; the second is Helm 3.0's to 3.6's
// (helm.sh/helm/v3, pkg/registry/constants.go).
const (
	chartType       = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	legacyChartType = "application/tar+gzip"
)

// Bounds on what registries say. Registries give manifests of up to 4 MiB
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests).
const (
	maxManifest = 4 << 20
	maxTagPage  = 8 << 20
	maxTagPages = 100
)

// ociReference is a chart in a registry.
type ociReference struct {
	repository name.Repository
	shown      string // oci://HOST/PATH
	plainHTTP  bool
	tag        string
	digest     digest.Digest // of the manifest
}

// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
var (
	pathSyntax = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagSyntax  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

func parseOCI(ref string, plainHTTP bool) (ociReference, error) {
	const step = "write it as oci://registry.example.com/charts/livekit-server, with :VERSION or @sha256:DIGEST after it if need be"
	host, path, _ := strings.Cut(strings.TrimPrefix(ref, ociScheme), "/")
	if strings.Contains(host, "@") {
		return ociReference{}, remedy.Errorf("log in with `helm registry login`, and leave them out", "%s... has credentials in it", ociScheme)
	}
	var r ociReference
	path, text, hasDigest := strings.Cut(path, "@")
	if hasDigest {
		r.digest = digest.Digest(text)
		if err := r.digest.Validate(); err != nil || r.digest.Algorithm() != digest.SHA256 {
			return ociReference{}, remedy.Errorf(step, "%s: %q is no digest", ref, text)
		}
	}
	path, tag, hasTag := strings.Cut(path, ":")
	r.tag = tagOf(tag)
	path = strings.TrimRight(path, "/")
	switch {
	case hasTag && !tagSyntax.MatchString(r.tag):
		return ociReference{}, remedy.Errorf(step, "%s: %q is no tag", ref, tag)
	case path == "":
		return ociReference{}, remedy.Errorf(step, "%s names no chart in the registry", ref)
	case !pathSyntax.MatchString(path):
		return ociReference{}, remedy.Errorf(step, "%s: %q is no path in a registry", ref, path)
	}
	var options []name.Option
	if plainHTTP {
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(host, options...)
	if err != nil || host == "" {
		return ociReference{}, remedy.Errorf(step, "%s: %q is no host of a registry", ref, host)
	}
	r.repository, r.plainHTTP = registry.Repo(path), plainHTTP
	r.shown = ociScheme + host + "/" + path
	return r, nil
}

// Registries know no plus sign in tags, and Helm reads an underscore as one.
func tagOf(version string) string  { return strings.ReplaceAll(version, "+", "_") }
func versionOf(tag string) string  { return strings.ReplaceAll(tag, "_", "+") }
func isVersionTag(tag string) bool { return versionOfTag(tag) != nil }

// versionOfTag gives the version that a tag is, nil where it is another one,
// such as 1.2 or latest, which move.
func versionOfTag(tag string) *semver.Version {
	v, err := semver.StrictNewVersion(strings.TrimPrefix(versionOf(tag), "v"))
	if err != nil {
		return nil
	}
	return v
}

// source is the reference with a tag or digest.
func (r ociReference) source() string {
	switch {
	case r.digest != "" && r.tag != "":
		return r.shown + ":" + versionOf(r.tag) + "@" + r.digest.String()
	case r.digest != "":
		return r.shown + "@" + r.digest.String()
	}
	return r.shown + ":" + versionOf(r.tag)
}

// at is the URL of something in the repository.
func (r ociReference) at(what string) *url.URL {
	u := &url.URL{Scheme: "https", Host: r.repository.RegistryStr(), Path: "/v2/" + r.repository.RepositoryStr() + what}
	if r.plainHTTP {
		u.Scheme = "http"
	}
	return u
}

// registry gets a chart of an OCI registry. version is for a reference without a
// tag and a digest.
func (f *finder) registry(ctx context.Context, ref, version string) (*Chart, error) {
	r, err := parseOCI(ref, f.o.PlainHTTP)
	if err != nil {
		return nil, err
	}
	var c *client
	if !f.o.Offline {
		if c, err = f.connect(ctx, r); err != nil {
			return nil, err
		}
		defer c.close()
	}
	var versions, notes []string
	if r.tag == "" && r.digest == "" {
		if versions, notes, err = f.versions(ctx, c, r, version); err != nil {
			return nil, err
		}
		if r.tag, err = pickTag(r, version, versions); err != nil {
			return nil, err
		}
	}
	out, err := f.pull(ctx, c, r)
	if err != nil {
		return nil, err
	}
	out.Source, out.Versions, out.Newest = r.source(), sorted(versions), newestStable(versions)
	out.Notes = append(notes, out.Notes...)
	return out, nil
}

// versions gives the versions that the registry has. An exact version can do
// without: not everybody who may pull may list.
func (f *finder) versions(ctx context.Context, c *client, r ociReference, want string) (versions, notes []string, err error) {
	tags, read, err := f.tags(ctx, c, r)
	if err != nil {
		if wish, bad := newWish(want); bad == nil && wish.exact != nil && ctx.Err() == nil {
			return nil, []string{fmt.Sprintf("the versions of %s are not known: %v", r.shown, err)}, nil
		}
		return nil, nil, err
	}
	for _, tag := range tags {
		if isVersionTag(tag) {
			versions = append(versions, versionOf(tag))
		}
	}
	if f.o.Offline {
		notes = []string{fmt.Sprintf("the versions of %s were read at %s", r.shown, moment(read))}
	}
	return versions, notes, nil
}

// pickTag gives the tag of the version that was asked for.
func pickTag(r ociReference, want string, versions []string) (string, error) {
	if versions == nil && want != "" {
		if wish, err := newWish(want); err == nil && wish.exact != nil {
			return tagOf(want), nil
		}
	}
	i, err := choose(want, versions)
	if err != nil {
		return "", remedy.Errorf(or(remedy.Step(err), stepOfMissing(theTags)), "%s: %w", r.shown, err)
	}
	return tagOf(versions[i]), nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// connect says hello to the registry, with credentials where it wants some.
func (f *finder) connect(ctx context.Context, r ociReference) (*client, error) {
	base, err := f.trust(repository{}).transport()
	if err != nil {
		return nil, err
	}
	auth, err := f.authenticator(ctx, r.repository)
	if err != nil {
		return nil, err
	}
	c := &client{
		http: &http.Client{Transport: base, CheckRedirect: checkRedirect}, log: f.log, wait: f.o.Wait, user: f.o.UserAgent,
		home: r.at(""),
	}
	watched := transport.NewUserAgent(&schemed{next: base, home: c.home}, f.o.UserAgent)
	hello := *r.at("")
	hello.Path = "/v2/"
	err = c.retry(ctx, "reach "+r.repository.RegistryStr(), func() error {
		f.log("Reading %s", hello.String())
		t, err := transport.NewWithContext(ctx, r.repository.Registry, auth, watched, []string{r.repository.Scope(transport.PullScope)})
		if err != nil {
			return refusal(err)
		}
		c.http.Transport = t
		return nil
	})
	if err != nil {
		return nil, f.registryFailure(err, &hello, "the registry")
	}
	return c, nil
}

// refusal gives go-containerregistry's errors without what a server said: it may
// send credentials back, and signed addresses.
func refusal(err error) error {
	var refused *transport.Error
	switch {
	case errors.As(err, &refused):
		return &statusError{code: refused.StatusCode}
	case strings.Contains(err.Error(), "no token in bearer response"):
		return errors.New("no token in the answer of the token server")
	}
	return plain(err)
}

// schemed keeps to the scheme that the user chose for the registry:
// go-containerregistry falls back to HTTP by itself for private addresses, with
// the credentials.
type schemed struct {
	next http.RoundTripper
	home *url.URL
}

// RoundTrip is net/http's.
func (s *schemed) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case req.URL.Host == s.home.Host && req.URL.Scheme != s.home.Scheme:
		req = req.Clone(req.Context())
		req.URL.Scheme = s.home.Scheme
	case req.URL.Scheme == "http" && s.home.Scheme == "https":
		return nil, errDowngrade
	}
	return s.next.RoundTrip(req)
}

func (f *finder) registryFailure(err error, u *url.URL, what string) error {
	return f.failure(refusal(err), u, what, "`helm registry login "+u.Host+"`")
}

// tags lists the tags of a repository, and says when they were read.
func (f *finder) tags(ctx context.Context, c *client, r ociReference) ([]string, time.Time, error) {
	key := r.shown + " tags"
	if c == nil {
		a, data := f.own.recall(key, maxTagPage*maxTagPages)
		var tags []string
		if a == nil || json.Unmarshal(data, &tags) != nil {
			return nil, time.Time{}, remedy.Errorf(f.fill(f.o.Version), "the versions of %s are in no cache, and --offline forbids to read them", r.shown)
		}
		return tags, a.Read, nil
	}
	tags, err := f.readTags(ctx, c, r)
	if err != nil {
		return nil, time.Time{}, err
	}
	now := time.Now().UTC()
	// It fails for no list of strings.
	data, _ := json.Marshal(tags)
	f.remember(key, answer{Of: key, Read: now}, data)
	return tags, now, nil
}

func (f *finder) readTags(ctx context.Context, c *client, r ociReference) ([]string, error) {
	next := r.at("/tags/list")
	next.RawQuery = "n=1000"
	tags := []string{}
	for range maxTagPages {
		got, err := c.get(ctx, question{url: next, limit: maxTagPage})
		if err != nil {
			return nil, f.registryFailure(err, next, theTags)
		}
		var page struct {
			Tags []string `json:"tags"`
		}
		if err := json.Unmarshal(got.data, &page); err != nil {
			return nil, remedy.Errorf("look whether it is a registry", "%s answers with something else than a list of tags", shown(next.String()))
		}
		tags = append(tags, page.Tags...)
		link := nextPage(got.header.Get("Link"))
		if link == nil {
			return tags, nil
		}
		if next = next.ResolveReference(link); !sameOrigin(next, r.at("")) {
			return nil, remedy.Errorf("name the version with a tag, as in "+r.shown+":1.2.3", "%s continues its list of tags at another server", r.shown)
		}
	}
	return nil, remedy.Errorf("name the version with a tag, as in "+r.shown+":1.2.3", "the list of tags of %s has more than %d pages", r.shown, maxTagPages)
}

// nextPage reads the header Link, as the distribution specification has it: an
// address in angle brackets, then rel="next".
func nextPage(link string) *url.URL {
	rest, ok := strings.CutPrefix(link, "<")
	if !ok {
		return nil
	}
	address, _, ok := strings.Cut(rest, ">")
	if !ok || address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u
}

// pull gets the chart under a tag or digest.
func (f *finder) pull(ctx context.Context, c *client, r ociReference) (*Chart, error) {
	raw, note, err := f.manifest(ctx, c, r)
	if err != nil {
		return nil, err
	}
	layer, err := chartLayer(raw)
	if err != nil {
		return nil, remedy.Errorf("point --upstream to a chart, as in oci://registry.example.com/charts/livekit-server", "%s is no chart: %w", r.source(), err)
	}
	data := f.cachedArchive(layer.Digest)
	fetched := data == nil
	if fetched {
		if data, err = f.blob(ctx, c, r, layer); err != nil {
			return nil, err
		}
	}
	chart, err := loadArchive(r.source(), data)
	if err != nil {
		return nil, err
	}
	if fetched {
		f.keep(data)
	}
	if r.digest == "" && c != nil {
		f.remember(r.source(), answer{Of: r.source(), Read: time.Now().UTC()}, raw)
	} else {
		f.keep(raw)
	}
	out := &Chart{Chart: chart, Digest: layer.Digest.String()}
	if note != "" {
		out.note("%s", note)
	}
	if isVersionTag(r.tag) && versionOf(r.tag) != chart.Version() {
		out.note("the tag of %s is not the chart's version: Chart.yaml says %s", r.source(), chart.Version())
	}
	return out, nil
}

// manifest gets the manifest under a tag or digest.
func (f *finder) manifest(ctx context.Context, c *client, r ociReference) (raw []byte, note string, err error) {
	if r.digest != "" {
		if raw := f.own.get(r.digest, maxManifest); raw != nil {
			return raw, "", nil
		}
	} else if c == nil {
		if a, raw := f.own.recall(r.source(), maxManifest); raw != nil {
			return raw, fmt.Sprintf("what %s leads to was read at %s", r.source(), moment(a.Read)), nil
		}
	}
	if c == nil {
		return nil, "", remedy.Errorf(f.fill(f.o.Version), "%s is in no cache, and --offline forbids to read it", r.source())
	}
	identifier := r.tag
	if r.digest != "" {
		identifier = r.digest.String()
	}
	u := r.at("/manifests/" + identifier)
	got, err := c.get(ctx, question{url: u, limit: maxManifest, header: http.Header{"Accept": {oci.MediaTypeImageManifest, oci.MediaTypeImageIndex}}})
	if err != nil {
		return nil, "", f.registryFailure(err, u, theManifest)
	}
	if d := digestOf(got.data); r.digest != "" && d != r.digest {
		return nil, "", wrongContent(u, d, r.digest)
	}
	return got.data, "", nil
}

// chartLayer gives the archive that a manifest names.
func chartLayer(raw []byte) (oci.Descriptor, error) {
	var m struct {
		oci.Manifest
		Manifests []oci.Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return oci.Descriptor{}, errors.New("its manifest is no JSON")
	}
	var types []string
	for _, layer := range m.Layers {
		if layer.MediaType != chartType && layer.MediaType != legacyChartType {
			types = append(types, layer.MediaType)
			continue
		}
		if err := layer.Digest.Validate(); err != nil || layer.Digest.Algorithm() != digest.SHA256 {
			return oci.Descriptor{}, fmt.Errorf("its manifest gives no SHA-256 for the archive")
		}
		return layer, nil
	}
	if len(m.Manifests) > 0 {
		return oci.Descriptor{}, errors.New("it is an index of several images")
	}
	return oci.Descriptor{}, fmt.Errorf("it holds %s", orNone(some(types)))
}

// blob gets an archive.
func (f *finder) blob(ctx context.Context, c *client, r ociReference, layer oci.Descriptor) ([]byte, error) {
	if c == nil {
		return nil, remedy.Errorf(f.fill(f.o.Version), "the archive of %s is in no cache, and --offline forbids to read it", r.source())
	}
	u := r.at("/blobs/" + layer.Digest.String())
	got, err := c.get(ctx, archiveQuestion(u))
	if err != nil {
		return nil, f.registryFailure(err, u, theArchive)
	}
	if d := digestOf(got.data); d != layer.Digest {
		return nil, wrongContent(u, d, layer.Digest)
	}
	return got.data, nil
}

func wrongContent(u *url.URL, got, want digest.Digest) error {
	return remedy.Errorf("try again; if it stays so, look at the registry's storage", "%s answers with content of digest %s, not %s", shown(u.String()), got, want)
}
