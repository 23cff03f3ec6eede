package verify

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func run(t *testing.T, dir string, opts Options) *Report {
	t.Helper()
	report, err := Run(context.Background(), dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func get(t *testing.T, r *Report, name string) Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return Check{}
}

func TestGoodChartPasses(t *testing.T) {
	r := run(t, filepath.Join("testdata", "minimal"), Options{})
	for _, c := range r.Checks {
		if c.Status != Pass || c.Detail == "" || c.Remedy != "" {
			t.Errorf("%s: %s: %s (%s)", c.Name, c.Status, c.Detail, c.Remedy)
		}
	}
	if r.Failed() || r.Chart != "calls" || r.ChartVersion != "0.1.0" || r.AppVersion != "v1.13.5" {
		t.Errorf("report %+v", r)
	}
}

// The hand-made chart has every fault that was found in a real one.
func TestHandmadeChart(t *testing.T) {
	r := run(t, filepath.Join("testdata", "handmade"), Options{})
	for _, want := range []struct{ check, status, detail string }{
		{"flags", Fail, "no flag --rtc.port"},
		{"flags", Fail, "no flag --log.level"},
		{"config", Fail, "rtc.port is not a key"},
		{"redis", Fail, "has a scheme"},
		{"redis", Fail, "starts beside the server"},
		{"ports", Fail, "rtc-udp 7881/UDP: the server listens there with TCP"},
		{"ports", Fail, "rtc-tcp 7882/TCP: the server listens there with UDP"},
		{"node-ip", Fail, "--node-ip is the pod's address"},
		{"media", Fail, "reachable inside the cluster only"},
		{"secrets-in-configmap", Fail, "keys.homekey"},
		{"keys", Fail, "has 9 characters"},
		{"image-tags", Fail, "floating tag master"},
		{"persistence", Warn, "Claim livekit-data is mounted by container livekit"},
		{"probes", Warn, "no probes"},
		{"security", Warn, "runs as root"},
		{"grace-period", Warn, "is 30"},
		{"rollout", Warn, "claim livekit-data"},
		{"checksum", Warn, "rolls no pod"},
	} {
		c := get(t, r, want.check)
		if c.Status != want.status || !strings.Contains(c.Detail, want.detail) {
			t.Errorf("%s is %s: %s\nwant %s: %s", want.check, c.Status, c.Detail, want.status, want.detail)
		}
	}
	for _, c := range r.Checks {
		if strings.Contains(c.Detail+c.Remedy, "homesecre") {
			t.Errorf("%s prints a secret: %s", c.Name, c.Detail)
		}
	}
	if !r.Failed() {
		t.Error("the report has not failed")
	}
}

// Before somebody fixed an indent, the same chart did not even parse.
func TestHandmadeChartThatDoesNotParse(t *testing.T) {
	dir := edited(t, "handmade", edit{"templates/deployment.yaml", "      enableServiceLinks", "  enableServiceLinks"})
	r := run(t, dir, Options{})
	c := get(t, r, "render")
	if c.Status != Fail || !strings.Contains(c.Detail, "templates/deployment.yaml:18") ||
		!strings.Contains(c.Detail, `at "containers:"`) {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
	if !strings.Contains(c.Remedy, "indent") {
		t.Errorf("remedy %s", c.Remedy)
	}
	for _, c := range r.Checks {
		if c.Name == "lint" || c.Name == "render" || strings.HasPrefix(c.Name, "values-") {
			continue
		}
		if c.Status != Skip || !strings.Contains(c.Detail, "does not render") {
			t.Errorf("%s: %s: %s", c.Name, c.Status, c.Detail)
		}
	}
}

func TestKeysOfDependenciesAreTheirs(t *testing.T) {
	dir := edited(t, "minimal",
		edit{"Chart.yaml", "type: application", "type: application\n" +
			"dependencies: [{name: sub, version: 0.1.0, alias: other, condition: other.enabled}]"},
		edit{"values.yaml", "host:", "other: {enabled: true, x: 1}\nhost:"})
	if err := os.MkdirAll(filepath.Join(dir, "charts", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "charts", "sub", "Chart.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: v2\nname: sub\nversion: 0.1.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c := get(t, run(t, dir, Options{}), "values-read"); c.Status != Pass {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
}

func TestValuesOfTheUser(t *testing.T) {
	dir := filepath.Join("testdata", "minimal")
	file := filepath.Join(t.TempDir(), "more.yaml")
	if err := os.WriteFile(file, []byte("image: livekit/livekit-server:latest\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string]Options{
		"file":   {ValueFlags: helmchart.ValueFlags{ValueFiles: []string{file}}},
		"set":    {ValueFlags: helmchart.ValueFlags{Set: []string{"image=livekit/livekit-server:latest"}}},
		"values": {Values: map[string]any{"image": "livekit/livekit-server:latest"}},
	} {
		if c := get(t, run(t, dir, opts), "image-tags"); c.Status != Fail {
			t.Errorf("%s: %s: %s", name, c.Status, c.Detail)
		}
	}
	demanding := edited(t, "minimal",
		edit{"values.yaml", "host: calls.home.test\n", "host:\n"},
		edit{"templates/ingress.yaml", "{{ .Values.host }}", `{{ required "name a host" .Values.host }}`})
	c := get(t, run(t, demanding, Options{}), "render")
	if c.Status != Fail || !strings.Contains(c.Remedy, "--values") {
		t.Errorf("%s: %s (%s)", c.Status, c.Detail, c.Remedy)
	}
	set := helmchart.ValueFlags{Set: []string{"host=a.home.test"}}
	if c := get(t, run(t, demanding, Options{ValueFlags: set}), "render"); c.Status != Pass {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
	none := helmchart.ValueFlags{ValueFiles: []string{"none.yaml"}}
	if _, err := Run(context.Background(), dir, Options{ValueFlags: none}); err == nil {
		t.Error("a values file that is not there gives no error")
	}
}

func TestNothingToJudge(t *testing.T) {
	empty := t.TempDir()
	for _, dir := range []string{empty, filepath.Join(empty, "none"), "verify.go"} {
		_, err := Run(context.Background(), dir, Options{})
		if err == nil || !strings.Contains(err.Error(), "no chart at") || remedy.Step(err) == "" {
			t.Errorf("%s: error %v, step %q", dir, err, remedy.Step(err))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, filepath.Join("testdata", "minimal"), Options{}); err == nil {
		t.Error("a canceled run gives no error")
	}
}

func TestReportAsJSON(t *testing.T) {
	data, err := json.Marshal(run(t, filepath.Join("testdata", "handmade"), Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Chart  string
		Checks []map[string]string
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.Chart != "livekit" || len(got.Checks) != len(checks()) {
		t.Errorf("chart %q with %d checks", got.Chart, len(got.Checks))
	}
	for _, c := range got.Checks {
		for _, key := range []string{"name", "status", "detail", "remedy"} {
			if _, ok := c[key]; !ok {
				t.Errorf("a check has no %s", key)
			}
		}
	}
}

// A normal chart is checked in well under 300 ms; the bound leaves room for a
// busy machine.
func TestRunIsFast(t *testing.T) {
	start := time.Now()
	run(t, filepath.Join("testdata", "handmade"), Options{})
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		if _, err := Run(context.Background(), filepath.Join("testdata", "handmade"), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
