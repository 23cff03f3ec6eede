package upstream

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	oci "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// registrySite is go-containerregistry's registry in memory, with what it lacks.
type registrySite struct {
	*site
	handler http.Handler
	auth    string // "", "basic" or "bearer"
}

const testToken = "bearer-token-of-the-test"

func newRegistry(t testing.TB, withTLS bool) *registrySite {
	t.Helper()
	r := &registrySite{handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	r.site = newSite(t, withTLS)
	r.before = func(w http.ResponseWriter, req *http.Request) bool {
		if r.allowed(w, req) {
			r.handler.ServeHTTP(w, req)
		}
		return true
	}
	return r
}

// allowed asks for credentials as registries do.
func (r *registrySite) allowed(w http.ResponseWriter, req *http.Request) bool {
	user, password, _ := req.BasicAuth()
	known := user == testUser && password == testPassword
	switch {
	case r.auth == "bearer" && req.URL.Path == "/token":
		if !known {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, "not %s with %s", user, testPassword)
			return false
		}
		fmt.Fprintf(w, `{"token": %q}`, testToken)
		return false
	case r.auth == "bearer" && req.Header.Get("Authorization") != "Bearer "+testToken:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="%s/token",service="test"`, r.URL))
		w.WriteHeader(http.StatusUnauthorized)
		return false
	case r.auth == "basic" && !known:
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "not %s with %s", user, testPassword)
		return false
	}
	return true
}

// do sends a request past the authentication.
func (r *registrySite) do(t testing.TB, method, path, kind string, data []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequest(method, path, strings.NewReader(string(data)))
	req.Header.Set("Content-Type", kind)
	r.handler.ServeHTTP(w, req)
	if w.Code >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

// push puts an archive under a tag, and gives the manifest's digest.
func (r *registrySite) push(t testing.TB, repository, tag, kind string, archive []byte) digest.Digest {
	t.Helper()
	config := []byte("{}")
	for _, blob := range [][]byte{config, archive} {
		r.do(t, http.MethodPost, "/v2/"+repository+"/blobs/uploads/?digest="+url.QueryEscape(digestOf(blob).String()),
			"application/octet-stream", blob)
	}
	raw, err := json.Marshal(oci.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		Config: oci.Descriptor{MediaType: "application/vnd.cncf.helm.config.v1+json", Digest: digestOf(config),
			Size: int64(len(config))},
		Layers: []oci.Descriptor{{MediaType: "application/vnd.cncf.helm.chart.provenance.v1.prov",
			Digest: digestOf(config), Size: int64(len(config))},
			{MediaType: kind, Digest: digestOf(archive), Size: int64(len(archive))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.do(t, http.MethodPut, "/v2/"+repository+"/manifests/"+tag, oci.MediaTypeImageManifest, raw)
	return digestOf(raw)
}

// livekit puts a few versions into charts/livekit-server.
func (r *registrySite) livekit(t testing.TB) {
	t.Helper()
	for tag, version := range map[string]string{"1.8.0": "1.8.0", "1.9.0": "1.9.0", "1.10.0-rc.1": "1.10.0-rc.1",
		"1.7.0_build.1": "1.7.0+build.1", "1": "1.9.0", "latest": "1.9.0"} {
		r.push(t, "charts/livekit-server", tag, chartType, chart(t, DefaultChart, version))
	}
}

func (r *registrySite) ref(rest string) string {
	return "oci://" + r.Listener.Addr().String() + "/charts/livekit-server" + rest
}

func (r *registrySite) options(t testing.TB, rest string) Options {
	o := options(t, r.ref(rest))
	o.PlainHTTP = r.TLS == nil
	return o
}

func TestRegistry(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	data := chart(t, DefaultChart, "1.8.0")
	manifest := r.push(t, "charts/livekit-server", "1.8.0", chartType, data)
	for _, c := range []struct{ rest, version, want, source, newest string }{
		{"", "", "1.9.0", ":1.9.0", "1.9.0"},
		{"/", "^1.8", "1.9.0", ":1.9.0", "1.9.0"},
		{"", "1.8", "1.8.0", ":1.8.0", "1.9.0"},
		{"", "v1.8.0", "1.8.0", ":1.8.0", "1.9.0"},
		{"", "1.7.0+build.1", "1.7.0+build.1", ":1.7.0+build.1", "1.9.0"},
		{"", "1.7.0", "1.7.0+build.1", ":1.7.0+build.1", "1.9.0"},
		{"", ">0-0", "1.10.0-rc.1", ":1.10.0-rc.1", "1.9.0"},
		{":latest", "", "1.9.0", ":latest", ""},
		{":latest", "^1.8", "1.9.0", ":latest", ""},
		{":1.7.0+build.1", "", "1.7.0+build.1", ":1.7.0+build.1", ""},
		{":1.7.0_build.1", "", "1.7.0+build.1", ":1.7.0+build.1", ""},
		{"@" + manifest.String(), "1.8.0", "1.8.0", "@" + manifest.String(), ""},
		{":1.8.0@" + manifest.String(), "", "1.8.0", ":1.8.0@" + manifest.String(), ""},
	} {
		o := r.options(t, c.rest)
		o.Version = c.version
		got := mustFind(t, o)
		if got.Version() != c.want || got.Source != r.ref(c.source) || got.Newest != c.newest || got.Notes != nil {
			t.Errorf("%+v: got %s %s %q %v", c, got.Version(), got.Source, got.Newest, got.Notes)
		}
		if want := "sha256:" + hexOf(chart(t, DefaultChart, c.want)); got.Digest != want {
			t.Errorf("%+v: digest %s, not %s", c, got.Digest, want)
		}
	}
	o := r.options(t, "")
	if got := mustFind(t, o).Versions; strings.Join(got, " ") != "1.10.0-rc.1 1.9.0 1.8.0 1.7.0+build.1" {
		t.Errorf("versions %v", got)
	}
	r.push(t, "charts/livekit-server", "old", legacyChartType, data)
	o = r.options(t, ":old")
	mustFind(t, o)
}

// The version is Chart.yaml's, not the tag's.
func TestVersionIsNotTheTags(t *testing.T) {
	r := newRegistry(t, false)
	r.push(t, "charts/livekit-server", "2.0.0", chartType, chart(t, DefaultChart, "1.9.0"))
	o := r.options(t, "")
	if c := mustFind(t, o); c.Version() != "1.9.0" || len(c.Notes) != 1 || !strings.Contains(c.Notes[0],
		"Chart.yaml says 1.9.0") {
		t.Errorf("got %s %v", c.Version(), c.Notes)
	}
	o.Version = "2.0.0"
	mustFail(t, o, "Chart.yaml says version 1.9.0, not 2.0.0", "leave --upstream-version out")
}

func TestRegistryRefuses(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	good := chart(t, DefaultChart, "1.0.0")
	image := r.push(t, "charts/livekit-server", "image", "application/vnd.oci.image.layer.v1.tar+gzip", good)
	r.push(t, "charts/livekit-server", "half", chartType, good[:len(good)/2])
	r.push(t, "charts/moving", "latest", chartType, good)
	r.do(t, http.MethodPut, "/v2/charts/livekit-server/manifests/many", oci.MediaTypeImageIndex,
		[]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"`+oci.MediaTypeImageManifest+`","digest":"`+image.String()+`","size":0,"platform":{"os":"linux","architecture":"s390x"}}]}`))
	none := digest.Digest("sha256:" + strings.Repeat("0", 64))
	for _, c := range []struct{ rest, version, want, step string }{
		{":2.0.0", "", "/manifests/2.0.0: the server answers 404", "its last part is the chart's name"},
		{"@" + none.String(), "", "the server answers 404", "slip in the address"},
		{"", "2.0.0", "no version meets 2.0.0; there are 1.10.0-rc.1, 1.9.0", "--upstream-version"},
		{"", "^2", "no version meets ^2; there are", "--upstream-version"},
		{":latest", "1.8.0", "Chart.yaml says version 1.9.0, not 1.8.0", "leave --upstream-version out"},
		{":image", "", ":image is no chart: it holds application/vnd.cncf.helm.chart.provenance.v1.prov, " +
			"application/vnd.oci.image.layer.v1.tar+gzip", "point --upstream to a chart"},
		{":many", "", "it is an index of several images", "point --upstream to a chart"},
		{":half", "", ":half: it is cut off", "get the archive again"},
		{"/nothing", "", "the server answers 404", "its last part is the chart's name"},
		{"/nothing", "1.0.0", "the server answers 404", "its last part is the chart's name"},
		{"/../moving", "", "is no path", "write it as oci://"},
	} {
		o := r.options(t, c.rest)
		o.Version = c.version
		mustFail(t, o, c.want, c.step)
		for _, file := range kept(t, o) {
			if strings.Contains(file, hexOf(good[:len(good)/2])) || strings.Contains(file, "tmp-") {
				t.Errorf("it keeps %s", file)
			}
		}
	}
	o := r.options(t, "")
	o.Ref = strings.Replace(o.Ref, "livekit-server", "moving", 1)
	mustFail(t, o, "it has no version at all", "")
	o.PlainHTTP = false
	mustFail(t, o, "HTTP response to HTTPS client", "--plain-http")
}

