package verify

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// ingress judges the way of signalling into the cluster.
func ingress(s *subject, v *verdict) {
	for _, i := range s.ingresses {
		s.judgeIngress(v, i)
	}
	routes := 0
	for _, o := range s.objects {
		if o.Kind() == "HTTPRoute" {
			routes++
			s.judgeRoute(v, o)
		}
	}
	if len(s.ingresses)+routes == 0 {
		v.skip("The chart renders no Ingress and no HTTPRoute with these values")
		return
	}
	v.pass("%s with host, TLS and a backend that is there", plural(len(s.ingresses)+routes, "route"))
}

func (s *subject) judgeIngress(v *verdict, i ingressObject) {
	var secured []string
	for _, tls := range i.spec.TLS {
		secured = append(secured, tls.Hosts...)
	}
	if len(i.spec.TLS) == 0 && !hasCertificateElsewhere(i.Object) {
		v.warn("Add spec.tls with the host and a secretName: "+i.File, "Ingress %s has no TLS: browsers give no camera and no microphone to pages without", i.Name())
	}
	for _, rule := range i.spec.Rules {
		if rule.Host == "" {
			v.warn("Set the host: "+i.File, "Ingress %s has a rule without a host, which takes the traffic of every name", i.Name())
		} else if len(secured) > 0 && !slices.ContainsFunc(secured, func(h string) bool { return covers(h, rule.Host) }) {
			v.warn("Add the host to spec.tls: "+i.File, "Ingress %s: no certificate is for host %s", i.Name(), rule.Host)
		}
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			s.judgeBackend(v, i.Object, path.Backend.Service)
		}
	}
	if i.spec.DefaultBackend != nil {
		s.judgeBackend(v, i.Object, i.spec.DefaultBackend.Service)
	}
}

func covers(certificate, host string) bool {
	if domain, ok := strings.CutPrefix(certificate, "*."); ok {
		_, rest, _ := strings.Cut(host, ".")
		return rest == domain
	}
	return certificate == host
}

// hasCertificateElsewhere knows the annotations by which cloud load balancers
// and controllers get their certificate.
func hasCertificateElsewhere(o manifest.Object) bool {
	for name := range o.Annotations() {
		lower := strings.ToLower(name)
		if strings.Contains(lower, "certificate") || strings.Contains(lower, "pre-shared-cert") || strings.Contains(lower, "router.tls") || strings.Contains(lower, "ssl-cert") {
			return true
		}
	}
	return false
}

func (s *subject) judgeBackend(v *verdict, o manifest.Object, backend *networkingv1.IngressServiceBackend) {
	if backend == nil {
		return
	}
	port := backend.Port.Name
	if port == "" {
		port = fmt.Sprint(backend.Port.Number)
	}
	s.judgeBackendPort(v, o, backend.Name, port)
}

func (s *subject) judgeBackendPort(v *verdict, o manifest.Object, name, port string) {
	i := slices.IndexFunc(s.services, func(service serviceObject) bool { return service.Name() == name })
	if i < 0 {
		v.fail("Name a Service of the chart: "+o.File, "%s %s leads to Service %s, which the chart does not make", o.Kind(), o.Name(), name)
		return
	}
	service := s.services[i]
	j := slices.IndexFunc(service.spec.Ports, func(p corev1.ServicePort) bool {
		return p.Name == port || fmt.Sprint(p.Port) == port
	})
	if j < 0 {
		v.fail("Name a port of the Service: "+o.File, "%s %s leads to port %s of Service %s, which has none such", o.Kind(), o.Name(), port, name)
		return
	}
	s.judgeSignalling(v, o, service, service.spec.Ports[j])
}

// judgeSignalling finds HTTP that is sent to a port of the server which speaks
// none.
func (s *subject) judgeSignalling(v *verdict, o manifest.Object, service serviceObject, p corev1.ServicePort) {
	for _, server := range s.servers {
		if !selects(service.spec.Selector, server.template.Labels) {
			continue
		}
		port, ok := server.listens(server.target(p), protocolOf(p.Protocol))
		if ok && isMedia(port) {
			v.fail("Name the signalling port: "+o.File, "%s %s leads to the media port %s, which takes no HTTP", o.Kind(), o.Name(), spell(port))
		}
	}
}

func (s *subject) judgeRoute(v *verdict, o manifest.Object) {
	if len(o.List("spec", "hostnames")) == 0 {
		v.warn("Set spec.hostnames: "+o.File, "HTTPRoute %s has no host, and takes the traffic of every name of its Gateway", o.Name())
	}
	for _, rule := range o.List("spec", "rules") {
		fields, _ := rule.(map[string]any)
		backends, _ := fields["backendRefs"].([]any)
		for _, b := range backends {
			backend, _ := b.(map[string]any)
			name, _ := backend["name"].(string)
			if kind, isOther := backend["kind"].(string); name != "" && (!isOther || kind == "Service") && backend["namespace"] == nil {
				s.judgeBackendPort(v, o, name, fmt.Sprint(backend["port"]))
			}
		}
	}
}
