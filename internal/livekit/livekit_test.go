package livekit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// decode reads YAML as tests write it.
func decode(t testing.TB, document string) map[string]any {
	t.Helper()
	var config map[string]any
	if err := yaml.Unmarshal([]byte(document), &config); err != nil {
		t.Fatal(err)
	}
	return stringKeys(config).(map[string]any)
}

// stringKeys makes the keys texts, as values that went through JSON have them.
func stringKeys(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = stringKeys(v[key])
		}
	case map[any]any:
		m := map[string]any{}
		for key := range v {
			m[text(key)] = stringKeys(v[key])
		}
		return m
	case []any:
		for i := range v {
			v[i] = stringKeys(v[i])
		}
	}
	return value
}

// serverFacts are read from the server by hack/configschema.
type serverFacts struct {
	Version       string
	Defaults      map[string]int
	PortVariables map[string][]string
	Credentials   []string
}

func facts(t *testing.T) serverFacts {
	t.Helper()
	data, err := os.ReadFile("testdata/server-facts.json")
	if err != nil {
		t.Fatal(err)
	}
	var f serverFacts
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func samples(t testing.TB, folder string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples in %s: %v", folder, err)
	}
	found := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(path), ".yaml")] = string(data)
	}
	return found
}

func TestConfigSchemaIsFresh(t *testing.T) {
	delete(child(Release(ServerVersion).ConfigSchema(), "properties"), "rtc")
	if child(child(Release(ServerVersion).ConfigSchema(), "properties"), "rtc") == nil {
		t.Error("a change to one copy shows in the next")
	}
}

// CheckConfig holds a configuration against the release that charts are made for.
func CheckConfig(config map[string]any) []Problem { return Release(ServerVersion).CheckConfig(config) }

// TestFactsAreOfServerVersion: what is written by hand is held against the
// release that charts are made for.
func TestFactsAreOfServerVersion(t *testing.T) {
	if got := facts(t).Version; got != ServerVersion {
		t.Errorf("facts are of %s, ServerVersion is %s", got, ServerVersion)
	}
}
