package drift

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// objectsOf gives objects as they are compared.
func objectsOf(t *testing.T, text string) *rendered {
	t.Helper()
	parsed, err := manifest.Parse("templates/all.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var objects []*object
	for _, o := range parsed {
		objects = append(objects, &object{Object: o})
	}
	return newRendered("livekit-1.2.3", objects)
}

const workload = `
kind: Deployment
metadata: {name: rel-livekit}
spec:
  template:
    spec:
      containers:
      - {name: redis, image: "redis:7"}
      - name: app
        image: registry.example.net/livekit-server:v1
        ports:
        - {name: http, containerPort: 7880}
        - {name: rtc-tcp, containerPort: 7881}
        - {name: metrics, containerPort: 6789}
        - {name: turn-tls, containerPort: 5349}
`

// Objects are paired by what they are for, whatever they are called.
func TestRoles(t *testing.T) {
	for name, c := range map[string]struct {
		objects string
		want    []string
	}{
		"server by its image": {workload, []string{roleServer}},
		"no server":           {"kind: Deployment\nmetadata: {name: rel-redis}", []string{"Deployment/redis"}},
		"hook with a server": {
			"kind: Job\nmetadata: {name: x, annotations: {helm.sh/hook: pre-install}}\nspec: {template: {spec: " +
				"{containers: [{name: livekit}]}}}",
			[]string{"Job/x"},
		},
		"test": {
			"kind: Pod\nmetadata: {name: x, annotations: {helm.sh/hook: test-success}}", []string{roleTest},
		},
		"configuration": {
			"kind: ConfigMap\nmetadata: {name: c}\ndata: {x.yaml: \"port: 7880\\nrtc: {tcp_port: 7881}\"}",
			[]string{roleConfiguration},
		},
		"configuration in a Secret": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {x.yaml: \"port: 7880\\nrtc: {tcp_port: 7881}\"}",
			[]string{roleConfiguration},
		},
		"no configuration": {
			"kind: ConfigMap\nmetadata: {name: rel-c}\ndata: {x.yaml: \"a: 1\\nport: 2\\nb: 3\\nc: 4\"}",
			[]string{"ConfigMap/c"},
		},
		"keys by their file": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {k: 'APIx: a-text-of-twenty-letters-at-least'}",
			[]string{roleKeys},
		},
		"keys by their name": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {LIVEKIT_API_KEY: abc}", []string{roleKeys},
		},
		"another Secret": {
			"kind: Secret\nmetadata: {name: rel-tls}\nstringData: {tls.crt: abc}", []string{"Secret/tls"},
		},
		"two of a kind": {
			"kind: Ingress\nmetadata: {name: b}\n---\nkind: Ingress\nmetadata: {name: a}",
			[]string{roleRoute, roleRoute + "-2"},
		},
		"Service by its port's name": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: " +
			"http, port: 80}]}",
			[]string{roleSignalling, roleServer}},
		"Service by the container's port": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: " +
			"[{name: x, port: 80, targetPort: 7880}]}",
			[]string{roleSignalling, roleServer}},
		"Service by a target's name": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: " +
			"x, port: 80, targetPort: rtc-tcp}]}",
			[]string{roleMedia, roleServer}},
		"signalling before media": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: x, " +
			"port: 7881}, {name: y, port: 7880}]}",
			[]string{roleSignalling, roleServer}},
		"metrics": {
			workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 6789}]}",
			[]string{roleMetrics, roleServer},
		},
		"TURN": {
			workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 443, targetPort: 5349}]}",
			[]string{roleTURN, roleServer},
		},
		"another Service": {
			workload + "---\nkind: Service\nmetadata: {name: rel-x}\nspec: {ports: [{name: x, port: 1}]}",
			[]string{"Service/x", roleServer},
		},
	} {
		got := slices.Sorted(maps.Keys(objectsOf(t, c.objects).byRole))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	named := strings.NewReplacer("livekit-server:v1", "sfu:v1", "name: app", "name: livekit").Replace(workload)
	if objectsOf(t, named).get(roleServer) == nil {
		t.Error("a container called livekit is no server")
	}
}
