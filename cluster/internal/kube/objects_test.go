package kube

import (
	"testing"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Service's port leads to a number, to a named port of any container, or to its own number.
func TestTargetPort(t *testing.T) {
	pod := core.PodSpec{
		InitContainers: []core.Container{{Ports: []core.ContainerPort{{Name: "redis", ContainerPort: 6379}}}},
		Containers:     []core.Container{{Ports: []core.ContainerPort{{Name: "http", ContainerPort: 7880}}}},
	}
	for _, c := range []struct {
		target intstr.IntOrString
		want   int
	}{
		{intstr.FromString("http"), 7880},
		{intstr.FromString("redis"), 6379},
		{intstr.FromString("none"), 0},
		{intstr.FromInt32(5349), 5349},
		{intstr.IntOrString{}, 80},
	} {
		if got := TargetPort(core.ServicePort{Port: 80, TargetPort: c.target}, pod); got != c.want {
			t.Errorf("%+v: %d, want %d", c.target, got, c.want)
		}
	}
}

// On the node's network each container port is one of the node; else host ports alone are.
func TestNodePorts(t *testing.T) {
	pod := core.PodSpec{Containers: []core.Container{{Ports: []core.ContainerPort{
		{ContainerPort: 7880}, {ContainerPort: 7882, HostPort: 30882, Protocol: core.ProtocolUDP},
	}}}}
	if got := NodePorts(pod); len(got) != 1 || got[0] != (Port{30882, core.ProtocolUDP}) {
		t.Errorf("host ports: %v", got)
	}
	pod.HostNetwork = true
	if got := NodePorts(pod); len(got) != 2 || got[0] != (Port{7880, core.ProtocolTCP}) || got[1].Number != 7882 {
		t.Errorf("host network: %v", got)
	}
}

func TestSelects(t *testing.T) {
	pod := map[string]string{"app": "livekit", "tier": "media"}
	if !Selects(map[string]string{"app": "livekit"}, pod) || Selects(map[string]string{"app": "redis"}, pod) {
		t.Error("the selector is not compared with the labels")
	}
	if Selects(nil, pod) {
		t.Error("a Service without a selector selects the pod")
	}
}
