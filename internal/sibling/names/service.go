package names

import (
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func (s *scan) findService() {
	settings := []string{"ports", "annotations"}
	settings = slices.Concat(settings, s.sheet.Of("service.type").Names, s.sheet.Of("service.port").Names)
	block := s.blockWith(s.sheet.Of("service").Names, settings)
	s.addNamed(block, "service.type", "service.enabled", "service.annotations")
	if !s.addPort(block) {
		s.findLoosePort()
	}
}

// addPort adds the port in one of its three styles: one, a list, or named ports; the target port is beside it.
func (s *scan) addPort(block section) bool {
	beside := block
	port := s.named(block, "service.port")
	if ports := block.pick([]string{"ports"}, nil); !port.exists() {
		switch {
		case ports.IsList() && len(ports.Items) > 0:
			port = section{ports.child("[0]"), ports.Items[0]}
		case ports.IsMap():
			beside = ports
			port = s.member(ports, func(n *yamldoc.Node) bool { return n.IsMap() || n.IsScalar() })
		}
		if port.exists() && port.Kind != yamldoc.Scalar {
			beside = port
			port = s.named(port, "service.port")
		}
	}
	s.add("service.port", port.path, "")
	if len(beside.path) > 0 && port.exists() {
		s.addNamed(beside, "service.targetPort")
	}
	return port.exists()
}

// findLoosePort finds the Service's port where there is no block for it:
// servicePort, ports.servicePort, ports.http.port.
func (s *scan) findLoosePort() {
	for _, key := range []string{"service.port", "service.type"} {
		k := s.sheet.Of(key)
		s.addLoose(k, k.Loose)
	}
	if _, ok := s.facts["service.port"]; !ok {
		s.addPort(section{nil, s.root})
	}
}
