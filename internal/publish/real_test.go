package publish

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// realRegistries gives the registries that are on this machine: CNCF
// distribution 3, which REGISTRY_BIN names, and Debian's docker-registry.
//
//	go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2
func realRegistries(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	if program := os.Getenv("REGISTRY_BIN"); program != "" {
		out["distribution"] = program
	}
	if program, err := exec.LookPath("docker-registry"); err == nil {
		out["docker-registry"] = program
	}
	if len(out) == 0 {
		t.Skip("REGISTRY_BIN names no registry, and docker-registry is not installed")
	}
	return out
}

// realRegistry is a registry in a process of its own.
type realRegistry struct {
	host, config, program string
	cmd                   *exec.Cmd
}

// startReal starts a registry with further settings ("auth:", "http.tls").
func startReal(t testing.TB, program, tlsSettings, auth string) *realRegistry {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &realRegistry{host: listener.Addr().String(), program: program}
	listener.Close()
	dir := t.TempDir()
	r.config = filepath.Join(dir, "config.yml")
	write(t, dir, map[string]string{"config.yml": fmt.Sprintf(
		"version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q, secret: "+
			"x%s}\n%s",
		filepath.Join(dir, "data"), r.host, tlsSettings, auth)})
	r.start(t)
	t.Cleanup(r.kill)
	return r
}

func (r *realRegistry) start(t testing.TB) {
	t.Helper()
	r.cmd = exec.Command(r.program, "serve", r.config)
	// The registry takes such variables for its configuration.
	r.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "REGISTRY_") })
	r.cmd.Env = append(r.cmd.Env, "OTEL_TRACES_EXPORTER=none")
	r.cmd.Stderr = t.Output()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", r.host); err == nil {
			c.Close()
			return
		}
	}
	t.Fatalf("%s does not listen", r.program)
}

func (r *realRegistry) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

func TestRealRegistries(t *testing.T) {
	for name, program := range realRegistries(t) {
		for mode, setUp := range map[string]func(*testing.T, string) (*realRegistry, oci.Options){
			"plain": func(t *testing.T, program string) (*realRegistry, oci.Options) {
				return startReal(t, program, "", ""), oci.Options{PlainHTTP: true}
			},
			"tls":    realWithTLS,
			"basic":  realWithPassword,
			"bearer": realWithTokens,
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				noCredentials(t)
				r, c := setUp(t, program)
				tryReal(t, r, c)
			})
		}
	}
}

// tryReal takes a registry through what a user does with it.
func tryReal(t *testing.T, r *realRegistry, c oci.Options) {
	target, err := ParseTarget("oci://" + r.host + "/charts")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Target: target, Timeout: time.Minute, Tries: 3, Wait: time.Millisecond, Notes: t.Output(),
		Connection: c}
	o.AlsoTag = []string{"latest"}
	p := pack(t, newChart(t, nil), "1.0.0+x")
	attach := []Attachment{{Type: ReportType, Name: "verify.json", Data: []byte("{}")},
		{Type: SBOMType, Name: "sbom.cdx.json", Data: []byte(`{"a": 1}`)}}
	first := mustPush(t, p, o, attach...)
	if again := mustPush(t, p, o, attach...); again.Status != AlreadyPresent || again.Digest != first.Digest {
		t.Errorf("got %+v after %+v", again, first)
	}
	other := pack(t, newChart(t, map[string]string{"values.yaml": "a: 2\n"}), "1.0.0+x")
	if _, err := push(t, other, o); err == nil || !strings.Contains(err.Error(), "other content") {
		t.Errorf("other content: %v", err)
	}
	if c.PlainHTTP && c.Username == "" {
		got := referrers(t, r.host+"/charts/demo", first.Digest)
		if diff := cmp.Diff(slices.Sorted(slices.Values(first.Attached)), got); diff != "" {
			t.Error(diff)
		}
	}
	if os.Getenv("HELM3_BIN") == "" && os.Getenv("HELM4_BIN") == "" {
		return
	}
	for _, helm := range helms(t) {
		out := t.TempDir()
		args := []string{"pull", "oci://" + r.host + "/charts/demo", "--version", "1.0.0+x", "--destination", out}
		if c.PlainHTTP {
			args = append(args, "--plain-http")
		} else {
			args = append(args, "--ca-file", c.CAFile)
		}
		if c.Username != "" {
			args = append(args, "--username", c.Username, "--password", c.Password)
		}
		run(t, helm, []string{"HELM_CACHE_HOME=" + t.TempDir()}, args...)
		if pulled, err := os.ReadFile(filepath.Join(out, "demo-1.0.0+x.tgz")); err != nil ||
			fmt.Sprintf("sha256:%x", sha256.Sum256(pulled)) != p.Digest {
			t.Errorf("Helm pulled other bytes, %v", err)
		}
	}
}

