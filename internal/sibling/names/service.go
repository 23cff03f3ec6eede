package names

import (
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var (
	portNames       = []string{"port", "serviceport", "httpport", "webport", "externalport"}
	targetPortNames = []string{"targetport", "containerport", "internalport"}
	typeNames       = []string{"type", "servicetype"}
)

func (s *scan) findService() {
	block, ok := s.serviceBlock()
	if !ok {
		s.findLoosePort()
		return
	}
	if e := pick(block.node, typeNames, scalarOrNull); e != nil {
		s.add("service.type", block.child(e.Key), "")
	}
	if e := pick(block.node, []string{"enabled", "create"}, scalarOrNull); e != nil {
		s.add("service.enabled", block.child(e.Key), "")
	}
	if e := pick(block.node, []string{"annotations"}, isMapOrNull); e != nil {
		s.add("service.annotations", block.child(e.Key), "")
	}
	port, path := s.servicePort(block)
	if path == nil {
		s.findLoosePort()
		return
	}
	s.add("service.port", path, "")
	if e := pick(port.node, targetPortNames, scalarOrNull); e != nil {
		s.add("service.targetPort", port.child(e.Key), "")
	}
}

// serviceBlock finds the block of the application's Service, below its name
// where there are several.
func (s *scan) serviceBlock() (place, bool) {
	says := func(n *yamldoc.Node) bool {
		for _, names := range [][]string{typeNames, portNames, {"ports", "annotations"}} {
			if pick(n, names, nil) != nil {
				return true
			}
		}
		return false
	}
	for _, p := range s.blocks("service", "services", "svc") {
		if says(p.node) {
			return p, true
		}
		named := s.member(p.node, func(e *yamldoc.Entry) bool { return e.Value.IsMap() && says(e.Value) })
		if named != nil {
			return place{p.child(named.Key), named.Value}, true
		}
	}
	return place{}, false
}

// servicePort finds the port in one of its three styles: one, a list, or named
// ports. The place is the map that holds it, with the target port beside it.
func (s *scan) servicePort(block place) (place, []string) {
	if e := pick(block.node, portNames, scalarOrNull); e != nil {
		return block, block.child(e.Key)
	}
	e := pick(block.node, []string{"ports"}, nil)
	switch {
	case e == nil:
		return place{}, nil
	case e.Value.IsList() && len(e.Value.Items) > 0:
		first := place{block.child(e.Key, "[0]"), e.Value.Items[0]}
		if first.node.Kind == yamldoc.Scalar {
			return first, first.path
		}
		return s.portOf(first)
	case e.Value.IsMap():
		ports := place{block.child(e.Key), e.Value}
		named := s.member(ports.node, func(e *yamldoc.Entry) bool { return e.Value.IsMap() || e.Value.IsScalar() })
		if named == nil {
			return place{}, nil
		}
		if named.Value.IsScalar() {
			return ports, ports.child(named.Key)
		}
		return s.portOf(place{ports.child(named.Key), named.Value})
	}
	return place{}, nil
}

func (s *scan) portOf(p place) (place, []string) {
	if e := pick(p.node, portNames, scalarOrNull); e != nil {
		return p, p.child(e.Key)
	}
	return place{}, nil
}

// findLoosePort finds the Service's port where there is no block for it:
// servicePort, ports.servicePort, ports.http.port.
func (s *scan) findLoosePort() {
	if p, e := s.lookup([]string{"serviceport"}, func(_ place, e *yamldoc.Entry) bool { return scalarOrNull(e) }); e != nil {
		s.add("service.port", p.child(e.Key), "")
	} else if port, path := s.servicePort(place{nil, s.root}); path != nil {
		s.add("service.port", path, "")
		if e := pick(port.node, targetPortNames, scalarOrNull); e != nil && len(port.path) > 0 {
			s.add("service.targetPort", port.child(e.Key), "")
		}
	}
	if p, e := s.lookup([]string{"servicetype"}, func(_ place, e *yamldoc.Entry) bool { return scalarOrNull(e) }); e != nil {
		s.add("service.type", p.child(e.Key), "")
	}
}
