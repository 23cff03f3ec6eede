package cli

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The files in testdata/script are sessions with the command, and the first
// documentation of each command.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"helm-livekit": run})
}

func run() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry-config": registryConfig,
			"sparse":          sparse,
		},
		Setup: func(env *testscript.Env) error {
			standIn, err := filepath.Abs("../drift/testdata/upstream/livekit-server")
			env.Setenv("STANDIN", standIn)
			env.Setenv("OWN_PATH", filepath.SplitList(env.Getenv("PATH"))[0]) // has helm-livekit alone
			withGitHub(env)
			return errors.Join(err, withRegistries(env))
		},
		RequireExplicitExec: true,
	})
}

// withGitHub gives a script a server that names the newest releases, as GitHub does.
func withGitHub(env *testscript.Env) {
	newest := map[string]string{
		"/helm-livekit/helm-livekit/releases/latest": "/helm-livekit/helm-livekit/releases/tag/v9.1.0",
		"/livekit/livekit/releases/latest":           "/livekit/livekit/releases/tag/v9.2.0",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := newest[r.URL.Path]; to != "" && r.Method == http.MethodHead {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		http.NotFound(w, r)
	}))
	env.Defer(server.Close)
	env.Setenv("GITHUB", server.URL)
}

// sparse makes a file of a size in bytes that takes no room on the disk.
func sparse(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: sparse FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), 100<<20))
}
