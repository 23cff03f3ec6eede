package verify

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// configuration holds the configuration against the server's own rules. What
// other checks judge (keys, redis, node-ip, ports) is left to them.
func configuration(s *subject, v *verdict) {
	for _, server := range s.servers {
		source := server.configSource
		switch {
		case server.isConfigured && source.missing:
			v.fail("Let --config name a mounted file, or give the configuration in LIVEKIT_CONFIG: "+server.field("args"),
				"%s: the configuration comes from %s", server, source.from)
			continue
		case server.configErr != nil:
			v.fail("Mend the YAML of "+source.from, "The configuration (%s) is no YAML: %v", source.from, server.configErr)
			continue
		case !server.isConfigured:
			server.findForgotten(s, v)
		case !source.isKnown:
			v.skip("The configuration is not the chart's own: %s", source.from)
		}
		for _, p := range server.problems {
			if !judgedElsewhere(p.Path) {
				server.judgeConfig(v, p)
			}
		}
		server.findUnexpanded(v)
		if server.isConfigSeen() {
			v.pass("livekit-server %s takes the configuration", livekit.ServerVersion)
		}
	}
}

func judgedElsewhere(path string) bool {
	return path == "keys" || strings.HasPrefix(path, "keys.") || path == "rtc.node_ip" || strings.HasPrefix(path, "redis.") && strings.Contains(path, "address")
}

func (v *server) judgeConfig(out *verdict, p livekit.Problem) {
	step := "Mend " + v.where(p.Path)
	if p.Suggestion != "" {
		step += ": " + p.Suggestion
	}
	isUnknown := strings.HasPrefix(p.Message, "is not a key")
	if _, lax := v.flag("disable-strict-config"); lax && isUnknown {
		out.warn(step, "%s %s, and --disable-strict-config lets the server drop it silently", p.Path, p.Message)
		return
	}
	out.fail(step, "%s %s%s", p.Path, p.Message, map[bool]string{true: ": the server does not start"}[isUnknown])
}

// findForgotten looks for a configuration that is mounted and never named.
func (v *server) findForgotten(s *subject, out *verdict) {
	for _, volume := range v.pod().Volumes {
		if volume.ConfigMap == nil || len(v.mounts(volume.Name)[v.container.Name]) == 0 {
			continue
		}
		o, ok := s.find("ConfigMap", volume.ConfigMap.Name)
		if !ok {
			continue
		}
		for _, key := range sortedKeys(dataOf(o)) {
			config, err := parseYAML(dataOf(o)[key])
			if err == nil && (config["rtc"] != nil || config["port"] != nil || config["keys"] != nil) {
				path := strings.TrimSuffix(v.mounts(volume.Name)[v.container.Name][0].MountPath, "/") + "/" + key
				out.fail(fmt.Sprintf("Add --config=%s: %s", path, v.field("args")),
					"%s mounts ConfigMap %s, but neither --config nor LIVEKIT_CONFIG names it: the server runs with its defaults", v, o.Name())
			}
		}
	}
}

var shellVariable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// findUnexpanded: in its file the server expands no variables but in key_file.
func (v *server) findUnexpanded(out *verdict) {
	eachText("", v.config, func(path, text string) {
		if ref := shellVariable.FindString(text); ref != "" && path != "key_file" {
			out.fail(fmt.Sprintf("Give the value in the variable %s instead: %s", envOf(path), v.field("env")), "%s holds %s, which the server does not expand", path, ref)
		}
	})
}

func eachText(path string, value any, visit func(path, text string)) {
	switch value := value.(type) {
	case map[string]any:
		for _, k := range sortedKeys(value) {
			eachText(strings.TrimPrefix(path+"."+k, "."), value[k], visit)
		}
	case []any:
		for i := range value {
			eachText(fmt.Sprintf("%s[%d]", path, i), value[i], visit)
		}
	case string:
		visit(path, value)
	}
}

