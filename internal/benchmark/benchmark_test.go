package benchmark

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// What a user would run instead, where HELM3_BIN names a Helm: README.md has
// the ratios.
//
//	HELM3_BIN=$(command -v helm) go test -run '^$' -bench . ./internal/benchmark

func binary(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "helm-livekit")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin,
		"github.com/helm-livekit/helm-livekit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return bin
}

func helm(b *testing.B) string {
	b.Helper()
	bin := os.Getenv("HELM3_BIN")
	if bin == "" {
		b.Skip("HELM3_BIN names no Helm to compare with")
	}
	return bin
}

func command(b *testing.B, dir, bin string, args ...string) {
	b.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s %v: %v\n%s", bin, args, err, out)
	}
}

func BenchmarkScaffold(b *testing.B) {
	bin, dir := binary(b), b.TempDir()
	for i := 0; b.Loop(); i++ {
		command(b, dir, bin, "scaffold", strconv.Itoa(i)+"/livekit")
	}
}

// BenchmarkScaffoldByHelm makes a chart and checks that it lints and renders,
// which scaffold does by itself.
func BenchmarkScaffoldByHelm(b *testing.B) {
	bin, dir := helm(b), b.TempDir()
	for i := 0; b.Loop(); i++ {
		name := "c" + strconv.Itoa(i)
		command(b, dir, bin, "create", name)
		command(b, dir, bin, "lint", "--strict", name)
		command(b, dir, bin, "template", name)
	}
}

func BenchmarkVerify(b *testing.B) {
	bin, dir := binary(b), b.TempDir()
	command(b, dir, bin, "scaffold", "livekit")
	for b.Loop() {
		command(b, dir, bin, "verify", "livekit")
	}
}

// BenchmarkVerifyByHelm is the part of verify that Helm has.
func BenchmarkVerifyByHelm(b *testing.B) {
	bin, dir := helm(b), b.TempDir()
	command(b, dir, binary(b), "scaffold", "livekit")
	for b.Loop() {
		command(b, dir, bin, "lint", "--strict", "livekit")
		command(b, dir, bin, "template", "livekit")
	}
}

// sixtyKeys writes a chart with sixty values of all kinds.
func sixtyKeys(b *testing.B, dir, name string) {
	b.Helper()
	var values, template strings.Builder
	template.WriteString("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}}\nspec:\n" +
		"  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      " +
		"containers:\n        - name: a\n          image: a\n          env:\n")
	for i := range 60 {
		fmt.Fprintf(&values, "k%02d: %s\n", i, []string{"text", "7", "true", "{}", "[]"}[i%5])
		fmt.Fprintf(&template, "            - {name: K%02d, value: {{ toJson .Values.k%02d | quote }}}\n", i, i)
	}
	for file, text := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: " + name + "\nversion: 0.1.0\n", "values.yaml": values.String(),
		"templates/deployment.yaml": template.String(),
	} {
		path := filepath.Join(dir, name, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProbe(b *testing.B) {
	bin, dir := binary(b), b.TempDir()
	sixtyKeys(b, dir, "keys")
	for b.Loop() {
		command(b, dir, bin, "conventions", "keys")
	}
}

// BenchmarkProbeByHelm renders the chart once for each of its values.
func BenchmarkProbeByHelm(b *testing.B) {
	bin, dir := helm(b), b.TempDir()
	sixtyKeys(b, dir, "keys")
	for b.Loop() {
		for i := range 60 {
			command(b, dir, bin, "template", "keys", "--set", fmt.Sprintf("k%02d=x", i))
		}
	}
}

func thousandCharts(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	for i := range 1000 {
		sixtyKeys(b, filepath.Join(dir, "apps"), fmt.Sprintf("app%03d", i))
	}
	return dir
}

func BenchmarkThousandCharts(b *testing.B) {
	bin, dir := binary(b), thousandCharts(b)
	for b.Loop() {
		command(b, dir, bin, "conventions")
	}
}

// BenchmarkThousandChartsByHelm renders each chart once.
func BenchmarkThousandChartsByHelm(b *testing.B) {
	bin, dir := helm(b), thousandCharts(b)
	for b.Loop() {
		for i := range 1000 {
			command(b, dir, bin, "template", filepath.Join("apps", fmt.Sprintf("app%03d", i)))
		}
	}
}

// BenchmarkHelp is what a user waits for at the least.
func BenchmarkHelp(b *testing.B) {
	bin := binary(b)
	dir := b.TempDir()
	for b.Loop() {
		command(b, dir, bin, "--help")
	}
}

func BenchmarkHelpByHelm(b *testing.B) {
	helm := helm(b)
	dir := b.TempDir()
	for b.Loop() {
		command(b, dir, helm, "version")
	}
}
