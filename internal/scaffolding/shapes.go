package scaffolding

import (
	"maps"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// defaultOf gives the default of a value in the shape that the layout has for
// it, filled with what carries over from the repository.
func (p *Paths) defaultOf(v factsheet.Key, a application) *yaml.Node {
	d := a.defaults
	switch shape := p.shape(v.Key); v.Key {
	case "image.repository":
		if shape == convention.ImageString {
			return yamldoc.NodeOf(v.Default.Value + ":" + a.Version)
		}
	case "env":
		if shape != convention.EnvList {
			return yamldoc.Pairs()
		}
	case "ingress.enabled", "httpRoute.enabled":
		return yamldoc.NodeOf(p.isRoute(v.Key))
	case "ingress.className":
		return yamldoc.NodeOf(d.IngressClass)
	case "ingress.domain":
		return yamldoc.NodeOf(a.Domain)
	case "ingress.entryPoints":
		if len(d.EntryPoints) > 0 {
			return yamldoc.NodeOf(d.EntryPoints)
		}
	case "httpRoute.parentRefs":
		if len(d.ParentRefs) > 0 {
			return yamldoc.NodeOf(d.ParentRefs)
		}
	case "keys.operator.apiVersion", "keys.operator.kind", "keys.operator.spec":
		return p.operatorDefault(v, a)
	case "ingress.annotations":
		return yamldoc.NodeOf(d.IngressAnnotations)
	case "ingress.hosts":
		path := map[string]any{"path": "/", "pathType": "Prefix"}
		hosts, _ := hostsAs(shape, []any{map[string]any{"host": a.Host, "paths": []any{path}}})
		return yamldoc.NodeOf(hosts)
	case "ingress.tls":
		if shape == convention.TLSList {
			return yamldoc.NodeOf([]any{yamldoc.Pairs("secretName", a.TLSSecret, "hosts", []string{a.Host})})
		}
		certificate, _ := tlsAs(shape, []any{map[string]any{"secretName": a.TLSSecret, "hosts": []any{a.Host}}})
		return yamldoc.NodeOf(certificate)
	case "redis.enabled":
		return yamldoc.NodeOf(p.workload() != "DaemonSet")
	case "redis.external.address":
		if p.workload() == "DaemonSet" {
			return yamldoc.NodeOf("redis:6379") // an example, as the host is one
		}
	case "persistence.storageClass":
		return yamldoc.NodeOf(d.StorageClass)
	case "persistence.accessMode":
		if shape == convention.AccessModeList {
			return yamldoc.NodeOf([]any{v.Default})
		}
	}
	return filled(v.Default, a.fill)
}

// isRoute reports whether a route's switch is that of the kind of route that the
// repository uses. Traefik's IngressRoute takes the place of the Ingress.
func (p *Paths) isRoute(key string) bool {
	return (key == "httpRoute.enabled") == (p.convention.Kinds.Route == convention.RouteHTTPRoute)
}

// schemaOf gives the JSON schema of a value in its shape, without null.
func (p *Paths) schemaOf(v factsheet.Key) map[string]any {
	object := func(required string, properties map[string]any) map[string]any {
		return map[string]any{"type": "object", "required": []any{required}, "properties": properties}
	}
	list := func(items any) map[string]any { return map[string]any{"type": "array", "items": items} }
	maybe := func(items any) map[string]any {
		return map[string]any{"type": []any{"array", "null"}, "items": items}
	}
	text := map[string]any{"type": "string"}
	textOrNull := map[string]any{"type": []any{"string", "null"}}
	switch shape := p.shape(v.Key); v.Key {
	case "config":
		return livekit.ConfigSchema()
	case "env":
		if shape == convention.EnvList {
			return list(object("name", map[string]any{"name": text, "value": textOrNull}))
		}
		return map[string]any{"type": "object"}
	case "ingress.hosts":
		switch shape {
		case convention.HostsSingle:
			return text
		case convention.HostsStrings:
			return list(text)
		case convention.HostsNamed:
			return list(object("name", map[string]any{"name": text, "path": textOrNull}))
		}
		p := map[string]any{"type": "object", "properties": map[string]any{"path": text, "pathType": textOrNull}}
		return list(object("host", map[string]any{"host": text, "paths": maybe(p)}))
	case "ingress.tls":
		switch shape {
		case convention.TLSSecret:
			return text
		case convention.TLSHosts:
			return list(text)
		case convention.TLSBool:
			return map[string]any{"type": "boolean"}
		case convention.TLSMap:
			return map[string]any{"type": "object", "properties": map[string]any{
				"enabled": map[string]any{"type": "boolean"}, "secretName": textOrNull}}
		}
		return list(map[string]any{"type": "object", "properties": map[string]any{"secretName": textOrNull, "hosts": maybe(text)}})
	case "persistence.accessMode":
		mode := map[string]any{"type": "string", "enum": []any{"ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"}}
		if shape == convention.AccessModeList {
			return list(mode)
		}
		return mode
	}
	return maps.Clone(v.Schema)
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
