package publish

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// referrers lists the digests of what is attached, in order, as any client
// that knows the specification does. (go-containerregistry's own registry gives
// the types of artifacts wrongly.)
func referrers(t testing.TB, reference, digest string) []string {
	t.Helper()
	d, err := name.NewDigest(reference+"@"+digest, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Referrers(d)
	if err != nil {
		t.Fatal(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range list.Manifests {
		out = append(out, m.Digest.String())
	}
	return slices.Sorted(slices.Values(out))
}

func TestAttachments(t *testing.T) {
	for api, options := range map[string][]registry.Option{"referrers": {registry.WithReferrersSupport(true)},
		"tag": nil} {
		t.Run(api, func(t *testing.T) {
			f := start(t, &fake{}, false, options...)
			p := pack(t, newChart(t, nil), "")
			attach := []Attachment{{Type: ReportType, Name: "verify.json", Data: []byte("{}")},
				{Type: SBOMType, Name: "sbom.cdx.json", Data: []byte(`{"a": 1}`)}}
			r := mustPush(t, p, f.options(t), attach...)
			again := mustPush(t, p, f.options(t), attach...)
			if again.Status != AlreadyPresent {
				t.Errorf("got %+v", again)
			}
			if diff := cmp.Diff(r.Attached, again.Attached); diff != "" {
				t.Error("the same attachments have other digests:", diff)
			}
			got := referrers(t, f.host()+"/charts/demo", r.Digest)
			if diff := cmp.Diff(slices.Sorted(slices.Values(r.Attached)), got); diff != "" {
				t.Error(diff)
			}
			if list := "sha256-" + strings.TrimPrefix(r.Digest, "sha256:"); api == "tag" &&
				!strings.Contains(rawManifest(t, f, "charts/demo", list), `"artifactType":"`+SBOMType) {
				t.Errorf("the list of referrers is %s", rawManifest(t, f, "charts/demo", list))
			}
			m := mustBePulled(t, f, r.Attached[1])
			if m.Layers[0].Annotations["org.opencontainers.image.title"] != "sbom.cdx.json" ||
				m.Subject.Digest.String() != r.Digest {
				t.Errorf("attached %+v", m)
			}
			if writes := f.writes(); api == "referrers" && strings.Contains(strings.Join(writes, "\n"),
				"/manifests/sha256-") {
				t.Errorf("it wrote a tag of referrers: %v", writes)
			}
		})
	}
}

// What is attached is there before the tag is: a policy that asks for it finds
// it with the first pull.
func TestAttachmentsComeBeforeTheTag(t *testing.T) {
	f := newFake(t)
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, "/manifests/sha256-") || req.Method != http.MethodPut {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	_, err := push(t, pack(t, newChart(t, nil), ""), f.options(t),
		Attachment{Type: ReportType, Name: "x", Data: []byte("{}")})
	if err == nil || !strings.Contains(err.Error(), "attach x") {
		t.Error("got", err)
	}
	mustNotBeThere(t, f, "1.0.0")
}

func TestSBOM(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, plainChart())
	p := pack(t, dir, "")
	a, err := SBOM(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	var got bill
	if err := json.Unmarshal(a.Data, &got); err != nil {
		t.Fatal(err)
	}
	const zero = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	want := bill{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: described{component{"application", "demo@1.2.3+build.4", "demo", "1.2.3+build.4", ""}},
		Components: []component{
			{"container", "busybox@" + zero, "busybox", zero, "pkg:oci/busybox@sha256%3A" + zero[7:] +
				"?repository_url=docker.io%2Flibrary%2Fbusybox"},
			{"container", "example.com/a/b:1", "example.com/a/b", "1",
				"pkg:oci/b?repository_url=example.com%2Fa%2Fb&tag=1"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b, err := SBOM(context.Background(), p); err != nil || string(b.Data) != string(a.Data) {
		t.Error("a second one differs", err)
	}
}

func TestSplitImage(t *testing.T) {
	for image, want := range map[string][3]string{
		"a": {"a", "", ""}, "a:1": {"a", "1", ""}, "h:5000/a": {"h:5000/a", "", ""},
		"h:5000/a:1@sha256:0": {"h:5000/a", "1", "sha256:0"},
	} {
		repository, tag, digest := splitImage(image)
		if got := [3]string{repository, tag, digest}; got != want {
			t.Errorf("%s is %v", image, got)
		}
	}
}
