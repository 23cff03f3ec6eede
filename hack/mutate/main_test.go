package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// onlyReplicas is a comparison that sees the number of replicas and nothing else.
func onlyReplicas(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
	var replicas []string
	for _, c := range []*helmchart.Chart{chart, upstream} {
		files, err := c.Render(ctx, nil, helmchart.Release{})
		if err != nil {
			return nil, err
		}
		_, number, _ := strings.Cut(string(files[0].Data), "replicas:")
		number, _, _ = strings.Cut(number, "\n")
		replicas = append(replicas, strings.TrimSpace(number))
	}
	if replicas[0] == replicas[1] {
		return nil, nil
	}
	return []drift.Finding{{
		Layer: drift.LayerObjects, Class: drift.Drift, Path: []string{"spec", "replicas"}, Chart: replicas[0],
		Upstream: replicas[1],
	}}, nil
}

func compareReplicas(context.Context, string, string) (comparison, error) {
	return comparison{[]drift.Case{{Name: "defaults"}}, onlyReplicas}, nil
}

func chartDir(t *testing.T, deployment string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range (chart{
		"Chart.yaml":                "apiVersion: v2\nname: small\nversion: 1.0.0\n",
		"values.yaml":               "replicas: 1\n",
		"templates/deployment.yaml": deployment,
		".helmignore":               "x\n",
		"x":                         "ignored\n",
	}) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: small
spec:
  # How many.
  replicas: {{ .Values.replicas }}
  paused: false
`

func runHere(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, progress bytes.Buffer
	args = append([]string{"--chart", chartDir(t, deployment), "--upstream", chartDir(t, deployment)}, args...)
	err := run(t.Context(), args, compareReplicas, &out, &progress)
	return out.String(), err
}

// What the comparison misses is shown with its diff, and the command fails.
func TestRunShowsWhatIsMissed(t *testing.T) {
	out, err := runHere(t, "--kinds", "default-changed,scalar-changed", "--side", "chart")
	if !errors.Is(err, errWrong) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{
		"Something changed:      1 of 3 reported (33.3%)",
		"MISSED", "scalar-changed of the chart, templates/deployment.yaml:8",
		"renders otherwise in defaults", "spec.paused: false became true", "    -  paused: false\n    +  paused: true",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(out, "CORRECT") {
		t.Errorf("what was right is shown:\n%s", out)
	}
}

func TestRunIsContent(t *testing.T) {
	out, err := runHere(t, "--kinds", "default-changed,comment-removed", "--all")
	if err != nil || !strings.Contains(out, "Something changed:      2 of 2 reported (100.0%)") ||
		!strings.Contains(out, "Nothing changed:        0 of 2 reported falsely (0.0%)") ||
		strings.Count(out, "CORRECT") != 4 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRunCounts(t *testing.T) {
	out, err := runHere(t, "--all", "--count", "7", "--kinds", "default-changed,comment-added")
	if err != nil || len(resultLine.FindAllString(out, -1)) != 7 {
		t.Errorf("%v\n%s", err, out)
	}
}

var resultLine = regexp.MustCompile(`(?m)^[A-Z]+ ([0-9a-f]{10}): `)

// One mutation is done again by its ID, and shown with its diff.
func TestRunDoesOneAgain(t *testing.T) {
	out, err := runHere(t, "--all", "--kinds", "default-changed", "--side", "chart")
	all := resultLine.FindAllStringSubmatch(out, -1)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	again, err := runHere(t, "--only", all[0][1])
	if err != nil || !strings.Contains(again, "CORRECT "+all[0][1]) ||
		!strings.Contains(again, "    -replicas: 1\n    +replicas: 2\n") {
		t.Errorf("%v\n%s", err, again)
	}
}

func TestRunRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"name both charts":           {"--chart", ""},
		"use chart or upstream":      {"--side", "none"},
		"\"no\" is none":             {"--kinds", "no"},
		"at least 1":                 {"--jobs", "0"},
		"is no flag":                 {"more"},
		"no mutation of these chart": {"--only", "0123456789"},
	} {
		if _, err := runHere(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
}
