package drift

import (
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

const conventionWhy = "follows from the chart's names and labels"

// What explains a field depends on the scenario's values and on the chart's convention.
func TestExplain(t *testing.T) {
	rules, err := newRules(sheet(t))
	if err != nil {
		t.Fatal(err)
	}
	type values = map[string]any
	hostPort := manifest.Path{"spec", "template", "spec", "containers", rendered.ServerSegment, "ports", "[7881/TCP]",
		"hostPort"}
	for name, c := range map[string]struct {
		values   values
		workload string
		role     string
		path     manifest.Path
		class    Class // "" where nothing is known
		why      string
		upstream any
		chart    expectation
	}{
		"a fault": {role: rendered.RoleServer, path: manifest.Path{"spec", "template", "spec", "enableServiceLinks"},
			class: Ours, why: "mends fault 27 of upstream's chart", chart: expectation{value: false}},
		"a name": {role: rendered.RoleServer, path: manifest.Path{"metadata", "name"},
			class: Convention, why: conventionWhy, upstream: "rel-livekit-server",
			chart: expectation{isAnything: true}},
		"a name that is given": {values: values{"fullnameOverride": "sfu"}, role: rendered.RoleTURN,
			path:  manifest.Path{"metadata", "name"},
			class: Convention, why: conventionWhy, upstream: "sfu-turn", chart: expectation{isAnything: true}},
		"a name with the release's": {values: values{"nameOverride": "rel"}, role: rendered.RoleTest,
			path:  manifest.Path{"metadata", "name"},
			class: Convention, why: conventionWhy, upstream: "rel-test-connection",
			chart: expectation{isAnything: true}},
		"an account's name": {values: values{"serviceAccount": values{"name": "x"}}, role: "ServiceAccount/server",
			path: manifest.Path{"metadata", "name"}, class: Convention, why: conventionWhy, upstream: "x",
			chart: expectation{isAnything: true}},
		"a label of upstream's": {role: rendered.RoleTURN,
			path:  manifest.Path{"metadata", "labels", "app.kubernetes.io/name"},
			class: Convention, why: conventionWhy, upstream: "livekit-server", chart: expectation{isAnything: true}},
		"a label of the chart's": {role: rendered.RoleTURN, path: manifest.Path{"metadata", "labels", "team"},
			class: Convention, why: conventionWhy, chart: expectation{isAnything: true}},
		"a selector": {role: rendered.RoleTURN, path: manifest.Path{"spec", "selector", "app"},
			class: Convention, why: conventionWhy, chart: expectation{isAnything: true}},
		"no selector there": {role: rendered.RoleRoute, path: manifest.Path{"spec", "selector", "app"}},
		"a port on the node": {values: values{"podHostNetwork": true}, role: rendered.RoleServer, path: hostPort,
			class: Convention, why: "Kubernetes sets it", upstream: 7881},
		"a port in the pod": {values: values{"podHostNetwork": false}, role: rendered.RoleServer, path: hostPort,
			class: Ours, why: "mends fault 8 of upstream's chart", upstream: 7881},
		"a DaemonSet": {workload: "DaemonSet", role: rendered.RoleServer, path: manifest.Path{"kind"},
			class: Convention, why: "the repository runs servers so", upstream: "Deployment",
			chart: expectation{value: "DaemonSet"}},
		"a Deployment": {workload: "Deployment", role: rendered.RoleServer, path: manifest.Path{"kind"}},
		"an object": {values: values{"loadBalancer": values{"type": "alb"}}, role: rendered.RoleRoute, class: Ours,
			why: "mends fault 5 of upstream's chart"},
		"no such rule": {role: rendered.RoleServer, path: manifest.Path{"spec", "replicas"}},
	} {
		charts := &charts{sheet: sheet(t), rules: rules, kinds: convention.Kinds{Workload: c.workload}}
		charts.sides.upstream = Side{Version: "1.9.0", AppVersion: "v1.9.0"}
		v := charts.knownValues(c.values)
		known, err := newSetting(charts, v).explain(c.role, map[string]manifest.Path{c.path.String(): c.path})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		x := known[c.path.String()]
		switch {
		case x == nil && c.class == "":
		case x == nil || x.class != c.class || !strings.HasPrefix(x.why, c.why):
			t.Errorf("%s: %+v", name, x)
		case x.path.String() != c.path.String():
			t.Errorf("%s: the explanation is about %s", name, x.path)
		case len(c.path) > 0 && (!same(x.upstream.value, c.upstream, nil) || x.chart != c.chart):
			t.Errorf("%s: upstream %+v, chart %+v", name, x.upstream, x.chart)
		}
	}
}

func TestExpectation(t *testing.T) {
	anything, none, one := expectation{isAnything: true}, expectation{}, expectation{value: int64(1)}
	for _, c := range []struct {
		e     expectation
		value any
		want  bool
	}{
		{anything, nil, true}, {anything, "x", true}, {none, nil, true}, {none, "x", false}, {none, "", false},
		{one, 1, true}, {one, "1", false}, {one, nil, false},
	} {
		if got := c.e.holds(c.value, nil); got != c.want {
			t.Errorf("%+v holds %#v: %v", c.e, c.value, got)
		}
	}
	if anything.isAbsent() || one.isAbsent() || !none.isAbsent() {
		t.Error("what is absent is not told from anything")
	}
}
