// Package oci speaks with OCI registries, and is the only door to go-containerregistry: credentials, TLS, plain HTTP,
// retries and the redaction of secrets are the same for whoever reads and whoever writes.
package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Client is an authenticated connection to one repository. Each operation is tried again as a whole.
type Client struct {
	repo      name.Repository
	transport http.RoundTripper
	retry     *Retry
}

// Access is what a client may do, if the registry lets it.
type Access string

// The kinds of access.
const (
	Pull Access = "pull"
	Push Access = "push,pull"
)

// Connect asks the registry how to authenticate, and does.
func Connect(ctx context.Context, o Options, repo Repository, access Access, retry *Retry) (*Client, error) {
	connects, err := o.connections()
	if err != nil {
		return nil, err
	}
	connects.DisableCompression = true // net/http would unpack what a server calls gzipped
	auth, err := o.authenticator(ctx, repo.repo)
	if err != nil {
		return nil, err
	}
	if config, err := auth.Authorization(); err == nil {
		retry.Secrets.add(config.Password, config.Auth, config.IdentityToken, config.RegistryToken)
	}
	host := repo.Host()
	observed := &observer{connects, host, repo.scheme, retry.Secrets, o.Debug}
	c := &Client{repo: repo.repo, retry: retry}
	named := transport.NewUserAgent(observed, o.UserAgent)
	err = c.retry.Do(ctx, "reach "+host, func(ctx context.Context) error {
		scopes := []string{repo.repo.Scope(string(access))}
		c.transport, err = transport.NewWithContext(ctx, repo.repo.Registry, auth, named, scopes)
		return err
	})
	return c, err
}

// Transport gives a transport for other servers than registries, with the same guards: for debug lines, sizes, the
// pauses that a server asks for, and redirects.
func Transport(o Options, secrets *Secrets) (http.RoundTripper, error) {
	connects, err := o.connections()
	if err != nil {
		return nil, err
	}
	return &observer{next: connects, secrets: secrets, debug: o.Debug}, nil
}

// options make go-containerregistry try once: Retry does the rest, as a whole and with an eye on the context.
func (c *Client) options(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithTransport(c.transport),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryPredicate(func(error) bool { return false }),
		remote.WithPageSize(1000),
	}
}

// Manifest is a manifest as a registry has it.
type Manifest struct {
	spec.Descriptor
	Raw []byte
}

// try makes an operation of the client, and gives what the last try of it gives.
func try[T any](
	ctx context.Context, c *Client, op string, do func(context.Context, []remote.Option) (T, error),
) (result T, err error) {
	err = c.retry.Do(ctx, op, func(ctx context.Context) (err error) {
		result, err = do(ctx, c.options(ctx))
		return err
	})
	return result, err
}

// Manifest reads what is under a tag or digest, nil where nothing is. Another digest than asked for is a
// *DigestError.
func (c *Client) Manifest(ctx context.Context, identifier string) (*Manifest, error) {
	op := "read " + identifier
	return try(ctx, c, op, func(_ context.Context, options []remote.Option) (*Manifest, error) {
		// As if a digest were a tag, too: go-containerregistry's own error about another digest has no type.
		got, err := remote.Get(c.repo.Tag(identifier), options...)
		if Status(err) == http.StatusNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		found := spec.Descriptor{
			MediaType: string(got.MediaType), Digest: digest.FromBytes(got.Manifest), Size: got.Size,
		}
		if want := digest.Digest(identifier); want.Validate() == nil && found.Digest != want {
			return nil, &DigestError{op, found.Digest, want}
		}
		return &Manifest{found, got.Manifest}, nil
	})
}

// Blob reads a blob of at most 64 MiB.
func (c *Client) Blob(ctx context.Context, want digest.Digest) ([]byte, error) {
	op := "read " + want.String()
	return try(ctx, c, op, func(_ context.Context, options []remote.Option) ([]byte, error) {
		layer, err := remote.Layer(c.repo.Digest(want.String()), options...)
		if err != nil {
			return nil, err
		}
		body, err := layer.Compressed()
		if err != nil {
			return nil, err
		}
		defer body.Close()
		data, err := io.ReadAll(body)
		// The error of the library that says so has no type.
		if err != nil && strings.Contains(err.Error(), "error verifying") {
			return nil, &DigestError{op, digest.FromBytes(data), want}
		}
		return data, err
	})
}

