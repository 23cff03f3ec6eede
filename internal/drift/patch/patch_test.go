package patch

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

func finding(path string, upstream, chart any) drift.Finding {
	return drift.Finding{
		Layer: drift.LayerObjects, Class: drift.Drift, Object: "Deployment/server", Path: strings.Fields(path),
		Upstream: upstream, Chart: chart,
	}
}

// A field is written into the line that has it as a text; a line that computes it stays.
func TestEditLines(t *testing.T) {
	const template = `kind: Deployment
spec:
  replicas: {{ .Values.replicas }}
  minReadySeconds: 5
  template:
    spec:
      containers:
        - name: server
          readinessProbe:
            httpGet: {path: /, port: http}
            periodSeconds: 10
`
	const probe = "spec template spec containers [server] readinessProbe "
	for _, c := range []struct {
		name, was, is string // "" in is for an error
		f             drift.Finding
	}{
		{"a value", "Seconds: 5\n", "Seconds: 9\n", finding("spec minReadySeconds", 9, 5)},
		{"a value in braces", "{path: /,", "{path: /ready,", finding(probe+"httpGet path", "/ready", "/")},
		{"a field that is missing", "readinessProbe:\n", "readinessProbe:\n            failureThreshold: 6\n",
			finding(probe+"failureThreshold", 6, nil)},
		{"a field too many", "            periodSeconds: 10\n", "", finding(probe+"periodSeconds", nil, 10)},
		{"a computed value", "", "", finding("spec replicas", 3, 1)},
		{"an object that has no such part", "", "", finding("spec strategy type", "Recreate", nil)},
	} {
		lines, err := editLines(strings.SplitAfter(template, "\n"), c.f)
		if c.was == "" {
			if err == nil {
				t.Errorf("%s: expected an error", c.name)
			}
			continue
		}
		if want := strings.Replace(template, c.was, c.is, 1); err != nil || strings.Join(lines, "") != want {
			t.Errorf("%s: %v\n%s", c.name, err, strings.Join(lines, ""))
		}
	}
}

// A patch has to end all of its change and must not bring another difference. Upstream's own version stays as it is.
func TestProves(t *testing.T) {
	first, second := finding("spec a", 1, 2), finding("spec b", 1, 2)
	moved := drift.Finding{Layer: drift.LayerVersion, Class: drift.Drift, Path: []string{"upstream"}}
	explained := first
	explained.Class = drift.Convention
	before := &drift.Report{Findings: []drift.Finding{first, moved, second}}
	for name, c := range map[string]struct {
		after []drift.Finding
		want  string
	}{
		"ended":     {[]drift.Finding{moved, second}, ""},
		"explained": {[]drift.Finding{explained, second}, ""},
		"stays":     {[]drift.Finding{first}, "spec.a would stay"},
		"another":   {[]drift.Finding{second, finding("spec c", 1, nil)}, "another difference: objects "},
	} {
		err := proves(before, &drift.Report{Findings: c.after}, drift.Change{Findings: []int{0, 1}})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}
