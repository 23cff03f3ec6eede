package publish

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestPushIsPulledAgain(t *testing.T) {
	f := newFake(t)
	p := pack(t, newChart(t, nil), "1.0.0+build.7")
	o := f.options(t)
	o.AlsoTag = []string{"latest", "1.0+x"}
	r := mustPush(t, p, o)
	if want := f.host() + "/charts/demo:1.0.0_build.7"; r.Ref != want || r.Status != Pushed {
		t.Errorf("got %+v, want ref %s", r, want)
	}
	for _, tag := range []string{"1.0.0_build.7", "latest", "1.0_x", r.Digest} {
		m := mustBePulled(t, f, tag)
		if got := m.Layers[0].Digest.String(); got != p.Digest || m.Layers[0].MediaType != mediaChart {
			t.Errorf("%s has layer %+v, want %s", tag, m.Layers[0], p.Digest)
		}
	}
	var keys map[string]any
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 5 || keys["ref"] == nil || keys["digest"] == nil || keys["size"] == nil ||
		keys["status"] != "pushed" || keys["annotations"] == nil {
		t.Errorf("scripts get %s", text)
	}
}

func TestPushWritesTheTagLast(t *testing.T) {
	f := newFake(t)
	r := mustPush(t, pack(t, newChart(t, nil), ""), f.options(t))
	writes := f.writes()
	n := len(writes)
	if n < 3 || writes[n-1] != "PUT /v2/charts/demo/manifests/1.0.0" ||
		writes[n-2] != "PUT /v2/charts/demo/manifests/"+r.Digest {
		t.Errorf("wrote %s", strings.Join(writes, "\n"))
	}
	for _, w := range writes[:n-2] {
		if !strings.Contains(w, "/blobs/uploads/") {
			t.Errorf("%s comes before the manifest", w)
		}
	}
}

func TestPushOfWhatIsThere(t *testing.T) {
	f := newFake(t)
	first := mustPush(t, pack(t, newChart(t, nil), ""), f.options(t))
	before := len(f.writes())

	again := mustPush(t, pack(t, newChart(t, nil), ""), f.options(t))
	if again.Status != AlreadyPresent || again.Digest != first.Digest || again.Size != first.Size ||
		len(again.Annotations) == 0 {
		t.Errorf("got %+v after %+v", again, first)
	}
	if len(f.writes()) != before {
		t.Errorf("it wrote %v", f.writes()[before:])
	}

	other := pack(t, newChart(t, map[string]string{"values.yaml": "a: 2\n"}), "")
	_, err := push(t, other, f.options(t))
	if err == nil || !strings.Contains(err.Error(), other.Digest) || !strings.Contains(err.Error(),
		pack(t, newChart(t, nil), "").Digest) || !strings.Contains(remedy.Step(err), "--force") {
		t.Errorf("other content: %v", err)
	}
	if len(f.writes()) != before {
		t.Errorf("it wrote %v", f.writes()[before:])
	}

	o := f.options(t)
	o.Force = true
	forced := mustPush(t, other, o)
	if forced.Status != Pushed || forced.Replaced != first.Digest {
		t.Errorf("got %+v", forced)
	}
	if m := mustBePulled(t, f, "1.0.0"); m.Layers[0].Digest.String() != other.Digest {
		t.Errorf("the tag has %+v", m)
	}
	if again := mustPush(t, other, o); again.Status != AlreadyPresent {
		t.Errorf("forced again: %+v", again)
	}

	o = f.options(t)
	o.AlsoTag = []string{"latest"}
	if r := mustPush(t, other, o); r.Status != AlreadyPresent {
		t.Errorf("got %+v", r)
	}
	mustBePulled(t, f, "latest")
}

// The content counts, not how the manifest around it came to be.
func TestPushComparesContents(t *testing.T) {
	f := newFake(t)
	dir := newChart(t, nil)
	first := mustPush(t, pack(t, dir, ""), f.options(t))
	p := pack(t, dir, "")
	p.metadata.Annotations = map[string]string{"a": "b"} // as another tool might write it
	if r := mustPush(t, p, f.options(t)); r.Status != AlreadyPresent || r.Digest != first.Digest {
		t.Errorf("got %+v", r)
	}
}

func TestPushMendsWhatCannotBePulled(t *testing.T) {
	f := newFake(t)
	p := pack(t, newChart(t, nil), "")
	mustPush(t, p, f.options(t))
	manifest := mustArtifact(t, p).Raw
	f.handler = newFake(t).handler // empty
	req, _ := http.NewRequest(http.MethodPut, f.URL+"/v2/charts/demo/manifests/1.0.0",
		strings.NewReader(string(manifest)))
	req.Header.Set("Content-Type", "application/vnd.spec.image.manifest.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if r := mustPush(t, p, f.options(t)); r.Status != Pushed {
		t.Errorf("got %+v", r)
	}
	mustBePulled(t, f, "1.0.0")
}

func TestPushRefusesWhatIsNoChart(t *testing.T) {
	f := newFake(t)
	req, _ := http.NewRequest(http.MethodPut, f.URL+"/v2/charts/demo/manifests/1.0.0",
		strings.NewReader(`{"schemaVersion":2,"manifests":[]}`))
	req.Header.Set("Content-Type", "application/vnd.spec.image.index.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, err := push(t, pack(t, newChart(t, nil), ""), f.options(t)); err == nil || !strings.Contains(err.Error(),
		"is no chart") {
		t.Errorf("got %v", err)
	}
}

