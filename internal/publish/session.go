package publish

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
)

// session is an authenticated connection to one repository. Each of its
// operations is tried again as a whole where it fails.
type session struct {
	repo      name.Repository
	transport http.RoundTripper
	retry     *retrier
}

// connect asks the registry how to authenticate, and does.
func connect(ctx context.Context, c Connection, repo name.Repository, debug io.Writer, r *retrier) (*session, error) {
	base, err := c.transport()
	if err != nil {
		return nil, err
	}
	auth, err := c.authenticator(ctx, repo)
	if err != nil {
		return nil, err
	}
	if config, err := auth.Authorization(); err == nil {
		r.secrets.add(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	}
	watched := transport.NewUserAgent(&watcher{next: base, host: repo.RegistryStr(), plainHTTP: c.PlainHTTP, secrets: r.secrets, debug: debug}, c.UserAgent)
	s := &session{repo: repo, retry: r}
	err = r.do(ctx, "reach "+repo.RegistryStr(), "", func(ctx context.Context) error {
		s.transport, err = transport.NewWithContext(ctx, repo.Registry, auth, watched, []string{repo.Scope(transport.PushScope)})
		return err
	})
	return s, err
}

// once makes go-containerregistry try once: the retrier does the rest, as a
// whole and with an eye on the context.
func (s *session) once(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(s.transport),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryPredicate(func(error) bool { return false }),
	}
}

// stored is a manifest as a registry has it.
type stored struct {
	oci.Descriptor
	raw []byte
}

// manifest reads the manifest that a tag or digest leads to, nil where there is
// none. Where expect is not "", the registry must give that one.
func (s *session) manifest(ctx context.Context, ref name.Reference, expect digest.Digest) (*stored, error) {
	var found *stored
	err := s.retry.do(ctx, "read "+ref.Identifier(), expect, func(ctx context.Context) error {
		found = nil
		got, err := remote.Get(ref, s.once(ctx)...)
		if status(err) == http.StatusNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		found = &stored{oci.Descriptor{MediaType: string(got.MediaType), Digest: digest.Digest(got.Digest.String()), Size: got.Size}, got.Manifest}
		if expect != "" && found.Digest != expect {
			return &wrongDigestError{"read " + ref.Identifier(), expect, found.Digest}
		}
		return nil
	})
	return found, err
}

// has reports whether the registry has a blob of that digest and size.
func (s *session) has(ctx context.Context, d oci.Descriptor) (bool, error) {
	there := false
	err := s.retry.do(ctx, "look for "+d.Digest.String(), d.Digest, func(ctx context.Context) error {
		layer, err := remote.Layer(s.repo.Digest(d.Digest.String()), s.once(ctx)...)
		if err != nil {
			return err
		}
		size, err := layer.Size()
		if status(err) == http.StatusNotFound {
			return nil
		}
		there = err == nil && (size == d.Size || size < 0) // some do not tell
		return err
	})
	return there, err
}

// upload sends a blob, unless the registry has it.
func (s *session) upload(ctx context.Context, b blob, p *progress) error {
	return s.retry.do(ctx, "upload "+b.Digest.String(), b.Digest, func(ctx context.Context) error {
		defer p.settle(b)
		return remote.WriteLayer(s.repo, layer{b, p}, s.once(ctx)...)
	})
}

// put writes a manifest under a tag or its digest.
func (s *session) put(ctx context.Context, ref name.Reference, m *artifact) error {
	expect := m.Digest
	if m.refers {
		expect = ""
	}
	return s.retry.do(ctx, "write "+ref.Identifier(), expect, func(ctx context.Context) error {
		return remote.Put(ref, taggable{m}, s.once(ctx)...)
	})
}

// status gives the HTTP status of a refusal, 0 for any other error.
func status(err error) int {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}

// taggable is a manifest as go-containerregistry takes it.
type taggable struct{ m *artifact }

func (t taggable) RawManifest() ([]byte, error) { return t.m.raw, nil }
func (t taggable) MediaType() (types.MediaType, error) {
	return types.MediaType(t.m.Descriptor.MediaType), nil
}

// layer is a blob as go-containerregistry takes it.
type layer struct {
	b blob
	p *progress
}

func (l layer) Digest() (v1.Hash, error)             { return v1.NewHash(l.b.Digest.String()) }
func (l layer) DiffID() (v1.Hash, error)             { return l.Digest() }
func (l layer) Size() (int64, error)                 { return l.b.Size, nil }
func (l layer) MediaType() (types.MediaType, error)  { return types.MediaType(l.b.MediaType), nil }
func (l layer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }
func (l layer) Compressed() (io.ReadCloser, error) {
	r, err := l.b.open()
	if err != nil {
		return nil, err
	}
	return l.p.watch(l.b, r), nil
}
