package cli

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// withRegistries gives a script the hosts of a registry of its own and of one
// that asks for a password, and keeps out the credentials of whoever runs it.
func withRegistries(env *testscript.Env) error {
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	open := httptest.NewServer(handler)
	private := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); user != "ada" || password != "hunter22" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"not with %s"}]}`, password)
			return
		}
		handler.ServeHTTP(w, req)
	}))
	env.Defer(open.Close)
	env.Defer(private.Close)
	env.Setenv("REGISTRY", strings.TrimPrefix(open.URL, "http://"))
	env.Setenv("PRIVATE_REGISTRY", strings.TrimPrefix(private.URL, "http://"))
	for _, variable := range []string{
		"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DOCKER_CONFIG", "HELM_CONFIG_HOME",
	} {
		env.Setenv(variable, env.WorkDir+"/.none")
	}
	return nil
}

// registryConfig writes the file that `helm registry login` writes.
func registryConfig(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: registry-config FILE")
	}
	auth := base64.StdEncoding.EncodeToString([]byte("ada:hunter22"))
	text := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, ts.Getenv("PRIVATE_REGISTRY"), auth)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
