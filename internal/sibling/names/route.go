package names

import (
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// ClassAnnotation named the class before Ingress had a field for it.
const ClassAnnotation = "kubernetes.io/ingress.class"

var (
	enabledNames     = []string{"enabled", "enable", "create"}
	classNames       = []string{"classname", "ingressclassname", "class", "ingressclass"}
	hostNames        = []string{"host", "hostname", "domain", "fqdn", "domainname"}
	tlsSecretNames   = []string{"tlssecretname", "tlssecret", "sslsecretname", "sslsecret", "certificatesecret"}
	tlsSwitchNames   = []string{"tlsenabled", "https", "ssl", "sslenabled", "enabletls"}
	routeBlockNames  = []string{"httproute", "httproutes", "gateway", "gatewayapi"}
	routeSettingKeys = [][]string{enabledNames, classNames, hostNames, {"hosts", "hostnames", "annotations", "tls"}, tlsSecretNames}
)

// findRoutes finds the blocks of Ingress, HTTPRoute and Traefik's IngressRoute,
// and which of them the repository uses.
func (s *scan) findRoutes() {
	ingress, hasIngress := s.routeBlock("ingress", "ingresses")
	httpRoute, hasHTTPRoute := s.routeBlock(routeBlockNames...)
	ingressRoute, hasIngressRoute := s.routeBlock("ingressroute", "ingressroutes")
	hasHTTPRoute = hasHTTPRoute && pick(httpRoute.node, []string{"hostnames", "hosts", "parentrefs"}, nil) != nil

	switch on := func(p place) bool { return pick(p.node, enabledNames, nil) == nil || isOn(p) }; {
	case hasIngress && on(ingress):
		s.route = convention.RouteIngress
	case hasIngressRoute && (on(ingressRoute) || !hasIngress):
		s.route = convention.RouteIngressRoute
	case hasHTTPRoute && (on(httpRoute) || !hasIngress):
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
		s.findHTTPRoute(httpRoute)
	}
}

func isOn(p place) bool {
	e := pick(p.node, enabledNames, nil)
	return e != nil && e.Value.Bool()
}

// routeBlock finds a block of that name that has settings, below the name of one
// of several where they have names (ingress.main).
func (s *scan) routeBlock(names ...string) (place, bool) {
	says := func(n *yamldoc.Node) bool {
		for _, names := range routeSettingKeys {
			if pick(n, names, nil) != nil {
				return true
			}
		}
		return false
	}
	var empty *place
	for _, p := range s.blocks(names...) {
		if says(p.node) {
			return p, true
		}
		named := s.member(p.node, func(e *yamldoc.Entry) bool { return e.Value.IsMap() && says(e.Value) })
		if named != nil {
			return place{p.child(named.Key), named.Value}, true
		}
		if empty == nil && len(p.node.Entries) > 0 {
			empty = &p
		}
	}
	if empty != nil {
		return *empty, true
	}
	return place{}, false
}

func (s *scan) findIngress(p place) {
	// The block's own place, for keys that it does not show.
	s.add("ingress", p.path, "")
	if e := pick(p.node, enabledNames, scalarOrNull); e != nil {
		s.add("ingress.enabled", p.child(e.Key), "")
	}
	annotations := pick(p.node, []string{"annotations"}, isMapOrNull)
	if annotations != nil {
		s.add("ingress.annotations", p.child(annotations.Key), "")
	}
	if e := pick(p.node, classNames, scalarOrNull); e != nil {
		s.add("ingress.className", p.child(e.Key), "")
	} else if annotations != nil && annotations.Value.Child(ClassAnnotation) != nil {
		s.add("ingress.className", p.child(annotations.Key, ClassAnnotation), "")
	}
	if e := pick(p.node, []string{"entrypoints"}, func(e *yamldoc.Entry) bool { return e.Value.IsList() }); e != nil {
		s.add("ingress.entryPoints", p.child(e.Key), "")
	}
	if e, shape := hostsOf(p.node); e != nil {
		s.add("ingress.hosts", p.child(e.Key), shape)
	}
	if e, shape := tlsOf(p.node); e != nil {
		s.add("ingress.tls", p.child(e.Key), shape)
	}
}

func hostsOf(n *yamldoc.Node) (*yamldoc.Entry, string) {
	list := pick(n, []string{"hosts", "hostnames"}, func(e *yamldoc.Entry) bool { return e.Value.IsList() })
	if list == nil {
		if one := pick(n, hostNames, scalarOrNull); one != nil {
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

func tlsOf(n *yamldoc.Node) (*yamldoc.Entry, string) {
	e := pick(n, []string{"tls"}, nil)
	switch {
	case e == nil:
	case e.Value.IsMap() && (len(e.Value.Entries) == 0 || pick(e.Value, append([]string{"secretname", "secret"}, enabledNames...), nil) != nil):
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
	if e := pick(n, tlsSecretNames, scalarOrNull); e != nil {
		return e, convention.TLSSecret
	}
	if e := pick(n, tlsSwitchNames, func(e *yamldoc.Entry) bool { return e.Value.IsBool() }); e != nil {
		return e, convention.TLSBool
	}
	return nil, ""
}

func (s *scan) findHTTPRoute(p place) {
	if e := pick(p.node, enabledNames, scalarOrNull); e != nil {
		s.add("httpRoute.enabled", p.child(e.Key), "")
	}
	if e := pick(p.node, []string{"annotations"}, isMapOrNull); e != nil {
		s.add("httpRoute.annotations", p.child(e.Key), "")
	}
	if e := pick(p.node, []string{"parentrefs"}, func(e *yamldoc.Entry) bool { return e.Value.IsList() }); e != nil {
		s.add("httpRoute.parentRefs", p.child(e.Key), "")
	}
	if e := pick(p.node, []string{"hostnames", "hosts"}, func(e *yamldoc.Entry) bool {
		return e.Value.IsList() && (e.Value.Len() == 0 || e.Value.Items[0].Kind == yamldoc.Scalar)
	}); e != nil {
		s.add("httpRoute.hostnames", p.child(e.Key), "")
	}
}
