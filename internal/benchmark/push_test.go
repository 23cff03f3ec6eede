package benchmark

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// BenchmarkPush compares with `helm package` and `helm push`, for a small
// chart and for one with 20 MB of files, half of them text. Each push is of a
// version that the registry lacks. With the checks of verify, the comparison is
// with those of Helm as well.
func BenchmarkPush(b *testing.B) {
	bin, helmBin := binary(b), helm(b)
	for _, size := range []int{0, 20_000_000} {
		dir := b.TempDir()
		chart := filepath.Join(dir, "livekit")
		command(b, dir, bin, "scaffold", chart)
		fill(b, filepath.Join(chart, "files"), size)
		target := "oci://" + newRegistry(b) + "/charts"
		n := 0
		version := func() string { n++; return fmt.Sprintf("1.0.%d", n) }
		for name, steps := range map[string]func(version string) [][]string{
			"push": func(v string) [][]string {
				return [][]string{{bin, "push", chart, target, "--plain-http", "--version", v}}
			},
			"push-no-verify": func(v string) [][]string {
				return [][]string{{bin, "push", chart, target, "--plain-http", "--version", v, "--no-verify"}}
			},
			"helm-package-push": func(v string) [][]string { return byHelm(helmBin, dir, chart, target, v) },
			"helm-lint-template-package-push": func(v string) [][]string {
				return append([][]string{{helmBin, "lint", "--strict", chart}, {helmBin, "template", chart}},
					byHelm(helmBin, dir, chart, target, v)...)
			},
		} {
			b.Run(fmt.Sprintf("%dMB/%s", size/1_000_000, name), func(b *testing.B) {
				for b.Loop() {
					for _, step := range steps(version()) {
						command(b, dir, step[0], step[1:]...)
					}
				}
				var peak float64
				for _, step := range steps(version()) {
					peak = max(peak, peakOf(b, dir, step))
				}
				b.ReportMetric(peak, "peak-MiB")
			})
		}
	}
}

func byHelm(helm, dir, chart, target, version string) [][]string {
	return [][]string{
		{helm, "package", chart, "--version", version, "--destination", dir},
		{helm, "push", filepath.Join(dir, "livekit-"+version+".tgz"), target, "--plain-http"},
	}
}

// peakOf runs a command and gives its greatest resident size in MiB, 0 where
// the system does not tell. Linux counts what the process that starts a command
// has taken, and this one has a registry in it: so another one does it.
func peakOf(b *testing.B, dir string, args []string) float64 {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), measures+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
	var kib float64
	_, _ = fmt.Sscan(string(out), &kib)
	return kib / (1 << 10)
}

// measures is the variable that makes this program measure another one.
const measures = "HELM_LIVEKIT_MEASURE"

func TestMain(m *testing.M) {
	if os.Getenv(measures) == "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	if err := cmd.Run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if usage := reflect.Indirect(reflect.ValueOf(cmd.ProcessState.SysUsage())).FieldByName("Maxrss"); usage.IsValid() {
		fmt.Println(usage.Int()) // in KiB on Linux
	}
}

func newRegistry(b *testing.B) string {
	b.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	b.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// fill writes files of 4 MB, below Helm's limit for one of them.
func fill(b *testing.B, dir string, size int) {
	b.Helper()
	const each = 4_000_000
	random := rand.New(rand.NewPCG(1, 2))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range size / each {
		data := make([]byte, each)
		for j := range data {
			data[j] = byte(random.Uint32())
			if i%2 == 0 {
				data[j] = "abcdefgh \n"[int(data[j])%10]
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.bin", i)), data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
