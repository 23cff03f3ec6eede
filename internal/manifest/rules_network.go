package manifest

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

func (p *problems) checkService(spec corev1.ServiceSpec) {
	oneOf(p, "spec.type", spec.Type,
		corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort,
		corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)
	external := spec.Type == corev1.ServiceTypeNodePort || spec.Type == corev1.ServiceTypeLoadBalancer
	headless := spec.ClusterIP == corev1.ClusterIPNone
	p.addIf(len(spec.Ports) == 0 && !headless && spec.Type != corev1.ServiceTypeExternalName,
		"spec.ports", "has no entry")
	p.addIf(headless && external, "spec.clusterIP", "None does not go with type %s", spec.Type)
	p.addIf(spec.Type == corev1.ServiceTypeExternalName && spec.ExternalName == "", "spec.externalName", "is missing")
	p.addIf(spec.ExternalTrafficPolicy != "" && !external && len(spec.ExternalIPs) == 0,
		"spec.externalTrafficPolicy", "is for the types NodePort and LoadBalancer alone")
	oneOf(p, "spec.externalTrafficPolicy", spec.ExternalTrafficPolicy,
		corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
	oneOf(p, "spec.sessionAffinity", spec.SessionAffinity, corev1.ServiceAffinityClientIP, corev1.ServiceAffinityNone)
	p.addIf(spec.Type != corev1.ServiceTypeLoadBalancer && spec.LoadBalancerClass != nil,
		"spec.loadBalancerClass", "is for type LoadBalancer alone")
	p.checkLabels("spec.selector", spec.Selector)
	p.checkServicePorts(spec.Ports, external)
}

func (p *problems) checkServicePorts(ports []corev1.ServicePort, external bool) {
	names, numbers, nodePorts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for here, port := range elements("spec.ports", ports) {
		p.checkPortNumber(here+".port", port.Port)
		switch {
		case port.Name != "":
			p.invalid(here+".name", port.Name, validation.IsDNS1123Label(port.Name))
			p.unique(here+".name", port.Name, "port name", names)
		case len(ports) > 1:
			p.add(here+".name", "is missing: a Service with several ports names each")
		}
		oneOf(p, here+".protocol", port.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		protocol := cmp.Or(port.Protocol, corev1.ProtocolTCP)
		p.unique(here, fmt.Sprintf("%d/%s", port.Port, protocol), "port", numbers)
		p.checkTargetPort(here+".targetPort", port.TargetPort)
		if port.NodePort == 0 {
			continue
		}
		p.addIf(!external, here+".nodePort", "is for the types NodePort and LoadBalancer alone")
		p.addIf(port.NodePort < 30000 || port.NodePort > 32767, here+".nodePort",
			"%d is out of the range 30000-32767 that clusters have unless set up otherwise", port.NodePort)
		p.unique(here+".nodePort", fmt.Sprintf("%d/%s", port.NodePort, protocol), "node port", nodePorts)
	}
}

func (p *problems) checkTargetPort(at string, port intstr.IntOrString) {
	switch {
	case port.Type == intstr.String:
		p.invalid(at, port.StrVal, validation.IsValidPortName(port.StrVal))
	case port.IntVal != 0:
		p.checkPortNumber(at, port.IntVal)
	}
}

func (p *problems) checkIngress(spec networkingv1.IngressSpec) {
	p.addIf(len(spec.Rules) == 0 && spec.DefaultBackend == nil,
		"spec.rules", "has no entry, and there is no defaultBackend")
	if spec.DefaultBackend != nil {
		p.checkIngressBackend("spec.defaultBackend", *spec.DefaultBackend)
	}
	for here, rule := range elements("spec.rules", spec.Rules) {
		p.checkHost(here+".host", rule.Host)
		if rule.HTTP == nil {
			continue
		}
		p.addIf(len(rule.HTTP.Paths) == 0, here+".http.paths", "has no entry")
		for at, path := range elements(here+".http.paths", rule.HTTP.Paths) {
			p.checkIngressPath(at, path)
		}
	}
	for here, tls := range elements("spec.tls", spec.TLS) {
		for at, host := range elements(here+".hosts", tls.Hosts) {
			p.checkHost(at, host)
		}
	}
}

// checkHost takes an empty host, which matches all.
func (p *problems) checkHost(at, host string) {
	_, err := netip.ParseAddr(host)
	switch {
	case host == "":
	case err == nil:
		p.add(at, "%q is an address, a name is expected", host)
	case strings.HasPrefix(host, "*"):
		p.invalid(at, host, validation.IsWildcardDNS1123Subdomain(host))
	default:
		p.invalid(at, host, validation.IsDNS1123Subdomain(host))
	}
}

func (p *problems) checkIngressPath(at string, path networkingv1.HTTPIngressPath) {
	p.addIf(path.PathType == nil, at+".pathType", "is missing: Prefix, Exact or ImplementationSpecific")
	kind := ptr.Deref(path.PathType, networkingv1.PathTypeImplementationSpecific)
	oneOf(p, at+".pathType", kind,
		networkingv1.PathTypePrefix, networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific)
	p.addIf(kind != networkingv1.PathTypeImplementationSpecific && !strings.HasPrefix(path.Path, "/"),
		at+".path", "%q must start with /", path.Path)
	p.checkIngressBackend(at+".backend", path.Backend)
}

func (p *problems) checkIngressBackend(at string, backend networkingv1.IngressBackend) {
	switch {
	case backend.Service == nil && backend.Resource == nil:
		p.add(at, "names no service")
	case backend.Service != nil && backend.Resource != nil:
		p.add(at, "service and resource exclude each other")
	case backend.Service != nil:
		p.required(at+".service.name", backend.Service.Name)
		if port := backend.Service.Port; (port.Name == "") == (port.Number == 0) {
			p.add(at+".service.port", "needs a name or a number, exactly one")
		}
	}
}

func (p *problems) checkNetworkPolicy(spec networkingv1.NetworkPolicySpec) {
	for here, rule := range elements("spec.ingress", spec.Ingress) {
		p.checkPolicyPorts(here+".ports", rule.Ports)
	}
	for here, rule := range elements("spec.egress", spec.Egress) {
		p.checkPolicyPorts(here+".ports", rule.Ports)
	}
	for here, kind := range elements("spec.policyTypes", spec.PolicyTypes) {
		oneOf(p, here, kind, networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress)
	}
}

func (p *problems) checkPolicyPorts(at string, ports []networkingv1.NetworkPolicyPort) {
	for here, port := range elements(at, ports) {
		oneOf(p, here+".protocol", ptr.Deref(port.Protocol, ""),
			corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		if end := port.EndPort; end != nil {
			p.addIf(port.Port == nil || port.Port.Type != intstr.Int || *end < port.Port.IntVal,
				here+".endPort", "%d needs a port that is a number and not above it", *end)
		}
	}
}
