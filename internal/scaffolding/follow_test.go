package scaffolding

import (
	"context"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

func TestComponentsFollowTheSiblings(t *testing.T) {
	conv := canonical()
	said := convention.Fact{Confidence: convention.Name}
	for _, key := range []string{"autoscaling.enabled", "podDisruptionBudget.enabled"} {
		conv.Values[key] = convention.Value{Path: key, Fact: said}
	}
	conv.Values["networkPolicy.enabled"] = convention.Value{Path: "networkPolicy.enabled",
		Fact: convention.Fact{Confidence: convention.Default}}
	gateway := canonical()
	gateway.Kinds.Route = convention.RouteHTTPRoute
	operator := canonical()
	operator.Secrets.Mechanism = convention.SecretsSealed
	vault := canonical()
	vault.Secrets.Mechanism = convention.SecretsVault
	both := canonical()
	both.Kinds.Route = convention.RouteHTTPRoute
	both.Values["ingress.enabled"] = convention.Value{Path: "ingress.enabled", Fact: said}

	for name, c := range map[string]struct {
		conv          *convention.Convention
		with, without []string
		want          string
	}{
		"nobody speaks":        {canonical(), nil, nil, "core redis ingress persistence"},
		"what siblings have":   {conv, nil, nil, "core redis ingress persistence autoscaling pdb"},
		"what the user leaves": {conv, nil, []string{"pdb"}, "core redis ingress persistence autoscaling"},
		"what the user wants":  {conv, []string{"pdb"}, []string{"all"}, "core pdb"},
		"a gateway":            {gateway, nil, nil, "core redis persistence httproute"},
		"a gateway and more":   {gateway, []string{"ingress"}, nil, "core redis ingress persistence httproute"},
		"an operator":          {operator, nil, nil, "core redis ingress persistence secret-operator"},
		"an operator left out": {operator, nil, []string{"secret-operator"}, "core redis ingress persistence"},
		"an injector":          {vault, nil, nil, "core redis ingress persistence"},
		"both":                 {both, nil, nil, "core redis ingress persistence httproute"},
	} {
		chart, err := Generate(context.Background(), c.conv, Options{With: c.with, Without: c.without})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(chart.Components, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Helm reads YAML 1.1, where "no" is false.
func TestWordsThatAreBooleansToHelm(t *testing.T) {
	conv := canonical()
	conv.Defaults.IngressClass = "no"
	conv.Defaults.IngressAnnotations = map[string]string{"example.com/redirect": "off"}
	chart, err := Generate(context.Background(), conv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := rendered(t, write(t, chart), "")
	if got := field(t, o, "Ingress/rel-livekit", "spec", "ingressClassName"); got != `"no"` {
		t.Errorf("the class is %s", got)
	}
}

// A DaemonSet runs several servers: no sidecar, no number of them, no autoscaler.
func TestDaemonSet(t *testing.T) {
	conv := canonical()
	conv.Kinds.Workload = "DaemonSet"
	chart, err := Generate(context.Background(), conv, Options{With: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	values := parse(t, string(chart.Files["values.yaml"]))
	if _, ok := values["replicaCount"]; ok {
		t.Error("values.yaml has replicaCount")
	}
	o := rendered(t, write(t, chart), "")
	if got := field(t, o, "DaemonSet/rel-livekit", pod("initContainers")...); got != "null" {
		t.Errorf("the pod has init containers: %s", got)
	}
	refused(t, write(t, chart), parse(t, "redis: {enabled: true, external: {address: ''}}"), "redis.enabled",
		"DaemonSet")
	for _, o := range []Options{{With: []string{"autoscaling"}}, {Without: []string{"redis"}}} {
		if _, err := Generate(context.Background(), conv, o); err == nil ||
			!strings.Contains(err.Error(), "DaemonSet") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
}
