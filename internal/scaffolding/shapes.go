package scaffolding

import (
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// defaultOf gives the default of a value in the shape that the chart has for it, filled with what carries over from the
// repository.
func (p *Paths) defaultOf(v factsheet.Key, a application) any {
	d := p.convention.Defaults
	switch shape := p.shape(v.Key); v.Key {
	case "image.repository":
		if shape == convention.ImageString {
			return v.Default.Value + ":" + a.Version
		}
	case "env":
		if shape != convention.EnvList {
			return map[string]any{}
		}
	case "ingress.enabled", "httpRoute.enabled":
		// Traefik's IngressRoute takes the place of the Ingress.
		kinds := p.convention.Kinds
		return !kinds.NoRoute && (v.Key == "httpRoute.enabled") == (kinds.Route == convention.RouteHTTPRoute)
	case "ingress.className":
		return d.IngressClass
	case "ingress.domain":
		return a.Domain
	case "ingress.entryPoints":
		if len(d.EntryPoints) > 0 {
			return d.EntryPoints
		}
	case "httpRoute.parentRefs":
		if len(d.ParentRefs) > 0 {
			return d.ParentRefs
		}
	case "keys.operator.apiVersion", "keys.operator.kind", "keys.operator.spec":
		return p.operatorDefault(v, a)
	case "ingress.annotations":
		return d.IngressAnnotations
	case "ingress.hosts":
		return a.hosts(shape)
	case "httpRoute.hostnames":
		return a.hostnames(shape, v.Default)
	case "ingress.tls":
		return a.certificates(shape)
	case "service.targetPort":
		if shape == convention.PortNumber {
			return p.convention.Sheet.Of("config.port").Default
		}
	case "redis.enabled":
		return p.workload() != "DaemonSet"
	case mediaPorts[0], mediaPorts[1], mediaPorts[2], mediaPorts[3]:
		n, _ := strconv.Atoi(v.Default.Value)
		return n + a.portShift
	case "redis.external.address":
		if p.workload() == "DaemonSet" {
			return "redis:6379" // an example, as the host is one
		}
	case "persistence.storageClass":
		return d.StorageClass
	case "persistence.accessMode":
		if shape == convention.AccessModeList {
			return []any{v.Default}
		}
	}
	return filled(v.Default, a.fill)
}

// hosts are those of the Ingress.
func (a application) hosts(shape string) any {
	path := map[string]any{"path": "/", "pathType": "Prefix"}
	hosts, _ := hostsAs(shape, []any{map[string]any{"host": a.Host, "paths": []any{path}}})
	return hosts
}

// hostnames are those of the HTTPRoute.
func (a application) hostnames(shape string, list *yaml.Node) any {
	if shape == convention.HostsSingle {
		return a.Host
	}
	return filled(list, a.fill)
}

// certificates are those of the Ingress.
func (a application) certificates(shape string) any {
	switch shape {
	case convention.TLSList:
		return []any{yamldoc.Pairs("secretName", a.TLSSecret, "hosts", []string{a.Host})}
	case convention.TLSFollows:
		return []any{yamldoc.Pairs("secretName", a.TLSSecret)}
	}
	certificate, _ := tlsAs(shape, []any{map[string]any{"secretName": a.TLSSecret, "hosts": []any{a.Host}}})
	return certificate
}

// filled copies a node, with fill done to the strings in it.
func filled(n *yaml.Node, fill func(string) string) *yaml.Node {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		return yamldoc.NodeOf(fill(n.Value))
	}
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style & yaml.FlowStyle}
	for _, c := range n.Content {
		out.Content = append(out.Content, filled(c, fill))
	}
	return out
}
