package oci

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Blob is one piece of content for a registry.
type Blob struct {
	spec.Descriptor
	Open func() (io.ReadCloser, error)
}

// Upload sends a blob, unless the registry has it.
func (c *Client) Upload(ctx context.Context, b Blob) error {
	return c.retry.Do(ctx, "upload "+b.Digest.String(), func(ctx context.Context) error {
		there, err := c.ask(ctx, http.MethodHead, c.blob(b.Digest), "*/*", http.StatusOK, http.StatusNotFound)
		if err != nil || there.StatusCode == http.StatusOK {
			return err
		}
		started, err := c.ask(ctx, http.MethodPost, c.repo.URL("/blobs/uploads/"), "*/*", http.StatusAccepted)
		if err != nil {
			return err
		}
		at, err := location(started)
		if err != nil {
			return err
		}
		if at, err = c.sendContent(ctx, at, b); err != nil {
			return err
		}
		query := at.Query()
		query.Set("digest", b.Digest.String())
		at.RawQuery = query.Encode()
		_, err = c.ask(ctx, http.MethodPut, at, "*/*", http.StatusCreated)
		return err
	})
}

// sendContent sends all of a blob, and gives where its upload ends.
func (c *Client) sendContent(ctx context.Context, at *url.URL, b Blob) (*url.URL, error) {
	body, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, at.String(), body)
	if err != nil {
		return nil, err
	}
	req.GetBody, req.ContentLength = b.Open, b.Size
	req.Header.Set("Content-Type", "application/octet-stream")
	got, err := c.send(req, http.StatusAccepted, http.StatusNoContent, http.StatusCreated)
	if err != nil {
		return nil, err
	}
	return location(got)
}

// location gives where an upload goes on.
func location(got *answer) (*url.URL, error) {
	at, err := got.Location()
	if err != nil {
		return nil, fmt.Errorf("read where the upload goes on: %w", err)
	}
	return at, checkHost(got.Request.URL, at)
}

// Put writes a manifest under a tag or its digest. Where it has a subject and the registry has no API for referrers,
// the list of them is kept under a tag
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema).
func (c *Client) Put(ctx context.Context, identifier string, m Manifest) error {
	return c.retry.Do(ctx, "write "+identifier, func(ctx context.Context) error {
		if err := c.put(ctx, identifier, m.MediaType, m.Raw); err != nil {
			return err
		}
		var content spec.Manifest
		if err := json.Unmarshal(m.Raw, &content); err != nil || content.Subject == nil {
			return err
		}
		referrer := m.Descriptor
		referrer.ArtifactType = cmp.Or(content.ArtifactType, content.Config.MediaType)
		referrer.Annotations = content.Annotations
		return c.addReferrer(ctx, *content.Subject, referrer)
	})
}

func (c *Client) put(ctx context.Context, identifier, mediaType string, raw []byte) error {
	at := c.repo.URL("/manifests/" + identifier)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, at.String(), bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", mediaType)
	_, err = c.send(req, http.StatusCreated, http.StatusOK, http.StatusAccepted)
	return err
}

// addReferrer adds a manifest to the list of those that refer to a subject, unless the registry keeps it itself.
func (c *Client) addReferrer(ctx context.Context, subject, referrer spec.Descriptor) error {
	const index = spec.MediaTypeImageIndex
	api := c.repo.URL("/referrers/" + subject.Digest.String())
	got, err := c.ask(ctx, http.MethodGet, api, index, http.StatusOK, http.StatusNotFound, http.StatusBadRequest)
	if err != nil || got.StatusCode == http.StatusOK {
		return err
	}
	tag := strings.Replace(subject.Digest.String(), ":", "-", 1)
	at := c.repo.URL("/manifests/" + tag)
	if got, err = c.ask(ctx, http.MethodGet, at, index, http.StatusOK, http.StatusNotFound); err != nil {
		return err
	}
	list := spec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: index}
	if got.StatusCode == http.StatusOK {
		if err := json.Unmarshal(got.data, &list); err != nil {
			return fmt.Errorf("read the list of referrers at the tag %s: %w", tag, err)
		}
		if list.MediaType != index {
			return fmt.Errorf("the tag %s is no list of referrers: its media type is %q", tag, list.MediaType)
		}
	}
	if slices.ContainsFunc(list.Manifests, func(d spec.Descriptor) bool { return d.Digest == referrer.Digest }) {
		return nil
	}
	list.Manifests = append(list.Manifests, referrer)
	raw, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return c.put(ctx, tag, index, raw)
}
