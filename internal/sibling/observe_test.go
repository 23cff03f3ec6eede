package sibling

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
)

// Names that say nothing, or the wrong thing: what is rendered tells.
const oddValues = `runtime:
  from: nginx
  mark: "1.27"
  fetch: Always
scale: 2
listen:
  outside: 80
  inside: 8080
kind: ClusterIP
entry:
  visible: true
  names: [a.example.com]
  through: nginx
disk:
  big: 1Gi
  sort: fast
settings: {}
image:
  repository: forgotten
replicaCount: 9
limits: {}
`

const oddTemplates = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Chart.Name }}-{{ .Release.Name }}
  labels: {app: {{ .Chart.Name }}, team: web}
spec:
  replicas: {{ .Values.scale }}
  selector: {matchLabels: {app: {{ .Chart.Name }}, release: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Chart.Name }}, release: {{ .Release.Name }}}}
    spec:
      containers:
        - name: main
          image: "{{ .Values.runtime.from }}:{{ .Values.runtime.mark }}"
          imagePullPolicy: {{ .Values.runtime.fetch }}
          ports: [{containerPort: {{ .Values.listen.inside }}}]
          resources: {{ toJson .Values.limits }}
          env:
            {{- range $k, $v := .Values.settings }}
            - {name: {{ $k | upper }}, value: {{ $v | quote }}}
            {{- end }}
          volumeMounts: [{name: data, mountPath: {{ .Values.disk.where | default "/data" }}}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Chart.Name }}-{{ .Release.Name }}}
spec:
  type: {{ .Values.kind }}
  ports: [{port: {{ .Values.listen.outside }}}]
  selector: {app: something-else}
---
{{- if .Values.entry.visible }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ .Chart.Name }}-{{ .Release.Name }}}
spec:
  ingressClassName: {{ .Values.entry.through }}
  rules:
    {{- range .Values.entry.names }}
    - host: {{ . }}
    {{- end }}
{{- end }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: {{ .Values.disk.sort }}
  resources: {requests: {storage: {{ .Values.disk.big }}}}
`

func TestReadsWhatValuesReach(t *testing.T) {
	apps := write(t, map[string]string{
		"odd/Chart.yaml": chartFile("odd", "0.1.0"), "odd/values.yaml": oddValues,
		"odd/templates/all.yaml": oddTemplates,
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "odd"))
	for key, want := range map[string]string{
		"image.repository":         "runtime.from",
		"image.tag":                "runtime.mark",
		"image.pullPolicy":         "runtime.fetch",
		"replicaCount":             "scale",
		"env":                      "settings",
		"resources":                "limits",
		"service.type":             "kind",
		"service.port":             "listen.outside",
		"service.targetPort":       "listen.inside",
		"ingress.className":        "entry.through",
		"ingress.hosts":            "entry.names",
		"persistence.size":         "disk.big",
		"persistence.storageClass": "disk.sort",
	} {
		v := c.Values[key]
		if v.Path != want || v.Confidence != convention.Probed {
			t.Errorf("%s is %q (%s, %s), want %q", key, v.Path, v.Confidence, v.Evidence, want)
		}
	}
	if c.Values["env"].Shape != convention.EnvMap || c.Values["ingress.hosts"].Shape != convention.HostsStrings {
		t.Errorf("shapes of env %q, of hosts %q", c.Values["env"].Shape, c.Values["ingress.hosts"].Shape)
	}
	if c.Naming.Fullname != convention.FullnameChartRelease || c.Naming.Confidence != convention.Probed {
		t.Errorf("names %+v", c.Naming)
	}
	if diff := cmp.Diff([]convention.Label{{Name: "app", Value: "{name}"}, {Name: "team", Value: "web"}},
		c.Labels.Set); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if len(c.Labels.ServiceSelector) > 0 {
		t.Errorf("a selector that finds nothing was followed: %v", c.Labels.ServiceSelector)
	}
}

// Keys that the templates pass over are followed in their names, and said to be
// dead.
func TestTellsKeysThatAreIgnored(t *testing.T) {
	apps := write(t, map[string]string{
		"a/Chart.yaml":  chartFile("a", "0.1.0"),
		"a/values.yaml": "image: {repository: nginx, tag: x}\nreplicas: 3\nresources: {limits: {cpu: 1}}\n",
		"a/templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n" +
			"  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      " +
			"containers:\n" +
			"        - {name: a, image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'}\n",
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "a"))
	if v := c.Values["replicaCount"]; v.Path != "replicas" || v.Confidence != convention.Name ||
		!strings.Contains(v.Evidence, "ignore") {
		t.Errorf("replicaCount is %+v", v)
	}
	if v := c.Values["resources"]; v.Confidence == convention.Probed {
		t.Errorf("resources is %+v", v)
	}
}

func TestNotesValuesThatAreRequired(t *testing.T) {
	apps := write(t, map[string]string{
		"a/Chart.yaml": chartFile("a", "0.1.0"), "a/values.yaml": "image: {repository: nginx, tag: x}\n",
		"a/templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '{{ required \"name " +
			"it\" .Values.title }}'}\nspec:\n" +
			"  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec:\n      " +
			"containers:\n" +
			"        - {name: a, image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'}\n",
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "a"))
	if !strings.Contains(strings.Join(c.Notes, "\n"), "only with values that it requires") ||
		c.Values["image.tag"].Confidence != convention.Probed {
		t.Errorf("notes %q, tag %+v", c.Notes, c.Values["image.tag"])
	}
}

// failing is a prober that cannot render.
type failing struct{}

func (failing) Run(_ context.Context, jobs []lineage.Job, done func(int, *lineage.Result, error)) {
	for i := range jobs {
		done(i, nil, errors.New("it does not end"))
	}
}

func TestGoesByNamesWhereNothingRenders(t *testing.T) {
	apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0"),
		"a/values.yaml": "image: {repository: nginx, tag: x}\nreplicas: 3\n"})
	var warnings []string
	options := ReadOptions{Sheet: serverSheet(), Prober: failing{},
		Warn: func(err error) { warnings = append(warnings, err.Error()) }}
	c := read(t, options, filepath.Join(apps, "a"))
	if v := c.Values["replicaCount"]; v.Path != "replicas" || v.Confidence != convention.Name {
		t.Errorf("replicaCount is %+v", v)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "its names alone") || !strings.Contains(warnings[0],
		"it does not end") {
		t.Errorf("warnings %q", warnings)
	}
}

const componentsTemplate = `{{- range $name := list "worker" "api" }}
{{- $c := get $.Values $name }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ $.Release.Name }}-{{ $name }}}
spec:
  replicas: {{ $c.replicas }}
  selector: {matchLabels: {app: {{ $name }}}}
  template:
    metadata: {labels: {app: {{ $name }}}}
    spec:
      containers: [{name: {{ $name }}, image: "{{ $c.image.repository }}:{{ $c.image.tag }}"}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ $.Release.Name }}-{{ $name }}}
