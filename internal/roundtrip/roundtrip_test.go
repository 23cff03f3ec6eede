package roundtrip

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func TestCompare(t *testing.T) {
	const (
		port    = "Service spec.ports[*].port"
		backend = "Ingress spec.rules[*].http.paths[*].backend.service.port.number"
	)
	for _, c := range []struct {
		name        string
		key         string
		there, here Trial
		off         []string
		want        Result // "" where the key is left out
		lacks       []string
	}{
		{"the same", "image.tag", Trial{Moves: []string{"container image"}},
			Trial{Moves: []string{"container image"}}, nil, Equal, nil},
		{"more here", "image.tag", Trial{Moves: []string{"container image"}},
			Trial{Moves: []string{"container image", "container env.TAG"}}, nil, Equal, nil},
		{"more there", "ingress.hosts", Trial{Moves: []string{"Ingress spec.rules[*].host", tlsHosts}},
			Trial{Moves: []string{"Ingress spec.rules[*].host"}}, nil, Differs, []string{tlsHosts}},
		{"a port by its number", "service.port",
			Trial{Moves: []string{port, backend, "container ports"}}, Trial{Moves: []string{port}}, nil, Equal, nil},
		{"a kind that is off", "service.port", Trial{Moves: []string{port, "HTTPRoute spec.x"}},
			Trial{Moves: []string{port}}, []string{"HTTPRoute"}, Equal, nil},
		{"nothing but what is off", "autoscaling.enabled",
			Trial{Type: typeBool, Moves: []string{"HorizontalPodAutoscaler"}}, Trial{},
			[]string{"HorizontalPodAutoscaler"}, "", nil},
		{"a number, and a name here", "service.targetPort", Trial{Type: typeNumber, Moves: []string{port}},
			Trial{Type: typeText, Moves: []string{port}}, nil, Differs, nil},
		{"a text, and a map here", "nodeSelector", Trial{Type: typeText, Moves: []string{"pod nodeSelector"}},
			Trial{Type: typeMap, Moves: []string{"pod nodeSelector"}}, nil, Differs, nil},
		{"an element of an empty list", "service.targetPort", Trial{IsOptional: true, Moves: []string{port}},
			Trial{Moves: []string{port}}, nil, Differs, nil},
		{"a switch, by its objects alone", "persistence.enabled",
			Trial{Type: typeBool, Moves: []string{"claim", "container volumeMounts"}},
			Trial{Moves: []string{"claim"}}, nil, Equal, nil},
		{"a switch of the workload too", "serviceAccount.create",
			Trial{Type: typeBool, Moves: []string{"ServiceAccount", "workload"}},
			Trial{Moves: []string{"ServiceAccount"}}, nil, Differs, []string{"workload"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := []Key{{Key: c.key, There: c.there.Moves, there: c.there}}
			got := Compare(keys, map[string]Trial{c.key: c.here}, c.off)
			if c.want == "" || len(got) == 0 {
				if len(got) > 0 || c.want != "" {
					t.Fatalf("%+v, want %q", got, c.want)
				}
				return
			}
			if got[0].Result != c.want {
				t.Errorf("%s, want %s", got[0].Result, c.want)
			}
			if diff := cmp.Diff(c.lacks, got[0].Lacks, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := Compare([]Key{{Key: "replicaCount"}}, nil, nil); len(got) > 0 {
		t.Errorf("what was not tried is compared: %+v", got)
	}
}

// Fields are named by what has them, whatever the objects are called and in whichever order they come.
func TestMoves(t *testing.T) {
	workload := lineage.Ref{File: "a.yaml", Kind: "StatefulSet"}
	other := lineage.Ref{File: "b.yaml", Kind: "Deployment"}
	object := manifest.Object{Fields: map[string]any{"kind": "StatefulSet", "spec": map[string]any{
		"template": map[string]any{"spec": map[string]any{"containers": []any{
			map[string]any{"name": "proxy"},
			map[string]any{"name": "main", "env": []any{map[string]any{"name": "URL", "value": "x"}}},
		}}},
	}}}
	r := &lineage.Result{Refs: []lineage.Ref{workload}, Objects: []manifest.Object{object}}
	view := View{Workload: workload, Container: 1}
	pod := "spec.template.spec."
	for _, c := range []struct {
		object lineage.Ref
		field  string
		want   string
	}{
		{workload, "", "workload"},
		{workload, "spec.replicas", "workload spec.replicas"},
		{workload, pod + "containers[1].image", "container image"},
		{workload, pod + "containers[1].env[0].value", "container env.URL"},
		{workload, pod + "containers[1].resources.limits.cpu", "container resources"},
		{workload, pod + "containers[0].image", ""},
		{workload, pod + "initContainers[0].image", ""},
		{workload, pod + "tolerations[2].key", "pod tolerations"},
		{workload, "spec.volumeClaimTemplates[0].spec.storageClassName", "claim storageClassName"},
		{workload, "metadata.labels.app", ""},
		{other, pod + "containers[0].image", ""},
		{lineage.Ref{Kind: "CronJob"}, "spec.schedule", ""},
		{lineage.Ref{Kind: "PersistentVolumeClaim"}, "spec.storageClassName", "claim storageClassName"},
		{lineage.Ref{Kind: "Ingress"}, "spec.tls[1].hosts[0]", tlsHosts},
		{lineage.Ref{Kind: "Ingress"}, "metadata.annotations.zq0001x", "Ingress metadata.annotations.*"},
	} {
		reach := lineage.Reach{Object: c.object, Field: yamldoc.SplitPath(c.field), Effect: lineage.Direct}
		if got := view.move(r, reach); got != c.want {
			t.Errorf("%s %s is %q, want %q", c.object.Kind, c.field, got, c.want)
		}
	}
}

func TestNotes(t *testing.T) {
	notes := Notes([]Key{
		{Path: "a", Result: Equal},
		{Path: "b", Result: Corrected, Note: "B is corrected.", Lacks: []string{"container env.B"}, Chart: "apps/one"},
		{Path: "c", Result: Differs, Chart: "apps/one", there: Trial{Type: typeText}, here: Trial{Type: typeList}},
	})
	if len(notes) != 2 || notes[0] != "B is corrected." {
		t.Fatal(notes)
	}
	for _, want := range []string{"apps/one", "b (container env.B)", "c (a text there, a list here)"} {
		if !strings.Contains(notes[1], want) {
			t.Errorf("%q says nothing of %q", notes[1], want)
		}
	}
}
