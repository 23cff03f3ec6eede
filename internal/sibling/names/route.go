package names

import (
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// ClassAnnotation named the class before Ingress had a field for it.
const ClassAnnotation = "kubernetes.io/ingress.class"

// findRoutes finds the blocks of Ingress, HTTPRoute and Traefik's IngressRoute,
// and which of them the repository uses.
func (s *scan) findRoutes() {
	block := s.sheet.Of("ingress")
	ingress, hasIngress := s.routeBlock(block.Names...)
	httpRoute, hasHTTPRoute := s.routeBlock(s.sheet.Of("httpRoute").Names...)
	ingressRoute, hasIngressRoute := s.routeBlock(block.Shaped[convention.RouteIngressRoute]...)
	hasHTTPRoute = hasHTTPRoute && pick(httpRoute.node, []string{"hostnames", "hosts", "parentrefs"}, nil) != nil

	switch {
	case hasIngress && s.isOn(ingress):
		s.route = convention.RouteIngress
	case hasIngressRoute && (s.isOn(ingressRoute) || !hasIngress):
		s.route = convention.RouteIngressRoute
	case hasHTTPRoute && (s.isOn(httpRoute) || !hasIngress):
		s.route = convention.RouteHTTPRoute
	case hasIngress:
		s.route = convention.RouteIngress
	}
	switch {
	case s.route == convention.RouteIngressRoute:
		s.findIngress(ingressRoute)
	case hasIngress:
		s.findIngress(ingress)
	}
	if hasHTTPRoute {
		s.addNamed(httpRoute, s.keysOf("httpRoute")...)
	}
}

// isOn reports whether a block is switched on, as one without a switch is.
func (s *scan) isOn(p section) bool {
	e := pick(p.node, s.sheet.Of("ingress.enabled").Names, nil)
	return e == nil || e.Value.Bool()
}

// routeBlock finds a block of that name that has settings, below the name of one
// of several where they have names (ingress.main).
func (s *scan) routeBlock(names ...string) (section, bool) {
	var settings []string
	for _, key := range []string{"enabled", "className", "hosts", "annotations", "tls"} {
		k := s.sheet.Of("ingress." + key)
		settings = slices.Concat(settings, k.Names, k.Shaped[convention.HostsSingle], k.Shaped[convention.TLSSecret])
	}
	if block, ok := s.blockWith(names, settings); ok {
		return block, true
	}
	for _, p := range s.blocks(names...) {
		if len(p.node.Entries) > 0 {
			return p, true
		}
	}
	return section{}, false
}

func (s *scan) findIngress(p section) {
	s.add("ingress", p.path, "") // for keys that the block does not show
	s.addNamed(p, "ingress.enabled", "ingress.annotations", "ingress.className", "ingress.entryPoints")
	if e := s.named(p.node, "ingress.annotations"); e != nil && e.Value.Child(ClassAnnotation) != nil {
		s.add("ingress.className", p.child(e.Key, ClassAnnotation), "")
	}
	if e, shape := s.hostsOf(p.node); e != nil {
		s.add("ingress.hosts", p.child(e.Key), shape)
	}
	if e, shape := s.tlsOf(p.node); e != nil {
		s.add("ingress.tls", p.child(e.Key), shape)
	}
}

func (s *scan) hostsOf(n *yamldoc.Node) (*yamldoc.Entry, string) {
	hosts := s.sheet.Of("ingress.hosts")
	list := pick(n, hosts.Names, func(e *yamldoc.Entry) bool { return e.Value.IsList() })
	if list == nil {
		if one := pick(n, hosts.Shaped[convention.HostsSingle], scalarOrNull); one != nil {
			return one, convention.HostsSingle
		}
		return nil, ""
	}
	if list.Value.Len() == 0 {
		if convention.NormalizeName(list.Key) == "hostnames" {
			return list, convention.HostsStrings
		}
		return list, convention.HostsObjects
	}
	switch item := list.Value.Items[0]; {
	case item.IsMap() && item.Entry("name") != nil && item.Entry("host") == nil:
		return list, convention.HostsNamed
	case item.IsMap():
		return list, convention.HostsObjects
	}
	return list, convention.HostsStrings
}

func (s *scan) tlsOf(n *yamldoc.Node) (*yamldoc.Entry, string) {
	tls := s.sheet.Of("ingress.tls")
	isMap := append([]string{"secretname", "secret"}, s.sheet.Of("ingress.enabled").Names...)
	e := s.named(n, tls.Key)
	switch {
	case e == nil:
	case e.Value.IsMap() && (len(e.Value.Entries) == 0 || pick(e.Value, isMap, nil) != nil):
		return e, convention.TLSMap
	case e.Value.IsList():
		if e.Value.Len() > 0 && e.Value.Items[0].Kind == yamldoc.Scalar {
			return e, convention.TLSHosts
		}
		return e, convention.TLSList
	case e.Value.IsBool():
		return e, convention.TLSBool
	case e.Value.IsString():
		return e, convention.TLSSecret
	}
	if e := pick(n, tls.Shaped[convention.TLSSecret], scalarOrNull); e != nil {
		return e, convention.TLSSecret
	}
	if e := pick(n, tls.Shaped[convention.TLSBool], isBool); e != nil {
		return e, convention.TLSBool
	}
	return nil, ""
}

func isBool(e *yamldoc.Entry) bool { return e.Value.IsBool() }