spec: {type: {{ $c.service.type }}, ports: [{port: {{ $c.service.port }}}], selector: {app: {{ $name }}}}
---
{{- end }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ .Release.Name }}}
spec:
  rules: [{host: {{ .Values.api.host }}, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: {{ .Release.Name }}-api}}}]}}]
`

// One of several components of a chart is followed, with its own Service, and
// what is called for its role is called for the new chart.
func TestFollowsOneOfSeveralComponents(t *testing.T) {
	component := "{image: {repository: nginx, tag: x}, replicas: 1, service: {type: ClusterIP, port: 80}, host: " +
		"a.example.org}\n"
	apps := write(t, map[string]string{
		"shop/Chart.yaml": chartFile("shop", "0.1.0"), "shop/templates/all.yaml": componentsTemplate,
		"shop/values.yaml": "worker: " + component + "api: " + component,
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "shop"))
	for _, key := range []string{"image.repository", "image.tag", "replicaCount", "service.type", "service.port"} {
		if v := c.Values[key]; !strings.HasPrefix(v.Path, "{name}.") || v.Confidence != convention.Probed {
			t.Errorf("%s is at %s (%s)", key, v.Path, v.Confidence)
		}
	}
	if diff := cmp.Diff([]convention.Label{{Name: "app", Value: "{name}"}}, c.Labels.Selector); diff != "" {
		t.Errorf("selector (-want +got):\n%s", diff)
	}
	own := c.ForChart("livekit")
	if c.Naming.Fullname != convention.FullnameRelease || own.Naming.Suffixes["Deployment"] != "-livekit" ||
		own.Values["image.tag"].Path != "livekit.image.tag" {
		t.Errorf("names %+v, of the chart %+v", c.Naming, own.Naming)
	}
	if !strings.Contains(strings.Join(c.Notes, "\n"), "Of the workloads of") {
		t.Errorf("notes %q", c.Notes)
	}
}

// Values may be Kubernetes' own objects, which templates print as they are.
func TestFollowsValuesThatAreObjects(t *testing.T) {
	apps := write(t, map[string]string{
		"raw/Chart.yaml": chartFile("raw", "0.1.0"),
		"raw/values.yaml": `workload:
  replicas: 1
  selector: {matchLabels: {app: raw}}
  template:
    metadata: {labels: {app: raw}}
    spec: {containers: [{name: raw, image: "nginx:1.27", resources: {limits: {cpu: 1}}}]}
