package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkIngress looks at the way of signalling into the cluster.
func checkIngress(in *input, out *result) {
	ingresses, routes := in.ofKind("Ingress"), in.ofKind("HTTPRoute")
	for _, o := range ingresses {
		in.checkRules(out, o, decode[networkingv1.Ingress](o).Spec)
	}
	for _, o := range routes {
		in.checkHTTPRoute(out, o)
	}
	for _, r := range in.hostsServed() {
		if isPlaceholder(r.value) {
			const step = "Name your own host: %s (in a new chart `helm livekit scaffold --set-host HOST` writes it)"
			out.warn(fmt.Sprintf(step, in.giver(r)),
				"%s serves %s, a placeholder that leads nowhere", r.object, r.value)
		}
	}
	isOpenShift := func(o manifest.Object) bool {
		return strings.HasPrefix(o.Text("apiVersion"), "route.openshift.io/")
	}
	openShift := filter(in.ofKind("Route"), isOpenShift)
	for _, o := range openShift {
		in.checkOpenShiftRoute(out, o)
	}
	n := len(ingresses) + len(routes) + len(openShift)
	if n == 0 {
		out.skip("The chart renders no Ingress, HTTPRoute or Route with these values")
		return
	}
	out.pass("%s with host, TLS and a backend that is there", plural(n, "route"))
}

func (in *input) checkRules(out *result, i manifest.Object, spec networkingv1.IngressSpec) {
	var secured []string
	for _, tls := range spec.TLS {
		secured = append(secured, tls.Hosts...)
	}
	// Cloud load balancers and controllers get their certificate by an annotation.
	isSecured := hasAnnotation(i.Annotations(), "certificate", "pre-shared-cert", "router.tls", "ssl-cert")
	if len(spec.TLS) == 0 && !isSecured {
		out.warn("Add spec.tls with the host and a secretName: "+i.File,
			"Ingress %s has no TLS: browsers give no camera and no microphone to pages without", i.Name())
	}
	backends := []networkingv1.IngressBackend{ptr.Deref(spec.DefaultBackend, networkingv1.IngressBackend{})}
	for _, rule := range spec.Rules {
		isFor := func(certificate string) bool { return covers(certificate, rule.Host) }
		switch {
		case rule.Host == "":
			out.warn("Set the host: "+i.File,
				"Ingress %s has a rule without a host, which takes the traffic of every name", i.Name())
		case len(secured) > 0 && !slices.ContainsFunc(secured, isFor):
			out.warn("Add the host to spec.tls: "+i.File,
				"Ingress %s: no certificate is for host %s", i.Name(), rule.Host)
		}
		for _, path := range ptr.Deref(rule.HTTP, networkingv1.HTTPIngressRuleValue{}).Paths {
			backends = append(backends, path.Backend)
		}
	}
	for _, b := range backends {
		if s := b.Service; s != nil {
			in.checkBackend(out, i, s.Name, cmp.Or(s.Port.Name, fmt.Sprint(s.Port.Number)))
		}
	}
}

// isPlaceholder knows the domains of RFC 2606, which nobody can have.
func isPlaceholder(host string) bool {
	return slices.ContainsFunc([]string{"example.com", "example.net", "example.org"}, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// covers reports whether a certificate for a host, or a wildcard, is for host.
func covers(certificate, host string) bool {
	if domain, ok := strings.CutPrefix(certificate, "*."); ok {
		_, rest, _ := strings.Cut(host, ".")
		return rest == domain
	}
	return certificate == host
}

func (in *input) checkBackend(out *result, o manifest.Object, name, port string) {
	service := first(in.services, func(s service) bool { return s.Name() == name })
	if service == nil {
		out.fail("Name a Service of the chart: "+o.File,
			"%s %s leads to Service %s, which the chart does not make", o.Kind(), o.Name(), name)
		return
	}
	isNamed := func(p corev1.ServicePort) bool { return p.Name == port || fmt.Sprint(p.Port) == port }
	leadsTo := first(service.spec.Ports, isNamed)
	if leadsTo == nil {
		out.fail("Name a port of the Service: "+o.File,
			"%s %s leads to port %s of Service %s, which has none such", o.Kind(), o.Name(), port, name)
		return
	}
	for _, s := range in.servers {
		for _, r := range s.routes {
			listens := s.listensAt(r.number, r.port.Protocol)
			if r.service.Name() == name && r.port == *leadsTo && isMedia(listens) {
				out.fail("Name the signalling port: "+o.File,
					"%s %s leads to the media port %s, which takes no HTTP", o.Kind(), o.Name(), listens)
			}
		}
	}
}

func (in *input) checkHTTPRoute(out *result, o manifest.Object) {
	if len(o.List("spec", "hostnames")) == 0 {
		out.warn("Set spec.hostnames: "+o.File,
			"HTTPRoute %s has no host, and takes the traffic of every name of its Gateway", o.Name())
	}
	for _, backend := range backendsOf(o) {
		name, _ := backend["name"].(string)
		kind, isKind := backend["kind"].(string)
		if name != "" && (!isKind || kind == "Service") && backend["namespace"] == nil {
			in.checkBackend(out, o, name, fmt.Sprint(backend["port"]))
		}
	}
}

func (in *input) checkOpenShiftRoute(out *result, o manifest.Object) {
	if o.Get("spec", "tls") == nil {
		out.warn("Set spec.tls, with termination edge: "+o.File,
			"Route %s has no TLS: browsers give no camera and no microphone to pages without", o.Name())
	}
	in.checkBackend(out, o, o.Text("spec", "to", "name"), fmt.Sprint(o.Get("spec", "port", "targetPort")))
}
