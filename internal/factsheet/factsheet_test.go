package factsheet

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/scaffold"
)

func load(t *testing.T) *Sheet {
	t.Helper()
	sheet, err := Load(Server)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func TestTable(t *testing.T) {
	sheet := load(t)
	seen := map[string]bool{}
	for _, v := range sheet.Keys {
		if seen[v.Key] {
			t.Errorf("%s is there twice", v.Key)
		}
		seen[v.Key] = true
		if v.Doc == "" && !v.IsHeading() {
			t.Errorf("%s has no doc", v.Key)
		}
		if !hasComponent(sheet, v.Component) {
			t.Errorf("%s is of component %q, which is not there", v.Key, v.Component)
		}
		if v.IsHeading() && v.Schema != nil {
			t.Errorf("%s has a schema and no default", v.Key)
		}
	}
	for _, c := range sheet.Components {
		for _, r := range c.Requires {
			if !hasComponent(sheet, r) {
				t.Errorf("%s requires %q, which is not there", c.Name, r)
			}
		}
	}
}

// A template that no component names would be in every chart, and a name
// without a template in none.
func TestTemplatesHaveComponents(t *testing.T) {
	var named, there []string
	for _, c := range load(t).Components {
		named = append(named, c.Templates...)
	}
	files, err := scaffold.Files(Server)
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if below, ok := strings.CutPrefix(name, "templates/"); ok {
			there = append(there, below)
		}
	}
	slices.Sort(named)
	slices.Sort(there)
	if diff := cmp.Diff(there, named); diff != "" {
		t.Error(diff)
	}
}

func TestSelect(t *testing.T) {
	sheet := load(t)
	for _, c := range []struct{ with, without, want string }{
		{"", "", "core redis ingress persistence"},
		{"turn", "ingress", "core redis persistence turn"},
		{"", "redis", "core ingress"},
		{"", "all", "core"},
		{"pdb,redis", "all", "core redis pdb"},
		{"persistence,ingress,redis", "all", "core redis ingress persistence"},
		{"alerts", "", "core redis ingress persistence metrics alerts"},
	} {
		got, err := sheet.Select(split(c.with), split(c.without))
		if err != nil {
			t.Errorf("with %q, without %q: %v", c.with, c.without, err)
			continue
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("with %q, without %q: %s, want %s", c.with, c.without, s, c.want)
		}
	}
	all, err := sheet.Select([]string{"all"}, nil)
	if err != nil || len(all) != len(sheet.Components) {
		t.Errorf("all are %v, %v", all, err)
	}
	for _, c := range []struct{ with, without, words string }{
		{"nonsense", "", "nonsense"},
		{"", "core", "core"},
		{"turn", "turn", "turn"},
		{"persistence", "redis", "redis"},
		{"alerts", "metrics", "metrics"},
		{"redis-service", "redis", "redis-service"},
	} {
		if got, err := sheet.Select(split(c.with), split(c.without)); err == nil ||
			!strings.Contains(err.Error(), c.words) {
			t.Errorf("with %q, without %q: got %v, %v", c.with, c.without, got, err)
		}
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Every value of upstream's chart 1.9.0, declared or only read, has a home.
// What lies below livekit goes to config as it is.
func TestUpstreamValuesHaveAHome(t *testing.T) {
	home := map[string]bool{}
	for _, v := range load(t).Keys {
		for _, u := range v.Upstream {
			home[u.Key] = true
		}
	}
	for _, key := range strings.Fields(`
		replicaCount image.repository image.tag image.pullPolicy imagePullSecrets terminationGracePeriodSeconds
		nameOverride fullnameOverride nodeSelector tolerations affinity resources podHostNetwork podAnnotations
		podSecurityContext securityContext deploymentStrategy deploymentAnnotations
		livekit livekit.port livekit.log_level livekit.rtc.tcp_port livekit.rtc.udp_port livekit.rtc.use_external_ip
		livekit.redis.address livekit.redis.password livekit.keys livekit.key_file livekit.prometheus_port
		livekit.turn.secretName livekit.turn.serviceType livekit.turn.loadBalancerAnnotations
		storeKeysInSecret.enabled storeKeysInSecret.existingSecret storeKeysInSecret.keys
		loadBalancer.type loadBalancer.servicePort loadBalancer.annotations loadBalancer.tls
		loadBalancer.staticIpName loadBalancer.certificateName loadBalancer.clusterIssuer turnLoadbalancer.enable
		autoscaling.enabled autoscaling.minReplicas autoscaling.maxReplicas
		autoscaling.targetCPUUtilizationPercentage autoscaling.targetMemoryUtilizationPercentage
		serviceAccount.create serviceAccount.annotations serviceAccount.name gcp.backendConfig
		serviceMonitor.create serviceMonitor.annotations serviceMonitor.name serviceMonitor.interval`) {
		if !home[key] {
			t.Errorf("upstream's %s has no home", key)
		}
	}
}

func hasComponent(sheet *Sheet, name string) bool {
	return slices.ContainsFunc(sheet.Components, func(c Component) bool { return c.Name == name })
}
