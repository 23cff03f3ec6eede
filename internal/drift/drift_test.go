package drift

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// standIn is a chart that renders what upstream's is known to render.
const standIn = "testdata/upstream/livekit-server"

// shared are the data beside the repository.
const shared = "../../../shared/examples"

// newChart scaffolds a chart in a repository of its own and gives its folder.
func newChart(t *testing.T, like string, with ...string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "apps", "livekit")
	o := scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{With: with}}
	if like != "" {
		o.Like = []string{like}
	}
	if _, err := scaffolding.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// homelab is a chart in whose conventions charts are tried: its values lie under
// the name of a dependency.
const homelab = "../scaffolding/testdata/homelab/apps/localai"

func load(t *testing.T, dir string) *helmchart.Chart {
	t.Helper()
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// input gives the comparison of a chart with the stand-in.
func input(t *testing.T, dir string) Input {
	t.Helper()
	chart, lock, err := Load(t.Context(), dir, helmchart.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Chart: chart, Dir: dir, Lock: lock, Upstream: load(t, standIn), UpstreamSource: standIn,
		Since: scaffolding.UpstreamVersion(sheet(t)),
	}
}

func run(t *testing.T, in Input) *Report {
	t.Helper()
	r, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFreshChartHasNoDrift(t *testing.T) {
	for _, c := range []struct {
		name, like string
		with       []string
		leftOut    bool
	}{
		{"canonical, whole", "", []string{"all"}, false},
		{"homelab, whole", homelab, []string{"all"}, false},
		{"canonical, lean", "", nil, true},
		{"homelab, lean", homelab, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, input(t, newChart(t, c.like, c.with...)))
			for _, f := range r.Findings {
				if f.Class == Drift {
					t.Errorf("%s %s: %v, %v (%s) in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Why, f.Scenarios)
				}
			}
			if (r.Summary[LeftOut] > 0) != c.leftOut {
				t.Errorf("%d findings of what was left out", r.Summary[LeftOut])
			}
			if r.Summary[Ours] == 0 || r.Summary[Convention] == 0 {
				t.Errorf("nothing is explained: %v", r.Summary)
			}
		})
	}
}

// What a chart was made for is no drift.
func TestChartForACloudHasNoDrift(t *testing.T) {
	for name, with := range map[string][]string{"lean": nil, "whole": {"all"}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "apps", "livekit")
			options := scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{Cloud: "eks", With: with}}
			if _, err := scaffolding.Run(t.Context(), options); err != nil {
				t.Fatal(err)
			}
			for _, f := range run(t, input(t, dir)).Findings {
				if f.Class == Drift {
					t.Errorf("%s %s: %v, %v (%s) in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Why, f.Scenarios)
				}
			}
		})
	}
}

// What belongs to a component that was not scaffolded is compared as well: a change of it, on either side, is drift.
func TestLeftOutIsCompared(t *testing.T) {
	dir := newChart(t, "")
	for name, c := range map[string]struct {
		ofUpstream             bool
		file, old, with        string
		scenario, object, path string
	}{
		"mended by hand": {
			false, "serviceaccount.yaml", "\nautomountServiceAccountToken: false", "",
			"account", "ServiceAccount/server", "automountServiceAccountToken",
		},
		"another value by hand": {
			false, "serviceaccount.yaml", "Token: false", "Token: true",
			"account", "ServiceAccount/server", "automountServiceAccountToken",
		},
		"a field of upstream's is gone": {
			true, "network.yaml", "    - {name: rtc-udp, port: {{ . }}, targetPort: rtc-udp, protocol: UDP}\n", "",
			"one-udp-port", "Service/signalling", "spec.ports[7882/UDP].name",
		},
		"upstream's object has one more": {
			true, "server.yaml", "kind: HorizontalPodAutoscaler\nmetadata:\n",
			"kind: HorizontalPodAutoscaler\nmetadata:\n  annotations: {new: new}\n",
			"autoscaling", "HorizontalPodAutoscaler/server", "metadata.annotations.new",
		},
		"upstream's object is gone": {
			true, "server.yaml", "{{- if .enabled }}\n---\napiVersion: autoscaling/v2",
			"{{- if false }}\n---\napiVersion: autoscaling/v2",
			"autoscaling", "HorizontalPodAutoscaler/server", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, dir)
			in.Only = []string{c.scenario}
			side := &in.Chart
			if c.ofUpstream {
				side = &in.Upstream
			}
			*side = edited(t, *side, c.file, c.old, c.with)
			if r := run(t, in); !slices.ContainsFunc(r.Findings, func(f Finding) bool {
				return f.Class == Drift && f.Object == c.object && f.Path.String() == c.path
			}) {
				t.Errorf("no drift of %s %s: %v", c.object, c.path, r.Summary)
			}
		})
	}
}

