// Package redact takes secrets out of what a report shows: of fields of objects, of values, of whole objects. What a
// secret was replaced with tells its length and nothing else.
package redact

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Configuration is the segment of a path that stands for the entry of a ConfigMap or Secret with LiveKit's
// configuration, whatever that entry is called.
const Configuration = "<configuration>"

// hidden stands for a secret: its length says whether two differ in the plainest way, and nothing else. What is
// hidden already stays as it is.
func hidden(v any) string {
	if s, ok := v.(string); ok && strings.HasPrefix(s, "(hidden, ") && strings.HasSuffix(s, " characters)") {
		return s
	}
	return fmt.Sprintf("(hidden, %d characters)", len(fmt.Sprint(v)))
}

// Field hides the value of an object's field where it is a secret: whatever a Secret holds, and what is called a secret
// anywhere else.
func Field(isSecret bool, path manifest.Path, v any) any {
	isEntry := len(path) > 1 && path[0] == "data" && !strings.HasPrefix(path[1], "(") // that is about an entry's name
	if v != nil && isSecret && (isEntry || len(path) > 0 && path[0] == "stringData") {
		return hidden(v)
	}
	return Value(path, v)
}

// Values gives values with secrets hidden: API keys and what is called one.
func Values(values map[string]any) map[string]any { return hideMap("", values) }

// Value hides the secrets in what stands at a path of values or of an object, as they are hidden in the whole of it.
func Value(path manifest.Path, v any) any {
	n := len(path) - 1
	isArgument := n > 0 && isElement(path[n]) && (path[n-1] == "args" || path[n-1] == "command")
	text, _ := v.(string)
	if isArgument && !strings.HasPrefix(text, "-") && strings.Contains(text, ": ") {
		return hideScalar(text) // it has the form of API keys, which follow --keys
	}
	whole := v
	for i, segment := range slices.Backward(path) {
		if !isElement(segment) {
			whole = map[string]any{segment: whole}
			continue
		}
		if i+1 < len(path) && path[i+1] == "value" { // a secret by the element's name, as in env[REDIS_PASSWORD].value
			whole.(map[string]any)["name"] = strings.Trim(segment, "[]")
		}
		whole = []any{whole}
	}
	whole = hideAny("", whole)
	for _, segment := range path {
		if isElement(segment) {
			whole = whole.([]any)[0]
		} else {
			whole = whole.(map[string]any)[segment]
		}
	}
	return whole
}

func isElement(segment string) bool { return strings.HasPrefix(segment, "[") }

// hideAny hides the secrets in a value of any shape that is called key.
func hideAny(key string, v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case map[string]any:
		return hideMap(key, v)
	case []any:
		return hideList(key, v)
	}
	text, isText := v.(string)
	switch {
	case isSecretName(key):
		return hideScalar(v)
	case isText:
		return hideText(text)
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
		isSecret := isText && strings.HasPrefix(text, "-") &&
			(isSecretName(flag) || strings.TrimLeft(flag, "-") == "keys")
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

// hideScalar hides a text or a number; what has a shape is looked into.
func hideScalar(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case map[string]any, []any:
		return hideAny("", v)
	case string:
		says := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
		if !strings.ContainsFunc(variableReference.ReplaceAllString(v, ""), says) {
			return v // it names variables, and holds nothing
		}
	}
	return hidden(v)
}

var variableReference = regexp.MustCompile(`\$\([^)]*\)`)

// isKeyEntry tells API keys from what charts say about them in the same block.
func isKeyEntry(name string) bool {
	return name != "values" && name != "existingSecret" && name != "operator" && !strings.HasSuffix(name, "Entry")
}

// secretNames are the ends of names of values that hold secrets: LiveKit's, and those in charts nobody knows.
var secretNames = []string{
	"password", "passphrase", "secret", "token", "credential", "credentials", "secretkey", "privatekey", "apisecret",
	"accesskey", "accountkey", "externalid", "livekitkeys",
}

var separators = strings.NewReplacer("_", "", "-", "", ".", "")

func isSecretName(key string) bool {
	key = key[strings.LastIndexByte(key, '/')+1:] // of annotations
	key = strings.ToLower(separators.Replace(key))
	return key != "existingsecret" && key != "casecret" &&
		slices.ContainsFunc(secretNames, func(name string) bool { return strings.HasSuffix(key, name) })
}

// Object gives the fields of an object with secrets hidden. The length of an entry of a Secret is that of what it
// holds.
func Object(fields map[string]any) map[string]any {
	out := hideMap("", fields)
	if fields["kind"] != "Secret" {
		return out
	}
	for _, block := range []string{"data", "stringData"} {
		entries, _ := out[block].(map[string]any)
		for k := range entries {
			text := fmt.Sprint(fields[block].(map[string]any)[k])
			if plain, err := base64.StdEncoding.DecodeString(text); err == nil && block == "data" {
				text = string(plain)
			}
			entries[k] = hidden(text)
		}
	}
	return out
}

// hideText hides the credentials in a text: those of a configuration, in YAML or JSON, and those in an address.
func hideText(text string) string {
	var config map[string]any
	if strings.Contains(text, ":") && yaml.Unmarshal([]byte(text), &config) == nil && len(config) > 0 {
		if shown := hideMap("", config); !reflect.DeepEqual(shown, config) {
			if data, err := yaml.Marshal(shown); err == nil {
				return string(data)
			}
		}
	}
	return addressCredentials.ReplaceAllString(text, "://(hidden)@")
}

// addressCredentials are a name and a password in an address, or a token in its place.
var addressCredentials = regexp.MustCompile(`://[^\s/@"']+@`)
