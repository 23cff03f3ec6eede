package convention

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestOutputReadsBack(t *testing.T) {
	c := canonical()
	c.Source = []string{"apps/web"}
	c.Values["image.repository"] = Value{Path: "app.image", Shape: ImageString,
		Fact: Fact{Evidence: "apps/web/values.yaml:2 app.image", Confidence: Name}}
	c.Values["ingress.className"] = Value{Path: `ingress.annotations."kubernetes.io/ingress.class"`,
		Fact: Fact{Confidence: Name}}
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	fromYAML := Convention{Sheet: c.Sheet}
	if err := yaml.Load(text, &fromYAML, yaml.WithKnownFields()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&fromYAML, c) {
		t.Errorf("YAML reads back as %+v, want %+v\n%s", fromYAML, c, text)
	}
	if text, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	fromJSON := Convention{Sheet: c.Sheet}
	if err := json.Unmarshal(text, &fromJSON); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&fromJSON, c) {
		t.Errorf("JSON reads back as %+v", fromJSON)
	}
	// The contract that scripts rely on: evidence and confidence beside the path.
	var raw struct {
		Values map[string]map[string]string `json:"values"`
	}
	_ = json.Unmarshal(text, &raw)
	want := map[string]string{"path": "app.image", "shape": "string", "evidence": "apps/web/values.yaml:2 app.image",
		"confidence": "name"}
	if !reflect.DeepEqual(raw.Values["image.repository"], want) {
		t.Errorf("value is %v, want %v", raw.Values["image.repository"], want)
	}
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOverridesReplaceKeyByKey(t *testing.T) {
	path := writeFile(t, filepath.Join(t.TempDir(), "c.yaml"), `
values:
  image.repository: app.image.repo
  env: {path: app.env, shape: map}
kinds: {workload: StatefulSet}
defaults: {domain: corp.io}
`)
	o, err := LoadFile(serverSheet(), path)
	if err != nil {
		t.Fatal(err)
	}
	base := canonical()
	base.Values["image.repository"] = Value{Path: "image", Shape: ImageString, Fact: Fact{Confidence: Voted}}
	base.Values["replicaCount"] = Value{Path: "replicas", Fact: Fact{Confidence: Voted}}
	c, err := o.Apply(base)
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Values["image.repository"]; v.Path != "app.image.repo" || v.Shape != "" || v.Evidence != path {
		t.Errorf("image.repository %+v", v)
	}
	if c.Values["env"].Shape != EnvMap || c.Values["replicaCount"].Path != "replicas" ||
		c.Kinds.Workload != "StatefulSet" ||
		c.Kinds.Route != RouteIngress || c.Defaults.Domain != "corp.io" {
		t.Errorf("got %+v", c)
	}
	if base.Kinds.Workload != "Deployment" || base.Values["image.repository"].Path != "image" {
		t.Error("the convention underneath was changed")
	}
}

// Keys that nobody names give way to those that a user does.
func TestOverridesMoveTheSilent(t *testing.T) {
	path := writeFile(t, filepath.Join(t.TempDir(), "c.yaml"), "values: {image.repository: {path: image, shape: "+
		"string}}\n")
	o, err := LoadFile(serverSheet(), path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.Apply(canonical())
	if err != nil {
		t.Fatal(err)
	}
	if c.PathOf("image.repository") != "image" || strings.HasPrefix(c.PathOf("image.pullPolicy"), "image.") {
		t.Errorf("the image lies at %s, its pull policy at %s", c.PathOf("image.repository"),
			c.PathOf("image.pullPolicy"))
	}
}

func TestBadOverrides(t *testing.T) {
	for text, want := range map[string]string{
		"- a\n":                                                          "are a map of keys",
		"just a word\n":                                                  "are a map of keys",
		"labels: {scheme: app}\n":                                        "does not choose it",
		"naming: {suffixes: {Srvice: -svc}}\n":                           "\"Srvice\" is not one of",
		"files: {templates: {Deploy: a.yaml}}\n":                         "\"Deploy\" is not one of",
		"secrets: {mechanism: magic}\n":                                  "\"magic\" is not one of",
		"valuess: {}\n":                                                  `c.yaml:1:1: unknown field "valuess"`,
		"kinds: {workload: Pod}\n":                                       `"Pod" is not one of`,
		"values: {env: a.b, image.tag: a.b.c}\n":                         "at, above or below the place of env",
		"values: {frobnicate: a.b}\n":                                    "no such canonical key",
		"labels: {set: [{name: a, value: 'x{{ fail 1 }}'}]}\n":           "does not have the form",
		"labels: {selector: [{name: 'a b!', value: x}]}\n":               "does not have the form",
		"naming: {helperPrefix: 'x\" }}{{ fail 2'}\n":                    "does not have the form",
		"naming: {suffixes: {Service: '-a b'}}\n":                        "does not have the form",
		"files: {templates: {Service: ../../evil.yaml}}\n":               "two dots",
		"files: {templates: {Service: service.txt}}\n":                   "does not have the form",
		"defaults: {hostPattern: '{name}.\"evil'}\n":                     "does not have the form",
		"defaults: {storageClass: 'a b'}\n":                              "does not have the form",
		"style: {indent: 99}\n":                                          "not between 2 and 8",
		"values: {env: config.env}\n":                                    "at, above or below the place of config",
		"values: {env: {path: env, shape: tree}}\n":                      `shape "tree" is not one of`,
		"values: {env: {path: a..b}}\n":                                  "is not a dotted path",
		"values: {replicaCount: 3}\n":                                    "1:24: values.replicaCount is 3, expected",
		"labels:\n  set: app\n":                                          `c.yaml:2:8: labels.set is the text "app", expected a list`,
		"labels:\n  set: [{nme: app}]\n":                                 `c.yaml:2:10: unknown field "nme"`,
		"style: {indent: two}\n":                                         "indent",
		"labels: {selector: [{name: app, value: '{chart}'}]}\n":          "changes with the version",
		"labels: {selector: []}\n":                                       "at least one label",
		"values:\n  image.repository: image\n  image.tag: image.tag.x\n": "at, above or below",
		"a: [\n": "c.yaml:",
	} {
		_, err := LoadFile(serverSheet(), writeFile(t, filepath.Join(t.TempDir(), "c.yaml"), text))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "c.yaml") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestCanonicalIsValid(t *testing.T) {
	if err := canonical().Validate(); err != nil {
		t.Error(err)
	}
}

func TestForChart(t *testing.T) {
	c := canonical()
	c.Values["service.port"] = Value{Path: "{name}.service.port"}
	c.Files.Templates = map[string]string{"Deployment": "{name}/deployment.yaml"}
	got := c.ForChart("livekit")
	if got.Values["service.port"].Path != "livekit.service.port" ||
		got.Files.Templates["Deployment"] != "livekit/deployment.yaml" {
		t.Errorf("got %+v %+v", got.Values, got.Files)
	}
	if c.Values["service.port"].Path != "{name}.service.port" ||
		c.Files.Templates["Deployment"] != "{name}/deployment.yaml" {
		t.Error("the convention itself was changed")
	}
}
