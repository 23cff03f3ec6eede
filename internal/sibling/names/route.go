package names

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// ClassAnnotation named the class before Ingress had a field for it.
const ClassAnnotation = "kubernetes.io/ingress.class"

// findRoutes finds the blocks of Ingress, HTTPRoute and Traefik's IngressRoute, and which of them the repository uses.
func (s *scan) findRoutes() {
	block := s.sheet.Of("ingress")
	ingress := s.routeBlock(block.Names...)
	httpRoute := s.routeBlock(s.sheet.Of("httpRoute").Names...)
	ingressRoute := s.routeBlock(block.Shaped[convention.RouteIngressRoute]...)
	host, shape := s.routeHost(httpRoute)
	if !host.exists() && !httpRoute.pick([]string{"hostnames", "hosts", "parentrefs"}, nil).exists() {
		httpRoute = section{}
	}
	switch {
	case s.isOn(ingress):
		s.route = convention.RouteIngress
	case ingressRoute.exists() && (s.isOn(ingressRoute) || !ingress.exists()):
		s.route = convention.RouteIngressRoute
	case httpRoute.exists() && (s.isOn(httpRoute) || !ingress.exists()):
		s.route = convention.RouteHTTPRoute
	case ingress.exists():
		s.route = convention.RouteIngress
	}
	if s.route == convention.RouteIngressRoute {
		ingress = ingressRoute
	}
	s.findIngress(ingress)
	s.add("httpRoute.hostnames", host.path, shape)
	s.addNamed(httpRoute, s.keysOf("httpRoute")...)
}

// routeHost finds the one host of an HTTPRoute's block, where it has no list of them.
func (s *scan) routeHost(p section) (host section, shape string) {
	key := s.sheet.Of("httpRoute.hostnames")
	host = p.pick(key.Shaped[convention.HostsSingle], (*yamldoc.Node).IsString)
	if !host.exists() || p.pick(key.Names, nil).exists() {
		return section{}, ""
	}
	return host, convention.HostsSingle
}

// isOn reports whether a block is switched on, as one without a switch is.
func (s *scan) isOn(p section) bool {
	e := p.pick(s.sheet.Of("ingress.enabled").Names, nil)
	return p.exists() && (!e.exists() || e.Bool())
}

// routeBlock finds a block of that name that has settings, below the name of one
// of several where they have names (ingress.main).
func (s *scan) routeBlock(names ...string) section {
	var settings []string
	for _, key := range []string{"enabled", "className", "hosts", "annotations", "tls"} {
		k := s.sheet.Of("ingress." + key)
		settings = slices.Concat(settings, k.Names, k.Shaped[convention.HostsSingle], k.Shaped[convention.TLSSecret])
	}
	if block := s.blockWith(names, settings); block.exists() {
		return block
	}
	blocks := s.blocks(names...)
	if i := slices.IndexFunc(blocks, func(p section) bool { return len(p.Entries) > 0 }); i >= 0 {
		return blocks[i]
	}
	return section{}
}

func (s *scan) findIngress(p section) {
	s.add("ingress", p.path, "") // for keys that the block does not show
	s.addNamed(p, "ingress.enabled", "ingress.annotations", "ingress.className", "ingress.entryPoints")
	if e := s.named(p, "ingress.annotations"); e.Child(ClassAnnotation) != nil {
		s.add("ingress.className", e.child(ClassAnnotation), "")
	}
	hosts, shape := s.hostsOf(p)
	s.add("ingress.hosts", hosts.path, shape)
	tls, shape := s.tlsOf(p)
	s.add("ingress.tls", tls.path, shape)
}

func (s *scan) hostsOf(p section) (section, string) {
	hosts := s.sheet.Of("ingress.hosts")
	list := p.pick(hosts.Names, (*yamldoc.Node).IsList)
	single := p.pick(hosts.Shaped[convention.HostsSingle], scalarOrNull)
	if !list.exists() || list.Len() == 0 && single.IsString() && single.Str() != "" {
		return single, convention.HostsSingle // an empty list beside it is for further hosts
	}
	s.host = single
	first := list.Child("[0]")
	switch {
	case first == nil && list.name() == "hostnames", first != nil && !first.IsMap():
		return list, convention.HostsStrings
	case first.Child("name") != nil && first.Child("host") == nil:
		return list, convention.HostsNamed
	}
	return list, convention.HostsObjects
}

func (s *scan) tlsOf(p section) (section, string) {
	tls := s.sheet.Of("ingress.tls")
	inMap := append([]string{"secretname", "secret"}, s.sheet.Of("ingress.enabled").Names...)
	switch e := s.named(p, tls.Key); {
	case e.IsMap() && (len(e.Entries) == 0 || e.pick(inMap, nil).exists()):
		return e, convention.TLSMap
	case e.IsList() && e.Len() > 0 && e.Items[0].Kind == yamldoc.Scalar && !strings.Contains(e.Items[0].Str(), "."):
		return e, convention.TLSSecrets // no certificate is for a host without a domain
	case e.IsList() && e.Len() > 0 && e.Items[0].Kind == yamldoc.Scalar:
		return e, convention.TLSHosts
	case e.IsList():
		return e, convention.TLSList
	case e.IsBool():
		return e, convention.TLSBool
	case e.IsString():
		return e, convention.TLSSecret
	}
	if e := p.pick(tls.Shaped[convention.TLSSecret], scalarOrNull); e.exists() {
		return e, convention.TLSSecret
	}
	return p.pick(tls.Shaped[convention.TLSBool], (*yamldoc.Node).IsBool), convention.TLSBool
}