// edited gives a chart with another text in one of its templates.
func edited(t *testing.T, chart *helmchart.Chart, template, old, with string) *helmchart.Chart {
	t.Helper()
	head := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\nappVersion: %q\nkubeVersion: %q\n",
		chart.Name(), chart.Version(), chart.AppVersion(), chart.KubeVersion())
	files := []helmchart.File{
		{Name: "Chart.yaml", Data: []byte(head)}, {Name: "values.yaml", Data: chart.ValuesFile()},
	}
	isEdited := false
	for _, f := range chart.Templates() {
		if text := string(f.Data); filepath.Base(f.Name) == template && strings.Contains(text, old) {
			f.Data, isEdited = []byte(strings.Replace(text, old, with, 1)), true
		}
		files = append(files, f)
	}
	out, err := helmchart.LoadFiles(files)
	if err != nil || !isEdited {
		t.Fatalf("%s is not edited: %v", template, err)
	}
	return out
}

// Whatever a repository's convention is, a fresh chart has no drift.
func TestConventionsExplainThemselves(t *testing.T) {
	for name, settings := range map[string]string{
		"stateful set":    "kinds: {workload: StatefulSet}",
		"daemon set":      "kinds: {workload: DaemonSet}",
		"Traefik's route": "kinds: {route: IngressRoute}",
		"Gateway's route": "kinds: {route: HTTPRoute}",
		"one host":        "values: {ingress.hosts: {path: ingress.host, shape: host}}",
		"hosts as strings": "values: {ingress.hosts: {path: ingress.hosts, shape: strings}, ingress.tls: {path: " +
			"ingress.tls, shape: bool}}",
		"a certificate's name": "values: {ingress.tls: {path: ingress.secret, shape: secret}}",
		"certificates by host": "values: {ingress.tls: {path: ingress.tls, shape: hosts}}",
		"a certificate's map":  "values: {ingress.tls: {path: ingress.tls, shape: map}}",
		"an image in one":      "values: {image.repository: {path: image, shape: string}}",
		"a registry apart": "values: {image.repository: {path: image.name, shape: registry}, image.registry: " +
			"{path: image.registry}}",
		"deep places": "values: {replicaCount: {path: app.pods}, resources: {path: app.needs}, " +
			"service.port: {path: net.port}}",
		"labels of its own": "labels: {set: [{name: app, value: '{name}'}], selector: [{name: app, value: " +
			"'{name}'}]}",
		"names of its own": "naming: {fullname: '{name}', suffixes: {Deployment: -deployment, Service: -svc}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			for file, text := range map[string]string{
				".git/HEAD": "", ".helm-livekit.yaml": "conventions:\n  " + settings + "\n",
			} {
				path := filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			dir := filepath.Join(root, "apps", "livekit")
			if _, err := scaffolding.Run(t.Context(),
				scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{With: []string{"all"}}}); err != nil {
				t.Fatal(err)
			}
			for _, f := range run(t, input(t, dir)).Findings {
				if f.Class == Drift || f.Class == LeftOut && name != "daemon set" {
					t.Errorf(
						"%s: %s %s: %v, %v (%s) in %v", f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why,
						f.Scenarios,
					)
				}
			}
		})
	}
}

// A secret is in no part of a report.
func TestSecretsAreHidden(t *testing.T) {
	const secret = "word-that-nobody-may-ever-read-anywhere"
	in := input(t, newChart(t, "", "all"))
	in.Scenarios = []factsheet.Scenario{{Name: "secrets", Values: map[string]any{
		"livekit": map[string]any{
			"keys":    map[string]any{"APIx": secret},
			"redis":   map[string]any{"address": "r:6379", "password": secret},
			"webhook": map[string]any{"api_key": "APIx"},
			"rtc": map[string]any{
				"turn_servers": []any{
					map[string]any{"host": "h", "port": 1, "protocol": "udp", "username": "u", "credential": secret},
				},
			},
		},
	}}, {Name: "stored", Values: map[string]any{
		"livekit":           map[string]any{"key_file": "keys.yaml"},
		"storeKeysInSecret": map[string]any{"enabled": true, "keys": map[string]any{"APIx": secret}},
	}}}
	in.Only = []string{"secrets", "stored"}
	r := run(t, in)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(string(text), secret); i >= 0 {
		t.Errorf("the secret is in the report: %s", text[max(i-200, 0):i])
	}
	if !strings.Contains(string(text), "(hidden, 39 characters)") {
		t.Error("nothing is hidden")
	}
}