// Content that has another digest than the manifest says is refused.
func TestRegistryThatGivesOtherContent(t *testing.T) {
	for _, part := range []string{"/blobs/", "/manifests/sha256:"} {
		r := newRegistry(t, false)
		manifest := r.push(t, "charts/livekit-server", "1.0.0", chartType, chart(t, DefaultChart, "1.0.0"))
		real := r.before
		r.before = func(w http.ResponseWriter, req *http.Request) bool {
			if strings.Contains(req.URL.Path, part) {
				w.Write(chart(t, DefaultChart, "6.6.6"))
				return true
			}
			return real(w, req)
		}
		o := r.options(t, "@"+manifest.String())
		mustFail(t, o, "answers with content of digest sha256:"+hexOf(chart(t, DefaultChart, "6.6.6")),
			"the registry's storage")
		mustKeepNothing(t, o)
	}
}

func TestRegistryOffline(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	manifest := r.push(t, "charts/livekit-server", "1.8.0", chartType, chart(t, DefaultChart, "1.8.0"))
	o := r.options(t, "")
	mustFind(t, o)
	r.paths()
	mustFind(t, o)
	if got := r.paths(); strings.Contains(got, "/blobs/") {
		t.Errorf("it read %s again", got)
	}
	o.Ref = r.ref("@" + manifest.String())
	mustFind(t, o)
	r.Close()
	o.Offline = true
	if c := mustFind(t, o); c.Version() != "1.8.0" {
		t.Errorf("got %s", c.Version())
	}
	o.Ref = r.ref("")
	c := mustFind(t, o)
	if c.Version() != "1.9.0" || c.Newest != "1.9.0" || len(c.Notes) != 2 || !strings.Contains(c.Notes[0],
		"versions of "+r.ref("")+" were read at") {
		t.Errorf("got %s %v", c.Version(), c.Notes)
	}
	o.Version = "1.8.0" // by its digest alone
	mustFail(t, o, r.ref(":1.8.0")+" is in no cache", "once with a network")
	o.Ref, o.Version = r.ref(":1.9.0"), ""
	if c := mustFind(t, o); len(c.Notes) != 1 {
		t.Errorf("notes %v", c.Notes)
	}
}

