//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const serverModule = "github.com/livekit/livekit-server"

// build compiles a release's own module, unless the cache has the server already. The module stands in a folder of its
// own for that: what its go.mod replaces counts there alone.
func build(ctx context.Context, cacheDir, release string, stderr io.Writer) (string, error) {
	server := filepath.Join(cacheDir, "livekit-server-"+release)
	if _, err := os.Stat(server); err == nil {
		return server, nil
	}
	fmt.Fprintf(stderr, "building livekit-server %s, which takes minutes\n", release)
	dir, err := os.MkdirTemp("", "livekit-server-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	out, err := output(ctx, dir, "go", "mod", "download", "-json", serverModule+"@"+release)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	source := filepath.Join(dir, "source")
	if err := os.CopyFS(source, os.DirFS(module.Dir)); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", err
	}
	// Static, so that it runs in a root of its own; and renamed, so that no half of it is ever there.
	made := filepath.Join(dir, "made")
	if _, err := output(ctx, source, "go", "build", "-ldflags=-s -w", "-o", made, "./cmd/server"); err != nil {
		return "", err
	}
	return server, install(made, server)
}

func install(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to+".new", data, 0o755); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// output runs a program of Go's, or the server, and gives what it prints.
func output(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}