// A registry that is killed and started again, with what it had on its disk,
// never has a tag that cannot be pulled.
func TestRealRegistriesAreKilled(t *testing.T) {
	for name, program := range realRegistries(t) {
		t.Run(name, func(t *testing.T) {
			noCredentials(t)
			r := startReal(t, program, "", "")
			target, err := ParseTarget("oci://" + r.host + "/charts")
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Target: target, Timeout: 20 * time.Second, Tries: 8, Wait: 20 * time.Millisecond,
				Notes: io.Discard, Connection: oci.Options{PlainHTTP: true}}
			through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: r.host})
			dir := newChart(t, map[string]string{"files/noise": noise(500_000)})
			retried := 0
			for n := range max(2, *faultRuns/40) {
				version := fmt.Sprintf("1.0.%d", n)
				dice := mathrand.New(mathrand.NewPCG(*faultSeed, uint64(n)))
				p := pack(t, dir, version)
				restarted := make(chan struct{})
				go func() {
					defer close(restarted)
					time.Sleep(time.Duration(dice.IntN(12_000)) * time.Microsecond)
					r.kill()
					r.start(t)
				}()
				notes := &lines{}
				o.Notes = notes
				result, err := push(t, p, o)
				<-restarted
				if notes.String() != "" {
					retried++
				}
				m, broken := pulled(through, "charts/demo", version)
				if broken != nil || err != nil || m == nil || result.Status != Pushed {
					t.Errorf("run %d: pushed %+v, %v; pulled %+v, %v", n, result, err, m, broken)
				}
			}
			t.Logf("%d pushes had to try again", retried)
		})
	}
}

// authority makes a certificate for this machine, signed by itself.
func authority(t testing.TB) (certificate []byte, key *ecdsa.PrivateKey, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	write(t, dir, map[string]string{
		"cert.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		"key.pem":  string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})),
	})
	return certificate, key, dir
}

func realWithTLS(t *testing.T, program string) (*realRegistry, oci.Options) {
	_, _, dir := authority(t)
	file := filepath.Join(dir, "cert.pem")
	settings := fmt.Sprintf(", tls: {certificate: %q, key: %q}", file, filepath.Join(dir, "key.pem"))
	return startReal(t, program, settings, ""), oci.Options{TLS: oci.TLS{CAFile: file}}
}

func realWithPassword(t *testing.T, program string) (*realRegistry, oci.Options) {
	hash, err := bcrypt.GenerateFromPassword([]byte(testPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte(testUser+":"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf("auth: {htpasswd: {realm: test, path: %q}}\n", file)
	return startReal(t, program, "", settings), oci.Options{PlainHTTP: true, Username: testUser, Password: testPassword}
}

func realWithTokens(t *testing.T, program string) (*realRegistry, oci.Options) {
	certificate, key, dir := authority(t)
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, ok := req.BasicAuth(); !ok || user != testUser || password != testPassword {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"token": %q}`, signedToken(t, certificate, key, req.URL.Query()["scope"]))
	}))
	t.Cleanup(tokens.Close)
	settings := fmt.Sprintf("auth: {token: {realm: %q, service: test, issuer: test, rootcertbundle: %q}}\n",
		strings.Replace(tokens.URL, "127.0.0.1", "localhost", 1)+"/token", filepath.Join(dir, "cert.pem"))
	return startReal(t, program, "", settings), oci.Options{PlainHTTP: true, Username: testUser, Password: testPassword}
}

// signedToken grants what is asked for
// (https://distribution.github.io/distribution/spec/auth/jwt/).
func signedToken(t testing.TB, certificate []byte, key *ecdsa.PrivateKey, scopes []string) string {
	type access struct {
		Type    string   `json:"type"`
		Name    string   `json:"name"`
		Actions []string `json:"actions"`
	}
	granted := []access{}
	for _, scope := range strings.Fields(strings.Join(scopes, " ")) {
		parts := strings.Split(scope, ":")
		granted = append(granted, access{parts[0], strings.Join(parts[1:len(parts)-1], ":"),
			strings.Split(parts[len(parts)-1], ",")})
	}
	now := time.Now().Unix()
	var parts []string
	for _, part := range []any{
		map[string]any{"typ": "JWT", "alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(certificate)}},
		map[string]any{"iss": "test", "sub": testUser, "aud": "test", "exp": now + 300, "nbf": now - 60, "iat": now,
			"jti": "1", "access": granted},
	} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Error(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, ".")))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Error(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return strings.Join(append(parts, base64.RawURLEncoding.EncodeToString(signature)), ".")
}
