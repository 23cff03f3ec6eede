package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// server is a container that runs livekit-server, with its settings as far as the chart shows them.
type server struct {
	*workload
	container *corev1.Container
	env       map[string]setting
	flags     []flag
	// subcommand is a word that makes another command of the server, "" without one.
	subcommand string
	judge      livekit.Match // by which release of the server it is judged
	options    []livekit.Option
	routes     []route // to the pod

	// config is what the server would work with: the configuration with
	// variables and flags over it. What is not known is left out.
	config map[string]any
	// origin names where a key of config comes from that is not in the configuration itself ("variable REDIS_HOST").
	origin map[string]string
	// configSource is where the configuration comes from, configMode its file's mode, 0 where it is no known file.
	configSource setting
	configMode   int32
	isConfigured bool // by a file or a text
	configErr    error

	problems []livekit.Problem // of config
	listens  []livekit.Port
	portsErr error
}

// flag is one flag of the command line.
type flag struct {
	name  string // without dashes
	value setting
}

func newServer(w *workload, c *corev1.Container) *server {
	_, tag, digest := splitImage(c.Image)
	if tag == "" && digest != "" { // then Chart.yaml alone tells
		tag = w.in.chart.AppVersion()
	}
	s := &server{workload: w, container: c, judge: livekit.ReleaseOf(tag), origin: map[string]string{}}
	s.options = s.judge.Release.Options()
	s.env = w.in.environmentOf(c)
	s.routes = routesTo(w)
	s.readFlags()
	s.readConfig()
	s.overlay()
	s.problems = s.judge.Release.CheckConfig(s.withGiven())
	s.listens, s.portsErr = livekit.Ports(s.config)
	return s
}

// String names the container at the head of a finding.
func (s *server) String() string {
	return fmt.Sprintf("Container %s of %s", s.container.Name, s.workload)
}

// field names a field of the container in its template file.
func (s *server) field(name string) string {
	return fmt.Sprintf("%s of container %s in %s", name, s.container.Name, s.File)
}

