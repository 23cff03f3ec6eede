package publish

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// What a registry refuses for good is an error at once, with what to do.
func TestRefusals(t *testing.T) {
	cases := map[string]struct {
		method, path string // of the request that is refused
		status       int
		code         string
		want, step   string
	}{
		"a repository that is not there": {"POST", "/blobs/uploads/", 404, "NAME_UNKNOWN", "NAME_UNKNOWN",
			"create the repository charts/demo"},
		"no right to push":        {"POST", "/blobs/uploads/", 403, "DENIED", "DENIED", "may push"},
		"a proxy with a limit":    {"PATCH", "/blobs/uploads/", 413, "", "413", "limit on the size"},
		"tags that do not change": {"PUT", "/manifests/1.0.0", 409, "DENIED", "DENIED", "new version"},
		"immutable tags of AWS":   {"PUT", "/manifests/1.0.0", 400, "TAG_INVALID", "TAG_INVALID", "new version"},
		"a manifest that is refused": {"PUT", "/manifests/sha256:", 400, "MANIFEST_INVALID", "MANIFEST_INVALID",
			""},
		"no registry at all": {"GET", "/v2/", 404, "", "404", "slip"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noCredentials(t)
			f := newFake(t)
			refused := 0
			f.before = func(w http.ResponseWriter, req *http.Request) bool {
				if req.Method != c.method || !strings.Contains(req.URL.Path, c.path) ||
					(c.path == "/v2/" && req.URL.Path != "/v2/") {
					return false
				}
				refused++
				w.WriteHeader(c.status)
				if c.code != "" {
					fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"no"}]}`, c.code)
				}
				return true
			}
			_, err := push(t, pack(t, newChart(t, nil), ""), f.options(t))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(remedy.Step(err), c.step) {
				t.Errorf("got %v, %q", err, remedy.Step(err))
			}
			if refused > 2 { // both blobs may be on their way at once
				t.Errorf("it was tried %d times", refused)
			}
			mustNotBeThere(t, f, "1.0.0")
		})
	}
}

// A registry that has other content than it was sent is not to be trusted.
func TestWrongDigestsAreErrors(t *testing.T) {
	const other = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	for _, where := range []string{"PUT /v2/charts/demo/blobs/uploads/", "PUT /v2/charts/demo/manifests/sha256:",
		"PUT /v2/charts/demo/manifests/1.0.0"} {
		t.Run(where, func(t *testing.T) {
			noCredentials(t)
			f := newFake(t)
			inner := f.handler
			f.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if strings.HasPrefix(req.Method+" "+req.URL.Path, where) {
					w = &liar{ResponseWriter: w, digest: other}
				}
				inner.ServeHTTP(w, req)
			})
			_, err := push(t, pack(t, newChart(t, nil), ""), f.options(t))
			if err == nil || !strings.Contains(err.Error(), other) {
				t.Errorf("got %v", err)
			}
			if !strings.HasSuffix(where, "1.0.0") {
				mustNotBeThere(t, f, "1.0.0")
			}
		})
	}
	// One that hands out another manifest than it was given.
	f := newFake(t)
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, "/manifests/sha256:") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.spec.image.manifest.v1+json")
		fmt.Fprint(w, "{}")
		return true
	}
	o := f.options(t)
	if _, err := push(t, pack(t, newChart(t, nil), ""), o); err == nil {
		t.Error("it took another manifest for its own")
	}
	mustNotBeThere(t, f, "1.0.0")
}

// liar names another digest than the registry does.
type liar struct {
	http.ResponseWriter
	digest string
}

func (l *liar) WriteHeader(status int) {
	l.Header().Set("Docker-Content-Digest", l.digest)
	l.ResponseWriter.WriteHeader(status)
}

func (l *liar) Write(b []byte) (int, error) { return l.ResponseWriter.Write(b) }
