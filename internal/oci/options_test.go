package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestDockerHubHasOneName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "helm.json")
	const text = `{"auths": {"https://index.docker.io/v1/": {"auth": "YWRhOmh1bnRlcjIy"}}}` // ada:hunter22
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"docker.io", "index.docker.io", "registry-1.docker.io"} {
		repo, err := NewRepository(host, "ada/demo", false)
		if err != nil {
			t.Fatal(err)
		}
		auth, err := Options{RegistryConfig: file}.authenticator(context.Background(), repo.repo)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := auth.Authorization(); err != nil || got.Password != "hunter22" {
			t.Errorf("%s gives %+v, %v", host, got, err)
		}
	}
}

func TestFilesOfTLS(t *testing.T) {
	for _, c := range []TLS{
		{CAFile: "missing.pem"}, {CertFile: "x"}, {KeyFile: "x"}, {CertFile: "missing", KeyFile: "missing"},
	} {
		if _, err := (Options{TLS: c}).connections(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func TestSecretsInAllForms(t *testing.T) {
	s := &Secrets{}
	s.add("pass/word +", "no")
	s.addHeader("Basic YWRhOmh1bnRlcjIy") // ada:hunter22
	s.addHeader("Bearer abc.def")
	got := s.Clean("pass/word + pass%2Fword+%2B pass%2Fword%20+ hunter22 YWRhOmh1bnRlcjIy abc.def no")
	if want := "REDACTED REDACTED REDACTED REDACTED REDACTED REDACTED no"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestWantedDigest(t *testing.T) {
	of := digest.FromString("x")
	for _, c := range []struct {
		method, path string
		want         digest.Digest
	}{
		{"PUT", "/v2/a/blobs/uploads/1?digest=" + of.String(), of},
		{"POST", "/v2/a/blobs/uploads/?digest=" + of.String(), ""},
		{"HEAD", "/v2/a/blobs/" + of.String(), of},
		{"GET", "/v2/a/manifests/" + of.String(), of},
		{"GET", "/v2/a/manifests/1.0.0", ""},
		{"PUT", "/v2/a/manifests/1.0.0", of},
		{"GET", "/v2/a/referrers/" + of.String(), ""},
	} {
		req, err := http.NewRequest(c.method, "https://h"+c.path, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if got := wantedDigest(req); got != c.want {
			t.Errorf("%s %s: %q", c.method, c.path, got)
		}
	}
}

// An answer without end is read to a bound, once.
func TestAnswersAreBounded(t *testing.T) {
	retry := &Retry{Tries: 3, Notes: io.Discard, Secrets: &Secrets{}}
	tried := 0
	err := retry.Do(context.Background(), "read it", func(context.Context) error {
		tried++
		body := io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20+1)))
		_, err := io.ReadAll(http.MaxBytesReader(nil, body, 1<<20))
		return err
	})
	if tried != 1 || fmt.Sprint(err) != "read it: it is larger than 1 MiB, which is the most that is read" {
		t.Errorf("after %d tries: %v", tried, err)
	}
}

// A server that leads round in circles is left.
func TestRedirectsAreCounted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/again", http.StatusFound)
	}))
	defer server.Close()
	transport, err := Transport(Options{}, &Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	if _, err := client.Get(server.URL); err == nil || !strings.Contains(err.Error(), ErrRedirects.Error()) {
		t.Errorf("got %v", err)
	}
}

// No registry leads a request into the user's own network.
func TestCheckHost(t *testing.T) {
	for host, want := range map[string]bool{
		"registry.example": false, "storage.example": false, "203.0.113.9": false, "v1.example": false,
		"127.0.0.1": true, "10.1.2.3": true, "169.254.169.254": true, "[::1]": true, "[fe80::1%25eth0]": true,
		"[::ffff:10.0.0.1]": true, "0.0.0.0": true, "2130706433": true, "0x7f000001": true, "127.1": true,
	} {
		to, err := url.Parse("https://" + host + ":5000/v2/")
		if err != nil {
			t.Fatal(err)
		}
		from := &url.URL{Scheme: "https", Host: "registry.example"}
		if got := errors.Is(checkHost(from, to), ErrPrivate); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
		if err := checkHost(to, to); err != nil {
			t.Errorf("%s to itself: %v", host, err)
		}
	}
}
