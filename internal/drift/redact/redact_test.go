package redact

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// path writes a path with spaces between its segments.
func path(text string) manifest.Path { return strings.Fields(text) }

const (
	word = "hush-hush-hush"
	env  = "spec template spec containers [server] env "
)

// Nothing that is called a secret is shown, wherever a chart or its values have it.
func TestSecretsAreHidden(t *testing.T) {
	for _, c := range []struct {
		path  string
		value any
	}{
		{"redis password", word}, {"redis password", 12345678}, {"config keys APIx", word}, {"keys values APIx", word},
		{"extra apiToken", word}, {"extra", map[string]any{"list": []any{map[string]any{"token": word}}}},
		{"env", []any{map[string]any{"name": "REDIS_PASSWORD", "value": word}}},
		{env + "[LIVEKIT_KEYS] value", "k: " + word}, {env + "[LIVEKIT_REDIS_PASSWORD] value", 12345678},
		{"spec template spec containers [server] args [1]", "k: " + word},
		{"spec template spec containers [server] args [0]", "--redis-password=" + word},
		{"spec template spec containers [server] command [0]", "--redis-password=" + word},
		{"args", []any{"--keys", "k: " + word, "--redis-password=" + word}},
		{"data password", word}, {"data settings", `{"keys": {"a": "` + word + `"}}`},
		{"metadata annotations example.com/password", word}, {"metadata annotations example.com/api.token", word},
		{"webhook urls [0]", "https://u:" + word + "@example.com/"},
		{"data <configuration> keys APIx", word}, {"data <configuration> redis password", word},
		{"data <configuration> rtc turn_servers [0] credential", word}, {"", "redis://" + word + "@r:6379"},
	} {
		text, err := json.Marshal(Field(false, path(c.path), c.value))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), word) || strings.Contains(string(text), "12345678") {
			t.Errorf("%s: %s", c.path, text)
		}
	}
}

// Whatever a Secret holds is hidden, keys with a dot among it; what its entries are called is not.
func TestSecretObject(t *testing.T) {
	for text, isHidden := range map[string]bool{
		"data livekit.yaml": true, "data plain": true, "stringData x": true, "data <keys> APIx": true,
		"data (<keys>)": false, "metadata name": false, "type": false, "": false, "data": false,
	} {
		if got := Field(true, path(text), "some text"); (got != "some text") != isHidden {
			t.Errorf("%s: %v", text, got)
		}
	}
	got := Object(map[string]any{
		"kind": "Secret", "metadata": map[string]any{"name": "keys"},
		"data":       map[string]any{"a.yaml": base64.StdEncoding.EncodeToString([]byte("four"))},
		"stringData": map[string]any{"b": "sixsix"},
	})
	want := `{"data":{"a.yaml":"(hidden, 4 characters)"},"kind":"Secret","metadata":{"name":"keys"},"stringData":{"b":"(hidden, 6 characters)"}}`
	if text, _ := json.Marshal(got); string(text) != want {
		t.Errorf("%s, expected %s", text, want)
	}
}

func TestWhatIsNoSecret(t *testing.T) {
	for text, value := range map[string]any{
		"keys existingSecret": "name-of-it", "keys apiKeyEntry": "LIVEKIT_API_KEY",
		"ingress tls [0] secretName":    "name-of-it",
		"serviceAccount automountToken": true, "image repository": "docker.io/a:5000/b", "redis password": nil,
		env + "[LIVEKIT_KEYS] value": `"$(LIVEKIT_API_KEY)": "$(LIVEKIT_API_SECRET)"`, "replicas": 3,
		"data <configuration> redis address": "r:6379", "args [0]": "--config=/etc/livekit.yaml",
	} {
		if got := Value(path(text), value); got != value {
			t.Errorf("%s: %v is hidden as %v, and is no secret", text, value, got)
		}
	}
}

// A secret that is hidden twice keeps its length.
func TestHiddenTwice(t *testing.T) {
	once := Value(path("redis password"), word)
	if twice := Value(path("redis password"), once); once != "(hidden, 14 characters)" || twice != once {
		t.Errorf("%v, then %v", once, twice)
	}
}

// Whatever is a credential in LiveKit's configuration goes by its name.
func TestConfigurationCredentials(t *testing.T) {
	names := strings.NewReplacer("**", "egress.s3", "*", "APIx", "[]", ".[0]", ".", " ")
	for _, key := range livekit.CredentialKeys() {
		at := path("data " + Configuration + " " + names.Replace(key))
		if got := Field(false, at, word); got != "(hidden, 14 characters)" {
			t.Errorf("%s: %v", at, got)
		}
	}
}
