package scaffolding

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// pathsWith are those of the default chart in the canonical convention with some values elsewhere.
func pathsWith(t *testing.T, values map[string]convention.Value) *Paths {
	t.Helper()
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	conv := convention.Canonical(sheet)
	conv.Values = values
	if err := conv.Fit(); err != nil {
		t.Fatal(err)
	}
	components, err := sheet.Select(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := newPaths(conv, components)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestReshape(t *testing.T) {
	canonical := map[string]convention.Value{}
	oneString := map[string]convention.Value{"image.repository": {Path: "image", Shape: convention.ImageString}}
	at := func(key, path, shape string) map[string]convention.Value {
		return map[string]convention.Value{key: {Path: path, Shape: shape}}
	}
	list := []any{
		map[string]any{"name": "A", "value": "1"},
		map[string]any{"name": "B", "valueFrom": map[string]any{"fieldRef": "x"}},
	}
	fromB := map[string]any{"valueFrom": map[string]any{"fieldRef": "x"}}
	paths := []any{map[string]any{"path": "/", "pathType": "Prefix"}}
	for name, c := range map[string]struct {
		before, now map[string]convention.Value
		key         string
		all         map[string]any
		value       any
		want        map[string]any // by path; nil where the new shape cannot say it
	}{
		"variables as a map": {
			canonical, at("env", "env", convention.EnvMap), "env", nil, list,
			map[string]any{"env": map[string]any{"A": "1", "B": fromB}},
		},
		"variables as a list": {
			at("env", "app.env", convention.EnvMap), canonical, "env", nil, map[string]any{"A": 1, "B": fromB},
			map[string]any{"env": list},
		},
		"hosts as texts": {
			canonical, at("ingress.hosts", "ingress.hosts", convention.HostsStrings), "ingress.hosts", nil,
			[]any{map[string]any{"host": "a.example", "paths": paths}},
			map[string]any{"ingress.hosts": []any{"a.example"}},
		},
		"one host": {
			at("ingress.hosts", "ingress.host", convention.HostsSingle), canonical, "ingress.hosts", nil, "a.example",
			map[string]any{"ingress.hosts": []any{map[string]any{"host": "a.example", "paths": paths}}},
		},
		"two hosts where there is one": {
			canonical, at("ingress.hosts", "ingress.host", convention.HostsSingle), "ingress.hosts", nil,
			[]any{map[string]any{"host": "a.example"}, map[string]any{"host": "b.example"}}, nil,
		},
		"access modes": {
			canonical, at("persistence.accessMode", "persistence.accessModes", convention.AccessModeList),
			"persistence.accessMode", nil, "ReadWriteOnce",
			map[string]any{"persistence.accessModes": []any{"ReadWriteOnce"}},
		},
		"the port's number": {
			canonical, at("service.targetPort", "containerPort", convention.PortNumber), "service.targetPort",
			map[string]any{"config": map[string]any{"port": 8080}}, "http", map[string]any{"containerPort": 8080},
		},
		"the number of the default port": {
			canonical, at("service.targetPort", "containerPort", convention.PortNumber), "service.targetPort", nil,
			"http", map[string]any{"containerPort": 7880},
		},
		"the port's name": {
			at("service.targetPort", "containerPort", convention.PortNumber), canonical, "service.targetPort", nil,
			7880, map[string]any{"service.targetPort": "http"},
		},
		"another port, which the chart refuses": {
			at("service.targetPort", "containerPort", convention.PortNumber), canonical, "service.targetPort", nil,
			9000, map[string]any{"service.targetPort": 9000},
		},
		"an image in one string": {
			canonical, oneString, "image.repository",
			map[string]any{"image": map[string]any{"repository": "mirror/livekit", "tag": "v1.13.5"}}, "mirror/livekit",
			map[string]any{"image": "mirror/livekit:v1.13.5"},
		},
		"a tag alone in one string": {
			canonical, oneString, "image.tag", map[string]any{"image": map[string]any{"tag": "v1.12.0"}}, "v1.12.0",
			map[string]any{"image": "livekit/livekit-server:v1.12.0"},
		},
		"an image in two keys": {
			oneString, canonical, "image.repository", map[string]any{"image": "host:5000/livekit:v1.12.0"},
			"host:5000/livekit:v1.12.0",
			map[string]any{"image.repository": "host:5000/livekit", "image.tag": "v1.12.0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, now := pathsWith(t, c.before), pathsWith(t, c.now)
			moved := before.MovedTo(now)
			i := slices.IndexFunc(moved, func(m Moved) bool { return m.Key == c.key })
			if i < 0 || !moved[i].HasOtherShape {
				t.Fatalf("%s is not among %v", c.key, moved)
			}
			if diff := cmp.Diff(c.want, before.Reshape(now, moved[i], c.all, c.value)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
