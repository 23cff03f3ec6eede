// Package oci speaks with OCI registries, and is the only door to go-containerregistry: credentials, TLS, plain HTTP,
// retries and the redaction of secrets are the same for whoever reads and whoever writes.
package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Client is an authenticated connection to one repository. Each operation is tried again as a whole.
type Client struct {
	repo      Repository
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
	c := &Client{repo: repo, retry: retry}
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

// send sends a request and gives the answer, which has one of the codes; what has another is a *transport.Error.
func (c *Client) send(req *http.Request, codes ...int) (*answer, error) {
	client := http.Client{Transport: c.transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		return checkHost(via[0].URL, req.URL)
	}}
	resp, err := client.Do(req)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		failed.URL, _, _ = strings.Cut(failed.URL, "?") // storage is led to by signed addresses
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := transport.CheckError(resp, codes...); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(resp.Body)
	return &answer{resp, data}, err
}

// answer is an answer with what its body had.
type answer struct {
	*http.Response
	data []byte
}

// ask sends a request that has no body.
func (c *Client) ask(ctx context.Context, method string, at *url.URL, accept string, codes ...int) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	return c.send(req, codes...)
}

// Manifest is a manifest as a registry has it.
type Manifest struct {
	spec.Descriptor
	Raw []byte
}

// manifestTypes are the kinds of manifests that registries have. What is no chart is refused by what it is.
const manifestTypes = spec.MediaTypeImageManifest + "," + spec.MediaTypeImageIndex +
	",application/vnd.docker.distribution.manifest.v2+json,application/vnd.docker.distribution.manifest.list.v2+json" +
	",application/vnd.docker.distribution.manifest.v1+prettyjws,application/vnd.docker.distribution.manifest.v1+json"

// try makes an operation of the client, and gives what the last try of it gives.
func try[T any](ctx context.Context, c *Client, op string, do func(context.Context) (T, error)) (result T, err error) {
	err = c.retry.Do(ctx, op, func(ctx context.Context) (err error) {
		result, err = do(ctx)
		return err
	})
	return result, err
}

// Manifest reads what is under a tag or digest, nil where nothing is. Content of another digest is a *DigestError.
func (c *Client) Manifest(ctx context.Context, identifier string) (*Manifest, error) {
	op := "read " + identifier
	return try(ctx, c, op, func(ctx context.Context) (*Manifest, error) {
		got, err := c.ask(ctx, http.MethodGet, c.repo.URL("/manifests/"+identifier), manifestTypes, http.StatusOK)
		if Status(err) == http.StatusNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		found := spec.Descriptor{
			MediaType: got.Header.Get("Content-Type"), Digest: digest.FromBytes(got.data), Size: int64(len(got.data)),
		}
		if want := digest.Digest(identifier); want.Validate() == nil && found.Digest != want {
			return nil, &DigestError{op, found.Digest, want}
		}
		return &Manifest{found, got.data}, nil
	})
}

// Blob reads a blob of at most 64 MiB.
func (c *Client) Blob(ctx context.Context, want digest.Digest) ([]byte, error) {
	op := "read " + want.String()
	return try(ctx, c, op, func(ctx context.Context) ([]byte, error) {
		got, err := c.ask(ctx, http.MethodGet, c.blob(want), "*/*", http.StatusOK)
		if err != nil {
			return nil, err
		}
		if sum := digest.FromBytes(got.data); sum != want {
			return nil, &DigestError{op, sum, want}
		}
		return got.data, nil
	})
}

func (c *Client) blob(d digest.Digest) *url.URL { return c.repo.URL("/blobs/" + d.String()) }

// Has reports whether the registry has a blob of that digest and size.
func (c *Client) Has(ctx context.Context, d spec.Descriptor) (bool, error) {
	return try(ctx, c, "look for "+d.Digest.String(), func(ctx context.Context) (bool, error) {
		got, err := c.ask(ctx, http.MethodHead, c.blob(d.Digest), "*/*", http.StatusOK, http.StatusNotFound)
		if err != nil || got.StatusCode == http.StatusNotFound {
			return false, err
		}
		return got.ContentLength == d.Size || got.ContentLength < 0, nil // some do not tell
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
	return try(ctx, c, "read the tags", func(ctx context.Context) ([]string, error) {
		tags := []string{}
		next := c.repo.URL("/tags/list")
		next.RawQuery = "n=1000"
		for n := 0; next != nil; n++ {
			if n == maxTagPages {
				return nil, ErrTagPages
			}
			got, err := c.ask(ctx, http.MethodGet, next, "application/json", http.StatusOK)
			if err != nil {
				return nil, err
			}
			var page struct{ Tags []string }
			if err := json.Unmarshal(got.data, &page); err != nil {
				return nil, fmt.Errorf("read the list of tags: %w", err)
			}
			tags = append(tags, page.Tags...)
			if next, err = c.nextPage(got); err != nil {
				return nil, err
			}
		}
		return tags, nil
	})
}

// nextPage gives where a list goes on, nil at its end
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags).
func (c *Client) nextPage(got *answer) (*url.URL, error) {
	link, _, _ := strings.Cut(strings.TrimPrefix(got.Header.Get("Link"), "<"), ">")
	if link == "" {
		return nil, nil
	}
	next, err := got.Request.URL.Parse(link)
	if err == nil && (next.Host != c.repo.Host() || next.Scheme != c.repo.scheme) {
		return nil, ErrTagsElsewhere
	}
	return next, err
}
