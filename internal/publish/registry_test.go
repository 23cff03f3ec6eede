package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	spec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// What the registries of the tests ask for.
const (
	testUser     = "ada"
	testPassword = "pass word/+%secret" // needs escaping wherever it goes
	testToken    = "bearer-token-of-the-test"
)

// fake is go-containerregistry's registry in memory, with what it lacks.
type fake struct {
	*httptest.Server
	handler http.Handler // of the registry itself
	auth    string       // "", "basic" or "bearer"
	// before is asked first, and answers where it says so.
	before func(http.ResponseWriter, *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request
}

func newFake(t testing.TB) *fake { return start(t, &fake{}, false) }

func start(t testing.TB, f *fake, withTLS bool, options ...registry.Option) *fake {
	t.Helper()
	f.handler = registry.New(append(options, registry.Logger(log.New(io.Discard, "", 0)))...)
	f.Server = httptest.NewUnstartedServer(f)
	f.Server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		f.Server.StartTLS()
	} else {
		f.Server.Start()
	}
	t.Cleanup(f.Server.Close)
	return f
}

func (f *fake) host() string { return f.Listener.Addr().String() }

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, req.Clone(context.Background()))
	f.mu.Unlock()
	if f.before != nil && f.before(w, req) {
		return
	}
	if !f.allowed(w, req) {
		return
	}
	f.handler.ServeHTTP(w, req)
}

// allowed asks for credentials as registries do.
func (f *fake) allowed(w http.ResponseWriter, req *http.Request) bool {
	user, password, ok := req.BasicAuth()
	known := ok && user == testUser && password == testPassword
	switch {
	case f.auth == "bearer" && req.URL.Path == "/token":
		if !known {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"not %s with %s"}]}`, user, password)
			return false
		}
		fmt.Fprintf(w, `{"token": %q}`, testToken)
		return false
	case f.auth == "bearer" && req.Header.Get("Authorization") != "Bearer "+testToken:
		w.Header().Set("WWW-Authenticate",
			fmt.Sprintf(`Bearer realm="%s/token",service="test",scope="repository:charts/demo:pull,push"`, f.URL))
		w.WriteHeader(http.StatusUnauthorized)
		return false
	case f.auth == "basic" && !known:
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		// A careless registry says what it was sent.
		fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"not %s with %s"}]}`, user, password)
		return false
	}
	return true
}

// seen gives the requests so far, as "METHOD /path".
func (f *fake) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.requests {
		out = append(out, r.Method+" "+r.URL.Path)
	}
	return out
}

// writes gives those requests that write.
func (f *fake) writes() []string {
	return slices.DeleteFunc(f.seen(), func(s string) bool {
		return strings.HasPrefix(s, "GET ") ||
			strings.HasPrefix(s, "HEAD ")
	})
}

func (f *fake) options(t testing.TB) Options {
	t.Helper()
	target, err := ParseTarget("oci://" + f.host() + "/charts")
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Target: target, Timeout: 20 * time.Second, Tries: 4, Wait: time.Millisecond, Notes: io.Discard,
		Connection: oci.Options{PlainHTTP: f.TLS == nil, RegistryConfig: filepath.Join(t.TempDir(), "none.json"),
			UserAgent: "test"},
	}
}

// caFile writes the authority of a server with TLS.
func (f *fake) caFile(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// dockerConfig writes a file of credentials in Docker's form.
func dockerConfig(t testing.TB, file, host, user, password string) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// noCredentials keeps those of whoever runs the test out of it.
func noCredentials(t testing.TB) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, variable := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "HELM_CONFIG_HOME",
		"DOCKER_CONFIG", "USERPROFILE", "APPDATA"} {
		t.(interface{ Setenv(string, string) }).Setenv(variable, filepath.Join(home, variable))
	}
	t.(interface{ Setenv(string, string) }).Setenv("REGISTRY_AUTH_FILE", "")
	return home
}

func push(t testing.TB, p *Package, o Options, attach ...Attachment) (*Result, error) {
	t.Helper()
	plan, err := prepare(context.Background(), p, o)
	if err != nil {
		return nil, err
	}
	return plan.push(context.Background(), attach...)
}

func mustPush(t testing.TB, p *Package, o Options, attach ...Attachment) *Result {
	t.Helper()
	r, err := push(t, p, o, attach...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pulled reads a manifest and all that it names from a registry, past its
// authentication, and says what does not fit. It gives nil where there is
// nothing under the reference.
func pulled(handler http.Handler, repository, reference string) (*spec.Manifest, error) {
	get := func(path string) (int, []byte) {
		w := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodGet, (&url.URL{Path: "/v2/" + repository + path}).String(), nil)
		req.Header.Set("Accept", spec.MediaTypeImageManifest+", */*")
		handler.ServeHTTP(w, req)
		return w.Code, w.Body.Bytes()
	}
	code, raw := get("/manifests/" + reference)
	if code == http.StatusNotFound {
		return nil, nil
	}
	var m spec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", raw, err)
	}
	for _, d := range append([]spec.Descriptor{m.Config}, m.Layers...) {
		code, data := get("/blobs/" + d.Digest.String())
		if sum := fmt.Sprintf("sha256:%x", sha256.Sum256(data)); code != http.StatusOK || sum != d.Digest.String() ||
			int64(len(data)) != d.Size {
			return nil, fmt.Errorf("blob %s: status %d, digest %s", d.Digest, code, sum)
		}
	}
	return &m, nil
}

func mustBePulled(t testing.TB, f *fake, reference string) *spec.Manifest {
	t.Helper()
	m, err := pulled(f.handler, "charts/demo", reference)
	if err != nil {
		t.Fatal(err)
	}
	if m == nil {
		t.Fatalf("nothing is under %s", reference)
	}
	return m
}

func mustNotBeThere(t testing.TB, f *fake, reference string) {
	t.Helper()
	if m, err := pulled(f.handler, "charts/demo", reference); m != nil || err != nil {
		t.Fatalf("under %s there is %+v, %v", reference, m, err)
	}
}

// lines collects what is written, from several goroutines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