func TestPrepareWritesNothing(t *testing.T) {
	f := newFake(t)
	p := pack(t, newChart(t, nil), "")
	plan, err := prepare(context.Background(), p, f.options(t))
	if err != nil {
		t.Fatal(err)
	}
	dry := &plan.result
	if dry.Status != WouldPush || len(f.writes()) > 0 {
		t.Errorf("got %+v, wrote %v", dry, f.writes())
	}
	if r := mustPush(t, p, f.options(t)); r.Digest != dry.Digest || r.Size != dry.Size {
		t.Errorf("pushed %+v, foretold %+v", r, dry)
	}
	plan, err = prepare(context.Background(), p, f.options(t))
	if err != nil || plan.result.Status != AlreadyPresent {
		t.Errorf("got %v, %v", plan, err)
	}
}

// Wherever it is interrupted, there is no tag, or one that can be pulled.
func TestInterruptedPushLeavesNoTag(t *testing.T) {
	p := pack(t, newChart(t, nil), "")
	f := newFake(t)
	mustPush(t, p, f.options(t))
	all := f.seen()
	for n := range all {
		f := newFake(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		f.before = func(_ http.ResponseWriter, _ *http.Request) bool {
			if len(f.seen()) == n+1 {
				cancel()
				time.Sleep(5 * time.Millisecond)
			}
			return false
		}
		started := time.Now()
		plan, err := prepare(ctx, p, f.options(t))
		if err == nil {
			_, err = plan.push(ctx)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at request %d: %v", n, err)
		}
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("interrupted at request %d, it ended after %s", n, took)
		}
		tagged := slices.Contains(f.seen(), "PUT /v2/charts/demo/manifests/1.0.0")
		m, err := pulled(f.handler, "charts/demo", "1.0.0")
		if err != nil || (m != nil && !tagged) {
			t.Errorf("interrupted at request %d (%s), it left %+v, %v", n, all[n], m, err)
		}
	}
}

func TestTags(t *testing.T) {
	for version, want := range map[string]string{"1.0.0": "1.0.0", "1.0.0-rc.1+b.2": "1.0.0-rc.1_b.2", "": "",
		"-x": "", "a/b": "", strings.Repeat("1", 129): ""} {
		got, err := tagOf(version)
		if got != want && err == nil || (want == "") != (err != nil) {
			t.Errorf("tag of %q is %q, %v", version, got, err)
		}
	}
	o := newFake(t).options(t)
	o.AlsoTag = []string{"not a tag"}
	if _, err := push(t, pack(t, newChart(t, nil), ""), o); err == nil || !strings.Contains(err.Error(),
		`"not a tag"`) {
		t.Error("got", err)
	}
}

func TestTargets(t *testing.T) {
	for reference, want := range map[string]Target{
		"oci://localhost:5000":               {"localhost:5000", ""},
		"oci://localhost:5000/":              {"localhost:5000", ""},
		"oci://registry/a/b_c--d":            {"registry", "a/b_c--d"},
		"oci://ghcr.io/example/charts":       {"ghcr.io", "example/charts"},
		"oci://[::1]:5000/x":                 {"[::1]:5000", "x"},
		"ghcr.io/example":                    {},
		"https://ghcr.io/example":            {},
		"oci://":                             {},
		"oci:///x":                           {},
		"oci://ghcr.io/Example":              {},
		"oci://ghcr.io/a//b":                 {},
		"oci://ghcr.io/a:1.0":                {},
		"oci://ghcr.io/a@sha256:0":           {},
		"oci://user:hunter22@ghcr.io/a":      {},
		"user:hunter22@ghcr.io/a":            {},
		"oci://gh cr.io/a":                   {},
		"oci://ghcr.io/a?b=c":                {},
		"oci://registry.example.com/../a":    {},
		"oci://registry.example.com/a/%2e%2": {},
	} {
		got, err := ParseTarget(reference)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Target{})); diff != "" ||
			(err == nil) != (want != Target{}) {
			t.Errorf("%s: %v %s", reference, err, diff)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter22") || remedy.Step(err) == "") {
			t.Errorf("%s: %v", reference, err)
		}
	}
	// A host without a dot is a host, not a part of Docker Hub.
	repo, err := Target{"registry", "charts"}.repository("demo", true)
	if err != nil || repo.Host() != "registry" || repo.Path() != "charts/demo" {
		t.Errorf("got %v, %v", repo, err)
	}
	if _, err := (Target{"registry", ""}).repository("Demo", true); err == nil || !strings.Contains(err.Error(),
		"Demo") {
		t.Error("got", err)
	}
}

func TestProgressEndsWhole(t *testing.T) {
	f := newFake(t)
	o := f.options(t)
	var last, most int64
	o.Progress = func(done, total int64) { last, most = done, max(most, total) }
	p := pack(t, newChart(t, map[string]string{"files/x": strings.Repeat("random enough", 1000)}), "")
	mustPush(t, p, o)
	if last != most || most < p.Size {
		t.Errorf("it ended at %d of %d", last, most)
	}
}
