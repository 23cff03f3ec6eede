package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitPath(t *testing.T) {
	for path, want := range map[string][]string{
		"spec.template.spec.containers[server].image": {"spec", "template", "spec", "containers", "[server]", "image"},
		`metadata.labels["app.kubernetes.io/name"]`:   {"metadata", "labels", "app.kubernetes.io/name"},
		`["a.b"].c`:                {"a.b", "c"},
		"volumeMounts[/etc/a.b].x": {"volumeMounts", "[/etc/a.b]", "x"},
		"a[b":                      {"a", "[b"},
		`a["b`:                     {"a", `["b`},
		"":                         nil,
	} {
		if diff := cmp.Diff(want, splitPath(path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func TestLines(t *testing.T) {
	lines := readLines(`kind: Deployment
metadata:
  labels:
    app.kubernetes.io/name: livekit
spec:
  containers:
  - image: a
    name: one
    ports:
    - containerPort: 7881
    - containerPort: 7881
      protocol: UDP
  - image: b
    name: two
    args:
    - --first
    - --second
  - image: c
    name: two
data:
  livekit.yaml: |
    port: 7880
    rtc:
      tcp_port: 7881
  folded: "port: 1"
`)
	for path, want := range map[string]int{
		"kind": 1,
		`metadata.labels["app.kubernetes.io/name"]`:     4,
		"spec.containers[one].image":                    7,
		"spec.containers[one].ports[7881/UDP].protocol": 12,
		"spec.containers[two].image":                    13,
		"spec.containers[two#2].image":                  18,
		"spec.containers[two].args[1]":                  17,
		"spec.containers[1].name":                       14,
		"spec.containers[three].image":                  0,
		"data.<configuration>.rtc.tcp_port":             24,
		`data["livekit.yaml"].port`:                     22,
		"data.folded.port":                              25,
		"spec.replicas":                                 0,
	} {
		if got := lines.line(path); got != want {
			t.Errorf("%s is on line %d, expected %d", path, got, want)
		}
	}
	roles := readLines("containers:\n- name: redis\n  image: a\n- name: livekit-server\n  image: b\nports:\n- 1\n")
	for path, want := range map[string]int{"containers[server].image": 5, "containers[other].image": 0, "ports[server]": 0} {
		if got := roles.line(path); got != want {
			t.Errorf("by role, %s is on line %d, expected %d", path, got, want)
		}
	}
	for path, want := range map[string]int{"containers[server].env[X].value": 4, "(ports)": 6, "": 1, "gone": 1} {
		if got := roles.near(path); got != want {
			t.Errorf("near %s is line %d, expected %d", path, got, want)
		}
	}
	if got := readLines("{{").line("a"); got != 0 {
		t.Errorf("a line in what is no YAML: %d", got)
	}
}
