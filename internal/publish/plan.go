package publish

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Plan is a push that a registry has been asked about, and that nothing stands
// in the way of. It holds for as long as Options.Timeout says.
type Plan struct {
	o        Options
	session  *session
	own      *artifact // of the package
	chart    *artifact // own, or what is there with the same content
	attach   []Attachment
	attached []*artifact
	tag      name.Tag
	also     []name.Tag
	deadline time.Time
	result   Result
}

// Prepare asks the registry what it has and writes nothing. It fails where the
// version is there with another content and Options.Force is not set.
func Prepare(ctx context.Context, p *Package, o Options) (*Plan, error) {
	plan, err := newPlan(p, o)
	if err != nil {
		return nil, err
	}
	r := &retrier{tries: o.Tries, wait: o.Wait, limit: o.Timeout, notes: o.Notes, secrets: &secrets{}}
	ctx, cancel := plan.limit(ctx)
	defer cancel()
	plan.session, err = connect(ctx, o.Connection, plan.tag.Repository, o.Debug, r)
	if err == nil {
		err = plan.look(ctx)
	}
	if err != nil {
		return nil, plan.explain(r, err)
	}
	return plan, nil
}

// newPlan is what needs no registry.
func newPlan(p *Package, o Options) (*Plan, error) {
	if o.Timeout <= 0 || o.Tries <= 0 {
		return nil, remedy.Errorf("give --timeout a time such as 5m", "no time is left for the push")
	}
	repo, err := o.Target.repository(p.Name, o.Connection.PlainHTTP)
	if err != nil {
		return nil, err
	}
	plan := &Plan{o: o, deadline: time.Now().Add(o.Timeout)}
	if plan.own, err = p.artifact(); err != nil {
		return nil, err
	}
	tag, err := tagOf(p.Version)
	if err != nil {
		return nil, err
	}
	plan.tag = repo.Tag(tag)
	base := o.Target.reference(p.Name)
	plan.result = Result{
		Chart: p.Name, Version: p.Version, Repository: base,
		Ref: base + ":" + tag, ChartDigest: p.Digest, ChartSize: p.Size, PlainHTTP: o.Connection.PlainHTTP,
	}
	plan.take(plan.own, WouldPush)
	for _, version := range o.AlsoTag {
		tag, err := tagOf(version)
		if err != nil {
			return nil, err
		}
		plan.also = append(plan.also, repo.Tag(tag))
		plan.result.AlsoTagged = append(plan.result.AlsoTagged, base+":"+tag)
	}
	return plan, nil
}

func (p *Plan) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, p.deadline, errLimit)
}

// Result says what a push would come to.
func (p *Plan) Result() *Result {
	result := p.result
	return &result
}

// look compares what the registry has under the tag with the package.
func (p *Plan) look(ctx context.Context) error {
	there, err := p.session.manifest(ctx, p.tag, "")
	if err != nil || there == nil {
		return err
	}
	var manifest oci.Manifest
	if err := json.Unmarshal(there.raw, &manifest); err != nil {
		manifest = oci.Manifest{} // whatever it is, it is no chart
	}
	digests := map[string]string{}
	for _, l := range manifest.Layers {
		digests[l.MediaType] = l.Digest.String()
	}
	found, signed := digests[mediaChart], digests[mediaProvenance] != ""
	switch {
	case found != p.result.ChartDigest:
		return p.refuse(there, found)
	case p.isSigned() && !signed:
		if !p.o.Force {
			return remedy.Errorf("give --force to write it with its provenance, or push without --sign",
				"%s is there with the same content, and without provenance", p.result.Ref)
		}
		p.result.Replaced = there.Digest.String()
		return nil
	case p.o.Force && there.Digest != p.chart.Digest:
		p.result.Replaced = there.Digest.String()
		return nil
	}
	m := &artifact{Descriptor: there.Descriptor, raw: there.raw}
	for _, d := range append(manifest.Layers, manifest.Config) {
		m.blobs = append(m.blobs, blob{Descriptor: d})
	}
	whole, err := p.isWhole(ctx, m)
	if err != nil || !whole {
		return err // a push mends what is not whole
	}
	p.take(m, AlreadyPresent)
	return nil
}

// take makes a manifest the one that the version has at the end.
func (p *Plan) take(m *artifact, status string) {
	var manifest oci.Manifest
	_ = json.Unmarshal(m.raw, &manifest) // it was written here, or read as one
	p.chart = m
	p.result.Status, p.result.Digest, p.result.Size = status, m.Digest.String(), m.Size
	p.result.Annotations = map[string]string{}
	maps.Copy(p.result.Annotations, manifest.Annotations)
}

// isPresent reports whether the version was there, whole, with the same
// content.
func (p *Plan) isPresent() bool { return p.result.Status == AlreadyPresent }

func (p *Plan) isSigned() bool {
	for _, b := range p.chart.blobs {
		if b.MediaType == mediaProvenance {
			return true
		}
	}
	return false
}

// refuse is about another content under the same version.
func (p *Plan) refuse(there *stored, found string) error {
	if p.o.Force {
		p.result.Replaced = there.Digest.String()
		return nil
	}
	const step = "give the chart a new version, or give --force to replace what is there"
	if found == "" {
		return remedy.Errorf(step, "%s is there, with digest %s, and is no chart", p.result.Ref, there.Digest)
	}
	return remedy.Errorf(step, "%s is there with other content: chart %s there, %s here", p.result.Ref, found, p.result.ChartDigest)
}

// isWhole looks for the blobs of a manifest.
func (p *Plan) isWhole(ctx context.Context, m *artifact) (bool, error) {
	group, ctx := errgroup.WithContext(ctx)
	there := make([]bool, len(m.blobs))
	for i, b := range m.blobs {
		group.Go(func() (err error) {
			there[i], err = p.session.has(ctx, b.Descriptor)
			return err
		})
	}
	err := group.Wait()
	return !slices.Contains(there, false), err
}
