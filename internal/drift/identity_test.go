package drift

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// chartFiles are the files of a chart that decide what it renders.
func chartFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	chart := load(t, dir)
	out := map[string]string{"values.yaml": string(chart.ValuesFile()), "Chart.yaml": "apiVersion: v2\nname: " +
		chart.Name() + "\nversion: " + chart.Version() + "\nappVersion: " + chart.AppVersion() + "\n"}
	for _, f := range chart.Templates() {
		out[f.Name] = string(f.Data)
	}
	return out
}

// replaced replaces a text in all files, and fails where there is none.
func replaced(t *testing.T, files map[string]string, old, with string) {
	t.Helper()
	found := false
	for name, text := range files {
		found = found || strings.Contains(text, old)
		files[name] = strings.ReplaceAll(text, old, with)
	}
	if !found {
		t.Fatalf("no file has %q", old)
	}
}

// compareFiles compares a chart without a lock with the stand-in.
func compareFiles(t *testing.T, files map[string]string) *Report {
	t.Helper()
	var list []helmchart.File
	for name, text := range files {
		list = append(list, helmchart.File{Name: name, Data: []byte(text)})
	}
	chart, err := helmchart.LoadFiles(list)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, Input{Chart: chart, Dir: "fork", Upstream: load(t, standIn), UpstreamSource: standIn})
}

// drifted gives the object and path of everything of a class.
func drifted(r *Report, class Class) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Class == class {
			out = append(out, strings.TrimSpace(f.Object+" "+f.Path.String()))
		}
	}
	return slices.Compact(out)
}

// Upstream's chart under another name, or written in another way, is upstream's chart.
func TestCopyHasNoDrift(t *testing.T) {
	for name, change := range map[string]func(files map[string]string){
		"copy":    func(map[string]string) {},
		"renamed": func(files map[string]string) { replaced(t, files, "name: livekit-server\n", "name: talk\n") },
		"reformatted": func(files map[string]string) {
			var values map[string]any
			if err := yaml.Unmarshal([]byte(files["values.yaml"]), &values); err != nil {
				t.Fatal(err)
			}
			text, _ := yaml.Marshal(values)
			files["values.yaml"] = "# Ours.\n" + strings.ReplaceAll(string(text), "  ", "    ")
			for name, text := range files {
				if strings.HasPrefix(name, "templates/") {
					files[name] = regexp.MustCompile(`\{\{(-?) *`).ReplaceAllString(text, "{{$1   ")
				}
			}
		},
		"a key with another name": func(files map[string]string) {
			replaced(t, files, "replicaCount", "copies")
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := chartFiles(t, standIn)
			change(files)
			r := compareFiles(t, files)
			for _, class := range []Class{Drift, Extra, Ours} {
				if found := drifted(r, class); len(found) > 0 {
					t.Errorf("%s: %v", class, found)
				}
			}
			if name == "copy" && r.Summary[Convention] > 0 {
				t.Errorf("a copy has other names: %v", drifted(r, Convention))
			}
		})
	}
}

// A fork differs from its parent by what the fork changed, and no more.
func TestForkDiffersByItsChanges(t *testing.T) {
	for name, c := range map[string]struct {
		old, with    string
		drift, extra []string
		why          string
	}{
		"a field": {
			"hostNetwork: true", "hostNetwork: false",
			[]string{"Deployment/server spec.template.spec.hostNetwork"}, nil, "",
		},
		"a port": {
			"- {name: http, containerPort: {{ $lk.port }}, protocol: TCP}",
			"- {name: http, containerPort: {{ $lk.port }}, hostPort: {{ $lk.port }}, protocol: TCP}",
			nil, []string{"Deployment/server spec.template.spec.containers[server].ports[7880/TCP].hostPort",
				"Deployment/server spec.template.spec.containers[server].ports[7890/TCP].hostPort"}, "",
		},
		"a feature that is gone": {
			"{{- if $v.serviceAccount.create }}", "{{- if false }}",
			[]string{"Deployment/server spec.template.spec.serviceAccountName", "ServiceAccount/server"}, nil, "",
		},
		"a key of its own": {
			"      terminationGracePeriodSeconds:", "      {{- with $v.livekit.turn.pool }}\n" +
				"      priorityClassName: {{ . }}\n      {{- end }}\n      terminationGracePeriodSeconds:",
			nil, []string{"livekit.turn.pool", "Deployment/server spec.template.spec.priorityClassName"},
			"only this chart reads it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := chartFiles(t, standIn)
			replaced(t, files, c.old, c.with)
			r := compareFiles(t, files)
			if got := drifted(r, Drift); !slices.Equal(got, c.drift) {
				t.Errorf("drift of %q, want %q", got, c.drift)
			}
			if got := drifted(r, Extra); !slices.Equal(got, c.extra) {
				t.Errorf("extra are %q, want %q", got, c.extra)
			}
			if c.why != "" && !slices.ContainsFunc(r.Findings, func(f Finding) bool {
				return strings.Contains(f.Why, c.why)
			}) {
				t.Errorf("nothing says %q", c.why)
			}
		})
	}
}

// A chart of other making that has a key of upstream's name is asked what that does.
func TestSameNameIsTriedFirst(t *testing.T) {
	dir := filepath.Join("testdata", "samenames")
	conv, err := sibling.Read(t.Context(), []string{dir}, sibling.ReadOptions{
		Sheet: sheet(t), Lenient: true, Warn: func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, Input{Chart: load(t, dir), Dir: dir, Convention: conv, Upstream: load(t, standIn)})
	for key, want := range map[string]struct {
		class Class
		why   string
	}{
		"livekit.turn.enabled":    {"", ""}, // the same
		"livekit.turn.domain":     {Convention, "livekit.turn.domain here (by its name)"},
		"livekit.turn.tls_port":   {Convention, "livekit.turn.tlsPort here"},
		"securityContext":         {Convention, "container.securityContext here"},
		"podSecurityContext":      {Convention, "securityContext here"},
		"turnLoadbalancer.enable": {Drift, "no value of the chart does this"},
	} {
		i := slices.IndexFunc(r.Findings, func(f Finding) bool {
			return f.Layer == LayerValues && f.Path.String() == key && f.Class != Extra
		})
		switch {
		case i < 0 && want.class != "":
			t.Errorf("%s: nothing is said", key)
		case i >= 0 && (r.Findings[i].Class != want.class || !strings.HasPrefix(r.Findings[i].Why, want.why)):
			t.Errorf("%s: %s, %s", key, r.Findings[i].Class, r.Findings[i].Why)
		}
	}
}