// flags judges the server's command line.
func flags(s *subject, v *verdict) {
	for _, server := range s.servers {
		for _, f := range server.flags {
			known := server.scalars[f.name] != "" || slices.ContainsFunc(baseFlags(), func(b baseFlag) bool { return b.name == f.name })
			switch {
			case !known:
				v.fail(fmt.Sprintf("Remove it, or set the key in LiveKit's configuration: %s", server.field("args")),
					"%s: livekit-server has no flag %s: it prints its help and ends", server, strings.SplitN(f.raw, "=", 2)[0])
			case f.name == "bind" && f.value.isKnown && hasPort(f.value.text):
				v.fail("Give the address alone; the port is the configuration's port: "+server.field("args"), "%s: --bind takes an address without a port, not %s", server, f.value.text)
			case f.name == "disable-strict-config":
				v.warn("Remove it once the configuration has no unknown keys: "+server.field("args"), "%s: --disable-strict-config hides mistyped keys", server)
			case f.name == "dev":
				v.warn("Remove it, and set API keys: "+server.field("args"), "%s: --dev is for a developer's machine: without keys the server listens on the loopback address alone", server)
			}
		}
		_, file := server.flag("config")
		if _, body := server.env["LIVEKIT_CONFIG"]; file && body {
			v.warn("Remove one of the two: "+server.field("args"), "%s: LIVEKIT_CONFIG is set, so the file that --config names is not read", server)
		}
	}
	v.pass("livekit-server knows every flag")
}

var ipWithPort = regexp.MustCompile(`^[0-9.]+:\d+$|\]:\d+$|^:\d+$|^[a-z][a-z0-9.-]*:\d+$`)

func hasPort(address string) bool { return ipWithPort.MatchString(address) }

// environment finds variables that the server does not read.
func environment(s *subject, v *verdict) {
	known := map[string]bool{}
	for _, b := range baseFlags() {
		known[b.env] = true
	}
	for _, server := range s.servers {
		for key := range server.scalars {
			known[envOf(key)] = true
		}
		used := server.references()
		for _, name := range sortedKeys(server.env) {
			e := server.env[name]
			switch {
			case e.missing && e.from != "":
				v.fail("Name an entry that is there: "+server.field("env"), "%s: %s takes %s, which is not there", server, name, e.from)
			case strings.HasPrefix(name, "LIVEKIT_") && !known[name] && !used[name]:
				v.warn("Remove it, or use the key's own variable (LIVEKIT_ and the key in capitals): "+server.field("env"), "%s: livekit-server does not read %s", server, name)
			}
		}
	}
	v.pass("livekit-server reads every LIVEKIT_ variable")
}

// references gives the variables that args and other variables are made of.
func (v *server) references() map[string]bool {
	out := map[string]bool{}
	note := func(text string) {
		for _, ref := range reference.FindAllString(text, -1) {
			out[strings.Trim(ref, "$()")] = true
		}
	}
	for _, e := range v.container.Env {
		note(e.Value)
	}
	for _, word := range slices.Concat(v.container.Command, v.container.Args) {
		note(word)
		for _, ref := range regexp.MustCompile(`\$\{?\w+`).FindAllString(word, -1) {
			out[strings.Trim(ref, "${")] = true
		}
	}
	return out
}

// minSecret is what the server asks of a secret (Config.ValidateKeys).
const minSecret = 32

// keys judges where the API keys come from. It never prints a secret.
func keys(s *subject, v *verdict) {
	for _, server := range s.servers {
		server.judgeKeys(s, v)
	}
}

func (v *server) judgeKeys(s *subject, out *verdict) {
	if file := v.text("key_file"); file != "" {
		content, mode := s.file(v.pod(), v.container, file)
		v.judgeKeyFile(s, out, content, mode)
		return
	}
	if origin := v.origin["keys"]; origin != "" {
		v.judgeGivenKeys(s, out, origin)
		return
	}
	held, _ := lookup(v.config, "keys").(map[string]any)
	switch {
	case len(held) > 0:
		v.judgeSecrets(out, held, v.configSource.from)
		v.noteGenerated(s, out, v.configSource.from)
		out.pass("%s come with the configuration (%s)", plural(len(held), "API key"), v.configSource.from)
	case !v.isConfigSeen():
		out.skip("The configuration is not the chart's own, and may hold the keys: %s", v.configSource.from)
	case v.isOn("development"):
		out.warn("Set API keys", "%s has no API keys and runs in development mode: it listens on the loopback address alone", v)
	default:
		out.fail("Set LIVEKIT_KEYS from a Secret (\"key: secret\"), or key_file: "+v.field("env"), "%s has no API keys: the server does not start", v)
	}
}