`,
		"raw/templates/all.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name " +
			"}}}\nspec: {{ toJson .Values.workload }}\n",
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "raw"))
	container := "workload.template.spec.containers[0]."
	for key, want := range map[string]string{
		"image.repository": container + "image", "resources": container + "resources",
		"replicaCount": "workload.replicas",
	} {
		if v := c.Values[key]; v.Path != want || v.Confidence != convention.Probed {
			t.Errorf("%s is at %q (%s), want %q", key, v.Path, v.Confidence, want)
		}
	}
	if shape := c.Values["image.repository"].Shape; shape != convention.ImageString {
		t.Errorf("the image's shape is %q", shape)
	}
	if _, ok := c.Values["image.tag"]; ok {
		t.Error("an image in one string has a tag of its own")
	}
}

// Of two Services, the one that the port reaches names the file.
func TestTakesFilesOfWhatKeysReach(t *testing.T) {
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: a}, ports: [{port: %s}]}\n"
	apps := write(t, map[string]string{
		"a/Chart.yaml": chartFile("a", "0.1.0"), "a/values.yaml": "service: {port: 80}\n",
		"a/templates/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  " +
			"selector: {matchLabels: {app: a}}\n" +
			"  template:\n    metadata: {labels: {app: a}}\n    spec: {containers: [{name: a, image: x}]}\n",
		"a/templates/peer-svc.yaml":   fmt.Sprintf(service, "peer", "9000"),
		"a/templates/server-svc.yaml": fmt.Sprintf(service, "a", "{{ .Values.service.port }}"),
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "a"))
	if got := c.Files.Templates["Service"]; got != "server-svc.yaml" {
		t.Errorf("file of the Service %q", got)
	}
}

// FuzzObserve reads and renders a sibling of any values: whatever they make of
// its templates, the convention that comes out is whole.
func FuzzObserve(f *testing.F) {
	f.Add(oddValues)
	f.Add("runtime: {from: nginx}\nentry: {visible: yes, names: [[a]]}\ndisk: [1, {big: 2}]\n")
	f.Add("settings: {a: {b: c}}\nlimits: zq0001x\nlisten: {outside: 300, inside: 301}\n")
	f.Add("runtime: &a {from: *a}\n")
	f.Add("a:\n b: 1\n")
	f.Add("kind: \"{{ fail 1 }}\"\nscale: 1e400\n")
	f.Fuzz(func(t *testing.T, values string) {
		apps := write(t, map[string]string{
			"odd/Chart.yaml": chartFile("odd", "0.1.0"), "odd/values.yaml": values,
			"odd/templates/all.yaml": oddTemplates,
		})
		options := ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}, Lenient: true}
		if _, err := Read(context.Background(), []string{filepath.Join(apps, "odd")}, options); err != nil {
			t.Error(err)
		}
	})
}

func TestTellsTheRegistryOfTheRepository(t *testing.T) {
	for image, want := range map[string]string{
		"harbor.corp.io/team/a": "harbor.corp.io", "ghcr.io/team/a": "", "team/a": "", "a": "",
		"registry.example.com/a": "", "10.0.0.1:5000/a": "10.0.0.1:5000",
	} {
		apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0"),
			"a/values.yaml": "image: {repository: '" + image + "', tag: x}\n"})
		c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a"))
		got := strings.Join(c.Notes, "\n")
		if want == "" && got != "" || want != "" && !strings.Contains(got, "Images come from "+want+" here") {
			t.Errorf("%s: notes %q", image, got)
		}
	}
}

// What stands in templates as a literal carries over as what values say does.
func TestTakesDefaultsFromWhatIsRendered(t *testing.T) {
	apps := write(t, map[string]string{
		"wiki/Chart.yaml": chartFile("wiki", "0.1.0"), "wiki/values.yaml": "image: {repository: nginx, tag: " +
			"x}\nsub: wiki\n",
		"wiki/templates/wiki-deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki}
spec:
  selector: {matchLabels: {app: wiki}}
  template:
    metadata: {labels: {app: wiki}}
    spec: {containers: [{name: wiki, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}]}
`,
		"wiki/templates/ingress.yaml": `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: wiki, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
spec: {ingressClassName: internal, rules: [{host: "{{ .Values.sub }}.corp.io"}]}
`,
		"wiki/templates/wiki-pvc.yaml": `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: wiki}
spec: {storageClassName: fast}
`,
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "wiki"))
	d := c.Defaults
	if d.IngressClass != "internal" || d.ClusterIssuer != "letsencrypt" || d.StorageClass != "fast" ||
		d.HostPattern != "{name}.corp.io" {
		t.Errorf("defaults %+v", d)
	}
	if f := c.Files.Templates; f["Deployment"] != "{name}-deployment.yaml" ||
		f["PersistentVolumeClaim"] != "{name}-pvc.yaml" || f["Ingress"] != "ingress.yaml" {
		t.Errorf("files %v", f)
	}
	if c.Naming.Fullname != convention.FullnameChart {
		t.Errorf("names %+v", c.Naming)
	}
}

