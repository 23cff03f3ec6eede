package names

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// What keys are called, and in which shape they are written, says which they are.
func TestFindsKeysByNamesAndShapes(t *testing.T) {
	for name, c := range map[string]struct {
		values string
		want   map[string]string // path and shape by key; "" for none
	}{
		"helm create": {
			"image: {repository: a/b, tag: x, pullPolicy: Always}\nreplicaCount: 1\nservice: {type: ClusterIP, " +
				"port: 80}\n" +
				"autoscaling: {enabled: false, minReplicas: 1}\nserviceAccount: {create: true, name: ''}\n",
			map[string]string{
				"image.repository": "image.repository split", "image.tag": "image.tag",
				"image.pullPolicy": "image.pullPolicy",
				"replicaCount":     "replicaCount", "service.port": "service.port", "service.type": "service.type",
				"autoscaling.minReplicas": "autoscaling.minReplicas", "serviceAccount.create": "serviceAccount.create",
				"ingress.hosts": "",
			},
		},
		"flat": {
			"image: a/b:1\nreplicas: 2\nservicePort: 80\nserviceType: NodePort\nenvVars: {A: b}\nstorageSize: 1Gi\n",
			map[string]string{
				"image.repository": "image string", "image.tag": "", "replicaCount": "replicas",
				"service.port": "servicePort",
				"service.type": "serviceType", "env": "envVars map", "persistence.size": "storageSize block",
			},
		},
		"named things": {
			"image: {name: a/b, version: x}\nservice: {main: {ports: {http: {port: 80, targetPort: 81}}}}\n" +
				"ingress: {main: {hosts: [{host: a.org}], tls: [{secretName: s}]}}\npersistence: {data: {size: 1Gi, " +
				"accessModes: []}}\n",
			map[string]string{
				"image.repository": "image.name split", "service.port": "service.main.ports.http.port",
				"service.targetPort": "service.main.ports.http.targetPort",
				"ingress.hosts":      "ingress.main.hosts objects",
				"ingress.tls":        "ingress.main.tls list", "persistence.size": "persistence.<volume>.size volumes",
				"persistence.accessMode": "persistence.<volume>.accessModes list",
			},
		},
		"one host": {
			"image: {repository: a}\ningress: {host: a.org, tlsSecret: s, class: nginx, annotations: {}}\n",
			map[string]string{
				"ingress.hosts": "ingress.host host", "ingress.tls": "ingress.tlsSecret secret",
				"ingress.className": "ingress.class",
			},
		},
		"class as an annotation, switch for certificates": {
			"image: {repository: a}\ningress: {hosts: [a.org], https: true, annotations: " +
				"{kubernetes.io/ingress.class: nginx}}\n",
			map[string]string{
				"ingress.hosts": "ingress.hosts strings", "ingress.tls": "ingress.https bool",
				"ingress.className": `ingress.annotations."kubernetes.io/ingress.class"`,
			},
		},
		"what a database has is its own": {
			"app: {image: {repository: a, tag: x}}\npostgresql: {image: {repository: pg}, replicaCount: 3, " +
				"resources: {}}\n",
			map[string]string{"image.repository": "app.image.repository split", "replicaCount": "", "resources": ""},
		},
		"contexts told by what is in them": {
			"image: {repository: a}\nsecurityContext: {fsGroup: 1}\ncontainerSecurityContext: {runAsUser: 1}\n",
			map[string]string{"podSecurityContext": "securityContext", "securityContext": "containerSecurityContext"},
		},
		"a block for pods": {
			"image: {repository: a}\npod: {annotations: {}, labels: {}, securityContext: {}}\n",
			map[string]string{
				"podAnnotations": "pod.annotations", "podLabels": "pod.labels",
				"podSecurityContext": "pod.securityContext",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := yamldoc.Parse("values.yaml", []byte(c.values))
			if err != nil {
				t.Fatal(err)
			}
			found := newScan(serverSheet(), doc.Root, "app-of-the-test", nil).detect()
			for key, want := range c.want {
				f := found[key]
				if got := strings.TrimSpace(yamldoc.JoinPath(f.path...) + " " + f.shape); got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
		})
	}
}

func TestNewLabels(t *testing.T) {
	app, version := convention.Label{Name: "app", Value: "{name}"}, convention.Label{Name: "v", Value: "{version}"}
	other := convention.Label{Name: "app", Value: "x"}
	selector := []convention.Label{app}
	if _, ok := NewLabels(nil, []convention.Label{version}, nil, nil); ok {
		t.Error("a workload selects by its version")
	}
	got, ok := NewLabels([]convention.Label{other, version}, []convention.Label{app, version}, nil,
		[][]convention.Label{{other}, {version}})
	want := convention.Labels{Scheme: convention.SchemeApp, Set: []convention.Label{app, version}, Selector: selector}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	component := convention.Label{Name: "component", Value: "web"}
	got, _ = NewLabels(nil, []convention.Label{app}, []convention.Label{app, component},
		[][]convention.Label{{other}, {component}})
	if diff := cmp.Diff([]convention.Label{component}, got.ServiceSelector); diff != "" {
		t.Errorf("selector of the Service (-want +got):\n%s", diff)
	}
}

func TestSplitName(t *testing.T) {
	for pattern, want := range map[string][2]string{
		"{release}-{name}-svc": {convention.FullnameReleaseChart, "-svc"},
		"{name}-{release}":     {convention.FullnameChartRelease, ""},
		"{name}-web":           {convention.FullnameChart, "-web"},
		"fixed":                {"", ""},
	} {
		if base, suffix := SplitName(pattern); base != want[0] || suffix != want[1] {
			t.Errorf("%s is %q and %q, want %q", pattern, base, suffix, want)
		}
	}
}
