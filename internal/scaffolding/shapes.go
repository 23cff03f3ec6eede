package scaffolding

import (
	"maps"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// defaultOf gives the default of a value in the shape that the layout has for
// it, filled with what carries over from the repository.
func (l *layout) defaultOf(v factsheet.Key, a app) *yaml.Node {
	d := a.defaults
	switch shape := l.shape(v.Key); v.Key {
	case "image.repository":
		if shape == convention.ImageString {
			return str(v.Default.Value + ":" + a.Version)
		}
	case "env":
		if shape != convention.EnvList {
			return empty(yaml.MappingNode)
		}
	case "ingress.enabled", "httpRoute.enabled":
		return boolean(l.isRoute(v.Key))
	case "ingress.className":
		return str(d.IngressClass)
	case "ingress.domain":
		return str(a.Domain)
	case "ingress.entryPoints":
		if len(d.EntryPoints) > 0 {
			return seq(strs(d.EntryPoints)...)
		}
	case "httpRoute.parentRefs":
		if len(d.ParentRefs) > 0 {
			return seq(mappings(d.ParentRefs)...)
		}
	case "keys.operator.apiVersion", "keys.operator.kind", "keys.operator.spec":
		return l.operatorDefault(v, a)
	case "ingress.annotations":
		return mapping(d.IngressAnnotations)
	case "ingress.hosts":
		return hostsDefault(shape, a.Host)
	case "ingress.tls":
		return tlsDefault(shape, a)
	case "redis.enabled":
		return boolean(l.workload() != "DaemonSet")
	case "redis.external.address":
		if l.workload() == "DaemonSet" {
			return str("redis:6379") // an example, as the host is one
		}
	case "persistence.storageClass":
		return str(d.StorageClass)
	case "persistence.accessMode":
		if shape == convention.AccessModeList {
			return seq(v.Default)
		}
	}
	return filled(v.Default, a)
}

// isRoute reports whether a route's switch is that of the kind of route that the
// repository uses. Traefik's IngressRoute takes the place of the Ingress.
func (l *layout) isRoute(key string) bool {
	return (key == "httpRoute.enabled") == (l.convention.Kinds.Route == convention.RouteHTTPRoute)
}

func hostsDefault(shape, host string) *yaml.Node {
	switch shape {
	case convention.HostsSingle:
		return str(host)
	case convention.HostsStrings:
		return seq(str(host))
	case convention.HostsNamed:
		return seq(pairs("name", str(host), "path", str("/")))
	}
	return seq(pairs("host", str(host), "paths", seq(pairs("path", str("/"), "pathType", str("Prefix")))))
}

func tlsDefault(shape string, a app) *yaml.Node {
	switch shape {
	case convention.TLSSecret:
		return str(a.TLSSecret)
	case convention.TLSHosts:
		return seq(str(a.Host))
	case convention.TLSBool:
		return boolean(true)
	case convention.TLSMap:
		return pairs("enabled", boolean(true), "secretName", str(a.TLSSecret))
	}
	return seq(pairs("secretName", str(a.TLSSecret), "hosts", seq(str(a.Host))))
}

// schemaOf gives the JSON schema of a value in its shape, without null.
func (l *layout) schemaOf(v factsheet.Key) map[string]any {
	object := func(required string, properties map[string]any) map[string]any {
		return map[string]any{"type": "object", "required": []any{required}, "properties": properties}
	}
	list := func(items any) map[string]any { return map[string]any{"type": "array", "items": items} }
	maybe := func(items any) map[string]any {
		return map[string]any{"type": []any{"array", "null"}, "items": items}
	}
	text := map[string]any{"type": "string"}
	textOrNull := map[string]any{"type": []any{"string", "null"}}
	switch shape := l.shape(v.Key); v.Key {
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

// words are booleans and nulls in YAML 1.1, which Helm reads.
var words = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null|~)$`)

func str(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if words.MatchString(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func strs(list []string) (out []*yaml.Node) {
	for _, s := range list {
		out = append(out, str(s))
	}
	return out
}

func boolean(b bool) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(b)}
}

func empty(kind yaml.Kind) *yaml.Node { return &yaml.Node{Kind: kind, Style: yaml.FlowStyle} }

func seq(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Content: items}
}

// pairs makes a map of keys (string) and values (*yaml.Node) in turn.
func pairs(keysAndValues ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, x := range keysAndValues {
		switch x := x.(type) {
		case string:
			n.Content = append(n.Content, str(x))
		case *yaml.Node:
			n.Content = append(n.Content, x)
		}
	}
	return n
}

func mapping(m map[string]string) *yaml.Node {
	if len(m) == 0 {
		return empty(yaml.MappingNode)
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		n.Content = append(n.Content, str(k), str(m[k]))
	}
	return n
}

func mappings(list []map[string]string) (out []*yaml.Node) {
	for _, m := range list {
		out = append(out, mapping(m))
	}
	return out
}

// filled copies a default of the table with the application's facts in it.
func filled(n *yaml.Node, a app) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style & yaml.FlowStyle}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		out.Value = a.fill(n.Value)
	}
	for _, c := range n.Content {
		out.Content = append(out.Content, filled(c, a))
	}
	return out
}
