package drift

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// leavesIn gives the fields of an object that a test names, by the text of their path.
func leavesIn(r *rendered, role string, keys map[string]any) map[string]any {
	out := map[string]any{}
	for key := range keys {
		out[key] = r.get(role).value(key)
	}
	return out
}

// Objects are compared without what differs by name alone: references by role, configurations by what they say.
func TestNormalize(t *testing.T) {
	for name, c := range map[string]struct {
		objects, role string
		want          map[string]any
	}{
		"the server's container": {workload, roleServer, map[string]any{
			"spec.template.spec.containers[server].ports[7880/TCP].name": "http",
			"spec.template.spec.containers[redis].image":                 "redis:7",
			"spec.template.spec.containers[app].image":                   nil,
		}},
		"the configuration": {"kind: ConfigMap\nmetadata: {name: c}\ndata: {b.yaml: \"log_level: info\\nrtc: " +
			"{tcp_port: 7881}\\nredis: {use_tls: true}\", a.yaml: 'x: 1'}",
			roleConfiguration, map[string]any{
				"data.(<configuration>)": "b.yaml", `data["a.yaml"]`: "x: 1",
				"data.<configuration>.rtc.tcp_port":  7881.0,
				"data.<configuration>.logging.level": "info", "data.<configuration>.log_level": nil,
				"data.<configuration>.redis.tls.enabled": true,
			}},
		"a new key beside its old one": {"kind: ConfigMap\nmetadata: {name: c}\ndata: {b.yaml: \"log_level: " +
			"info\\nlogging: {level: warn}\\nrtc: {tcp_port: 1}\"}",
			roleConfiguration, map[string]any{"data.<configuration>.logging.level": "warn",
				"data.<configuration>.log_level": "info"}},
		"a reference": {workload + "      volumes: [{name: v, secret: {secretName: k}}, {name: w, secret: " +
			"{secretName: other}}]\n---\nkind: Secret\nmetadata: {name: k}\nstringData: {LIVEKIT_API_KEY: x}",
			roleServer, map[string]any{
				"spec.template.spec.volumes[v].secret.secretName": "<Secret/keys>",
				"spec.template.spec.volumes[w].secret.secretName": "other",
			}},
		"a route's port by its name": {workload + "---\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{name: " +
			"http, port: 80}]}\n---\n" +
			"kind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: h, http: {paths: [{backend: {service: {name: " +
			"s, port: {name: http}}}}]}}]}",
			roleRoute, map[string]any{
				"spec.rules[h].http.paths[0].backend.service.name":        "<Service/signalling>",
				"spec.rules[h].http.paths[0].backend.service.port.number": int64(80),
				"spec.rules[h].http.paths[0].backend.service.port.name":   nil,
			}},
		"checksums and versions": {"kind: Ingress\nmetadata: {name: i, annotations: {checksum/config: abc, a: b}, " +
			"labels: {helm.sh/chart: livekit-1.2.3, chart: other-1}}",
			roleRoute, map[string]any{
				`metadata.annotations["checksum/config"]`: nil, "metadata.annotations.a": "b",
				`metadata.labels["helm.sh/chart"]`: ownChart, "metadata.labels.chart": "other-1",
			}},
		"an old autoscaler": {"apiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata: {name: " +
			"h}\nspec: {metrics: [{type: Resource, resource: {name: cpu, targetAverageUtilization: 60}}]}",
			"HorizontalPodAutoscaler/server", map[string]any{
				"apiVersion": "autoscaling/v2", "spec.metrics[cpu].resource.target.averageUtilization": int64(60),
				"spec.metrics[cpu].resource.targetAverageUtilization": nil,
			}},
		"an order": {"kind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: b}, {host: a}], tls: [{hosts: [x]}]}",
			roleRoute,
			map[string]any{"spec.(order of rules)": "b, a", "spec.(order of tls)": nil}},
		"variables that name earlier ones": {"kind: Pod\nmetadata: {name: p, annotations: {helm.sh/hook: " +
			"test}}\nspec: {containers: [{name: c, env: [{name: B, value: x}, {name: A, value: y}, {name: C, value: " +
			"$(B)$(A)$(D)}, {name: D, value: z}]}]}",
			roleTest, map[string]any{"spec.containers[c].env[C].(names)": "A, B",
				"spec.containers[c].env[D].(names)": nil}},
	} {
		if diff := cmp.Diff(c.want, leavesIn(objectsOf(t, c.objects), c.role, c.want)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A Secret with two texts of YAML has one configuration, whatever order a map is read in.
func TestConfigurationIsTheSameEachTime(t *testing.T) {
	for range 20 {
		r := objectsOf(
			t,
			"kind: ConfigMap\nmetadata: {name: c}\ndata: {a.yaml: 'x: 1', b.yaml: \"rtc: {tcp_port: 1}\", "+
				"c.yaml: 'y: 1'}",
		)
		if o := r.get(roleConfiguration); o == nil || o.entry != "b.yaml" {
			t.Fatalf("the configuration is %+v", o)
		}
	}
}

// A chart that has a port for each one of LiveKit's range is compared with a short range: 10,001 ports in two objects
// take gigabytes in all scenarios. What is too large all the same is left out by name.
func TestLongRangeOfPorts(t *testing.T) {
	in := Input{Chart: load(t, "testdata/portrange"), Upstream: load(t, standIn), Only: []string{"defaults", "image"}}
	r := run(t, in)
	const note = "in 2 of 2 scenarios both charts are compared with a range of four ports for media"
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], note) {
		t.Errorf("notes: %q", r.Notes)
	}
	ports := 0
	for _, f := range r.Findings {
		if f.Object == "Service/signalling" && strings.HasSuffix(f.Path.String(), "/UDP].port") {
			ports++
		}
	}
	if ports != 4 {
		t.Errorf("%d ports of media differ, want 4", ports)
	}

	in.Scenarios = []factsheet.Scenario{{Name: "large", Values: map[string]any{"livekit": map[string]any{
		"rtc": map[string]any{"port_range_start": nil, "port_range_end": nil}, "room": strings.Repeat("x", maxFile),
	}}}}
	in.Only = append(in.Only, "large")
	r = run(t, in)
	if !slices.ContainsFunc(r.Notes, func(note string) bool {
		return strings.HasPrefix(note, "scenario large is not compared, as one chart is too large in it: ")
	}) {
		t.Errorf("notes: %q", r.Notes)
	}
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return slices.Contains(f.Scenarios, "large") }) {
		t.Error("there are findings of a scenario that is not compared")
	}
}