// Has reports whether the registry has a blob of that digest and size.
func (c *Client) Has(ctx context.Context, d spec.Descriptor) (bool, error) {
	return try(ctx, c, "look for "+d.Digest.String(), func(_ context.Context, options []remote.Option) (bool, error) {
		layer, err := remote.Layer(c.repo.Digest(d.Digest.String()), options...)
		if err != nil {
			return false, err
		}
		size, err := layer.Size()
		if Status(err) == http.StatusNotFound {
			return false, nil
		}
		return err == nil && (size == d.Size || size < 0), err // some do not tell
	})
}

// maxTagPages is how many pages of tags are read, of up to 1000 each.
const maxTagPages = 100

// What may be wrong with a list of tags.
var (
	ErrTagPages      = fmt.Errorf("the list of tags has more than %d pages", maxTagPages)
	ErrTagsElsewhere = errors.New("the list of tags continues at another server")
)

// Tags lists the tags of the repository.
func (c *Client) Tags(ctx context.Context) ([]string, error) {
	return try(ctx, c, "read the tags", func(ctx context.Context, options []remote.Option) ([]string, error) {
		puller, err := remote.NewPuller(options...)
		if err != nil {
			return nil, err
		}
		tags := []string{}
		pages, err := puller.Lister(ctx, c.repo)
		for n := 0; err == nil && pages.HasNext(); n++ {
			if n == maxTagPages {
				return nil, ErrTagPages
			}
			var page *remote.Tags
			if page, err = pages.Next(ctx); err == nil {
				tags = append(tags, page.Tags...)
			}
		}
		if err != nil && strings.HasPrefix(err.Error(), "pagination URL") {
			return nil, ErrTagsElsewhere
		}
		return tags, err
	})
}

// Blob is one piece of content for a registry.
type Blob struct {
	spec.Descriptor
	Open func() (io.ReadCloser, error)
}

// Upload sends a blob, unless the registry has it.
func (c *Client) Upload(ctx context.Context, b Blob) error {
	return c.retry.Do(ctx, "upload "+b.Digest.String(), func(ctx context.Context) error {
		return remote.WriteLayer(c.repo, layer{b}, c.options(ctx)...)
	})
}

// Put writes a manifest under a tag or its digest. Where a registry has no API for referrers, the library keeps the
// list of them under a tag, as the specification says
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema).
func (c *Client) Put(ctx context.Context, identifier string, m Manifest) error {
	return c.retry.Do(ctx, "write "+identifier, func(ctx context.Context) error {
		var at name.Reference = c.repo.Tag(identifier)
		if strings.Contains(identifier, ":") {
			at = c.repo.Digest(identifier)
		}
		return remote.Put(at, taggable{m}, c.options(ctx)...)
	})
}

// taggable is a manifest as go-containerregistry takes it.
type taggable struct{ m Manifest }

func (t taggable) RawManifest() ([]byte, error) { return t.m.Raw, nil }
func (t taggable) MediaType() (types.MediaType, error) {
	return types.MediaType(t.m.Descriptor.MediaType), nil
}

// layer is a blob as go-containerregistry takes it.
type layer struct{ b Blob }

func (l layer) Digest() (v1.Hash, error)             { return v1.NewHash(l.b.Digest.String()) }
func (l layer) DiffID() (v1.Hash, error)             { return l.Digest() }
func (l layer) Size() (int64, error)                 { return l.b.Size, nil }
func (l layer) MediaType() (types.MediaType, error)  { return types.MediaType(l.b.MediaType), nil }
func (l layer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }
func (l layer) Compressed() (io.ReadCloser, error)   { return l.b.Open() }
