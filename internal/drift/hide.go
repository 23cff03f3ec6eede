package drift

import (
	"encoding/base64"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// hidden stands for a secret: its length says whether two differ in the plainest
// way, and nothing else.
func hidden(v any) string {
	return fmt.Sprintf("(hidden, %d characters)", len(fmt.Sprint(v)))
}

// hide takes secrets out of a finding: whatever a Secret holds, and the
// credentials of a configuration.
func hide(f Finding) Finding {
	rest, isData := strings.CutPrefix(f.Path, "data.")
	isSecret := strings.HasPrefix(f.Object, "Secret/") && (isData || strings.HasPrefix(f.Path, "stringData")) && !strings.HasPrefix(rest, "(")
	if !isSecret && !isCredential(f.Path) {
		return f
	}
	for _, side := range []*any{&f.Upstream, &f.Chart} {
		if *side != nil {
			*side = hidden(*side)
		}
	}
	return f
}

// isCredential reports whether a path of a ConfigMap's configuration leads to a
// credential.
func isCredential(path string) bool {
	rest, ok := strings.CutPrefix(path, "data."+configEntry+".")
	if !ok {
		return false
	}
	for _, pattern := range livekit.CredentialKeys() {
		if matchesPattern(strings.Split(rest, "."), strings.Split(strings.ReplaceAll(pattern, "[]", ""), ".")) {
			return true
		}
	}
	return false
}

// matchesPattern holds a dotted path against a pattern of CredentialKeys.
// Positions in lists are passed over.
func matchesPattern(path, pattern []string) bool {
	for i, want := range pattern {
		if want == "**" {
			for n := i; n <= len(path); n++ {
				if matchesPattern(path[n:], pattern[i+1:]) {
					return true
				}
			}
			return false
		}
		if i >= len(path) {
			return false
		}
		name, _, _ := strings.Cut(path[i], "[")
		if want != "*" && want != name {
			return false
		}
	}
	return len(path) == len(pattern)
}

// secretNames are the ends of names of values that hold secrets, in values of
// charts nobody knows.
var secretNames = []string{"password", "secret", "token", "credential", "credentials", "secretkey", "apisecret"}

// hideValues gives values with secrets hidden: API keys and what is called one.
func hideValues(values map[string]any) map[string]any {
	out, _ := hideBelow(values, "").(map[string]any)
	return out
}

func hideBelow(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			text, isText := x.(string)
			if isText && len(text) > 0 && (isSecretName(k) || isKeyMap(key)) {
				out[k] = hidden(text)
				continue
			}
			below := k
			if key == "keys" {
				below = "keys." + k
			}
			out[k] = hideBelow(x, below)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = hideBelow(x, key)
		}
		return out
	}
	return v
}

// isKeyMap reports whether a block of values maps API keys to secrets.
func isKeyMap(key string) bool { return key == "keys" || key == "keys.values" }

func isSecretName(key string) bool {
	key = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
	for _, name := range secretNames {
		if strings.HasSuffix(key, name) && key != "existingsecret" && key != "casecret" {
			return true
		}
	}
	return false
}

// objectYAML writes an object as it was rendered, secrets hidden, "" for none.
func objectYAML(o *object) string {
	if o == nil {
		return ""
	}
	fields := helmchart.Copy(o.Fields)
	for _, block := range []string{"data", "stringData"} {
		data, _ := fields[block].(map[string]any)
		for k, v := range data {
			if o.Kind() == "Secret" {
				data[k] = hiddenEntry(block, v)
			} else if text, ok := v.(string); ok {
				data[k] = hideText(text)
			}
		}
	}
	return writeYAML(fields)
}

// hiddenEntry hides an entry of a Secret: the length is that of what it holds.
func hiddenEntry(block string, v any) string {
	text := fmt.Sprint(v)
	if block == "data" {
		if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
			text = string(plain)
		}
	}
	return hidden(text)
}

// hideText hides the credentials in a text that is a configuration of LiveKit.
func hideText(text string) string {
	var config map[string]any
	if yaml.Unmarshal([]byte(text), &config) != nil || !isConfig(config) {
		return text
	}
	paths := livekit.CredentialPaths(config)
	if len(paths) == 0 {
		return text
	}
	return writeYAML(hideBelow(config, "").(map[string]any))
}

// writeYAML writes a map as YAML, "" for an empty one.
func writeYAML(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	data, err := yaml.Marshal(m)
	if err != nil {
		return ""
	}
	return string(data)
}
