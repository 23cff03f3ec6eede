package kube

import (
	"cmp"
	"slices"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Condition gives one of a pod's conditions; its status is empty where the pod has none.
func Condition(pod core.Pod, kind core.PodConditionType) core.PodCondition {
	i := slices.IndexFunc(pod.Status.Conditions, func(c core.PodCondition) bool { return c.Type == kind })
	if i < 0 {
		return core.PodCondition{}
	}
	return pod.Status.Conditions[i]
}

// IsReady says whether a pod is ready.
func IsReady(pod core.Pod) bool {
	return Condition(pod, core.PodReady).Status == core.ConditionTrue
}

// IsSidecar says whether an init container runs as long as its pod.
func IsSidecar(c core.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == core.ContainerRestartPolicyAlways
}

// AllContainers gives the init containers and the containers of a pod.
func AllContainers(pod core.PodSpec) []core.Container {
	return slices.Concat(pod.InitContainers, pod.Containers)
}

// Selects says whether a Service's selector matches labels. An empty one matches none.
func Selects(selector, of map[string]string) bool {
	return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(of))
}

// Protocol gives the protocol of a port: TCP by default.
func Protocol(p core.Protocol) core.Protocol { return cmp.Or(p, core.ProtocolTCP) }

// TargetPort gives the number of the container's port behind a Service's; 0 for a name
// that no container has.
func TargetPort(p core.ServicePort, pod core.PodSpec) int {
	if p.TargetPort.Type == intstr.Int {
		return int(cmp.Or(p.TargetPort.IntVal, p.Port))
	}
	for _, c := range AllContainers(pod) {
		for _, named := range c.Ports {
			if named.Name == p.TargetPort.StrVal {
				return int(named.ContainerPort)
			}
		}
	}
	return 0
}

// Port is a port of a node.
type Port struct {
	Number   int32
	Protocol core.Protocol
}

// NodePorts gives the ports of its node that a pod takes.
func NodePorts(pod core.PodSpec) []Port {
	var ports []Port
	for _, c := range AllContainers(pod) {
		for _, p := range c.Ports {
			number := p.HostPort
			if pod.HostNetwork {
				number = p.ContainerPort
			}
			if number > 0 {
				ports = append(ports, Port{number, Protocol(p.Protocol)})
			}
		}
	}
	return ports
}
