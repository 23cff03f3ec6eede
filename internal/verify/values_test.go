package verify

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// What the user gives and no template reads is named, with the file, and with what to do where that is known.
func TestGivenValuesThatDoNothing(t *testing.T) {
	foreign := edited(t, "minimal")
	own := scaffolded(t, foreign, "core", "redis")
	file := filepath.Join(t.TempDir(), "production.yaml")
	for _, test := range []struct {
		name, dir, values, status string
		detail, remedy            string // parts of them
	}{
		{"typo", foreign, "replicaCounts: 3", Warn, "replicaCounts in FILE is read by no template", "helm show values"},
		{"typo below", foreign, "config: {}\nimages: {a: 1, b: 2}", Warn, "images in FILE", "Correct the key"},
		{"key of a component", own, "networkPolicy: {enabled: true}", Fail,
			"networkPolicy in FILE does nothing: the chart was written without the component networkpolicy",
			"helm livekit update "},
		{"component that is off", own, "networkPolicy: {enabled: false}\npriorityClassName: ''", Pass, "every key", ""},
		{"settings of a component that is off", own, "networkPolicy: {enabled: false, x: 1}", Warn,
			"networkPolicy in FILE does nothing", "--with networkpolicy"},
		{"two components", own, "networkPolicy: {enabled: true}\nautoscaling: {enabled: true}", Fail,
			"component autoscaling", "--with autoscaling,networkpolicy"},
		{"upstream's key", own, "livekit: {keys: {a: b}}", Fail,
			"livekit in FILE does nothing: it is a key of LiveKit's own", "helm livekit convert-values FILE"},
		{"upstream's key, and a foreign chart", foreign, "livekit: {keys: {a: b}}", Warn,
			"livekit in FILE", "Correct the key"},
		{"keys of everybody", own, "global: {a: 1}\nenabled: true\ncommon: 1\ntags: {a: 1}\nx-a: 1", Pass,
			"every key", ""},
		{"keys that are read", own, "config: {port: 7881, other: 1}\nhost: a.home.test", Pass, "every key", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.values), 0o600); err != nil {
				t.Fatal(err)
			}
			opts := Options{ValueFlags: helmchart.ValueFlags{ValueFiles: []string{file}}}
			c := get(t, run(t, test.dir, opts), "values-read")
			detail := strings.ReplaceAll(test.detail, "FILE", file)
			isFound := strings.Contains(c.Detail, detail) && strings.Contains(c.Remedy, test.remedy)
			if c.Status != test.status || !isFound {
				t.Errorf("%s: %s -> %s", c.Status, c.Detail, c.Remedy)
			}
		})
	}
}

// scaffolded copies a chart as one of this tool, with components.
func scaffolded(t *testing.T, from string, components ...string) string {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(from), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(from, name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "calls")
	plan, err := chartdir.NewPlan(dir, files, &chartdir.Lock{Components: components}, nil)
	if err == nil {
		err = plan.Apply(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is wrong in LiveKit's configuration is to be fixed in the file that gives it.
func TestConfigNamesTheFile(t *testing.T) {
	given := filepath.Join(t.TempDir(), "production.yaml")
	text := "config: {rtc: {udp_port: 7882-7882}, redis: {address: redis}}"
	if err := os.WriteFile(given, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := helmchart.ValueFlags{ValueFiles: []string{given}, Set: []string{"config.rtc.ips.includes[0]=eth0"}}
	r := run(t, edited(t, "minimal"), Options{ValueFlags: flags})
	for check, place := range map[string]string{
		"config": "config.rtc.ips.includes[0] in --set", "redis": "config.redis.address in " + given,
	} {
		if c := get(t, r, check); !strings.Contains(c.Remedy, place) {
			t.Errorf("%s: %s", check, c.Remedy)
		}
	}
}

// A flag's value may be a secret.
func TestGivenValuesAreNotPrinted(t *testing.T) {
	flags := helmchart.ValueFlags{SetString: []string{"kees.a=hush"}, SetJSON: []string{`b={"c": "hush"}`}}
	c := get(t, run(t, edited(t, "minimal"), Options{ValueFlags: flags}), "values-read")
	if c.Status != Warn || !strings.Contains(c.Detail, "kees in --set-string") || strings.Contains(c.Detail, "hush") {
		t.Errorf("%s: %s", c.Status, c.Detail)
	}
}

// What a schema refuses is told with the file that it comes from.
func TestSchemaNamesTheFile(t *testing.T) {
	dir := edited(t, "minimal", file("values.schema.json", `{"properties": {"host": {"type": "string"},
		"config": {"properties": {"port": {}, "rtc": {}, "redis": {}}, "additionalProperties": false}}}`))
	given := filepath.Join(t.TempDir(), "production.yaml")
	if err := os.WriteFile(given, []byte("host: 5\nconfig: {prot: 1}"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := helmchart.ValueFlags{ValueFiles: []string{given}, Set: []string{"host=6"}}
	r := run(t, dir, Options{ValueFlags: flags})
	for _, name := range []string{"render", "lint"} {
		c := get(t, r, name)
		if !strings.Contains(c.Detail, "config.prot is given by "+given) && name == "render" ||
			!strings.Contains(c.Detail, "given by") {
			t.Errorf("%s: %s", name, c.Detail)
		}
	}
	if c := get(t, r, "render"); !strings.Contains(c.Detail, "host is given by --set") {
		t.Errorf("render: %s", c.Detail)
	}
}
