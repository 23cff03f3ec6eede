package scaffolding

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Setting is a canonical value that a chart's values are to have.
type Setting struct {
	// Key is canonical.
	Key string
	// Value has the shape of the canonical convention.
	Value any
	// IsWhole says that the value, a map, replaces the chart's default as a whole, and is not merged into it.
	IsWhole bool
	// From are the keys of upstream's chart that it comes from, the first one with the value itself. Empty: it follows
	// from what upstream's templates do always.
	From []string
	// Moved maps paths below Key, "" for none, to the upstream keys they come from, where they are called otherwise
	// there ("logging.level" to "livekit.log_level").
	Moved map[string]string
	// Comment says why the setting is there, where the user has not asked for it.
	Comment string
	// Else is the canonical key that takes the value in a chart that has no path for Key.
	Else string
	// IsAsked says that the user's own values gave rise to it.
	IsAsked bool
}

// Unplaced is a setting that a chart has no path for, or not for all of it.
type Unplaced struct {
	Setting
	// Component is the one that the chart was written without, "" where that is not the reason.
	Component string
	// Reason says why there is no path where Component does not.
	Reason string
}

// Apply puts settings into values, which are the chart's own by default and are changed in place. It gives what has no
// path.
func (p *Paths) Apply(values map[string]any, settings []Setting) []Unplaced {
	a := &applied{Paths: p, values: values}
	for _, s := range settings {
		a.add(s)
	}
	return a.unplaced
}

// applied is values with the settings that are in them already.
type applied struct {
	*Paths
	values   map[string]any
	unplaced []Unplaced
}

// add puts a setting into the values in the chart's shape. Canonical shapes say more than some others; what those
// cannot say is unplaced.
func (a *applied) add(s Setting) {
	var as func(shape string, value any) (any, string)
	switch s.Key {
	case "image.repository", "image.tag":
		a.addImage(s)
		return
	case "config":
		s.Value = a.withoutTurn(s)
	case "ingress.hosts":
		as = hostsAs
	case "ingress.tls":
		as = tlsAs
	}
	if as != nil {
		shaped, reason := as(a.shape(s.Key), s.Value)
		if reason != "" {
			a.unplaced = append(a.unplaced, Unplaced{Setting: s, Reason: reason})
		}
		s.Value, s.IsWhole = shaped, true
	}
	a.put(s)
}

// put sets a value in the chart's shape.
func (a *applied) put(s Setting) {
	path, err := a.PathOf(s.Key)
	if err != nil && s.Else != "" {
		path, err = a.PathOf(s.Else)
	}
	if err != nil {
		a.unplaced = append(a.unplaced, Unplaced{s, a.Component(s.Key), "the chart has no such value"})
		return
	}
	setAt(a.values, path, s.Value, s.IsWhole)
}

// setAt puts a value at a path. A whole one replaces what is there; another map is merged into it.
func setAt(values map[string]any, at yamldoc.Path, value any, whole bool) {
	below, isMap := value.(map[string]any)
	if !isMap || whole || len(below) == 0 {
		yamldoc.Set(values, at, value)
		return
	}
	for k, v := range below {
		setAt(values, append(slices.Clone(at), k), v, false)
	}
}

// withoutTurn takes TURN out of the configuration for a chart that was written without it, which refuses it.
func (a *applied) withoutTurn(s Setting) any {
	config, _ := s.Value.(map[string]any)
	turn, _ := config["turn"].(map[string]any)
	if turn["enabled"] != true || a.Component("turn.existingSecret") == "" {
		return s.Value
	}
	a.unplaced = append(a.unplaced, Unplaced{
		Setting:   Setting{Key: "config.turn", Value: turn, From: []string{"livekit.turn"}, IsAsked: s.IsAsked},
		Component: "turn",
	})
	config = maps.Clone(config)
	delete(config, "turn")
	return config
}

// addImage sets the image's repository or its tag.
func (a *applied) addImage(s Setting) {
	switch shape := a.shape("image.repository"); {
	case shape == convention.ImageString:
		s.Key, s.Value = "image.repository", a.wholeImage(s)
	case shape == convention.ImageRegistry && s.Key == "image.repository":
		host, rest, found := strings.Cut(fmt.Sprint(s.Value), "/")
		if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
			registry := s
			registry.Key, registry.Value = "image.registry", host
			a.put(registry)
			s.Value = rest
		}
	}
	a.put(s)
}

// wholeImage gives the image in one string: that of the values, with another repository or tag.
func (a *applied) wholeImage(s Setting) string {
	path, _ := a.PathOf("image.repository")
	found, _ := yamldoc.Lookup(a.values, path)
	repository, _ := found.(string)
	tag := ""
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository, tag = repository[:i], repository[i+1:]
	}
	if s.Key == "image.tag" {
		tag = fmt.Sprint(s.Value)
	} else {
		repository = fmt.Sprint(s.Value)
	}
	return strings.TrimSuffix(repository+":"+tag, ":")
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
	case convention.TLSSecrets:
		var names []any
		for _, c := range certificates {
			certificate, _ := c.(map[string]any)
			names = append(names, certificate["secretName"])
		}
		if len(certificates) > 1 {
			reason = "the chart has each certificate for all hosts"
		}
		return names, reason
	case convention.TLSSecret:
		return secret, reason
	case convention.TLSBool:
		return len(certificates) > 0, "the chart names the certificate's Secret itself"
	case convention.TLSMap:
		return map[string]any{"enabled": len(certificates) > 0, "secretName": secret}, reason
	}
	return value, ""
}