func TestRegistryCredentials(t *testing.T) {
	for _, auth := range []string{"basic", "bearer"} {
		for _, withTLS := range []bool{false, true} {
			t.Run(fmt.Sprint(auth, withTLS), func(t *testing.T) {
				r := newRegistry(t, withTLS)
				r.livekit(t)
				r.auth = auth
				o := r.options(t, "")
				if withTLS {
					mustFail(t, o, "certificate", "--ca-file")
					o.CAFile = caFile(t, r.Server)
				}
				var log strings.Builder
				o.Log = &log
				mustFail(t, o, "the server answers 401", "helm registry login "+r.Listener.Addr().String())
				mustKeepNothing(t, o)
				store := func(file, password string) {
					auth := base64.StdEncoding.EncodeToString([]byte(testUser + ":" + password))
					write(t, file, fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.Listener.Addr(), auth))
				}
				docker := filepath.Join(filepath.Dir(o.CacheHome), "DOCKER_CONFIG", "config.json")
				store(docker, testPassword)
				mustFind(t, o)
				store(o.RegistryConfig, "wrong")
				mustFail(t, o, "the server answers 401", "helm registry login")
				store(docker, "wrong")
				store(o.RegistryConfig, testPassword)
				mustFind(t, o)
				if strings.Contains(log.String(), testPassword) || strings.Contains(log.String(), testToken) {
					t.Errorf("the log is %s", log.String())
				}
				write(t, o.RegistryConfig, "{")
				mustFail(t, o, o.RegistryConfig, "mend the file")
			})
		}
	}
}

