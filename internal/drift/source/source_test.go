package source

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func TestFind(t *testing.T) {
	text := NewText(`kind: Deployment
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
	for _, c := range []struct {
		path         string
		line, column int
		found        bool
	}{
		{"kind", 1, 1, true}, {"", 1, 1, true}, {"gone", 1, 1, false},
		{"metadata labels app.kubernetes.io/name", 4, 5, true},
		{"spec containers [one] image", 7, 5, true},
		{"spec containers [one] ports [7881/UDP] protocol", 12, 7, true},
		{"spec containers [two] image", 13, 5, true},
		{"spec containers [two#2] image", 18, 5, true},
		{"spec containers [two] args [1]", 17, 7, true},
		{"spec containers [1] name", 6, 3, false},
		{"spec containers [three] image", 6, 3, false},
		{"data livekit.yaml port", 22, 5, true},
		{"data livekit.yaml rtc tcp_port", 24, 7, true},
		{"data livekit.yaml rtc udp_port", 23, 5, false},
		{"data folded port", 25, 3, true},
		{"spec replicas", 5, 1, false},
	} {
		line, column, found := text.Find(strings.Fields(c.path), true)
		if line != c.line || column != c.column || found != c.found {
			t.Errorf("%s is at %d:%d (%v), expected %d:%d (%v)", c.path, line, column, found, c.line, c.column, c.found)
		}
	}
	if _, _, found := text.Find(manifest.Path{"data", "folded", "port"}, false); found {
		t.Error("what has no value is found in a text that is no block")
	}
	if Parse("{{") != nil {
		t.Error("a node of what is no YAML")
	}
}

const container = "spec template spec containers [server] "

func TestLineOf(t *testing.T) {
	template := `{{- $v := .Values }}
kind: Service
spec:
  type: ClusterIP
---
kind: Deployment
spec:
  {{- if $v.x }}
  replicas: {{ $v.replicas }}
  {{- end }}
  template:
    spec:
      containers:
        - name: redis
          image: redis
        - name: server
          image: {{ $v.image }}
          readinessProbe:
            httpGet: {path: /, port: http}
`
	for _, c := range []struct {
		kind, path string
		value      any
		want       Line
	}{
		{"Deployment", "spec replicas", 1, Line{9, 2, true}},
		{"Service", "spec type", "ClusterIP", Line{4, 2, true}},
		{"Deployment", container + "image", "x", Line{17, 5, true}},
		{"Deployment", container + "readinessProbe httpGet path", "/", Line{19, 6, false}},
		{"Deployment", "metadata name", "x", Line{}},
	} {
		if got := LineOf(template, c.kind, strings.Fields(c.path), c.value); got != c.want {
			t.Errorf("%s %s: %+v, expected %+v", c.kind, c.path, got, c.want)
		}
	}
}
