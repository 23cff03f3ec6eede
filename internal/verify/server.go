package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// server is a container that runs livekit-server, with its settings as far as
// the chart shows them.
type server struct {
	*workloadObject
	container corev1.Container
	env       map[string]setting
	flags     []flag
	scalars   map[string]string // see scalarKeys

	// config is what the server would work with: the configuration with
	// variables and flags over it. What is not known is left out.
	config map[string]any
	// origin names where a key of config comes from that is not in the
	// configuration itself ("variable REDIS_HOST").
	origin map[string]string
	// configSource is where the configuration comes from.
	configSource setting
	isConfigured bool // by a file or a text
	configErr    error

	problems []livekit.Problem // of config
	ports    []livekit.Port
	portsErr error
}

// flag is one flag of the command line.
type flag struct {
	name     string
	hasValue bool
	value    setting
	raw      string // as it stands in args
}

func (s *subject) newServer(w *workloadObject, c corev1.Container) *server {
	v := &server{workloadObject: w, container: c, env: s.environmentOf(c), origin: map[string]string{}, scalars: scalarKeys()}
	v.readFlags()
	v.readConfig(s)
	v.overlay()
	v.problems = livekit.CheckConfig(v.config)
	v.ports, v.portsErr = livekit.Ports(v.config)
	return v
}

// String names the container at the head of a finding.
func (v *server) String() string {
	return fmt.Sprintf("Container %s of %s", v.container.Name, v.workloadObject)
}

// field names a field of the container in its template file.
func (v *server) field(name string) string {
	return fmt.Sprintf("%s of container %s in %s", name, v.container.Name, v.File)
}

// readFlags splits the command line as the server's parser does: a flag that
// is no switch takes the next word where it has no "=".
func (v *server) readFlags() {
	words := commandLine(v.container)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, "livekit-server") }); i >= 0 {
		words = words[i+1:]
	}
	for i := 0; i < len(words); i++ {
		name, ok := strings.CutPrefix(words[i], "-")
		if !ok || name == "" || name == "-" {
			continue
		}
		f := flag{raw: words[i]}
		var value string
		f.name, value, f.hasValue = strings.Cut(strings.TrimPrefix(name, "-"), "=")
		isSwitch := slices.Contains([]string{"dev", "disable-strict-config", "help", "version"}, f.name) || v.scalars[f.name] == "boolean"
		if !f.hasValue && !isSwitch && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value, f.hasValue = words[i], true
		}
		if !f.hasValue && isSwitch {
			value = "true"
		}
		f.value = expand(value, v.env)
		if strings.ContainsAny(f.value.text, "$`") { // the shell's business
			f.value = setting{from: "what the shell makes of " + f.name}
		}
		v.flags = append(v.flags, f)
	}
}

func (v *server) flag(name string) (flag, bool) {
	i := slices.IndexFunc(v.flags, func(f flag) bool { return f.name == name })
	if i < 0 {
		return flag{}, false
	}
	return v.flags[i], true
}

// readConfig finds the configuration: --config-body or LIVEKIT_CONFIG, else the
// file that --config names, else there is none.
func (v *server) readConfig(s *subject) {
	v.config = map[string]any{}
	file, hasFile := v.flag("config")
	body, hasBody := v.flag("config-body")
	env, hasEnv := v.env["LIVEKIT_CONFIG"]
	hasEnv = hasEnv && (!env.isKnown || env.text != "")
	switch {
	case hasBody:
		v.configSource, v.isConfigured = body.value, true
		v.configSource.from = "--config-body"
	case hasEnv:
		v.configSource, v.isConfigured = env, true
	case hasFile && file.value.isKnown:
		v.configSource, _ = s.file(v.pod(), v.container, file.value.text)
		v.isConfigured = true
	case hasFile:
		v.configSource, v.isConfigured = setting{from: "--config"}, true
	}
	if !v.configSource.isKnown {
		return
	}
	config, err := parseYAML(v.configSource.text)
	if err != nil {
		v.configErr = err
		return
	}
	v.config = config
}

// isConfigSeen reports whether what the server works with is in the chart as a
// whole.
func (v *server) isConfigSeen() bool {
	return !v.isConfigured || v.configSource.isKnown && v.configErr == nil
}

// overlay lays variables over the configuration, and flags over those.
func (v *server) overlay() {
	for _, key := range slices.Sorted(maps.Keys(v.scalars)) {
		if e, ok := v.env[envOf(key)]; ok {
			v.set(key, v.scalars[key], e, "variable "+envOf(key))
		}
	}
	for _, b := range baseFlags() {
		if e, ok := v.env[b.env]; ok && b.key != "" {
			v.set(b.key, kindOfBase(b.key), e, "variable "+b.env)
		}
	}
	for _, f := range v.flags {
		if kind, ok := v.scalars[f.name]; ok {
			v.set(f.name, kind, f.value, "--"+f.name)
		}
		for _, b := range baseFlags() {
			if b.name == f.name && b.key != "" {
				v.set(b.key, kindOfBase(b.key), f.value, "--"+f.name)
			}
		}
	}
}

func kindOfBase(key string) string {
	switch key {
	case "keys":
		return "object"
	case "bind_addresses":
		return "array"
	case "development":
		return "boolean"
	}
	return "string"
}

// set lays one value over the configuration. A text that does not fit its key
// is laid over as it is, so that the check of the configuration names it.
func (v *server) set(key, kind string, value setting, origin string) {
	v.origin[key] = origin
	if !value.isKnown || kind == durationKind {
		return
	}
	put(v.config, key, typed(kind, value.text))
}

func typed(kind, text string) any {
	switch kind {
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case "integer":
		if n, err := strconv.ParseInt(text, 0, 64); err == nil {
			return n
		}
	case "number":
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case "array":
		return []any{text}
	case "object":
		if m, err := parseYAML(text); err == nil {
			return m
		}
	}
	return text
}

// text gives a scalar of the configuration as text, "" where it is not set.
func (v *server) text(key string) string {
	switch value := lookup(v.config, key).(type) {
	case nil, map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func (v *server) isOn(key string) bool { return v.text(key) == "true" }

// where names the place at which a key is to be mended.
func (v *server) where(key string) string {
	if origin := v.origin[key]; origin != "" {
		return v.field(origin)
	}
	if v.configSource.from != "" {
		return fmt.Sprintf("%s in LiveKit's configuration (%s)", key, v.configSource.from)
	}
	return key + " in LiveKit's configuration"
}

// listens finds the port of the server that has this number and protocol.
func (v *server) listens(number int32, protocol corev1.Protocol) (livekit.Port, bool) {
	for _, p := range v.ports {
		if p.Protocol == string(protocol) && int(number) >= p.From && int(number) <= p.To {
			return p, true
		}
	}
	return livekit.Port{}, false
}

func (v *server) port(name string) (livekit.Port, bool) {
	i := slices.IndexFunc(v.ports, func(p livekit.Port) bool { return p.Name == name })
	if i < 0 {
		return livekit.Port{}, false
	}
	return v.ports[i], true
}

func spell(p livekit.Port) string {
	if p.From == p.To {
		return fmt.Sprintf("%d/%s", p.From, p.Protocol)
	}
	return fmt.Sprintf("%d-%d/%s", p.From, p.To, p.Protocol)
}

// protocolOf is the protocol that Kubernetes takes where none is given.
func protocolOf(p corev1.Protocol) corev1.Protocol {
	if p == "" {
		return corev1.ProtocolTCP
	}
	return p
}
