package names

import (
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func (s *scan) findService() {
	block, ok := s.serviceBlock()
	if !ok {
		s.findLoosePort()
		return
	}
	s.addNamed(block, "service.type", "service.enabled", "service.annotations")
	port, path := s.servicePort(block)
	if path == nil {
		s.findLoosePort()
		return
	}
	s.add("service.port", path, "")
	s.addNamed(port, "service.targetPort")
}

// serviceBlock finds the block of the application's Service, below its name
// where there are several.
func (s *scan) serviceBlock() (section, bool) {
	settings := []string{"ports", "annotations"}
	settings = slices.Concat(settings, s.sheet.Of("service.type").Names, s.sheet.Of("service.port").Names)
	return s.blockWith(s.sheet.Of("service").Names, settings)
}

// servicePort finds the port in one of its three styles: one, a list, or named
// ports. The section is the map that holds it, with the target port beside it.
func (s *scan) servicePort(block section) (section, []string) {
	if e := s.named(block.node, "service.port"); e != nil {
		return block, block.child(e.Key)
	}
	e := pick(block.node, []string{"ports"}, nil)
	switch {
	case e == nil:
		return section{}, nil
	case e.Value.IsList() && len(e.Value.Items) > 0:
		first := section{block.child(e.Key, "[0]"), e.Value.Items[0]}
		if first.node.Kind == yamldoc.Scalar {
			return first, first.path
		}
		return s.portOf(first)
	case e.Value.IsMap():
		ports := section{block.child(e.Key), e.Value}
		one := s.member(ports.node, func(e *yamldoc.Entry) bool { return e.Value.IsMap() || e.Value.IsScalar() })
		if one == nil {
			return section{}, nil
		}
		if one.Value.IsScalar() {
			return ports, ports.child(one.Key)
		}
		return s.portOf(section{ports.child(one.Key), one.Value})
	}
	return section{}, nil
}

func (s *scan) portOf(p section) (section, []string) {
	if e := s.named(p.node, "service.port"); e != nil {
		return p, p.child(e.Key)
	}
	return section{}, nil
}

// findLoosePort finds the Service's port where there is no block for it:
// servicePort, ports.servicePort, ports.http.port.
func (s *scan) findLoosePort() {
	for _, key := range []string{"service.port", "service.type"} {
		k := s.sheet.Of(key)
		s.addLoose(k, k.Loose)
	}
	if _, ok := s.facts["service.port"]; ok {
		return
	}
	if port, path := s.servicePort(section{nil, s.root}); path != nil {
		s.add("service.port", path, "")
		if len(port.path) > 0 {
			s.addNamed(port, "service.targetPort")
		}
	}
}
