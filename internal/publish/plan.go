package publish

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	spec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// plan is a push that a registry has been asked about, and that nothing hinders. It holds for Options.Timeout.
type plan struct {
	o        Options
	client   *oci.Client
	retry    *oci.Retry
	repo     oci.Repository
	own      *artifact // of the package
	chart    *artifact // own, or what is there with the same content
	attach   []Attachment
	attached []*artifact
	tags     []string // the version's, and further ones
	deadline time.Time
	result   Result
}

// prepare asks the registry what it has and writes nothing. Without Options.Force another content is an error.
func prepare(ctx context.Context, packed *Package, o Options) (*plan, error) {
	p, err := newPlan(packed, o)
	if err != nil {
		return nil, err
	}
	if p.repo, err = o.Target.repository(packed.Name, o.Connection.PlainHTTP); err != nil {
		return nil, err
	}
	p.retry = &oci.Retry{Tries: o.Tries, Wait: o.Wait, Notes: o.Notes, Secrets: &oci.Secrets{}}
	o.Connection.RegistryConfig = cmp.Or(o.Connection.RegistryConfig, helmchart.RegistryConfig())
	o.Connection.Silence = 90 * time.Second
	ctx, cancel := p.limit(ctx)
	defer cancel()
	p.client, err = oci.Connect(ctx, o.Connection, p.repo, oci.Push, p.retry)
	if err == nil {
		err = p.look(ctx)
	}
	if err != nil {
		return nil, p.explain(ctx, err)
	}
	return p, nil
}

// newPlan is what needs no registry.
func newPlan(packed *Package, o Options) (*plan, error) {
	if o.Timeout <= 0 {
		return nil, remedy.Errorf("give --timeout a time such as 5m", "no time is left for the push")
	}
	p := &plan{o: o, deadline: time.Now().Add(o.Timeout)}
	var err error
	if p.own, err = packed.artifact(); err != nil {
		return nil, err
	}
	var refs []string
	base := o.Target.reference(packed.Name)
	for _, version := range append([]string{packed.Version}, o.AlsoTag...) {
		tag, err := tagOf(version)
		if err != nil {
			return nil, err
		}
		p.tags, refs = append(p.tags, tag), append(refs, base+":"+tag)
	}
	p.result = Result{
		Chart: packed.Name, Version: packed.Version, Repository: base, Ref: refs[0], AlsoTagged: refs[1:],
		ChartDigest: packed.Digest, ChartSize: packed.Size, PlainHTTP: o.Connection.PlainHTTP,
	}
	p.take(p.own, WouldPush)
	return p, nil
}

func (p *plan) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, p.deadline, errLimit)
}

// look compares what the registry has under the tag with the package.
func (p *plan) look(ctx context.Context) error {
	there, err := p.client.Manifest(ctx, p.tags[0])
	if err != nil || there == nil {
		return err
	}
	var manifest spec.Manifest
	if err := json.Unmarshal(there.Raw, &manifest); err != nil {
		manifest = spec.Manifest{} // whatever it is, it is no chart
	}
	digests := map[string]string{}
	for _, l := range manifest.Layers {
		digests[l.MediaType] = l.Digest.String()
	}
	const step = "give the chart a new version, or give --force to replace what is there"
	isProvenance := func(b oci.Blob) bool { return b.MediaType == mediaProvenance }
	switch found := digests[mediaChart]; {
	case p.o.Force && there.Digest != p.chart.Digest:
		p.result.Replaced = there.Digest.String()
		return nil
	case found == "":
		return remedy.Errorf(step, "%s is there, with digest %s, and is no chart", p.result.Ref, there.Digest)
	case found != p.result.ChartDigest:
		return remedy.Errorf(step, "%s is there with other content: chart %s there, %s here",
			p.result.Ref, found, p.result.ChartDigest)
	case digests[mediaProvenance] == "" && slices.ContainsFunc(p.own.blobs, isProvenance):
		return remedy.Errorf("give --force to write it with its provenance, or push without --sign",
			"%s is there with the same content, and without provenance", p.result.Ref)
	}
	m := &artifact{Manifest: *there, annotations: manifest.Annotations}
	for _, d := range append(manifest.Layers, manifest.Config) {
		m.blobs = append(m.blobs, oci.Blob{Descriptor: d})
	}
	whole, err := p.isWhole(ctx, m)
	if err != nil || !whole {
		return err // a push mends what is not whole
	}
	p.take(m, AlreadyPresent)
	return nil
}

// take makes a manifest the one that the version has at the end.
func (p *plan) take(m *artifact, status string) {
	p.chart = m
	p.result.Status, p.result.Digest, p.result.Size = status, m.Digest.String(), m.Size
	p.result.Annotations = map[string]string{}
	maps.Copy(p.result.Annotations, m.annotations)
}

// isPresent reports whether the version was there, whole, with the same content.
func (p *plan) isPresent() bool { return p.result.Status == AlreadyPresent }

// isWhole looks for a manifest, by its digest, and for its blobs.
func (p *plan) isWhole(ctx context.Context, m *artifact) (bool, error) {
	group, ctx := errgroup.WithContext(ctx)
	there := make([]bool, len(m.blobs)+1)
	for i, b := range m.blobs {
		group.Go(func() (err error) {
			there[i], err = p.client.Has(ctx, b.Descriptor)
			return err
		})
	}
	group.Go(func() error {
		found, err := p.client.Manifest(ctx, m.Digest.String())
		there[len(m.blobs)] = found != nil
		return err
	})
	err := group.Wait()
	return !slices.Contains(there, false), err
}

// Target is where charts go: HOST[/PATH], to which a push adds the chart's name.
type Target struct{ host, path string }

// ParseTarget reads oci://HOST[/PATH], as `helm push` takes it.
func ParseTarget(reference string) (Target, error) {
	const step = "write it as oci://registry.example.com/charts; the chart's name and version are added"
	r, err := oci.ParseReference(reference, step)
	switch {
	case err != nil:
		return Target{}, err
	case r.Host == "":
		return Target{}, remedy.Errorf(step, "%q names no host", reference)
	case r.Tag != "" || r.Digest != "":
		return Target{}, remedy.Errorf(step, "%q has a tag or a digest in it", reference)
	}
	return Target{r.Host, r.Path}, nil
}

// repository gives the repository of a chart.
func (t Target) repository(chart string, plainHTTP bool) (oci.Repository, error) {
	if !oci.IsPath(chart) {
		return oci.Repository{}, remedy.Errorf("give it a name in lower-case letters, digits and dashes in Chart.yaml",
			"the chart's name %q cannot be part of a registry's path", chart)
	}
	return oci.NewRepository(t.host, strings.TrimPrefix(t.path+"/"+chart, "/"), plainHTTP)
}

// reference is how the user would write the repository of a chart, without the scheme.
func (t Target) reference(chart string) string {
	return strings.TrimSuffix(t.host+"/"+t.path, "/") + "/" + chart
}

// tagOf gives the tag of a version.
func tagOf(version string) (string, error) {
	tag := oci.Tag(version)
	if !oci.IsTag(tag) {
		return "", remedy.Errorf("use at most 128 letters, digits and . _ - +",
			"%q cannot be a tag in a registry", version)
	}
	return tag, nil
}
