package publish

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestCredentials(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		for _, withTLS := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, TLS %v", scheme, withTLS), func(t *testing.T) {
				noCredentials(t)
				f := start(t, &fake{auth: scheme}, withTLS)
				o := f.options(t)
				if withTLS {
					o.Connection.CAFile = f.caFile(t)
				}
				p := pack(t, newChart(t, nil), "")
				_, err := push(t, p, o)
				if err == nil || !strings.Contains(remedy.Step(err), "helm registry login "+f.host()) {
					t.Errorf("without credentials: %v, %q", err, remedy.Step(err))
				}
				o.Connection.Username, o.Connection.Password = testUser, testPassword
				mustPush(t, p, o)
				mustBePulled(t, f, "1.0.0")
			})
		}
	}
}

// Helm's own file goes before Docker's.
func TestStoredCredentials(t *testing.T) {
	home := noCredentials(t)
	f := start(t, &fake{auth: "basic"}, false)
	p := pack(t, newChart(t, nil), "")
	helms, docker := filepath.Join(home, "helm.json"), filepath.Join(home, "DOCKER_CONFIG", "config.json")

	dockerConfig(t, docker, f.host(), testUser, testPassword)
	o := f.options(t)
	o.Connection.RegistryConfig = helms
	mustPush(t, p, o) // no file of Helm's
	if err := os.WriteFile(helms, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustPush(t, p, o) // an empty one
	dockerConfig(t, helms, "other.example.com", testUser, "wrong")
	mustPush(t, p, o) // one without this host

	dockerConfig(t, docker, f.host(), testUser, "wrong")
	dockerConfig(t, helms, f.host(), testUser, testPassword)
	mustPush(t, p, o)

	dockerConfig(t, helms, f.host(), testUser, "wrong")
	if _, err := push(t, p, o); err == nil {
		t.Error("Docker's credentials went before Helm's")
	}
	o.Connection.Username, o.Connection.Password = testUser, testPassword
	mustPush(t, p, o)

	o = f.options(t)
	o.Connection.RegistryConfig = helms
	if err := os.WriteFile(helms, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := push(t, p, o); err == nil || !strings.Contains(err.Error(), helms) {
		t.Error("a file that is no JSON:", err)
	}
}

func TestHelmsDefaultFile(t *testing.T) {
	home := noCredentials(t)
	f := start(t, &fake{auth: "basic"}, false)
	dockerConfig(t, filepath.Join(home, "HELM_CONFIG_HOME", "registry", "config.json"), f.host(), testUser,
		testPassword)
	o := f.options(t)
	o.Connection.RegistryConfig = ""
	mustPush(t, pack(t, newChart(t, nil), ""), o)
}

func TestCredentialHelpers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the helper of the test is a shell script")
	}
	home := noCredentials(t)
	f := start(t, &fake{auth: "basic"}, false)
	bin := filepath.Join(home, "bin")
	write(t, home, map[string]string{
		"bin/docker-credential-test": fmt.Sprintf("#!/bin/sh\nread host\n[ \"$host\" = %s ] && echo "+
			"'{\"ServerURL\":\"x\",\"Username\":\"%s\",\"Secret\":\"%s\"}' || { echo 'credentials not found in "+
			"native keychain'; exit 1; }\n", f.host(), testUser, testPassword),
		"helm.json":                 fmt.Sprintf(`{"credHelpers": {%q: "test"}}`, f.host()),
		"broken.json":               fmt.Sprintf(`{"credHelpers": {%q: "missing"}}`, f.host()),
		"DOCKER_CONFIG/config.json": `{"credsStore": "test"}`,
	})
	if err := os.Chmod(filepath.Join(bin, "docker-credential-test"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	p := pack(t, newChart(t, nil), "")
	o := f.options(t)
	mustPush(t, p, o) // Docker's store
	o.Connection.RegistryConfig = filepath.Join(home, "helm.json")
	mustPush(t, p, o)
	o.Connection.RegistryConfig = filepath.Join(home, "broken.json")
	if _, err := push(t, p, o); err == nil || !strings.Contains(err.Error(), "docker-credential-missing") ||
		remedy.Step(err) == "" {
		t.Error("a helper that is not there:", err)
	}
}

func TestTokensOfRegistries(t *testing.T) {
	home := noCredentials(t)
	f := start(t, &fake{auth: "bearer"}, false)
	file := filepath.Join(home, "helm.json")
	write(t, home, map[string]string{"helm.json": fmt.Sprintf(`{"auths": {%q: {"registrytoken": %q}}}`, f.host(),
		testToken)})
	o := f.options(t)
	o.Connection.RegistryConfig = file
	mustPush(t, pack(t, newChart(t, nil), ""), o)
}

func TestTLS(t *testing.T) {
	noCredentials(t)
	f := start(t, &fake{}, true)
	p := pack(t, newChart(t, nil), "")
	o := f.options(t)
	if _, err := push(t, p, o); err == nil || !strings.Contains(remedy.Step(err), "--ca-file") {
		t.Errorf("an authority that nobody knows: %v", err)
	}
	o.Connection.PlainHTTP = true
	if _, err := push(t, p, o); err == nil || !strings.Contains(remedy.Step(err), "leave out --plain-http") {
		t.Errorf("plain HTTP to a registry with TLS: %v", err)
	}
	o = f.options(t)
	o.Connection.CAFile = f.caFile(t)
	mustPush(t, p, o)
	o = f.options(t)
	o.Connection.InsecureSkipTLSVerify = true
	mustPush(t, p, o)
}

// A registry on a private address gets no credentials over HTTP unless the
// user says so: whoever can close its port 443 would read them.
func TestNoFallbackToPlainHTTP(t *testing.T) {
	noCredentials(t)
	f := start(t, &fake{auth: "basic"}, false)
	o := f.options(t)
	o.Connection.PlainHTTP = false
	o.Connection.Username, o.Connection.Password = testUser, testPassword
	_, err := push(t, pack(t, newChart(t, nil), ""), o)
	if err == nil || !strings.Contains(remedy.Step(err), "--plain-http") {
		t.Errorf("got %v", err)
	}
	for _, r := range f.requests {
		t.Errorf("it sent %s %s over plain HTTP", r.Method, r.URL)
	}
}

func TestClientCertificates(t *testing.T) {
	noCredentials(t)
	f := &fake{}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"cert.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"key.pem":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
	})
	start(t, f, false)
	secure := httptest.NewUnstartedServer(f)
	secure.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	f.Server = secure
	o := f.options(t)
	o.Connection.InsecureSkipTLSVerify = true
	p := pack(t, newChart(t, nil), "")
	if _, err := push(t, p, o); err == nil {
		t.Error("it got in without a certificate")
	}
	o.Connection.CertFile, o.Connection.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	mustPush(t, p, o)
}

