package verify

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// checkKeys looks at where the API keys come from. It never prints a secret.
func checkKeys(s *server, out *result) {
	held, _ := livekit.Lookup(s.config, "keys").(map[string]any)
	from := s.configSource.from
	switch {
	case s.keyFile() != "":
		s.checkKeyFile(out)
	case s.origin["keys"] != "":
		s.checkGivenKeys(out, s.origin["keys"])
	case len(held) > 0:
		s.checkSecrets(out, held, from)
		out.pass("%s come with the configuration (%s)", plural(len(held), "API key"), from)
	case !s.isConfigSeen():
		out.skip("The configuration is not the chart's own, and may hold the keys: %s", from)
	case s.isOn("development"):
		out.warn("Set API keys",
			"%s has no API keys and runs in development mode: it listens on the loopback address alone", s)
	default:
		out.fail(`Set LIVEKIT_KEYS from a Secret ("key: secret"), or key_file: `+s.field("env"),
			"%s has no API keys: the server does not start", s)
	}
}

// keyFile is the file of API keys, in whose name alone the server expands variables.
func (s *server) keyFile() string {
	return os.Expand(s.text("key_file"), func(name string) string { return s.env[name].text })
}

func (s *server) checkKeyFile(out *result) {
	content, mode := s.file(s.keyFile())
	if mode&0o007 != 0 {
		out.fail("Set defaultMode to 0440, with fsGroup: "+s.spec("volumes"),
			"The key file (%s) has mode %04o: the server ends unless others may not read it", content.from, mode)
	}
	s.checkReadable(out, "The key file", content, mode)
	held, isHeld := s.heldKeys(out, content)
	switch {
	case content.missing:
		out.fail("Let key_file name a mounted file: "+s.where("key_file"), "key_file names %s", content.from)
	case !isHeld:
		out.fail(`Write it as "key: secret", one a line`, "The key file (%s) holds no keys", content.from)
	default:
		out.pass("%s come from a key file (%s)", plural(len(held), "API key"), content.from)
	}
}

// heldKeys checks the keys in a text as far as the chart shows it, and reports whether there are any.
func (s *server) heldKeys(out *result, content setting) (held map[string]any, isHeld bool) {
	switch isUnseen := !content.isKnown && !content.missing; {
	case isUnseen && content.maker != "":
		out.pass("API keys come from %s, which an operator makes from %s", content.from, content.maker)
		return nil, true
	case isUnseen:
		out.pass("API keys come from %s, which must be there before the install", content.from)
		return nil, true
	}
	held, err := parseYAML(content.text)
	s.checkSecrets(out, held, content.from)
	// Keys of the configuration itself are compared with the webhook's by the check config.
	if hook := s.text("webhook.api_key"); hook != "" && len(held) > 0 && held[hook] == nil &&
		livekit.Lookup(s.config, "webhook.urls") != nil && s.text("key_file") != "" {
		out.fail("Name one of the API keys: "+s.where("webhook.api_key"),
			"webhook.api_key is %s, which is none of the API keys (%s): the server does not start", hook, content.from)
	}
	return held, err == nil && len(held) > 0
}

// checkGivenKeys looks at those of a variable or a flag.
func (s *server) checkGivenKeys(out *result, origin string) {
	given := s.env["LIVEKIT_KEYS"]
	if f := s.flag("keys"); f != nil {
		given = f.value
	}
	held, isHeld := s.heldKeys(out, given)
	switch {
	case given.missing:
		out.fail("Name an entry that is there: "+s.field("env"),
			"%s comes from %s, which is not there", origin, given.from)
	case !isHeld:
		out.fail(`Write it as "key: secret", with a space after the colon: `+s.field("env"),
			`%s (%s) is not "key: secret": the server does not start`, origin, given.from)
	default:
		out.pass("%s come from %s", plural(len(held), "API key"), given.from)
	}
}

func (s *server) checkSecrets(out *result, held map[string]any, from string) {
	for _, name := range sortedKeys(held) {
		secret, isText := held[name].(string)
		isCollection := false
		switch v := held[name].(type) {
		case nil, string:
		case map[string]any, []any:
			isCollection = true
		case float64: // of more digits than an integer has
			secret = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			secret = fmt.Sprint(v)
		}
		switch {
		case isCollection:
			out.fail("Write it as one text", "The secret of API key %s (%s) is no text: the server does not start",
				name, from)
		case !isText && s.origin["keys"] != "" && s.keyFile() == "": // of a variable or a flag
			out.fail("Put the secret into quotes",
				"The secret of API key %s (%s) is no text: the server drops it", name, from)
		case len(secret) < livekit.MinSecret:
			out.fail("Take a longer one: openssl rand -base64 32",
				"The secret of API key %s (%s) has %d characters, %d are needed",
				name, from, len(secret), livekit.MinSecret)
		}
	}
	// Keys that each render makes anew are fine where nothing renders twice.
	for _, o := range s.in.ofKind("Secret") {
		again := find(s.in.again, "Secret", o.Name())
		if again != nil && strings.Contains(from, "Secret "+o.Name()) && !maps.Equal(dataOf(o), dataOf(*again)) {
			out.pass("API keys are generated at the install (%s); "+
				"with Argo CD and `helm template` use an existing Secret, or they change each time", from)
		}
	}
}

// checkOpenSecrets finds credentials that whoever reads ConfigMaps or pods can read.
func checkOpenSecrets(in *input, out *result) {
	for _, o := range in.ofKind("ConfigMap") {
		entries := dataOf(o)
		for _, key := range sortedKeys(entries) {
			for _, path := range credentialsIn(entries[key]) {
				out.fail("Move it into a Secret (or the whole configuration), in "+o.File,
					"ConfigMap %s, entry %s holds the credential %s", o.Name(), key, path)
			}
		}
	}
	for _, s := range in.servers {
		s.checkOpenVariables(out)
	}
}

// credentialsIn gives the paths of the credentials in a text that is LiveKit's configuration.
func credentialsIn(text string) []string {
	config, _ := parseYAML(text) // of what is no YAML, nothing
	return livekit.CredentialPaths(config)
}

func (s *server) checkOpenVariables(out *result) {
	for _, name := range sortedKeys(s.env) {
		e := s.env[name]
		if !e.isOpen || !e.isKnown || e.text == "" || strings.HasPrefix(e.from, "entry ") {
			continue // a ConfigMap's entry has been looked at
		}
		if name == "LIVEKIT_KEYS" || strings.HasSuffix(name, "_PASSWORD") || strings.HasSuffix(name, "_SECRET") ||
			name == "LIVEKIT_CONFIG" && len(credentialsIn(e.text)) > 0 {
			out.fail("Take it from a Secret with secretKeyRef: "+s.field("env"),
				"%s: variable %s holds a credential in plain text", s, name)
		}
	}
	for _, f := range s.flags {
		isCredential := slices.Contains([]string{"keys", "redis-password", "redis.password"}, f.name)
		if isCredential && f.value.isOpen && f.value.isKnown {
			out.fail("Take it from a Secret by a variable: "+s.field("args"),
				"%s: --%s holds a credential in plain text", s, f.name)
		}
	}
}
