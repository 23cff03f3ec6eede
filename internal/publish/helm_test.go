package publish

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// rawManifest gives a manifest as the registry has it.
func rawManifest(t testing.TB, f *fake, repository, reference string) string {
	t.Helper()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v2/"+repository+"/manifests/"+reference, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s:%s: status %d", repository, reference, w.Code)
	}
	return w.Body.String()
}

// Without a Helm to compare with, this is what `helm push` of Helm 3.22 and 4.3
// wrote for a chart with these fields.
func TestManifestHasHelmsForm(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, plainChart())
	p := pack(t, dir, "")
	got := string(mustArtifact(t, p).Raw)
	got = strings.ReplaceAll(got, p.Digest, "CHART")
	want := `{"schemaVersion":2,` +
		`"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:cc921d73924101c922ca64204b6e686b70e3388fdc8b9e696606175e2faee042","size":507},` +
		`"layers":[{"mediaType":"application/vnd.cncf.helm.chart.content.v1.tar+gzip","digest":"CHART","size":942}],` +
		`"annotations":{"example.com/key":"value","org.opencontainers.image.authors":"Ada (ada@example.com), Bob",` +
		`"org.opencontainers.image.created":"1980-01-01T00:00:00Z","org.opencontainers.image.description":"A chart \u003cfor\u003e tests \u0026 more",` +
		`"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.source":"https://example.com/source",` +
		`"org.opencontainers.image.title":"demo","org.opencontainers.image.url":"https://example.com","org.opencontainers.image.version":"1.2.3+build.4"}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// For the same archive the manifest is, byte for byte, that of `helm push`.
func TestManifestIsThatOfHelmPush(t *testing.T) {
	for name, helm := range helms(t) {
		for _, signed := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				noCredentials(t)
				f, dir, out := newFake(t), t.TempDir(), t.TempDir()
				write(t, dir, plainChart())
				p := pack(t, dir, "")
				if signed {
					secret, _ := keyrings(t, "")
					if err := p.Sign(Key{Name: "ada", Keyring: secret}); err != nil {
						t.Fatal(err)
					}
				}
				archive, err := p.Save(out)
				if err != nil {
					t.Fatal(err)
				}
				run(t, helm, []string{"TZ=UTC"}, "push", archive, "oci://"+f.host()+"/helm", "--plain-http")
				mustPush(t, p, f.options(t))
				const tag = "1.2.3_build.4"
				want, got := rawManifest(t, f, "helm/demo", tag), rawManifest(t, f, "charts/demo", tag)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				if signed != strings.Contains(got, mediaProvenance) {
					t.Errorf("signed is %v, and the manifest is %s", signed, got)
				}
			})
		}
	}
}

// A chart that Helm pulled, with its provenance, passes Helm's verification.
func TestHelmPullsAndVerifies(t *testing.T) {
	for name, helm := range helms(t) {
		t.Run(name, func(t *testing.T) {
			noCredentials(t)
			f, out := newFake(t), t.TempDir()
			secret, public := keyrings(t, "open sesame")
			p := pack(t, newChart(t, nil), "1.0.0+x")
			wrong := func(string) ([]byte, error) { return []byte("wrong"), nil }
			if err := p.Sign(Key{Name: "ada", Keyring: secret, Passphrase: wrong}); err == nil {
				t.Error("it took a wrong passphrase")
			}
			asked := ""
			right := func(userID string) ([]byte, error) {
				asked = userID
				return []byte("open sesame"), nil
			}
			if err := p.Sign(Key{Name: "ada", Keyring: secret, Passphrase: right}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(asked, "ada@example.com") {
				t.Errorf("it asked for %q", asked)
			}
			mustPush(t, p, f.options(t))
			env := []string{"HELM_CACHE_HOME=" + t.TempDir(), "HELM_CONFIG_HOME=" + t.TempDir()}
			run(t, helm, env, "pull", "oci://"+f.host()+"/charts/demo", "--version", "1.0.0+x", "--plain-http",
				"--verify", "--keyring", public, "--destination", out)
			archive := filepath.Join(out, "demo-1.0.0+x.tgz")
			pulled, err := os.ReadFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			if pushed, err := os.ReadFile(p.file); err != nil || !bytes.Equal(pulled, pushed) {
				t.Error("Helm pulled other bytes", err)
			}
			run(t, helm, env, "verify", archive, "--keyring", public)
			run(t, helm, env, "template", "x", "oci://"+f.host()+"/charts/demo", "--version", "1.0.0+x", "--plain-http")
		})
	}
}

func TestSignedPushes(t *testing.T) {
	f := newFake(t)
	dir := newChart(t, nil)
	secret, _ := keyrings(t, "")
	mustPush(t, pack(t, dir, ""), f.options(t))
	signed := pack(t, dir, "")
	if err := signed.Sign(Key{Name: "ada", Keyring: secret}); err != nil {
		t.Fatal(err)
	}
	// Nobody who asks for a signature is told that all is well without one.
	if _, err := push(t, signed, f.options(t)); err == nil || !strings.Contains(err.Error(), "without provenance") {
		t.Errorf("got %v", err)
	}
	o := f.options(t)
	o.Force = true
	mustPush(t, signed, o)
	if m := mustBePulled(t, f, "1.0.0"); len(m.Layers) != 2 || m.Layers[0].Digest > m.Layers[1].Digest {
		t.Errorf("the layers are %+v", m.Layers)
	}
	if r := mustPush(t, signed, f.options(t)); r.Status != AlreadyPresent {
		t.Errorf("got %+v", r)
	}
	out := t.TempDir()
	archive, err := signed.Save(out)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(archive + ".prov"); err != nil ||
		!strings.Contains(string(text), strings.TrimPrefix(signed.Digest, "sha256:")) {
		t.Errorf("provenance %s, %v", text, err)
	}
}

func TestSignRefuses(t *testing.T) {
	secret, public := keyrings(t, "")
	for name, key := range map[string]Key{
		"no keyring":  {Name: "ada", Keyring: filepath.Join(t.TempDir(), "none.gpg")},
		"no such key": {Name: "eve", Keyring: secret},
		"public keys": {Name: "ada", Keyring: public},
	} {
		if err := pack(t, newChart(t, nil), "").Sign(key); err == nil || remedy.Step(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(file, []byte("open sesame\r\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadPassphrase(file, nil); err != nil || string(got) != "open sesame" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ReadPassphrase("-", strings.NewReader("piped")); err != nil || string(got) != "piped" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, text := range []string{"", "\n"} {
		if _, err := ReadPassphrase("-", strings.NewReader(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// keyrings writes a key of ada's, as `gpg --export-secret-keys` and
// `gpg --export` do.
func keyrings(t testing.TB, passphrase string) (secret, public string) {
	t.Helper()
	key, err := openpgp.NewEntity("ada", "of the test", "ada@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var private, open bytes.Buffer
	if err := key.SerializePrivate(&private, nil); err != nil {
		t.Fatal(err)
	}
	if passphrase != "" {
		if err := key.PrivateKey.Encrypt([]byte(passphrase)); err != nil {
			t.Fatal(err)
		}
		for _, sub := range key.Subkeys {
			if err := sub.PrivateKey.Encrypt([]byte(passphrase)); err != nil {
				t.Fatal(err)
			}
		}
		private.Reset()
		if err := key.SerializePrivateWithoutSigning(&private, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := key.Serialize(&open); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret, public = filepath.Join(dir, "secret.gpg"), filepath.Join(dir, "public.gpg")
	for file, data := range map[string][]byte{secret: private.Bytes(), public: open.Bytes()} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return secret, public
}
