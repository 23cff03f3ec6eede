package scaffolding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// shaped gives settings in the shapes of the chart. Canonical shapes say more
// than some others; what those cannot say is unplaced.
func (p *Places) shaped(values map[string]any, settings []Setting, unplaced *[]Unplaced) []Setting {
	var out []Setting
	for _, s := range settings {
		switch s.Key {
		case "image.repository":
			out = append(out, p.image(s, values, settings)...)
		case "image.tag":
			if p.layout.shape("image.repository") != convention.ImageString {
				out = append(out, s)
			} else if !slices.ContainsFunc(settings, func(s Setting) bool { return s.Key == "image.repository" }) {
				out = append(out, p.tag(s, values))
			}
		case "ingress.hosts":
			value, reason := hostsAs(p.layout.shape(s.Key), s.Value)
			out = append(out, with(s, value))
			unexpressed(unplaced, s, reason)
		case "ingress.tls":
			value, reason := tlsAs(p.layout.shape(s.Key), s.Value)
			out = append(out, with(s, value))
			unexpressed(unplaced, s, reason)
		default:
			out = append(out, s)
		}
	}
	return out
}

func with(s Setting, value any) Setting {
	s.Value = value
	s.IsWhole = true
	return s
}

func unexpressed(unplaced *[]Unplaced, s Setting, reason string) {
	if reason != "" {
		*unplaced = append(*unplaced, Unplaced{Setting: s, Reason: reason})
	}
}

// image gives the settings of the image's repository.
func (p *Places) image(s Setting, values map[string]any, all []Setting) []Setting {
	repository := fmt.Sprint(s.Value)
	switch p.layout.shape(s.Key) {
	case convention.ImageString:
		_, tag := p.imageOf(values)
		if i := slices.IndexFunc(all, func(s Setting) bool { return s.Key == "image.tag" }); i >= 0 {
			tag = fmt.Sprint(all[i].Value)
		}
		return []Setting{with(s, strings.TrimSuffix(repository+":"+tag, ":"))}
	case convention.ImageRegistry:
		host, rest, found := strings.Cut(repository, "/")
		if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
			registry := s
			registry.Key, registry.Value = "image.registry", host
			return []Setting{registry, with(s, rest)}
		}
	}
	return []Setting{s}
}

// tag gives the image in one string with another tag.
func (p *Places) tag(s Setting, values map[string]any) Setting {
	repository, _ := p.imageOf(values)
	s.Key, s.Value = "image.repository", fmt.Sprintf("%s:%v", repository, s.Value)
	return s
}

// imageOf splits the chart's image in one string.
func (p *Places) imageOf(values map[string]any) (repository, tag string) {
	at, err := p.PathOf("image.repository")
	if err != nil {
		return "", ""
	}
	found, _ := yamldoc.Lookup(values, at)
	image, _ := found.(string)
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}

// hostsAs writes hosts in a shape. The reason is what it cannot say.
func hostsAs(shape string, value any) (out any, reason string) {
	hosts, ok := value.([]any)
	if !ok {
		return value, ""
	}
	names := make([]any, len(hosts))
	for i, h := range hosts {
		host, _ := h.(map[string]any)
		names[i] = host["host"]
	}
	switch shape {
	case convention.HostsStrings:
		return names, ""
	case convention.HostsSingle:
		if len(names) > 1 {
			reason = fmt.Sprintf("the chart has one host, %v: make further ones by an Ingress of their own", names[0])
		}
		return names[0], reason
	case convention.HostsNamed:
		var out []any
		for _, name := range names {
			out = append(out, map[string]any{"name": name, "path": "/"})
		}
		return out, ""
	}
	return value, ""
}

// tlsAs writes certificates in a shape. The reason is what it cannot say.
func tlsAs(shape string, value any) (out any, reason string) {
	certificates, ok := value.([]any)
	if !ok {
		return value, ""
	}
	secret := any("")
	var hosts []any
	for i, c := range certificates {
		certificate, _ := c.(map[string]any)
		names, _ := certificate["hosts"].([]any)
		hosts = append(hosts, names...)
		if i == 0 && certificate["secretName"] != nil {
			secret = certificate["secretName"]
		}
	}
	switch {
	case len(certificates) > 1:
		reason = "the chart has one certificate for all hosts"
	case len(certificates) == 1 && secret == "":
		reason = "the chart names a Secret for each certificate"
	}
	switch shape {
	case convention.TLSHosts:
		return hosts, "the chart names the certificate's Secret itself"
	case convention.TLSSecret:
		return secret, reason
	case convention.TLSBool:
		return len(certificates) > 0, "the chart names the certificate's Secret itself"
	case convention.TLSMap:
		return map[string]any{"enabled": len(certificates) > 0, "secretName": secret}, reason
	}
	return value, ""
}
