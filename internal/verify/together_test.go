package verify

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// What two charts cannot both have, and what they can.
func TestTogether(t *testing.T) {
	nodes := func(of string) edit { return pod("nodeSelector: {pool: " + of + "}") }
	address := func(annotations, ip, port string) edit {
		return file("templates/address.yaml", `
apiVersion: v1
kind: Service
metadata: {name: address, annotations: {`+annotations+`}}
spec: {type: LoadBalancer, loadBalancerIP: "`+ip+`", selector: {app: calls}, ports: [{port: `+port+`, targetPort: 7880}]}
`)
	}
	route := func(path string) edit {
		return file("templates/route.yaml", `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: calls}
spec:
  parentRefs: [{name: public}]
  hostnames: [calls.elsewhere.test]
  rules: [{matches: [{path: {value: `+path+`}}], backendRefs: [{name: calls, port: 7880}]}]
`)
	}
	otherHost := edit{values, "host: calls.home.test", "host: other.home.test"}
	class := func(name string) edit { return edit{ingressFile, "spec:", "spec:\n  ingressClassName: " + name} }
	const shared = "metallb.io/allow-shared-ip: calls"
	for _, test := range []struct {
		name, check, detail string // "" passes
		one, other          []edit
	}{
		{"node port", "node-ports", "Port 30881/TCP of the nodes", nil, nil},
		{"no node port", "node-ports", "", []edit{noTCPNodePort, noUDPNodePort}, nil},
		{"node port for another protocol", "node-ports", "Port 30882/TCP of the nodes: taken by Service calls-media",
			[]edit{noUDPNodePort, {services, "nodePort: 30881", "nodePort: 30882"}}, []edit{noTCPNodePort}},
		{"host network", "node-ports", "Port 7880/TCP", []edit{hostNetwork}, []edit{hostNetwork}},
		{"metrics, which no container port names", "node-ports", "Port 6789/TCP",
			[]edit{hostNetwork, configKey("prometheus_port: 6789")},
			[]edit{hostNetwork, configKey("prometheus_port: 6789")}},
		{"node port and host port", "node-ports", "by Deployment calls", []edit{hostNetwork,
			noTCPNodePort, noUDPNodePort, {values, "tcp_port: 30881", "tcp_port: 30882"}},
			[]edit{{services, "nodePort: 30881", "nodePort: 30882"}, {services, "nodePort: 30882", "nodePort: 30899"}}},
		{"nodes apart", "node-ports", "", []edit{hostNetwork, noTCPNodePort, noUDPNodePort, nodes("a")},
			[]edit{hostNetwork, noTCPNodePort, noUDPNodePort, nodes("b")}},
		{"host", "hosts", "Host calls.home.test, path /", nil, nil},
		{"other host", "hosts", "", []edit{otherHost}, nil},
		{"other class", "hosts", "", []edit{class("internal")}, []edit{class("public")}},
		{"route", "hosts", "path /rtc: taken by HTTPRoute", []edit{otherHost, route("/rtc")}, []edit{route("/rtc/")}},
		{"other path", "hosts", "", []edit{otherHost, route("/rtc")}, []edit{route("/twirp")}},
		{"address", "addresses", "Address 192.0.2.1", []edit{address("", "192.0.2.1", "80")},
			[]edit{address("metallb.io/loadBalancerIPs: '192.0.2.9, 192.0.2.1'", "", "443")}},
		{"shared address", "addresses", "", []edit{address(shared, "192.0.2.1", "80")},
			[]edit{address(shared, "192.0.2.1", "443")}},
		{"shared address and port", "addresses", "Address 192.0.2.1", []edit{address(shared, "192.0.2.1", "80")},
			[]edit{address(shared, "192.0.2.1", "80")}},
	} {
		t.Run(test.check+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			one, other := edited(t, "minimal", test.one...), edited(t, "minimal", test.other...)
			g, err := RunGroup(context.Background(), []string{one, other}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			c := get(t, &Report{Checks: g.Together}, test.check)
			if (c.Status == Fail) != (test.detail != "") || !strings.Contains(c.Detail, test.detail) {
				t.Errorf("%s: %s\nwant %q", c.Status, c.Detail, test.detail)
			}
			if c.Status == Fail && (!strings.Contains(c.Remedy, one) || !strings.Contains(c.Remedy, other)) {
				t.Errorf("the remedy names no files of both: %s", c.Remedy)
			}
		})
	}
}

// A folder's charts are judged if they run LiveKit, or would if they rendered.
func TestGroupOfFolder(t *testing.T) {
	folder := filepath.Dir(edited(t, "minimal", edit{"templates/fail.yaml", "", `{{ fail "no" }}`}))
	if !IsGroup(folder) || IsGroup(filepath.Join(folder, "minimal")) || IsGroup() {
		t.Error("what is a folder of charts?")
	}
	g, err := RunGroup(context.Background(), []string{folder}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Charts) != 1 || len(g.Others) != 0 || !g.Failed() {
		t.Errorf("%d charts, others %v", len(g.Charts), g.Others)
	}
}