// readFlags splits the command line as the server's parser does: a flag that
// is no switch takes the next word where it has no "=".
func (s *server) readFlags() {
	words := commandLine(*s.container)
	isServer := func(word string) bool { return strings.HasSuffix(word, "livekit-server") }
	words = words[slices.IndexFunc(words, isServer)+1:]
	for i := 0; i < len(words); i++ {
		if slices.Contains(subcommands, words[i]) {
			s.subcommand = words[i]
		}
		name, ok := strings.CutPrefix(words[i], "-")
		if !ok || name == "" || name == "-" {
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		switch {
		case hasValue:
		case ptr.Deref(s.option(name), livekit.Option{}).Type == "boolean":
			value = "true"
		case i+1 < len(words) && !strings.HasPrefix(words[i+1], "--"):
			i++
			value = words[i]
		}
		f := flag{name, expand(value, s.env)}
		if strings.ContainsAny(f.value.text, "$`") { // the shell's business
			f.value = setting{from: "what the shell makes of " + name}
		}
		s.flags = append(s.flags, f)
	}
}

// subcommands print something and end (main.go of the server).
var subcommands = []string{"generate-keys", "ports", "create-join-token", "list-nodes", "help-verbose", "help"}

// option gives the option of a flag that the server knows, nil for others.
func (s *server) option(flag string) *livekit.Option {
	return first(s.options, func(o livekit.Option) bool { return o.Flag == flag })
}

// flag gives a flag of the command line, nil where it is not there.
func (s *server) flag(name string) *flag {
	return first(s.flags, func(f flag) bool { return f.name == name })
}

// readConfig finds the configuration: --config-body or LIVEKIT_CONFIG, else the
// file that --config names, else there is none.
func (s *server) readConfig() {
	s.config = map[string]any{}
	file, body := s.flag("config"), s.flag("config-body")
	env, hasEnv := s.env["LIVEKIT_CONFIG"]
	s.isConfigured = true
	switch {
	case body != nil:
		s.configSource = body.value
		s.configSource.from = "--config-body"
	case hasEnv && (!env.isKnown || env.text != ""):
		s.configSource = env
	case file == nil:
		s.isConfigured = false
	case file.value.isKnown:
		s.configSource, s.configMode = s.file(file.value.text)
	default:
		s.configSource.from = "--config"
	}
	if s.configSource.isKnown {
		s.config, s.configErr = parseYAML(s.configSource.text)
	}
}

// isConfigSeen reports whether what the server works with is in the chart as a whole.
func (s *server) isConfigSeen() bool {
	return !s.isConfigured || s.configSource.isKnown && s.configErr == nil
}

// overlay lays variables over the configuration, and flags over those.
func (s *server) overlay() {
	for _, o := range s.options {
		if e, ok := s.env[o.Env]; ok {
			s.set(o, e, "variable "+o.Env)
		}
	}
	for _, f := range s.flags {
		if o := s.option(f.name); o != nil {
			s.set(*o, f.value, "--"+f.name)
		}
	}
}

// set lays one value over the configuration. A text that does not fit its key
// is laid over as it is, so that the check of the configuration names it.
func (s *server) set(o livekit.Option, value setting, origin string) {
	if o.Key == "" {
		return
	}
	s.origin[o.Key] = origin
	if value.isKnown && o.Type != livekit.Duration {
		yamldoc.Set(s.config, yamldoc.SplitPath(o.Key), typed(o.Type, value.text))
	}
}

// withGiven gives the configuration with what is set and not known.
func (s *server) withGiven() map[string]any {
	config := helmchart.Copy(s.config)
	for key := range s.origin {
		if livekit.Lookup(config, key) == nil {
			yamldoc.Set(config, yamldoc.SplitPath(key), livekit.Given)
		}
	}
	return config
}

// typed reads a text as a value of a type in JSON Schema's words.
func typed(kind, text string) any {
	parse := map[string]func() (any, error){
		"boolean": func() (any, error) { return strconv.ParseBool(text) },
		"integer": func() (any, error) { return strconv.ParseInt(text, 0, 64) },
		"number":  func() (any, error) { return strconv.ParseFloat(text, 64) },
		"array":   func() (any, error) { return []any{text}, nil },
		"object":  func() (any, error) { return parseYAML(text) },
	}[kind]
	if parse != nil {
		if value, err := parse(); err == nil {
			return value
		}
	}
	return text
}

// text gives a scalar of the configuration as text, "" where it is not set.
func (s *server) text(key string) string {
	switch value := livekit.Lookup(s.config, key).(type) {
	case nil, map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func (s *server) isOn(key string) bool { return s.text(key) == "true" }

// where names the place at which a key is to be fixed: the file or flag of the user that gives it, if one does.
func (s *server) where(key string) string {
	if origin := s.origin[key]; origin != "" {
		return s.field(origin)
	}
	root, _ := findConfig(nil, s.in.values)
	if path := slices.Concat(root, yamldoc.SplitPath(key)); root != nil {
		for _, source := range slices.Backward(s.in.given) {
			if _, isGiven := yamldoc.Lookup(source.Values, path); isGiven {
				return fmt.Sprintf("%s in %s", yamldoc.JoinPath(path...), source.Name)
			}
		}
	}
	if s.configSource.from != "" {
		return fmt.Sprintf("%s in LiveKit's configuration (%s)", key, s.configSource.from)
	}
	return key + " in LiveKit's configuration"
}

// listensAt finds the port of the server that has this number and protocol, nil without one.
func (s *server) listensAt(number int32, protocol corev1.Protocol) *livekit.Port {
	return first(s.listens, func(p livekit.Port) bool { return p.Has(number, string(protocol)) })
}

// port finds a port of the server by its name, nil without one.
func (s *server) port(name string) *livekit.Port {
	return first(s.listens, func(p livekit.Port) bool { return p.Name == name })
}
