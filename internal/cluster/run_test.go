package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// TestMain lets the test's own binary stand in for the command.
func TestMain(m *testing.M) {
	if role := os.Getenv("STANDIN"); role != "" {
		os.Exit(standIn(role))
	}
	os.Exit(m.Run())
}

// standIn does what the command does, as far as Run sees it.
func standIn(role string) int {
	plans := json.NewDecoder(os.Stdin)
	var plan Plan
	if err := plans.Decode(&plan); err != nil || len(os.Args) != 2 || os.Args[1] != "trial" || !plan.Attached {
		fmt.Fprintln(os.Stderr, "Error: no plan", err, os.Args)
		return 1
	}
	fmt.Fprintln(os.Stderr, "trying", plan.Chart)
	switch role {
	case "passes", "fails":
		_ = json.NewEncoder(os.Stdout).Encode(Report{Checks: []Check{{Name: "install", Status: role}},
			Summary: Summary{Media: []string{"udp"}}})
		return map[string]int{"passes": 0, "fails": 2}[role]
	case "cannot":
		fmt.Fprint(os.Stderr, "Error: no cluster:\n  it is away\nTry:   set KUBECONFIG\n")
		return 1
	case "garbage":
		fmt.Println("this is no report")
		return 0
	case "waits":
		_, _ = io.Copy(io.Discard, os.Stdin) // until nobody wants the test any more
		_ = os.WriteFile(os.Getenv("CLEANED"), nil, 0o600)
		return 1
	}
	return 3
}

func run(ctx context.Context, t *testing.T, role string, env ...string) (*Report, string, error) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var progress bytes.Buffer
	r, err := Run(ctx, binary, Plan{Chart: "apps/livekit"}, append(env, "STANDIN="+role), &progress)
	return r, progress.String(), err
}

func TestRun(t *testing.T) {
	for _, role := range []string{"passes", "fails"} {
		r, progress, err := run(t.Context(), t, role)
		if err != nil || len(r.Checks) != 1 || r.Checks[0].Status != role || r.Media[0] != "udp" {
			t.Errorf("%s: %+v, %v", role, r, err)
		}
		if progress != "trying apps/livekit\n" {
			t.Errorf("%s: progress %q", role, progress)
		}
	}
}

// What the command says becomes the plugin's own error, told once.
func TestRunCannot(t *testing.T) {
	_, progress, err := run(t.Context(), t, "cannot")
	if err == nil || err.Error() != "no cluster:\n  it is away" || remedy.Step(err) != "set KUBECONFIG" {
		t.Errorf("%v, %q", err, remedy.Step(err))
	}
	if strings.Contains(progress, "Error") {
		t.Errorf("told twice: %q", progress)
	}
	if _, _, err := run(t.Context(), t, "garbage"); err == nil || !strings.Contains(remedy.Step(err),
		"another version") {
		t.Errorf("garbage: %v", err)
	}
	if _, err := Run(t.Context(), filepath.Join(t.TempDir(), "none"), Plan{}, nil, nil); err == nil ||
		!strings.Contains(remedy.Step(err), "go install") {
		t.Errorf("no command: %v", err)
	}
}

// An install that is interrupted cleans up before Run returns.
func TestRunEnds(t *testing.T) {
	cleaned := filepath.Join(t.TempDir(), "cleaned")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, _, err := run(ctx, t, "waits", "CLEANED="+cleaned)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(cleaned); err != nil {
		t.Errorf("it did not clean up: %v", err)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	t.Setenv("PATH", dir)
	t.Setenv(Variable, "")
	if _, err := Find(); err == nil || !strings.Contains(remedy.Step(err), "go install") {
		t.Errorf("found without one: %v", err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(); err != nil || got != file {
		t.Errorf("on the path: %s, %v", got, err)
	}
	t.Setenv(Variable, filepath.Join(dir, "nowhere"))
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("a wrong variable: %v", err)
	}
	t.Setenv(Variable, file)
	if got, err := Find(); err != nil || got != file {
		t.Errorf("by the variable: %s, %v", got, err)
	}
}
