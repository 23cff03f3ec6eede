package cli

import (
	"context"
	"errors"
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
			return errors.Join(err, withRegistries(env))
		},
		RequireExplicitExec: true,
	})
}

// sparse makes a file of a size in bytes that takes no room on the disk.
func sparse(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: sparse FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o644))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), 100<<20))
}
