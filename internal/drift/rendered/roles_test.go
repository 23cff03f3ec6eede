package rendered

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// objectsOf gives objects as they are compared.
func objectsOf(t *testing.T, text string) *Chart {
	t.Helper()
	parsed, err := manifest.Parse("templates/all.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return NewOld("livekit-1.2.3", parsed)
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
		"server by its image": {workload, []string{RoleServer}},
		"no server":           {"kind: Deployment\nmetadata: {name: rel-redis}", []string{"Deployment/redis"}},
		"hook with a server": {
			"kind: Job\nmetadata: {name: x, annotations: {helm.sh/hook: pre-install}}\nspec: {template: {spec: " +
				"{containers: [{name: livekit}]}}}",
			[]string{"Job/x"},
		},
		"test": {
			"kind: Pod\nmetadata: {name: x, annotations: {helm.sh/hook: test-success}}", []string{RoleTest},
		},
		"configuration": {
			"kind: ConfigMap\nmetadata: {name: c}\ndata: {x.yaml: \"port: 7880\\nrtc: {tcp_port: 7881}\"}",
			[]string{RoleConfiguration},
		},
		"configuration in a Secret": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {x.yaml: \"port: 7880\\nrtc: {tcp_port: 7881}\"}",
			[]string{RoleConfiguration},
		},
		"no configuration": {
			"kind: ConfigMap\nmetadata: {name: rel-c}\ndata: {x.yaml: \"a: 1\\nport: 2\\nb: 3\\nc: 4\"}",
			[]string{"ConfigMap/c"},
		},
		"keys by their file": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {k: 'APIx: a-text-of-twenty-letters-at-least'}",
			[]string{RoleKeys},
		},
		"keys by their name": {
			"kind: Secret\nmetadata: {name: c}\nstringData: {LIVEKIT_API_KEY: abc}", []string{RoleKeys},
		},
		"another Secret": {
			"kind: Secret\nmetadata: {name: rel-tls}\nstringData: {tls.crt: abc}", []string{"Secret/tls"},
		},
		"two of a kind": {
			"kind: Ingress\nmetadata: {name: b}\n---\nkind: Ingress\nmetadata: {name: a}",
			[]string{RoleRoute, RoleRoute + "-2"},
		},
		"Service by its port's name": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: " +
			"http, port: 80}]}",
			[]string{RoleSignalling, RoleServer}},
		"Service by the container's port": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: " +
			"[{name: x, port: 80, targetPort: 7880}]}",
			[]string{RoleSignalling, RoleServer}},
		"Service by a target's name": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: " +
			"x, port: 80, targetPort: rtc-tcp}]}",
			[]string{RoleMedia, RoleServer}},
		"signalling before media": {workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: x, " +
			"port: 7881}, {name: y, port: 7880}]}",
			[]string{RoleSignalling, RoleServer}},
		"metrics": {
			workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 6789}]}",
			[]string{RoleMetrics, RoleServer},
		},
		"TURN": {
			workload + "---\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 443, targetPort: 5349}]}",
			[]string{RoleTURN, RoleServer},
		},
		"another Service": {
			workload + "---\nkind: Service\nmetadata: {name: rel-x}\nspec: {ports: [{name: x, port: 1}]}",
			[]string{"Service/x", RoleServer},
		},
	} {
		got := slices.Sorted(maps.Keys(objectsOf(t, c.objects).ByRole))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	named := strings.NewReplacer("livekit-server:v1", "sfu:v1", "name: app", "name: livekit").Replace(workload)
	if objectsOf(t, named).Get(RoleServer) == nil {
		t.Error("a container called livekit is no server")
	}
}
