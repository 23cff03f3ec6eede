package drift

import (
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// branchEdits are changes of upstream's stand-in that show in a branch alone that no scenario takes, with the object
// and the path that have to be told.
var branchEdits = map[string]struct{ file, old, with, object, path string }{
	"a new value of a key": {
		"network.yaml", `{{- else if eq $lb.type "aws" }}`,
		`{{- else if eq $lb.type "azure" }}` + "\n    service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"\n" +
			`    {{- else if eq $lb.type "aws" }}`,
		"Service/signalling", `metadata.annotations["service.beta.kubernetes.io/azure-load-balancer-internal"]`,
	},
	"a value of a map by its key": {
		"network.yaml", `"do" "NodePort" }}`, `"do" "NodePort" "azure" "LoadBalancer" }}`,
		"Service/signalling", "spec.type",
	},
	"an undeclared key below livekit": {
		"server.yaml", "      securityContext:", "      runtimeClassName: {{ $lk.shiny }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"a key that dig reads": {
		"server.yaml", "      securityContext:",
		"      {{- if dig \"shiny\" \"\" .Values.livekit }}\n      runtimeClassName: shiny\n" +
			"      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"a key that get and index read": {
		"server.yaml", "      securityContext:",
		"      runtimeClassName: {{ get $v \"shiny\" }}{{ index $v \"sparkling\" }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"a threshold": {
		"server.yaml", "      securityContext:",
		"      {{- if gt (int $v.replicaCount) 9 }}\n      runtimeClassName: many\n" +
			"      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"a refusal": {
		"server.yaml", "{{- $lk := $v.livekit }}",
		"{{- $lk := $v.livekit }}\n" +
			"{{- if gt (int $v.replicaCount) 9 }}{{ fail \"that is too many\" }}{{ end }}", "", "",
	},
	"an upgrade": {
		"server.yaml", "      securityContext:",
		"      {{- if .Release.IsUpgrade }}\n      runtimeClassName: again\n      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"a version of Kubernetes": {
		"server.yaml", "      securityContext:",
		"      {{- if semverCompare \">=1.35-0\" .Capabilities.KubeVersion.Version }}\n      runtimeClassName: new\n" +
			"      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"an API version": {
		"server.yaml", "      securityContext:",
		"      {{- if .Capabilities.APIVersions.Has \"example.net/v1\" }}\n      runtimeClassName: new\n" +
			"      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
	"an API version that is there": {
		"server.yaml", "apiVersion: autoscaling/v2\n",
		"apiVersion: autoscaling/v2{{ if not ($.Capabilities.APIVersions.Has \"policy/v1\") }}beta1{{ end }}\n",
		"HorizontalPodAutoscaler/server", "apiVersion",
	},
	"an old autoscaler": {
		"server.yaml", "apiVersion: autoscaling/v2\n", "apiVersion: autoscaling/v2beta1\n",
		"HorizontalPodAutoscaler/server", "apiVersion",
	},
	"a text that is a template": {
		"server.yaml", "imagePullPolicy: {{ $v.image.pullPolicy }}", "imagePullPolicy: {{ tpl $v.image.pullPolicy $ }}",
		"Deployment/server", "spec.template.spec.containers[server].imagePullPolicy",
	},
	"a checksum that is gone": {
		"server.yaml", "        checksum/config: {{ toYaml $lk | sha256sum }}\n", "",
		"Deployment/server", `spec.template.metadata.annotations["checksum/config"]`,
	},
	"a condition within another": {
		"server.yaml", "      securityContext:",
		"      {{- if eq $v.loadBalancer.type \"azure\" }}\n      {{- if gt (int $v.replicaCount) 9 }}\n" +
			"      runtimeClassName: new\n      {{- end }}\n      {{- end }}\n      securityContext:",
		"Deployment/server", "spec.template.spec.runtimeClassName",
	},
}

// tells reports whether a difference is told as drift; a scenario that one chart refuses has no object.
func tells(r *Report, object, path string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Class == Drift && f.Object == object && f.Path.String() == path
	})
}

