package rendered

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leavesIn gives the fields of an object that a test names, by the text of their path.
func leavesIn(r *Chart, role string, keys map[string]any) map[string]any {
	out := map[string]any{}
	for key := range keys {
		out[key] = r.Get(role).Value(key)
	}
	return out
}

// Objects are compared without what differs by name alone: references by role, configurations by what they say.
func TestNormalize(t *testing.T) {
	for name, c := range map[string]struct {
		objects, role string
		want          map[string]any
	}{
		"the server's container": {workload, RoleServer, map[string]any{
			"spec.template.spec.containers[server].ports[7880/TCP].name": "http",
			"spec.template.spec.containers[redis].image":                 "redis:7",
			"spec.template.spec.containers[app].image":                   nil,
		}},
		"the configuration": {"kind: ConfigMap\nmetadata: {name: c}\ndata: {b.yaml: \"log_level: info\\nrtc: " +
			"{tcp_port: 7881}\\nredis: {use_tls: true}\", a.yaml: 'x: 1'}",
			RoleConfiguration, map[string]any{
				"data.(<configuration>)": "b.yaml", `data["a.yaml"]`: "x: 1",
				"data.<configuration>.rtc.tcp_port":  7881.0,
				"data.<configuration>.logging.level": "info", "data.<configuration>.log_level": nil,
				"data.<configuration>.redis.tls.enabled": true,
			}},
		"a new key beside its old one": {"kind: ConfigMap\nmetadata: {name: c}\ndata: {b.yaml: \"log_level: " +
			"info\\nlogging: {level: warn}\\nrtc: {tcp_port: 1}\"}",
			RoleConfiguration, map[string]any{"data.<configuration>.logging.level": "warn",
				"data.<configuration>.log_level": "info"}},
		"a reference": {workload + "      volumes: [{name: v, secret: {secretName: k}}, {name: w, secret: " +
			"{secretName: other}}]\n---\nkind: Secret\nmetadata: {name: k}\nstringData: {LIVEKIT_API_KEY: x}",
			RoleServer, map[string]any{
				"spec.template.spec.volumes[v].secret.secretName": "<Secret/keys>",
				"spec.template.spec.volumes[w].secret.secretName": "other",
			}},
		"a route's port by its name": {workload + "---\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{name: " +
			"http, port: 80}]}\n---\n" +
			"kind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: h, http: {paths: [{backend: {service: {name: " +
			"s, port: {name: http}}}}]}}]}",
			RoleRoute, map[string]any{
				"spec.rules[h].http.paths[0].backend.service.name":        "<Service/signalling>",
				"spec.rules[h].http.paths[0].backend.service.port.number": int64(80),
				"spec.rules[h].http.paths[0].backend.service.port.name":   nil,
			}},
		"checksums and versions": {"kind: Ingress\nmetadata: {name: i, annotations: {checksum/config: abc, a: b}, " +
			"labels: {helm.sh/chart: livekit-1.2.3, chart: other-1}}",
			RoleRoute, map[string]any{
				`metadata.annotations["checksum/config"]`: nil, "metadata.annotations.a": "b",
				`metadata.labels["helm.sh/chart"]`: OwnChart, "metadata.labels.chart": "other-1",
			}},
		"an old autoscaler": {"apiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata: {name: " +
			"h}\nspec: {metrics: [{type: Resource, resource: {name: cpu, targetAverageUtilization: 60}}]}",
			"HorizontalPodAutoscaler/server", map[string]any{
				"apiVersion": "autoscaling/v2", "spec.metrics[cpu].resource.target.averageUtilization": int64(60),
				"spec.metrics[cpu].resource.targetAverageUtilization": nil,
			}},
		"an order": {"kind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: b}, {host: a}], tls: [{hosts: [x]}]}",
			RoleRoute,
			map[string]any{"spec.(order of rules)": "b, a", "spec.(order of tls)": nil}},
		"variables that name earlier ones": {"kind: Pod\nmetadata: {name: p, annotations: {helm.sh/hook: " +
			"test}}\nspec: {containers: [{name: c, env: [{name: B, value: x}, {name: A, value: y}, {name: C, value: " +
			"$(B)$(A)$(D)}, {name: D, value: z}]}]}",
			RoleTest, map[string]any{"spec.containers[c].env[C].(names)": "A, B",
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
		if o := r.Get(RoleConfiguration); o == nil || o.Entry != "b.yaml" {
			t.Fatalf("the configuration is %+v", o)
		}
	}
}