// Without a word of the user nothing is sent over plain HTTP, to private
// addresses neither.
func TestNoFallbackToPlainHTTP(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	o := r.options(t, ":1.9.0")
	o.PlainHTTP = false
	mustFail(t, o, "HTTP response to HTTPS client", "--plain-http")
	secure := newRegistry(t, true)
	p := secure.options(t, ":1.9.0")
	p.PlainHTTP, p.InsecureSkipTLSVerify = true, true
	mustFail(t, p, "the server answers 400", "leave out --plain-http")
	if len(r.requests()) > 0 {
		t.Errorf("it asked for %s", r.paths())
	}
}

// Blobs lie elsewhere behind signed addresses; credentials stay at home.
func TestRegistryThatRedirects(t *testing.T) {
	elsewhere := newSite(t, false)
	data := chart(t, DefaultChart, "1.9.0")
	r := newRegistry(t, false)
	r.livekit(t)
	r.auth = "bearer"
	real := r.before
	r.before = func(w http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/blobs/") {
			http.Redirect(w, req, elsewhere.URL+"/blob?signature="+testPassword, http.StatusTemporaryRedirect)
			return true
		}
		return real(w, req)
	}
	o := r.options(t, ":1.9.0")
	auth := base64.StdEncoding.EncodeToString([]byte(testUser + ":" + testPassword))
	write(t, o.RegistryConfig, fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.Listener.Addr(), auth))
	mustFail(t, o, "the server answers 404", "another version")
	elsewhere.put("/blob", data)
	mustFind(t, o)
	for _, req := range elsewhere.requests() {
		if h := req.Header.Get("Authorization") + req.Header.Get("Referer"); h != "" {
			t.Errorf("it took along %s", h)
		}
	}
	elsewhere.Close()
	o = r.options(t, ":1.9.0")
	write(t, o.RegistryConfig, fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.Listener.Addr(), auth))
	mustFail(t, o, "refused", "--offline")
}

func TestPagesOfTags(t *testing.T) {
	r := newRegistry(t, false)
	r.push(t, "charts/livekit-server", "1.9.0", chartType, chart(t, DefaultChart, "1.9.0"))
	real := r.before
	link := `</v2/charts/livekit-server/tags/list?n=1000&last=a>; rel="next"`
	r.before = func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "/tags/list") {
			return real(w, req)
		}
		if req.URL.Query().Get("last") == "" {
			w.Header().Set("Link", link)
			io.WriteString(w, `{"tags": ["1.8.0"]}`)
		} else {
			io.WriteString(w, `{"tags": ["1.9.0"]}`)
		}
		return true
	}
	if c := mustFind(t, r.options(t, "")); c.Version() != "1.9.0" || len(c.Versions) != 2 {
		t.Errorf("got %s of %v", c.Version(), c.Versions)
	}
	link = `<http://elsewhere.example.com/v2/charts/livekit-server/tags/list>; rel="next"`
	mustFail(t, r.options(t, ""), "at another server", "with a tag")
	link = `</v2/charts/livekit-server/tags/list?n=1000>; rel="next"` // for ever
	mustFail(t, r.options(t, ""), "more than 100 pages", "with a tag")
	// Who asks for a version can do without the list.
	o := r.options(t, "")
	o.Version = "1.9.0"
	if c := mustFind(t, o); c.Version() != "1.9.0" || c.Newest != "" || len(c.Notes) != 1 ||
		!strings.Contains(c.Notes[0], "are not known") {
		t.Errorf("got %s %v", c.Version(), c.Notes)
	}
}