func (v *server) judgeKeyFile(s *subject, out *verdict, content setting, mode int32) {
	if mode&0o007 != 0 {
		out.fail("Set defaultMode to 0440 (with fsGroup) or 0400: "+v.spec("volumes"),
			"The key file (%s) has mode %04o: the server ends unless others may not read it", content.from, mode)
	}
	switch {
	case content.missing:
		out.fail("Let key_file name a mounted file: "+v.where("key_file"), "key_file names %s", content.from)
	case content.isKnown:
		held, err := parseYAML(content.text)
		if err != nil || len(held) == 0 {
			out.fail("Write it as \"key: secret\", one a line", "The key file (%s) holds no keys", content.from)
			return
		}
		v.judgeSecrets(out, held, content.from)
		v.noteGenerated(s, out, content.from)
		out.pass("%s come from a key file (%s)", plural(len(held), "API key"), content.from)
	default:
		out.pass("API keys come from %s", content.whence())
	}
}

func (v *server) judgeGivenKeys(s *subject, out *verdict, origin string) {
	given, ok := v.env["LIVEKIT_KEYS"]
	if f, isFlag := v.flag("keys"); isFlag {
		given, ok = f.value, true
	}
	switch {
	case !ok || given.missing:
		out.fail("Name an entry that is there: "+v.field("env"), "%s comes from %s, which is not there", origin, given.from)
	case !given.isKnown:
		out.pass("API keys come from %s", given.whence())
	default:
		held, err := parseYAML(given.text)
		if err != nil || len(held) == 0 {
			out.fail("Write it as \"key: secret\", with a space after the colon: "+v.field("env"), "%s (%s) is not \"key: secret\": the server does not start", origin, given.from)
			return
		}
		v.judgeSecrets(out, held, given.from)
		v.noteGenerated(s, out, given.from)
		out.pass("%s come from %s", plural(len(held), "API key"), given.from)
	}
}

func (v *server) judgeSecrets(out *verdict, held map[string]any, from string) {
	for _, name := range sortedKeys(held) {
		secret, isText := held[name].(string)
		if !isText {
			out.fail("Put the secret into quotes", "The secret of API key %s (%s) is no text: the server drops it", name, from)
			continue
		}
		if len(secret) < minSecret {
			out.fail("Take a longer one: openssl rand -base64 32", "The secret of API key %s (%s) has %d characters, %d are needed", name, from, len(secret), minSecret)
		}
	}
}

// noteGenerated says of keys that each render makes anew where that hurts.
func (v *server) noteGenerated(s *subject, out *verdict, from string) {
	for _, o := range s.objects {
		if o.Kind() != "Secret" || !strings.Contains(from, "Secret "+o.Name()) {
			continue
		}
		again, ok := s.findAgain("Secret", o.Name())
		if ok && !maps.Equal(dataOf(o), dataOf(again)) {
			out.pass("API keys are generated at the install (%s); with Argo CD and `helm template` use an existing Secret, or they change each time", from)
		}
	}
}

// secretsInConfigMap finds credentials that whoever reads ConfigMaps or pods
// can read.
func secretsInConfigMap(s *subject, v *verdict) {
	for _, o := range s.objects {
		if o.Kind() != "ConfigMap" {
			continue
		}
		for _, key := range sortedKeys(dataOf(o)) {
			config, err := parseYAML(dataOf(o)[key])
			if err != nil {
				continue
			}
			for _, path := range livekit.CredentialPaths(config) {
				v.fail("Move it into a Secret (or the whole configuration), in "+o.File, "ConfigMap %s, entry %s holds the credential %s", o.Name(), key, path)
			}
		}
	}
	for _, server := range s.servers {
		server.findOpenCredentials(v)
	}
	v.pass("No credential is in a ConfigMap or plain in a pod")
}

func (v *server) findOpenCredentials(out *verdict) {
	for _, name := range sortedKeys(v.env) {
		e := v.env[name]
		if !e.isOpen || !e.isKnown || e.text == "" || strings.HasPrefix(e.from, "entry ") {
			continue // a ConfigMap's entry has been looked at
		}
		isCredential := name == "LIVEKIT_KEYS" || strings.HasSuffix(name, "_PASSWORD") || strings.HasSuffix(name, "_SECRET")
		if name == "LIVEKIT_CONFIG" {
			config, err := parseYAML(e.text)
			isCredential = err == nil && len(livekit.CredentialPaths(config)) > 0
		}
		if isCredential {
			out.fail("Take it from a Secret with secretKeyRef: "+v.field("env"), "%s: variable %s holds a credential in plain text", v, name)
		}
	}
	for _, f := range v.flags {
		if f.value.isOpen && f.value.isKnown && slices.Contains([]string{"keys", "redis-password", "redis.password"}, f.name) {
			out.fail("Take it from a Secret by a variable: "+v.field("args"), "%s: --%s holds a credential in plain text", v, f.name)
		}
	}
}
