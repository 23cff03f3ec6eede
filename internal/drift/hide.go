package drift

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// hidden stands for a secret: its length says whether two differ in the plainest
// way, and nothing else.
func hidden(v any) string {
	return fmt.Sprintf("(hidden, %d characters)", len(fmt.Sprint(v)))
}

// hide takes secrets out of a finding: whatever a Secret holds, the credentials of a
// configuration, and what is called a secret anywhere else.
func hide(f Finding) Finding {
	rest, isData := strings.CutPrefix(f.Path, "data.")
	isSecret := strings.HasPrefix(f.Object, "Secret/") && (isData || strings.HasPrefix(f.Path, "stringData")) && !strings.HasPrefix(rest, "(")
	for _, side := range []*any{&f.Upstream, &f.Chart} {
		switch {
		case *side == nil:
		case isSecret, isCredential(f.Path):
			*side = hidden(*side)
		default:
			*side = hideAt(f.Path, *side)
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
var secretNames = []string{"password", "passphrase", "secret", "token", "credential", "credentials", "secretkey", "privatekey", "apisecret", "livekitkeys"}

// hideValues gives values with secrets hidden: API keys and what is called one.
func hideValues(values map[string]any) map[string]any {
	out, _ := hideAny("", values).(map[string]any)
	return out
}

// hideAt hides the secrets in what stands at a path of values or of an object. The name is
// that of the last segment, or of the list's element that it belongs to, as in
// env[REDIS_PASSWORD].value.
func hideAt(path string, v any) any {
	segments := strings.Split(path, ".")
	last, _, isElement := strings.Cut(segments[len(segments)-1], "[")
	if text, ok := v.(string); ok && isElement && (last == "args" || last == "command") {
		return hideArgument(text)
	}
	if len(segments) > 1 {
		parent, element, _ := strings.Cut(segments[len(segments)-2], "[")
		if last == "value" && isSecretName(strings.TrimSuffix(element, "]")) {
			return hideScalar(v)
		}
		if isKeyMap(parent, segments) && isKeyEntry(last) {
			return hideScalar(v)
		}
	}
	return hideAny(last, v)
}

// hideAny hides the secrets in a value of any shape that is called key.
func hideAny(key string, v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case map[string]any:
		return hideMap(key, v)
	case []any:
		return hideList(key, v)
	case string:
		if isSecretName(key) {
			return hideScalar(v)
		}
		return hideText(v)
	}
	if isSecretName(key) {
		return hidden(v)
	}
	return v
}

func hideMap(key string, m map[string]any) map[string]any {
	out := map[string]any{}
	name, _ := m["name"].(string)
	for k, v := range m {
		switch {
		case (key == "keys" || key == "keys.values") && isKeyEntry(k), k == "value" && isSecretName(name):
			out[k] = hideScalar(v)
		case key == "keys" && k == "values":
			out[k] = hideAny("keys.values", v)
		default:
			out[k] = hideAny(k, v)
		}
	}
	return out
}

// hideList hides what stands behind flags that take secrets.
func hideList(key string, list []any) []any {
	out := make([]any, len(list))
	wasSecret := false
	for i, v := range list {
		text, isText := v.(string)
		flag, value, hasValue := strings.Cut(text, "=")
		isSecret := isText && strings.HasPrefix(text, "-") && (isSecretName(flag) || strings.TrimLeft(flag, "-") == "keys")
		switch {
		case wasSecret && isText:
			out[i] = hidden(text)
		case isSecret && hasValue:
			out[i] = flag + "=" + hidden(value)
		default:
			out[i] = hideAny(key, v)
		}
		wasSecret = isSecret && !hasValue
	}
	return out
}

// hideArgument hides an argument by itself: what stands behind a flag's "=", and what has the
// form of API keys, which follow --keys.
func hideArgument(text string) any {
	if !strings.HasPrefix(text, "-") && strings.Contains(text, ": ") {
		return hideScalar(text)
	}
	return hideList("", []any{text})[0]
}

// hideScalar hides a text or a number; what has a shape is looked into.
func hideScalar(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case map[string]any, []any:
		return hideAny("", v)
	case string:
		if !strings.ContainsFunc(variableReference.ReplaceAllString(v, ""), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			return v // it names variables, and holds nothing
		}
	}
	return hidden(v)
}

var variableReference = regexp.MustCompile(`\$\([^)]*\)`)

// isKeyMap reports whether a block of values maps API keys to secrets.
func isKeyMap(parent string, segments []string) bool {
	return parent == "keys" || parent == "values" && len(segments) > 2 && segments[len(segments)-3] == "keys"
}

// isKeyEntry tells API keys from what charts say about them in the same block.
func isKeyEntry(name string) bool {
	return name != "values" && name != "existingSecret" && name != "operator" && !strings.HasSuffix(name, "Entry")
}

func isSecretName(key string) bool {
	key = key[strings.LastIndexByte(key, '/')+1:] // of annotations
	key = strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
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
	fields := hideMap("", helmchart.Copy(o.Fields))
	if o.Kind() == "Secret" {
		for _, block := range []string{"data", "stringData"} {
			hiddenData := map[string]any{}
			data, _ := o.Fields[block].(map[string]any)
			for k, v := range data {
				hiddenData[k] = hiddenEntry(block, v)
			}
			if len(data) > 0 {
				fields[block] = hiddenData
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

// hideText hides the credentials in a text: those of a configuration, in YAML or JSON, and
// those in an address.
func hideText(text string) string {
	var config map[string]any
	if strings.Contains(text, ":") && yaml.Unmarshal([]byte(text), &config) == nil && len(config) > 0 {
		if shown := hideMap("", config); !reflect.DeepEqual(shown, config) {
			return writeYAML(shown)
		}
	}
	return addressCredentials.ReplaceAllString(text, "://(hidden)@")
}

// addressCredentials are a name and a password in an address, or a token in its place.
var addressCredentials = regexp.MustCompile(`://[^\s/@"']+@`)

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
