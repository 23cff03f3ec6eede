package lineage

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// workerArgument makes the test program a worker.
const workerArgument = "serve-jobs"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArgument {
		if err := Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func pool(t testing.TB) *Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Skipf("the test program cannot be found: %v", err)
	}
	return &Pool{Command: []string{self, workerArgument}}
}

func writeChart(t *testing.T, values, template string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Chart.yaml":         "apiVersion: v2\nname: demo\nversion: 1.2.3\n",
		"values.yaml":        values,
		"templates/all.yaml": template,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// outcomes runs the jobs and gives what became of each.
func outcomes(ctx context.Context, p *Pool, jobs ...Job) ([]*Result, []error) {
	results, errs := make([]*Result, len(jobs)), make([]error, len(jobs))
	p.Run(ctx, jobs, func(i int, r *Result, err error) { results[i], errs[i] = r, err })
	return results, errs
}

// A hostile chart ends with an error, and does not take the others with it.
func TestPoolStopsHostileCharts(t *testing.T) {
	good := writeChart(t, "a: 1\n", "kind: Pod\nspec: {a: {{ .Values.a }}}\n")
	endless := writeChart(t, "", `{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}`)
	huge := writeChart(t, "", `{{ $s := "0123456789" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}kind: Pod`)
	deep := writeChart(t, "", `{{ define "x" }}{{ include "x" . }}{{ include "x" . }}{{ end }}{{ include "x" . }}`)
	short := Options{Timeout: 200 * time.Millisecond}
	results, errs := outcomes(context.Background(), pool(t),
		Job{Chart: good}, Job{Chart: endless, Options: short}, Job{Chart: huge}, Job{Chart: deep}, Job{Chart: good})
	for i, want := range []string{"", "does not end", "of memory", "x", ""} {
		switch {
		case want == "" && errs[i] != nil:
			t.Errorf("job %d: %v", i, errs[i])
		case want != "" && (errs[i] == nil || !strings.Contains(errs[i].Error(), want)):
			t.Errorf("job %d: error %v, want one with %q", i, errs[i], want)
		}
	}
	for _, i := range []int{0, 4} {
		expect(t, results[i], "a: direct Pod spec.a")
		if v := results[i].Base["a"]; v != int64(1) {
			t.Errorf("a whole number came back as %T", v)
		}
	}
}

func TestPoolIsInterrupted(t *testing.T) {
	endless := writeChart(t, "", `{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}`)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	started := time.Now()
	_, errs := outcomes(ctx, pool(t), Job{Chart: endless}, Job{Chart: endless}, Job{Chart: endless})
	for _, err := range errs {
		if err == nil {
			t.Error("no error")
		}
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestPoolWithoutAProcess(t *testing.T) {
	dir := writeChart(t, "a: 1\n", "kind: Pod\nspec: {a: {{ .Values.a }}}\n")
	results, errs := outcomes(context.Background(), &Pool{}, Job{Chart: dir, Sources: helmchart.Sources{}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	expect(t, results[0], "a: direct Pod spec.a")
	_, errs = outcomes(context.Background(), &Pool{Command: []string{filepath.Join(dir, "nothing")}}, Job{Chart: dir})
	if errs[0] == nil || !strings.Contains(errs[0].Error(), "starting a process") {
		t.Errorf("error %v", errs[0])
	}
}