// A key that was made at random and no longer is differs from what was scaffolded.
func TestNoLongerRandom(t *testing.T) {
	dir := newChart(t, "")
	file := filepath.Join(dir, "templates", "secret.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const random = "default (randAlphaNum 43 | b64enc)"
	if !strings.Contains(string(text), random) {
		t.Fatalf("%s has no %q", file, random)
	}
	if err := os.WriteFile(file,
		[]byte(strings.Replace(string(text), random, `default ("always-the-same" | b64enc)`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, input(t, dir))
	if !slices.ContainsFunc(
		r.Findings, func(f Finding) bool { return f.Class == Drift && slices.Contains(f.Path, "LIVEKIT_API_SECRET") },
	) {
		t.Errorf("no drift in the secret: %+v", r.Summary)
	}
}

// Values that the chart refuses are a finding about their scenario, and no end of the comparison.
func TestValuesThatAreRefused(t *testing.T) {
	for _, with := range [][]string{nil, {"all"}} {
		in := input(t, newChart(t, "", with...))
		in.Scenarios = []factsheet.Scenario{{Name: "two", Values: map[string]any{"replicaCount": 2}}}
		in.Only = []string{"two", "defaults"}
		r := run(t, in)
		if !slices.ContainsFunc(
			r.Findings, func(f Finding) bool { return f.Class == Drift && slices.Contains(f.Scenarios, "two") },
		) {
			t.Errorf("%v: nothing is said of the scenario: %+v", with, r.Summary)
		}
	}
}

// A scaffolded chart that lost its lock is compared as any other.
func TestScaffoldedChartWithoutLock(t *testing.T) {
	dir := newChart(t, "")
	if err := os.Remove(filepath.Join(dir, ".helm-livekit.lock")); err != nil {
		t.Fatal(err)
	}
	r := run(t, input(t, dir))
	if len(r.Findings) == 0 {
		t.Error("nothing was found")
	}
}

func TestChartThatNeverRenders(t *testing.T) {
	broken, err := helmchart.LoadFiles([]helmchart.File{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: livekit-server\nversion: 1.9.0\n")},
		{Name: "templates/a.yaml", Data: []byte("{{ fail \"never\" }}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, newChart(t, ""))
	in.Upstream = broken
	if _, err := Run(t.Context(), in); err == nil || !strings.Contains(
		err.Error(), "upstream's chart renders in no scenario",
	) {
		t.Errorf("upstream's chart is broken: %v", err)
	}
	in = input(t, newChart(t, ""))
	in.Chart = broken
	if _, err := Run(t.Context(), in); err == nil || !strings.Contains(
		err.Error(), "the chart renders in no scenario",
	) {
		t.Errorf("the chart is broken: %v", err)
	}
}

// What upstream changed since the chart was derived from it is reported, whatever
// else is.
func TestChangedSince(t *testing.T) {
	in := input(t, newChart(t, "", "all"))
	in.SinceChart = in.Upstream
	now, err := os.ReadFile(standIn + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := append(in.Upstream.Templates(), helmchart.File{Name: "Chart.yaml",
		Data: []byte("apiVersion: v2\nname: livekit-server\nversion: 1.9.5\nappVersion: v1.9.5\n")},
		helmchart.File{Name: "values.yaml",
			Data: []byte(strings.Replace(string(now), "terminationGracePeriodSeconds: 18000",
				"terminationGracePeriodSeconds: 7200\nshiny: new", 1))})
	if in.Upstream, err = helmchart.LoadFiles(files); err != nil {
		t.Fatal(err)
	}
	r := run(t, in)
	for _, want := range []struct {
		layer        Layer
		class        Class
		object, path string
	}{
		{LayerVersion, Drift, "", "upstream"},
		{LayerVersion, Extra, "", "values terminationGracePeriodSeconds"},
		{LayerVersion, Extra, "", "values shiny"},
		{LayerVersion, Extra, "Deployment/server", "spec.template.spec.terminationGracePeriodSeconds"},
		{LayerValues, Drift, "", "terminationGracePeriodSeconds"},
		{LayerValues, Extra, "", "shiny"},
		{LayerObjects, Drift, "Deployment/server", "spec.template.spec.terminationGracePeriodSeconds"},
	} {
		if !slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.Layer == want.layer && f.Class == want.class && f.Object == want.object &&
				f.Path.String() == want.path
		}) {
			t.Errorf("no finding %v", want)
		}
	}
}

// sheet is the embedded one of the server.
func sheet(t testing.TB) *factsheet.Sheet {
	t.Helper()
	s, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