func TestRegistryFaultsThatPass(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	real := r.before
	var n atomic.Int32
	r.before = func(w http.ResponseWriter, req *http.Request) bool {
		if n.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return real(w, req)
	}
	mustFind(t, r.options(t, ""))
	r.before = func(w http.ResponseWriter, req *http.Request) bool {
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	r.paths()
	mustFail(t, r.options(t, ""), "the server answers 429", "try again later")
	if n := len(r.requests()); n != tries && n != 2*tries { // go-containerregistry greets some hosts twice
		t.Errorf("it asked %d times", n)
	}
}

// What registries send without end is read to a bound.
func TestRegistryWithoutEnd(t *testing.T) {
	for _, part := range []string{"/token", "/tags/list", "/manifests/", "/blobs/"} {
		t.Run(part, func(t *testing.T) {
			r := newRegistry(t, false)
			r.livekit(t)
			if part == "/token" {
				r.auth = "bearer"
			}
			real := r.before
			var sent atomic.Int64
			r.before = func(w http.ResponseWriter, req *http.Request) bool {
				if !strings.Contains(req.URL.Path, part) {
					return real(w, req)
				}
				sent.Add(endless(w))
				return true
			}
			o := r.options(t, "")
			if part == "/token" { // which go-containerregistry reads
				mustFail(t, o, "limit", "")
			} else {
				mustFail(t, o, "it is larger than", "helm pull")
			}
			r.Close() // ends when the server knows that nobody listens
			if n := sent.Load() >> 20; n > 2*maxAnswer>>20 {
				t.Errorf("it read %d MiB", n)
			}
		})
	}
}

// A repository's index may lead to a registry.
func TestIndexThatLeadsToARegistry(t *testing.T) {
	r := newRegistry(t, false)
	r.livekit(t)
	s := newSite(t, false)
	s.put("/index.yaml",
		[]byte(indexOf(DefaultChart, "1.9.0 "+r.ref(":1.9.0")+" "+hexOf(chart(t, DefaultChart, "1.9.0")),
			"1.8.0 "+r.ref(":1.8.0")+" "+hexOf(nil))))
	o := options(t, s.URL)
	o.PlainHTTP = true
	if c := mustFind(t, o); c.Source != r.ref(":1.9.0") || c.Newest != "1.9.0" {
		t.Errorf("got %+v", c)
	}
	o.Version = "1.8.0"
	mustFail(t, o, "and the index says sha256:"+hexOf(nil), "whoever keeps the repository")
}

// A credential helper that hangs ends with the context.
func TestHelperThatHangs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the helper of the test is a shell script")
	}
	o := options(t, "oci://example.com/x:1")
	bin := t.TempDir()
	writeProgram(t, filepath.Join(bin, "docker-credential-hangs"), "#!/bin/sh\nexec sleep 1\n")
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	write(t, o.RegistryConfig, `{"credHelpers": {"example.com": "hangs"}}`)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	if _, err := Find(ctx, o); err == nil || time.Since(started) > 700*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(started))
	}
	write(t, o.RegistryConfig, `{"credHelpers": {"example.com": "missing"}}`)
	if _, err := Find(context.Background(), o); err == nil || !strings.Contains(remedy.Step(err),
		"install the helper") {
		t.Errorf("got %v", err)
	}
}
