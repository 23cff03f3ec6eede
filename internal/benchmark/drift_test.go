package benchmark

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// upstreamsChart is a chart that renders what upstream's is known to render.
const upstreamsChart = "../drift/testdata/upstream/livekit-server"

// scaffolds are the flags of charts that are compared: the one that most people have, and one with all components.
var scaffolds = map[string][]string{"default": nil, "whole": {"--with", "all"}}

// driftCharts gives a scaffolded chart and upstream's, in a folder of their own.
func driftCharts(b *testing.B, bin string, flags []string) (dir, upstream string) {
	b.Helper()
	upstream, err := filepath.Abs(upstreamsChart)
	if err != nil {
		b.Fatal(err)
	}
	dir = b.TempDir()
	command(b, dir, bin, append([]string{"scaffold", "livekit"}, flags...)...)
	return dir, upstream
}

func BenchmarkDiffUpstream(b *testing.B) {
	bin := binary(b)
	for name, flags := range scaffolds {
		b.Run(name, func(b *testing.B) {
			dir, upstream := driftCharts(b, bin, flags)
			for b.Loop() {
				command(b, dir, bin, "diff-upstream", "livekit", "--upstream", upstream)
			}
		})
	}
}

// BenchmarkDiffUpstreamByHand renders both charts in every scenario and compares
// what comes out, object by object, which says nothing of what it means.
//
//	go install github.com/homeport/dyff/cmd/dyff@latest
//	export DYFF_BIN=$(command -v dyff) HELM3_BIN=$(command -v helm)
//	go test -run '^$' -bench DiffUpstream ./internal/benchmark
func BenchmarkDiffUpstreamByHand(b *testing.B) {
	dyff := os.Getenv("DYFF_BIN")
	if dyff == "" {
		b.Skip("DYFF_BIN names no dyff to compare with")
	}
	bin, helm := binary(b), helm(b)
	for name, flags := range scaffolds {
		b.Run(name, func(b *testing.B) {
			dir, upstream := driftCharts(b, bin, flags)
			scenarios := scenarioFiles(b, bin, dir, upstream)
			for b.Loop() {
				for _, s := range scenarios {
					template(b, helm, filepath.Join(dir, "livekit"), s.chart, s.chart+".out")
					template(b, helm, upstream, s.upstream, s.upstream+".out")
					command(b, dir, dyff, "between", "--omit-header", s.upstream+".out", s.chart+".out")
				}
			}
		})
	}
}

type scenario struct{ chart, upstream string }

// scenarioFiles writes the values of both charts in every scenario.
func scenarioFiles(b *testing.B, bin, dir, upstream string) []scenario {
	b.Helper()
	cmd := exec.Command(bin, "diff-upstream", "livekit", "--upstream", upstream, "-o", "json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var report struct {
		Scenarios []struct{ Name, ChartValues, UpstreamValues string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		b.Fatal(err)
	}
	var files []scenario
	for _, s := range report.Scenarios {
		if strings.Contains(s.Name, " ") {
			continue // made to take a branch, under another Kubernetes perhaps: nobody would think of it by hand
		}
		f := scenario{filepath.Join(dir, s.Name+".chart.yaml"), filepath.Join(dir, s.Name+".upstream.yaml")}
		for file, text := range map[string]string{f.chart: s.ChartValues, f.upstream: s.UpstreamValues} {
			if err := os.WriteFile(file, []byte(shown(text)), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		files = append(files, f)
	}
	return files
}

var hidden = regexp.MustCompile(`\(hidden, (\d+) characters\)`)

// shown puts some text of the same length where the report hides a secret.
func shown(values string) string {
	return hidden.ReplaceAllStringFunc(values, func(s string) string {
		n, _ := strconv.Atoi(hidden.FindStringSubmatch(s)[1])
		return strings.Repeat("x", n)
	})
}

func template(b *testing.B, helm, chart, values, out string) {
	b.Helper()
	cmd := exec.Command(helm, "template", "rel", chart, "--namespace", "media", "--values", values, "--kube-version",
		"1.34.0", "--skip-schema-validation")
	text, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", values, err)
	}
	if err := os.WriteFile(out, text, 0o600); err != nil {
		b.Fatal(err)
	}
}
