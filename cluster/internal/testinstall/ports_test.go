package testinstall

import (
	"strings"
	"testing"

	core "k8s.io/api/core/v1"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

const rendered = `
apiVersion: v1
kind: Service
metadata: {name: media}
spec:
  type: NodePort
  ports:
    - {name: tcp, port: 30881, nodePort: 30881, protocol: TCP}
    - {name: udp, port: 30882, nodePort: 30882, protocol: UDP}
---
# a comment alone
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: livekit
spec:
  replicas: 2
  selector: {matchLabels: {app: livekit}}
  template:
    spec:
      hostNetwork: true
      containers:
        - name: livekit
          image: docker.io/livekit/livekit-server:v1
          ports: [{containerPort: 7880}, {containerPort: 7882, protocol: UDP}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  annotations: {helm.sh/resource-policy: keep}
`

func TestParseRelease(t *testing.T) {
	r, err := parseRelease(rendered)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.objects) != 3 || len(r.kind("Service", "Deployment")) != 2 {
		t.Errorf("objects: %v", r.objects)
	}
	w := r.workloads()
	if len(w) != 1 || w[0].replicas != 2 || w[0].selector["app"] != "livekit" || !w[0].template.HostNetwork ||
		!runsLiveKit(w[0].template.Containers[0]) {
		t.Errorf("workloads: %+v", w)
	}
	if got := (&installTest{release: r}).kept(); len(got) != 1 || !got["persistentvolumeclaim/data"] {
		t.Errorf("kept: %v", got)
	}
}

// Ports of the nodes are those of Services and of pods on the nodes' network. The same
// number on the other protocol is another port for pods, and not for Services.
func TestPorts(t *testing.T) {
	r, err := parseRelease(rendered)
	if err != nil {
		t.Fatal(err)
	}
	service := servicePorts("Service media", decode[core.Service](r.kind("Service")[0]).Spec)
	pod := podPorts("Deployment livekit", r.workloads()[0].template)
	if len(service) != 2 || len(pod) != 2 || service[1].String() != "30882/UDP" || pod[0].String() != "7880/TCP" ||
		!pod[0].host {
		t.Fatalf("%v, %v", service, pod)
	}
	taken := []nodePort{{30882, core.ProtocolTCP, false, "Service other"}, {7880, core.ProtocolUDP, true,
		"Pod third"}, {7880, core.ProtocolTCP, false, "Service fourth"}}
	if by, ok := conflict(service[1], taken); !ok || by != "Service other" {
		t.Errorf("30882/UDP: %q, %v", by, ok)
	}
	for _, free := range []nodePort{service[0], pod[0]} {
		if by, ok := conflict(free, taken); ok {
			t.Errorf("%s: taken by %s", free, by)
		}
	}
	for range 100 {
		p := freePort(service[1], taken, service)
		if p.number < 30000 || p.number > 32767 || p.number == 30881 || p.number == 30882 {
			t.Fatalf("chosen: %s", p)
		}
	}
}

// A port is moved by the value that has its number, and TCP's never by UDP's.
func TestValueOf(t *testing.T) {
	p := cluster.ConfigValues{
		TCPPort: &cluster.Value{Keys: []string{"rtc", "tcp_port"}, Number: 30881},
		UDPPort: &cluster.Value{Keys: []string{"rtc", "udp_port"}, Number: 30881},
	}
	if got := valueOf(p, nodePort{30881, core.ProtocolUDP, false, ""}); got != p.UDPPort {
		t.Errorf("UDP: %v", got)
	}
	if got := valueOf(p, nodePort{30881, core.ProtocolTCP, false, ""}); got != p.TCPPort {
		t.Errorf("TCP: %v", got)
	}
	if got := valueOf(p, nodePort{7880, core.ProtocolTCP, true, ""}); got != nil {
		t.Errorf("another: %v", got)
	}
}

func TestCheckResult(t *testing.T) {
	res := &checkResult{}
	res.pass("this is right")
	res.fail("mend it", "that is wrong")
	res.warn("mend it", "so is this")
	if c := res.check("x"); c.Status != cluster.Fail || c.Detail != "that is wrong\nso is this\nthis is right" ||
		c.Remedy != "mend it" {
		t.Errorf("%+v", c)
	}
	res = &checkResult{}
	res.skip("nothing to see")
	if c := res.check("x"); c.Status != cluster.Skip || c.Detail != "nothing to see" {
		t.Errorf("%+v", c)
	}
}

// What was there before is not the release's, and neither is what Kubernetes makes.
func TestInventory(t *testing.T) {
	now := inventory{"secret/a": true, "pod/b": true}
	if left := now.without(inventory{"secret/a": true}); len(left) != 1 || !left["pod/b"] {
		t.Errorf("%v", left)
	}
}
