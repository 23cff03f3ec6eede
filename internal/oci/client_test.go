package oci

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	spec "github.com/opencontainers/image-spec/specs-go/v1"
)

// connected gives a client of a registry, whose requests are noted but for the first one.
func connected(t *testing.T, registry http.HandlerFunc) (c *Client, requests *[]string) {
	t.Helper()
	requests = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/v2/" {
			return
		}
		*requests = append(*requests, req.Method+" "+strings.TrimPrefix(req.URL.RequestURI(), "/v2/charts/demo"))
		registry(w, req)
	}))
	t.Cleanup(server.Close)
	repo, err := NewRepository(strings.TrimPrefix(server.URL, "http://"), "charts/demo", true)
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Username: "ada", Password: "x", PlainHTTP: true}
	retry := &Retry{Tries: 1, Notes: io.Discard, Secrets: &Secrets{}}
	if c, err = Connect(t.Context(), options, repo, Push, retry); err != nil {
		t.Fatal(err)
	}
	return c, requests
}

func hello() Blob {
	return Blob{
		Descriptor: spec.Descriptor{Digest: digest.FromString("hello"), Size: 5},
		Open:       func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil },
	}
}

// An upload goes where the registry says, and keeps what the registry put into its addresses.
func TestUpload(t *testing.T) {
	sent := ""
	c, requests := connected(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.Method {
		case http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodPost:
			w.Header().Set("Location", "/v2/charts/demo/one?state=a")
			w.WriteHeader(http.StatusAccepted)
		case http.MethodPatch:
			data, _ := io.ReadAll(req.Body)
			sent = string(data)
			w.Header().Set("Location", "two?state=b")
			w.WriteHeader(http.StatusAccepted)
		case http.MethodPut:
			w.WriteHeader(http.StatusCreated)
		}
	})
	if err := c.Upload(t.Context(), hello()); err != nil || sent != "hello" {
		t.Errorf("sent %q: %v", sent, err)
	}
	sum := hello().Digest.String()
	want := []string{
		"HEAD /blobs/" + sum, "POST /blobs/uploads/", "PATCH /one?state=a",
		"PUT /two?digest=" + url.QueryEscape(sum) + "&state=b",
	}
	if !slices.Equal(*requests, want) {
		t.Errorf("requests %q, want %q", *requests, want)
	}
}

// A registry cannot have content sent to an address of the user's own network, nor read from it.
func TestPrivateHostsAreRefused(t *testing.T) {
	const metadata = "http://169.254.169.254/latest"
	c, _ := connected(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.Method {
		case http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case http.MethodPost:
			w.Header().Set("Location", metadata)
			w.WriteHeader(http.StatusAccepted)
		default:
			http.Redirect(w, req, metadata, http.StatusTemporaryRedirect)
		}
	})
	if err := c.Upload(t.Context(), hello()); !errors.Is(err, ErrPrivate) {
		t.Errorf("upload: %v", err)
	}
	if _, err := c.Blob(t.Context(), hello().Digest); !errors.Is(err, ErrPrivate) {
		t.Errorf("blob: %v", err)
	}
}

// A list of tags is read to its end, at the registry alone.
func TestTags(t *testing.T) {
	elsewhere := false
	c, requests := connected(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("last") == "" {
			w.Header().Set("Link", `</v2/charts/demo/tags/list?last=b&n=1000>; rel="next"`)
		}
		if elsewhere {
			w.Header().Set("Link", `<http://other.example/tags>; rel="next"`)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"tags": []string{"a" + req.URL.Query().Get("last")}})
	})
	tags, err := c.Tags(t.Context())
	if want := []string{"a", "ab"}; err != nil || !slices.Equal(tags, want) {
		t.Errorf("tags %q: %v", tags, err)
	}
	if want := []string{"GET /tags/list?n=1000", "GET /tags/list?last=b&n=1000"}; !slices.Equal(*requests, want) {
		t.Errorf("requests %q", *requests)
	}
	elsewhere = true
	if _, err := c.Tags(t.Context()); !errors.Is(err, ErrTagsElsewhere) {
		t.Errorf("got %v", err)
	}
}

// Where a registry keeps no referrers, the list of them is under a tag, with what was there and nothing twice.
func TestReferrersByTag(t *testing.T) {
	list := []byte(`{"schemaVersion": 2, "mediaType": "` + spec.MediaTypeImageIndex + `", "manifests": [{"digest": "` +
		digest.FromString("old").String() + `"}]}`)
	c, _ := connected(t, func(w http.ResponseWriter, req *http.Request) {
		isTag := strings.Contains(req.URL.Path, "/manifests/sha256-")
		switch {
		case isTag && req.Method == http.MethodGet:
			_, _ = w.Write(list)
		case req.Method == http.MethodPut:
			if data, _ := io.ReadAll(req.Body); isTag {
				list = data
			}
			w.WriteHeader(http.StatusCreated)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	raw, err := json.Marshal(spec.Manifest{
		Subject: &spec.Descriptor{Digest: digest.FromString("chart")}, ArtifactType: "application/x-report",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := Manifest{spec.Descriptor{MediaType: spec.MediaTypeImageManifest, Digest: digest.FromBytes(raw)}, raw}
	for range 2 {
		if err := c.Put(context.Background(), m.Digest.String(), m); err != nil {
			t.Fatal(err)
		}
	}
	var index spec.Index
	if err := json.Unmarshal(list, &index); err != nil || len(index.Manifests) != 2 ||
		index.Manifests[1].Digest != m.Digest || index.Manifests[1].ArtifactType != "application/x-report" {
		t.Errorf("%v: %s", err, list)
	}
	list = []byte(`{"mediaType": "application/json"}`)
	if err := c.Put(t.Context(), m.Digest.String(), m); err == nil || !strings.Contains(err.Error(), "no list of") {
		t.Errorf("got %v", err)
	}
}
