package names

import (
	"cmp"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Issuer finds cert-manager's issuer, a cluster-wide one first, and the annotation that names it.
func Issuer(of func(annotation string) string) (issuer, annotation string) {
	for _, annotation := range []string{
		"cert-manager.io/cluster-issuer", "certmanager.k8s.io/cluster-issuer",
		"cert-manager.io/issuer", "certmanager.k8s.io/issuer",
	} {
		if issuer := of(annotation); issuer != "" {
			return issuer, annotation
		}
	}
	return "", ""
}

// appAnnotations are parts of annotations that suit the application they were written for: access rules, rewrites,
// limits, dashboards, snippets of a server's configuration.
var appAnnotations = []string{
	"snippet", "auth", "rewrite", "whitelist", "allowlist", "denylist", "body-size", "backend-protocol", "healthcheck",
	"health-check", "middleware", "app-root", "canary", "upstream", "rate", "limit", "cors", "hajimari.io/",
	"gethomepage.dev/", "forecastle.stakater.com/",
	"error-page", "http-errors", "session", "affinity", "proxy-", "websocket", "service-weights", "meta.helm.sh/",
}

var placeholder = regexp.MustCompile(
	`example|yourdomain|your-domain|your\.domain|mydomain|changeme|^host\.com$|^domain\.|<|\{|\$`)

// IsPlaceholder tells a host that is none, and only stands for one.
func IsPlaceholder(host string) bool { return placeholder.MatchString(host) }

// speaker gives the values at a canonical key's path, the first of those that say something.
type speaker struct {
	*Chart
	layers []layer
	// seen are the places of keys that experiments have found; nil where names alone speak.
	seen map[string]convention.Value
}

// speaker is for the chart's own values and then those of its environments. Defaults of a wrapped chart are strangers'
// example values and do not count.
func (s *Chart) speaker() speaker {
	sp := speaker{Chart: s, layers: append(slices.Clone(s.over), s.layers[0])}
	for _, e := range s.environments {
		sp.layers = append(sp.layers, e.layers...)
	}
	return sp
}

// defaults reads the example values of a sibling that suit another application of the repository as well.
func (s speaker) defaults() convention.Defaults {
	d := convention.Defaults{IngressAnnotations: map[string]string{}}
	host := s.firstHost()
	if host != "" {
		d.HostPattern, d.Domain = s.HostPattern(host)
	}
	d.TLSSecretPattern = s.tlsSecret(host)
	d.IngressClass = s.at("ingress.className").Str()
	s.readAnnotations(&d)
	d.ParentRefs = s.parentRefs()
	for _, item := range itemsOf(s.at("ingress.entryPoints")) {
		d.EntryPoints = append(d.EntryPoints, item.Str())
	}
	d.StorageClass = s.storageClass()
	own := speaker{Chart: s.Chart, layers: s.Chart.layers[:1]}
	if tag := own.at("image.tag"); tag != nil {
		d.ImageTag = convention.TagInValues
		if tag.Str() == "" {
			d.ImageTag = convention.TagOfChart
		}
	}
	if d.HostPattern != "" || d.IngressClass != "" || d.ClusterIssuer != "" || d.StorageClass != "" {
		d.Fact = byName(s.tells(host).shown)
	}
	return d
}

// tells gives the file that names the host, else the chart's own.
func (s speaker) tells(host string) layer {
	for _, l := range s.layers {
		alone := speaker{Chart: s.Chart, layers: []layer{l}, seen: s.seen}
		if host != "" && alone.firstHost() == host {
			return l
		}
	}
	return s.Chart.layers[0]
}

// at gives the first value at a canonical key's path that is not empty, else an empty one.
func (s speaker) at(key string) *yamldoc.Node {
	all := s.allAt(key)
	if i := slices.IndexFunc(all, func(n *yamldoc.Node) bool { return !isBlank(n) }); i >= 0 {
		return all[i]
	}
	if len(all) > 0 {
		return all[0]
	}
	return nil
}

// allAt gives the values at a path, which may have named volumes in it.
func (s speaker) allAt(key string) []*yamldoc.Node {
	way := []string(s.scan.facts[key].path)
	if v, ok := s.seen[key]; ok {
		way = yamldoc.SplitPath(v.Path)
	}
	if len(way) == 0 {
		return nil
	}
	var out []*yamldoc.Node
	for _, l := range s.layers {
		for _, n := range s.expand(l.values(), way, 0) {
			if n != nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// parentRefs gives the Gateways of the sibling's HTTPRoute.
func (s speaker) parentRefs() (out []map[string]string) {
	for _, item := range itemsOf(s.at("httpRoute.parentRefs")) {
		ref := map[string]string{}
		for _, field := range []string{"name", "namespace", "sectionName"} {
			if text := item.Child(field).Str(); text != "" {
				ref[field] = text
			}
		}
		if ref["name"] != "" {
			out = append(out, ref)
		}
	}
	return out
}

func itemsOf(n *yamldoc.Node) []*yamldoc.Node {
	if !n.IsList() {
		return nil
	}
	return n.Items
}

// firstHost gives the first real host of the route in use, else of the other.
func (s speaker) firstHost() string {
	keys := []string{"ingress.hosts", "httpRoute.hostnames", "ingress.tls"}
	if s.scan.route == convention.RouteHTTPRoute {
		keys[0], keys[1] = keys[1], keys[0]
	}
	for _, key := range keys {
		for _, host := range s.hostsAt(key) {
			if strings.Contains(host, ".") && !IsPlaceholder(host) && net.ParseIP(host) == nil {
				return strings.TrimPrefix(host, "*.")
			}
		}
	}
	return ""
}

// hostsAt gives all hosts at a key's path, in order.
func (s speaker) hostsAt(key string) (out []string) {
	for _, n := range s.allAt(key) {
		out = append(out, hostsIn(n)...)
	}
	if key == "ingress.hosts" && s.scan.host.exists() {
		for _, l := range s.layers {
			out = append(out, l.values().Get(s.scan.host.path.String()).Str())
		}
	}
	return out
}

func hostsIn(n *yamldoc.Node) []string {
	if n.IsString() {
		return []string{n.Str()}
	}
	var out []string
	for _, item := range itemsOf(n) {
		out = append(out, item.Child("host").Str(), item.Child("name").Str())
		out = append(append(out, hostsIn(item)...), hostsIn(item.Child("hosts"))...)
	}
	return out
}

// aliases are the names that stand for the application in its own values.
func (s *Chart) aliases() []string {
	names := []string{s.Name, strings.ReplaceAll(s.Name, "-", ""), s.Shown[strings.LastIndexByte(s.Shown, '/')+1:]}
	if repository := s.speaker().at("image.repository").Str(); repository != "" {
		repository = repository[strings.LastIndexByte(repository, '/')+1:]
		repository, _, _ = strings.Cut(repository, ":")
		names = append(names, repository, strings.TrimSuffix(repository, "-server"))
	}
	names = append(names, s.layers[0].prefix...)
	return slices.DeleteFunc(names, func(n string) bool { return len(n) < 3 })
}

// HostPattern puts {name} for the application in a host. The first label of a
// host with a domain behind it is the application's, whatever nickname it has.
func (s *Chart) HostPattern(host string) (pattern, domain string) {
	first, rest, _ := strings.Cut(host, ".")
	isAlias := slices.ContainsFunc(s.aliases(), func(a string) bool { return convention.SameName(a, first) })
	if isAlias || strings.Contains(rest, ".") {
		return "{name}." + rest, rest
	}
	return "{name}." + host, host
}

// tlsSecret gives the pattern of the Secret's name. A name without the
// application's is shared by all (a wildcard certificate) and stays as it is.
func (s speaker) tlsSecret(host string) string {
	n := s.at("ingress.tls")
	secret := ""
	switch {
	case n.IsString():
		secret = n.Str()
	case n.IsMap():
		secret = cmp.Or(n.Get("secretName").Str(), n.Get("secret").Str())
	case n.IsList() && n.Len() > 0 && n.Items[0].IsString() && !strings.Contains(n.Items[0].Str(), "."):
		secret = n.Items[0].Str()
	case n.IsList() && n.Len() > 0:
		secret = n.Items[0].Get("secretName").Str()
	}
	if secret == "" || IsPlaceholder(secret) {
		return ""
	}
	return s.namePattern(secret, host)
}

// namePattern puts {host} and {name} where a text names them as whole words.
func (s *Chart) namePattern(text, host string) string {
	if host != "" && strings.Contains(text, host) {
		return strings.Replace(text, host, "{host}", 1)
	}
	names := s.aliases()
	if host != "" {
		first, _, _ := strings.Cut(host, ".")
		names = append(names, first)
	}
	slices.SortStableFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		word := regexp.MustCompile(`(^|[^A-Za-z0-9])` + regexp.QuoteMeta(name) + `($|[^A-Za-z0-9])`)
		if word.MatchString(text) {
			return word.ReplaceAllString(text, "${1}{name}${2}")
		}
	}
	return text
}

// readAnnotations takes over the annotations that suit any application.
func (s speaker) readAnnotations(d *convention.Defaults) {
	n := s.at("ingress.annotations")
	if !n.IsMap() {
		return
	}
	d.ClusterIssuer, d.ClusterIssuerAnnotation = Issuer(func(annotation string) string {
		return n.Child(annotation).Str()
	})
	for _, e := range n.Entries {
		if e.Key == ClassAnnotation {
			d.IngressClass = cmp.Or(d.IngressClass, e.Value.Str())
			continue
		}
		if e.Value.IsScalar() && !s.suitsThisAppOnly(e) {
			d.IngressAnnotations[e.Key] = e.Value.Str()
		}
	}
}

func (s *Chart) suitsThisAppOnly(e yamldoc.Entry) bool {
	key := strings.ToLower(e.Key)
	isOfApp := slices.ContainsFunc(appAnnotations, func(part string) bool { return strings.Contains(key, part) })
	return isOfApp || strings.ContainsAny(e.Value.Str(), "\n{") ||
		s.namePattern(e.Value.Str(), "") != e.Value.Str()
}

// storageClass gives the class that the sibling's volumes name.
func (s speaker) storageClass() string {
	for _, n := range s.allAt("persistence.storageClass") {
		if class := n.Str(); class != "" && class != "-" && class != "default" {
			return class
		}
	}
	return ""
}

// expand gives the values at a path, in which <volume> stands for every key and {name} for the chart's.
func (s *Chart) expand(n *yamldoc.Node, path []string, depth int) []*yamldoc.Node {
	if n == nil || len(path) == 0 {
		return []*yamldoc.Node{n}
	}
	if path[0] != "<volume>" && path[0] != "{name}" {
		return s.expand(n.Child(path[0]), path[1:], depth+1)
	}
	var out []*yamldoc.Node
	for _, e := range n.Entries {
		if path[0] == "<volume>" || s.IsName(depth, e.Key) {
			out = append(out, s.expand(e.Value, path[1:], depth+1)...)
		}
	}
	return out
}