// A registry may send uploads elsewhere, but not the credentials.
func TestRedirectsTakeNoCredentials(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		t.Run(scheme, func(t *testing.T) {
			noCredentials(t)
			f := start(t, &fake{auth: scheme}, false)
			elsewhere := start(t, &fake{}, false)
			elsewhere.handler = f.handler
			// go-containerregistry refuses addresses of the local network, and takes names.
			away := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
			f.before = func(w http.ResponseWriter, req *http.Request) bool {
				if req.Header.Get("Authorization") == "" || !strings.Contains(req.URL.Path, "/blobs/") ||
					req.Method == http.MethodHead {
					return false
				}
				target := *req.URL
				u, _ := url.Parse(away)
				target.Scheme, target.Host = u.Scheme, u.Host
				http.Redirect(w, req, target.String(), http.StatusTemporaryRedirect)
				return true
			}
			o := f.options(t)
			o.Connection.Username, o.Connection.Password = testUser, testPassword
			mustPush(t, pack(t, newChart(t, nil), ""), o)
			mustBePulled(t, f, "1.0.0")
			if len(elsewhere.requests) == 0 {
				t.Fatal("nothing was redirected")
			}
			for _, r := range elsewhere.requests {
				if text := fmt.Sprint(r.Header, r.URL); r.Header.Get("Authorization") != "" ||
					strings.Contains(text, testToken) || strings.Contains(text, "secret") {
					t.Errorf("%s %s came with %v", r.Method, r.URL, r.Header)
				}
			}
		})
	}
}

func TestRedirectsEnd(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/manifests/") {
			http.Redirect(w, req, req.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		return false
	}
	if _, err := push(t, pack(t, newChart(t, nil), ""), f.options(t)); err == nil || !strings.Contains(err.Error(),
		"redirects without end") {
		t.Error("got", err)
	}
}

// Nothing that is printed has a credential in it, whatever the registry does.
func TestCredentialsAreNowhere(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		for _, password := range []string{testPassword, "wrong+secret/of%this test"} {
			noCredentials(t)
			f := start(t, &fake{auth: scheme}, false)
			echo := func(w http.ResponseWriter, req *http.Request) bool {
				if req.Header.Get("Authorization") == "" || req.Method != http.MethodPut {
					return false
				}
				w.Header().Set("WWW-Authenticate", req.Header.Get("Authorization"))
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"errors":[{"code":"ODD","message":"you sent %s","detail":%q}]}`,
					req.Header.Get("Authorization"), url.QueryEscape(password))
				return true
			}
			for _, before := range []func(http.ResponseWriter, *http.Request) bool{nil, echo} {
				f.before = before
				notes := &lines{}
				o := f.options(t)
				o.Notes, o.Connection.Debug = notes, notes
				o.Connection.Username, o.Connection.Password = testUser, password
				p := pack(t, newChart(t, nil), "")
				_, err := push(t, p, o)
				text := notes.String() + fmt.Sprint(err) + remedy.Step(err)
				_, contents := unpack(t, p.file)
				text += fmt.Sprint(contents)
				for _, secret := range []string{password, "secret", testToken, url.QueryEscape(password),
					"YWRhOn"} { // the last begins base64("ada:
					if strings.Contains(text, secret) {
						t.Errorf("%s, password %q: %q is in\n%s", scheme, password, secret, text)
					}
				}
				if !strings.Contains(notes.String(), "/v2/") {
					t.Error("the debug log is empty")
				}
			}
		}
	}
}

func TestAnswersOfTokenServersAreNotPrinted(t *testing.T) {
	noCredentials(t)
	f := start(t, &fake{auth: "bearer"}, false)
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path != "/token" {
			return false
		}
		fmt.Fprint(w, `{"refresh_token": "a-token-to-keep"}`)
		return true
	}
	o := f.options(t)
	o.Connection.Username, o.Connection.Password = testUser, testPassword
	if _, err := push(t, pack(t, newChart(t, nil), ""), o); err == nil || strings.Contains(err.Error(),
		"a-token-to-keep") {
		t.Error("got", err)
	}
}