// What upstream changes in a branch that no scenario takes is told, and nothing else: one is made that does.
func TestBranchesAreTaken(t *testing.T) {
	dir := newChart(t, "")
	for name, c := range branchEdits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(t, dir)
			in.Upstream = edited(t, in.Upstream, c.file, c.old, c.with)
			r := run(t, in)
			if !tells(r, c.object, c.path) {
				t.Errorf("no drift of %s %s: %v", c.object, c.path, r.Coverage.Upstream.Missed)
			}
			for _, f := range r.Findings {
				// A key of upstream's that the server does not know is in its configuration, too.
				isOther := f.Object != c.object && !strings.HasSuffix(f.Path.String(), ".shiny")
				if f.Class == Drift && f.Layer == LayerObjects && isOther {
					t.Errorf("drift of %s %s: %v, %v in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Scenarios)
				}
			}
		})
	}
}

// The same is told where a chart that was scaffolded has been edited so, and in a fork, which has it alone.
func TestBranchesOfTheChartAreTaken(t *testing.T) {
	const was, with = "      serviceAccountName:", `      {{- if eq .Values.image.pullPolicy "azure" }}
      runtimeClassName: azure
      {{- end }}
      {{- if dig "shiny" "" .Values.config }}
      schedulerName: shiny
      {{- end }}
      serviceAccountName:`
	in := input(t, newChart(t, ""))
	in.Chart = edited(t, in.Chart, "deployment.yaml", was, with)
	r := run(t, in)
	for _, path := range []string{"spec.template.spec.runtimeClassName", "spec.template.spec.schedulerName"} {
		if !tells(r, "Deployment/server", path) {
			t.Errorf("no drift of %s: %v", path, r.Summary)
		}
	}
	for _, f := range r.Findings {
		if f.Class == Drift && !strings.HasSuffix(f.Path.String(), "Name") {
			t.Errorf("drift of %s %s: %v, %v in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Scenarios)
		}
	}

	for name, c := range branchEdits {
		t.Run("fork/"+name, func(t *testing.T) {
			t.Parallel()
			files := chartFiles(t, standIn)
			changed := 0
			for file, text := range files {
				if strings.HasSuffix(file, c.file) {
					files[file] = strings.Replace(text, c.old, c.with, 1)
					changed++
				}
			}
			r := compareFiles(t, files)
			isTold := slices.ContainsFunc(r.Findings, func(f Finding) bool {
				return (f.Class == Drift || f.Class == Extra) && f.Object == c.object && f.Path.String() == c.path
			})
			if !isTold || changed != 1 {
				t.Errorf("nothing is told of %s %s: %v", c.object, c.path, r.Coverage.Chart.Missed)
			}
		})
	}
}

// What both charts refuse is no difference, and what is refused is told with the words of the chart.
func TestRefusalsInBranches(t *testing.T) {
	refusal := branchEdits["a refusal"]
	fork := chartFiles(t, standIn)
	files := []helmchart.File{}
	for name, text := range fork {
		if strings.HasSuffix(name, refusal.file) {
			text = strings.Replace(text, refusal.old, refusal.with, 1)
			fork[name] = text
		}
		files = append(files, helmchart.File{Name: name, Data: []byte(text)})
	}
	r := compareFiles(t, fork)
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Class == Drift })
	if i < 0 || !strings.Contains(r.Findings[i].Chart.(string), "that is too many") {
		t.Errorf("the refusal is not told: %v", r.Summary)
	}
	chart, err := helmchart.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	r = run(t, Input{Chart: chart, Dir: "fork", Upstream: chart, UpstreamSource: standIn})
	if found := drifted(r, Drift); len(found) > 0 {
		t.Errorf("both refuse, and there is drift: %v", found)
	}
}
