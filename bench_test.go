package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// What a user would run instead, where HELM3_BIN names a Helm: README.md has
// the ratios.
//
//	HELM3_BIN=$(command -v helm) go test -run '^$' -bench . .

func binary(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "helm-livekit")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, ".")
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