// Of two files with objects of a kind, that beside the workload speaks.
func TestTakesFilesBesideTheWorkload(t *testing.T) {
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n"
	apps := write(t, map[string]string{
		"a/Chart.yaml": chartFile("a", "0.1.0"), "a/values.yaml": "{}\n",
		"a/templates/deployment.yaml":    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n",
		"a/templates/cache/service.yaml": service,
		"a/templates/service.yaml":       service,
		"a/templates/db-secret.yaml":     "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
		"a/templates/secrets.yaml":       "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
	})
	c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a"))
	if f := c.Files.Templates; f["Service"] != "service.yaml" || f["Secret"] != "secrets.yaml" {
		t.Errorf("files %v", f)
	}
}

// A server counts more than odd jobs, and a chart beside the new one more than
// those elsewhere.
func TestVotesAreWeighed(t *testing.T) {
	server := "image: {repository: a, tag: x}\nreplicaCount: 1\nservice: {port: 80}\ningress: {hosts: [{host: " +
		"a.corp.io}]}\npersistence: {size: 1Gi}\n"
	job := "image: {repository: a, tag: x}\nreplicas: 1\n"
	files := map[string]string{}
	for name, values := range map[string]string{"server": server, "job1": job, "job2": job, "far1": job, "far2": job,
		"far3": job} {
		files[name+"/Chart.yaml"], files[name+"/values.yaml"] = chartFile(name, "0.1.0"), values
	}
	apps := write(t, files)
	at := func(names ...string) []string {
		for i, name := range names {
			names[i] = filepath.Join(apps, name)
		}
		return names
	}
	c := read(t, ReadOptions{Sheet: serverSheet()}, at("job1", "job2", "server")...)
	if v := c.Values["replicaCount"]; v.Path != "replicaCount" || !strings.HasPrefix(v.Evidence, "1 of 3") {
		t.Errorf("beside two jobs, a server says %+v", v)
	}
	c = read(t, ReadOptions{Sheet: serverSheet(), Beside: 1}, at("job1", "far1", "far2", "far3")...)
	if got := len(c.Source); got != 4 {
		t.Errorf("%d charts voted", got)
	}
	c = read(t, ReadOptions{Sheet: serverSheet(), Beside: 1}, at("server", "job1", "job2", "far1", "far2", "far3")...)
	if v := c.Values["replicaCount"]; v.Path != "replicaCount" {
		t.Errorf("against five elsewhere, the chart beside says %+v", v)
	}
}

// A chart may be one line that calls a library for all its objects.
func TestFollowsALibrary(t *testing.T) {
	apps := write(t, map[string]string{
		"a/Chart.yaml": chartFile("a", "0.1.0") + "dependencies: [{name: base, version: 1.0.0, repository: " +
			"'file://../lib/base'}]\n",
		"a/values.yaml":        "container: {from: nginx, at: x}\n",
		"a/templates/all.yaml": "{{ include \"base.all\" . }}\n",
		"lib/base/Chart.yaml":  chartFile("base", "1.0.0") + "type: library\n",
		"lib/base/values.yaml": "{}\n",
		"lib/base/templates/_all.tpl": `{{ define "base.all" }}apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {unit: {{ .Chart.Name }}}}
spec:
  selector: {matchLabels: {unit: {{ .Chart.Name }}}}
  template:
    metadata: {labels: {unit: {{ .Chart.Name }}}}
    spec: {containers: [{name: main, image: "{{ .Values.container.from }}:{{ .Values.container.at }}"}]}
{{ end }}`,
	})
	c := read(t, ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}, filepath.Join(apps, "a"))
	if v := c.Values["image.repository"]; v.Path != "container.from" || v.Confidence != convention.Probed {
		t.Errorf("image.repository is %+v", v)
	}
	if c.Naming.Fullname != convention.FullnameRelease || len(c.Labels.Selector) != 1 ||
		c.Labels.Selector[0] != (convention.Label{Name: "unit", Value: "{name}"}) {
		t.Errorf("names %+v, labels %+v", c.Naming, c.Labels)
	}
	if got := c.Files.Templates["Deployment"]; got != "" {
		t.Errorf("the workload's file is called %q, for the library's call", got)
	}
	if !strings.Contains(strings.Join(c.Notes, "\n"), "come from a library (base)") {
		t.Errorf("notes %q", c.Notes)
	}
}
