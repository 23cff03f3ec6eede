package upstream

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// tarEntry is an entry of an archive.
type tarEntry struct {
	name, data string
	kind       byte // a file where 0
	link       string
	size       int64 // that the header claims, len(data) where 0
}

func pack(t testing.TB, entries ...tarEntry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipper := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipper)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.data)), Typeflag: tar.TypeReg, Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		if e.size != 0 {
			h.Size = e.size
		}
		if err := archive.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Flush(); err != nil && entries[len(entries)-1].size == 0 {
		t.Fatal(err)
	}
	archive.Close()
	zipper.Close()
	return out.Bytes()
}

func chartYAML(name, version string) string {
	return "apiVersion: v2\nname: " + name + "\nversion: " + version + "\nappVersion: v" + version + "\n"
}

// chart packs a small chart.
func chart(t testing.TB, name, version string) []byte {
	return pack(t,
		tarEntry{name: name + "/Chart.yaml", data: chartYAML(name, version)},
		tarEntry{name: name + "/values.yaml", data: "a: 1\n"},
		tarEntry{name: name + "/templates/service.yaml", data: "kind: Service\n"},
	)
}

func hexOf(data []byte) string { return digestOf(data).Encoded() }

// indexOf writes an index as Helm does. Each line is "version url digest".
func indexOf(chart string, lines ...string) string {
	out := "apiVersion: v1\nentries:\n  " + chart + ":\n"
	for _, line := range lines {
		f := append(strings.Fields(line), "", "")
		out += fmt.Sprintf("  - apiVersion: v2\n    created: \"2026-07-26T00:00:00Z\"\n    description: |\n      a "+
			"text\n\n      livekit-server: not a key\n    digest: %q\n    name: %s\n    urls:\n    - %s\n    "+
			"version: %s\n", f[2], chart, f[1], f[0])
	}
	return out + "generated: \"2026-07-26T00:00:00Z\"\n"
}

// site is a server of files, with what a test wants to happen before.
type site struct {
	*httptest.Server
	// before is asked first, and answers where it says so.
	before func(http.ResponseWriter, *http.Request) bool

	mu    sync.Mutex
	files map[string]string // by path
	seen  []*http.Request
}

func newSite(t testing.TB, withTLS bool) *site {
	t.Helper()
	s := &site{files: map[string]string{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, req.Clone(context.Background()))
	data, has := s.files[req.URL.Path]
	before := s.before
	s.mu.Unlock()
	if before != nil && before(w, req) {
		return
	}
	if !has {
		http.NotFound(w, req)
		return
	}
	io.WriteString(w, data)
}

func (s *site) put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = string(data)
}

// requests gives the requests since paths was called.
func (s *site) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// paths gives the paths that were asked for, and forgets them.
func (s *site) paths() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.seen {
		out = append(out, r.URL.Path)
	}
	s.seen = nil
	return strings.Join(out, " ")
}

// livekit puts a repository with a few versions on a site.
func (s *site) livekit(t testing.TB) {
	t.Helper()
	var lines []string
	for _, version := range []string{"1.8.0", "1.10.0-rc.1", "1.9.0"} {
		data := chart(t, DefaultChart, version)
		file := DefaultChart + "-" + version + ".tgz"
		s.put("/"+file, data)
		lines = append(lines, version+" "+file+" "+hexOf(data))
	}
	s.put("/index.yaml", []byte(indexOf(DefaultChart, lines...)))
}

// caFile writes the authority of a server with TLS.
func caFile(t testing.TB, s *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return file
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// options keep what whoever runs the tests has stored out of them.
func options(t testing.TB, ref string) Options {
	t.Helper()
	home := t.TempDir()
	for _, variable := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
		"HELM_CONFIG_HOME", "DOCKER_CONFIG", "USERPROFILE", "APPDATA"} {
		t.(interface{ Setenv(string, string) }).Setenv(variable, filepath.Join(home, variable))
	}
	for _, variable := range []string{"REGISTRY_AUTH_FILE", "HELM_REPOSITORY_CACHE", "HELM_CONTENT_CACHE",
		"HELM_REPOSITORY_CONFIG", "HELM_REGISTRY_CONFIG"} {
		t.(interface{ Setenv(string, string) }).Setenv(variable, "")
	}
	return Options{
		Ref: ref, CacheHome: filepath.Join(home, "cache"), RepositoryConfig: filepath.Join(home, "repositories.yaml"),
		RegistryConfig: filepath.Join(home, "registry.json"), Wait: time.Millisecond, Timeout: 20 * time.Second,
		UserAgent: "test",
	}
}

func mustFind(t testing.TB, o Options) *Chart {
	t.Helper()
	c, err := Find(context.Background(), o)
	if err != nil {
		t.Fatalf("%s: %v (%s)", o.Ref, err, remedy.Step(err))
	}
	return c
}

// mustFail finds nothing, says why in one line with want in it, says what to do
// with step in that, and leaves nothing in the cache.
func mustFail(t testing.TB, o Options, want, step string) error {
	t.Helper()
	c, err := Find(context.Background(), o)
	if err == nil {
		t.Fatalf("%s gives %s %s", o.Ref, c.Name(), c.Version())
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v\nwant %q", o.Ref, err, want)
	}
	if s := remedy.Step(err); s == "" || !strings.Contains(s, step) {
		t.Errorf("%s: %v\nthe step is %q, want %q", o.Ref, err, s, step)
	}
	for _, text := range []string{err.Error(), remedy.Step(err)} {
		if strings.Contains(text, testPassword) {
			t.Errorf("the password is in %s", text)
		}
	}
	return err
}

// kept lists what is in this program's cache, temporary files included.
func kept(t testing.TB, o Options) []string {
	t.Helper()
	var out []string
	filepath.Walk(filepath.Join(o.CacheHome, "helm-livekit"), func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			out = append(out, path)
		}
		return nil
	})
	return out
}

func mustKeepNothing(t testing.TB, o Options) {
	t.Helper()
	if left := kept(t, o); len(left) > 0 {
		t.Errorf("the cache has %v", left)
	}
}

const (
	testUser     = "ada"
	testPassword = "pass-word-of-the-test"
)

// keyPair writes the certificate and key of a server, to serve as a client's.
func keyPair(t testing.TB, s *httptest.Server) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert,
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.TLS.Certificates[0].Certificate[0]})))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	return cert, key
}

func writeProgram(t testing.TB, path, text string) {
	t.Helper()
	write(t, path, text)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}
