package helmchart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new folder and gives its path.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(root, filepath.FromSlash(name)), []byte(text))
	}
	return root
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// archive packs files under a folder, Chart.yaml first as Helm does.
func archive(t testing.TB, folder string, files map[string]string) []byte {
	t.Helper()
	var list []File
	for _, name := range slices.Sorted(maps.Keys(files)) {
		list = append(list, File{folder + "/" + name, []byte(files[name])})
	}
	return packed(t, list...)
}

func packed(t testing.TB, files ...File) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// chartYAML is a Chart.yaml with dependencies, each as one line of flow YAML.
func chartYAML(name, version string, dependencies ...string) string {
	text := fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version)
	if len(dependencies) > 0 {
		text += "dependencies:\n"
	}
	for _, d := range dependencies {
		text += "- {" + d + "}\n"
	}
	return text
}

// says is a template that says under which name and with which value it
// renders.
const says = "chart: {{ .Chart.Name }} {{ .Chart.Version }}\nx: {{ .Values.x }}\n"

func complete(t testing.TB, path string, from Sources) (*Chart, []Dependency) {
	t.Helper()
	c, deps, err := LoadComplete(context.Background(), path, from)
	if err != nil {
		t.Fatal(err)
	}
	return c, deps
}

func rendered(t testing.TB, c *Chart, values map[string]any) map[string]string {
	t.Helper()
	files, err := c.Render(context.Background(), values, Release{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}

func TestCompleteByFileInTheRepository(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: 1.x, repository: "file://../../charts/lib"`),
		"apps/app/templates/x.yaml": `{{ include "lib.x" . }}` + "\n",
		"charts/lib/Chart.yaml": chartYAML("lib", "1.2.3",
			`name: base, version: ^2, repository: "file://../base"`) + "type: library\n",
		"charts/lib/templates/_lib.tpl":    `{{ define "lib.x" }}lib: {{ include "base.x" . }}{{ end }}`,
		"charts/base/Chart.yaml":           chartYAML("base", "2.0.0") + "type: library\n",
		"charts/base/templates/_base.tpl":  `{{ define "base.x" }}base of {{ .Chart.Name }}{{ end }}`,
		"charts/other/base/Chart.yaml":     chartYAML("base", "2.9.0"),
		"charts/other/templates/base.yaml": "not here",
	})
	c, deps := complete(t, filepath.Join(root, "apps/app"), Sources{Root: root})
	want := []Dependency{
		{Name: "lib", Version: "1.x", Repository: "file://../../charts/lib", Found: "1.2.3",
			Source: "file://../../charts/lib"},
		{In: "lib", Name: "base", Version: "^2", Repository: "file://../base", Found: "2.0.0",
			Source: "file://../base"},
	}
	if diff := cmp.Diff(want, deps); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"templates/x.yaml": "lib: base of app\n"}, rendered(t, c, nil)); diff != "" {
		t.Error(diff)
	}
	if entries, _ := os.ReadDir(filepath.Join(root, "apps/app")); len(entries) != 2 {
		t.Error("the chart on the disk changed:", entries)
	}
}

func TestCompleteFromTheRepositoryTakesTheNearest(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: ^1, repository: "https://charts.example.org"`),
		"apps/charts/lib/Chart.yaml":           chartYAML("lib", "1.1.0"),
		"charts/lib/Chart.yaml":                chartYAML("lib", "1.9.0"),
		"apps/app/.hidden/lib/Chart.yaml":      chartYAML("lib", "1.4.0"),
		"apps/app/node_modules/lib/Chart.yaml": chartYAML("lib", "1.5.0"),
		"apps/a/lib/Chart.yaml":                chartYAML("lib", "0.1.0"),
	})
	_, deps := complete(t, filepath.Join(root, "apps/app"), Sources{Root: root})
	if deps[0].Source != "apps/charts/lib (in the repository)" || deps[0].Found != "1.1.0" {
		t.Errorf("got %+v", deps[0])
	}
}

func TestCompleteTakesWhatSiblingsHaveInCharts(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: ^1, repository: "https://charts.example.org"`),
	})
	write(t, filepath.Join(root, "apps/other/charts/some-file.tgz"),
		archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "1.0.1")}))
	_, deps := complete(t, filepath.Join(root, "apps/app"), Sources{Root: root})
	if deps[0].Source != "apps/other/charts/some-file.tgz (in the repository)" || deps[0].Found != "1.0.1" {
		t.Errorf("got %+v", deps[0])
	}
}

func TestCompleteFromHelmsCaches(t *testing.T) {
	cache := t.TempDir()
	redis := func(version string) []byte {
		return archive(t, "redis", map[string]string{"Chart.yaml": chartYAML("redis", version),
			"values.yaml": "x: default\n", "templates/r.yaml": says})
	}
	digest := strings.Repeat("ab", 32)
	write(t, filepath.Join(cache, "content/ab", digest+".chart"), redis("18.2.0"))
	write(t, filepath.Join(cache, "content/ab", digest+".prov"), []byte("signature"))
	write(t, filepath.Join(cache, "repository/redis-17.0.0.tgz"), redis("17.0.0"))
	write(t, filepath.Join(cache, "repository/redis-18.9.0-rc.1.tgz"), redis("18.9.0-rc.1"))
	// Names lie.
	write(t, filepath.Join(cache, "repository/redis-18.9.9.tgz"),
		archive(t, "mysql", map[string]string{"Chart.yaml": chartYAML("mysql", "18.9.9")}))
	write(t, filepath.Join(cache, "repository/redis-18.8.0.tgz"), []byte("no archive"))
	from := Sources{Caches: []string{filepath.Join(cache, "repository"), filepath.Join(cache, "content"),
		filepath.Join(cache, "none")}}
	for version, found := range map[string]string{
		"^18": "18.2.0", "17.x": "17.0.0", ">=17": "18.2.0", ">=18.3.0-0": "18.9.0-rc.1", "18.9.0-rc.1": "18.9.0-rc.1",
		"18.8.0": "", "18.9.9": "", "not a version": "",
	} {
		for _, repository := range []string{"https://user:secret@charts.example.org",
			"oci://registry.example.org/charts", "@example"} {
			root := tree(t, map[string]string{"Chart.yaml": chartYAML("app",
				"1.0.0", fmt.Sprintf("name: redis, version: %q, repository: %q", version, repository))})
			c, deps := complete(t, root, from)
			d := deps[0]
			if d.Found != found {
				t.Errorf("%s of %s: got %+v", version, repository, d)
			}
			if strings.Contains(fmt.Sprint(d), "secret") {
				t.Error("a password is shown:", d)
			}
			if found == "" {
				if d.Source != "" || d.Why == "" {
					t.Errorf("%s: why is it missing? %+v", version, d)
				}
				continue
			}
			if d.Source != "Helm's cache (by name and version alone)" || d.Why != "" {
				t.Errorf("%s: got %+v", version, d)
			}
			want := map[string]string{"charts/redis/templates/r.yaml": "chart: redis " + found + "\nx: 3\n"}
			if diff := cmp.Diff(want, rendered(t, c, map[string]any{"redis": map[string]any{"x": 3}})); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestCompletePrefersTheLockedVersion(t *testing.T) {
	cache := t.TempDir()
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		write(t, filepath.Join(cache, "lib-"+v+".tgz"),
			archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", v)}))
	}
	for locked, found := range map[string]string{"1.1.0": "1.1.0", "1.1.7": "1.2.0", "0.1.0": "1.2.0"} {
		root := tree(t, map[string]string{
			"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: ^1, repository: https://charts.example.org"),
			"Chart.lock": "dependencies:\n- {name: lib, repository: https://charts.example.org, version: " + locked +
				"}\ndigest: sha256:0\n",
		})
		if _, deps := complete(t, root, Sources{Caches: []string{cache}}); deps[0].Found != found {
			t.Errorf("locked %s: got %+v", locked, deps[0])
		}
	}
}

func TestCompleteReadsRequirements(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml":        "apiVersion: v1\nname: app\nversion: 1.0.0\n",
		"app/requirements.yaml": `dependencies: [{name: lib, version: 1.x, repository: "file://../lib"}]`,
		"lib/Chart.yaml":        chartYAML("lib", "1.0.0"),
		"lib/templates/x.yaml":  says,
	})
	c, deps := complete(t, filepath.Join(root, "app"), Sources{})
	if len(deps) != 1 || deps[0].Found != "1.0.0" || len(rendered(t, c, nil)) != 1 {
		t.Errorf("got %+v", deps)
	}
}

// What is added must go through the rest of Helm's ways as if it lay in charts/.
func TestCompleteKeepsHelmsWays(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: ^1, repository: "file://../lib", alias: one, condition: one.enabled`,
			`name: lib, version: ^1, repository: "file://../lib", alias: two, condition: two.enabled, import-values: [{child: exported, parent: imported}]`,
			`name: tagged, version: "*", repository: "file://../tagged", tags: [extras]`),
		"app/values.yaml":             "one: {enabled: true, x: first}\ntwo: {enabled: true}\ntags: {extras: false}\n",
		"app/templates/app.yaml":      "imported: {{ .Values.imported.port }}\n",
		"lib/Chart.yaml":              chartYAML("lib", "1.2.0"),
		"lib/values.yaml":             "x: default\nexported: {port: from below}\n",
		"lib/templates/lib.yaml":      says,
		"tagged/Chart.yaml":           chartYAML("tagged", "0.1.0"),
		"tagged/values.yaml":          "x: t\n",
		"tagged/templates/tagged.yml": says,
	})
	c, deps := complete(t, filepath.Join(root, "app"), Sources{Root: root})
	if len(c.Dependencies()) != 2 || len(deps) != 3 {
		t.Fatalf("%d charts for %+v", len(c.Dependencies()), deps)
	}
	if deps[1].Source != "file://../lib" {
		t.Errorf("the second alias: %+v", deps[1])
	}
	want := map[string]string{
		"templates/app.yaml":            "imported: from below\n",
		"charts/one/templates/lib.yaml": "chart: one 1.2.0\nx: first\n",
		"charts/two/templates/lib.yaml": "chart: two 1.2.0\nx: default\n",
	}
	if diff := cmp.Diff(want, rendered(t, c, nil)); diff != "" {
		t.Error(diff)
	}
	got := rendered(t, c, map[string]any{"one": map[string]any{"enabled": false},
		"tags": map[string]any{"extras": true}})
	delete(want, "charts/one/templates/lib.yaml")
	want["charts/tagged/templates/tagged.yml"] = "chart: tagged 0.1.0\nx: t\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteTwoVersionsOfOneChart(t *testing.T) {
	cache := t.TempDir()
	for _, v := range []string{"1.5.0", "2.5.0"} {
		write(t, filepath.Join(cache, v+".tgz"), archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", v),
			"templates/x.yaml": says}))
	}
	root := tree(t, map[string]string{
		"Chart.yaml": chartYAML("app", "1.0.0",
			"name: lib, version: 1.x, repository: https://charts.example.org, alias: old",
			"name: lib, version: 2.x, repository: https://charts.example.org, alias: new"),
		// The older one is there already.
		"charts/lib/Chart.yaml":       chartYAML("lib", "1.0.0"),
		"charts/lib/templates/x.yaml": says,
	})
	c, deps := complete(t, root, Sources{Caches: []string{cache}})
	if deps[0].Source != "charts/" || deps[0].Found != "1.0.0" || !strings.HasPrefix(deps[1].Source, "Helm's cache") ||
		deps[1].Found != "2.5.0" {
		t.Errorf("got %+v", deps)
	}
	want := map[string]string{
		"charts/old/templates/x.yaml": "chart: old 1.0.0\nx: \n",
		"charts/new/templates/x.yaml": "chart: new 2.5.0\nx: \n",
	}
	if diff := cmp.Diff(want, rendered(t, c, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteLeavesWhatLiesInCharts(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml":            chartYAML("app", "1.0.0", `name: lib, version: ^2, repository: "file://../lib"`),
		"app/charts/lib/Chart.yaml": chartYAML("lib", "1.0.0"),
		"lib/Chart.yaml":            chartYAML("lib", "2.0.0"),
	})
	c, deps := complete(t, filepath.Join(root, "app"), Sources{Root: root})
	if d := deps[0]; d.Source != "charts/" || d.Found != "1.0.0" || !strings.Contains(d.Why, "^2") ||
		len(c.Dependencies()) != 1 {
		t.Errorf("got %+v", deps)
	}
}

// A chart in charts/ names its own file:// from its own folder.
func TestCompleteBelowCharts(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml": chartYAML("app", "1.0.0", `name: sub, version: "*"`),
		"app/charts/folder/Chart.yaml": chartYAML("sub", "1.0.0",
			`name: lib, version: "*", repository: "file://../../../lib"`),
		"lib/Chart.yaml": chartYAML("lib", "2.0.0"),
	})
	_, deps := complete(t, filepath.Join(root, "app"), Sources{Root: root})
	if len(deps) != 2 || deps[1].In != "sub" || deps[1].Found != "2.0.0" || deps[1].Source != "file://../../../lib" {
		t.Errorf("got %+v", deps)
	}
	packed := filepath.Join(root, "packed")
	write(t, filepath.Join(packed, "Chart.yaml"), []byte(chartYAML("packed", "1.0.0")))
	write(t, filepath.Join(packed, "charts/sub.tgz"), archive(t, "sub", map[string]string{
		"Chart.yaml": chartYAML("sub", "1.0.0", `name: lib, version: "*", repository: "file://../../../lib"`),
	}))
	if _, deps = complete(t, packed, Sources{}); len(deps) != 1 || !strings.Contains(deps[0].Why, "packed") {
		t.Errorf("got %+v", deps)
	}
	if _, deps = complete(t, packed, Sources{Root: root}); deps[0].Source != "lib (in the repository)" {
		t.Errorf("got %+v", deps)
	}
}

func TestWithoutMissing(t *testing.T) {
	root := tree(t, map[string]string{
		"Chart.yaml": chartYAML("app", "1.0.0",
			"name: redis, version: 1.x, repository: https://charts.example.org, condition: redis.enabled",
			"name: mysql, version: 1.x, repository: https://charts.example.org, alias: db, tags: [database]",
			"name: nats, version: 1.x, repository: https://charts.example.org"),
		"values.yaml":      "redis: {enabled: false}\ntags: {database: false}\n",
		"templates/x.yaml": "x: {{ .Values.redis.enabled }}\n",
	})
	c, deps := complete(t, root, Sources{})
	for i, off := range []bool{true, true, false} {
		if !deps[i].Missing() || deps[i].Off != off {
			t.Errorf("got %+v", deps[i])
		}
	}
	if _, err := c.Render(context.Background(), nil, Release{}); err == nil || !strings.Contains(err.Error(), "redis") {
		t.Error("missing dependencies do not show:", err)
	}
	if diff := cmp.Diff(map[string]string{"templates/x.yaml": "x: false\n"},
		rendered(t, c.WithoutMissing(), nil)); diff != "" {
		t.Error(diff)
	}
	if len(c.MissingDependencies()) != 3 {
		t.Error("the chart itself changed")
	}
}

// Off reaches below aliases.
func TestOffBelow(t *testing.T) {
	root := tree(t, map[string]string{
		"Chart.yaml": chartYAML("app", "1.0.0",
			"name: sub, version: 1.x, alias: one, condition: one.enabled",
			"name: sub, version: 1.x, alias: two, condition: two.enabled",
			"name: dead, version: 1.x, condition: dead.enabled"),
		"values.yaml": "one: {enabled: false}\ntwo: {lib: {enabled: false}, other: {enabled: " +
			"true}}\ndead: {enabled: false}\n",
		"charts/sub/Chart.yaml": chartYAML("sub", "1.0.0", "name: lib, version: 1.x, condition: lib.enabled",
			"name: other, version: 1.x, condition: other.enabled"),
		"charts/dead/Chart.yaml": chartYAML("dead", "1.0.0", "name: lib, version: 1.x"),
	})
	_, deps := complete(t, root, Sources{})
	got := map[string]bool{}
	for _, d := range deps {
		if d.Missing() {
			got[d.In+"/"+d.Name] = d.Off
		}
	}
	if diff := cmp.Diff(map[string]bool{"sub/lib": true, "sub/other": false, "dead/lib": true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteSaysWhy(t *testing.T) {
	outside := tree(t, map[string]string{"lib/Chart.yaml": chartYAML("lib", "1.0.0")})
	root := tree(t, map[string]string{
		"other/Chart.yaml":   chartYAML("other", "0.1.0"),
		"broken/Chart.yaml":  "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
		"broken/values.yaml": "a: [\n",
		"lib0/Chart.yaml":    chartYAML("lib", "0.9.0"),
	})
	if err := os.Symlink(filepath.Join(outside, "lib"), filepath.Join(root, "link")); err != nil {
		t.Skip("no symbolic links:", err)
	}
	cache := t.TempDir()
	write(t, filepath.Join(cache, "lib.tgz"),
		archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "3.0.0")}))
	up, err := filepath.Rel(filepath.Join(root, "app"), filepath.Join(outside, "lib"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ repository, version, why string }{
		{"file://../other", "1.x", "file://../other is the chart other"},
		{"file://../none", "1.x", "file://../none is not there"},
		{"file://..", "1.x", "file://.. is no folder of a chart"},
		{"file://../lib0", "1.x", "file://../lib0 is version 0.9.0, not 1.x"},
		{"file://../broken", "1.x", "cannot be read"},
		{"file://../link", "1.x", "leads out of the repository"},
		{"file://" + filepath.ToSlash(up), "1.x", "leads out of the repository"},
		{"file://" + filepath.ToSlash(outside) + "/lib", "1.x", "leads out of the repository"},
		{"https://charts.example.org", "2.x", "Helm's cache has 3.0.0, not 2.x"},
		{"https://charts.example.org", "2.x", "lib0 (in the repository) is version 0.9.0, not 2.x"},
		{"oci://registry.example.org", "2.x", "Helm's cache has 3.0.0"},
		{"", "3.x", "expects it in charts/"},
		{"file://../none", "3.x", "file://../none is not there"},
		{"https://charts.example.org", "", "version"},
	} {
		write(t, filepath.Join(root, "app/Chart.yaml"),
			[]byte(chartYAML("app", "1.0.0", fmt.Sprintf("name: lib, version: %q, repository: %q", test.version,
				test.repository))))
		_, deps := complete(t, filepath.Join(root, "app"), Sources{Root: root, Caches: []string{cache}})
		if d := deps[0]; !d.Missing() || !strings.Contains(d.Why, test.why) {
			t.Errorf("%s %s: got %+v", test.repository, test.version, d)
		}
	}
	write(t, filepath.Join(root, "app/Chart.yaml"),
		[]byte(chartYAML("app", "1.0.0", fmt.Sprintf("name: lib, version: 1.x, repository: %q",
			"file://"+filepath.ToSlash(up)))))
	if _, deps := complete(t, filepath.Join(root, "app"), Sources{}); deps[0].Found != "1.0.0" {
		t.Errorf("without a root: %+v", deps[0])
	}
}

func TestCompleteNamesTheRing(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml": chartYAML("app", "1.0.0", `name: one, version: "*", repository: "file://../one"`),
		"one/Chart.yaml": chartYAML("one", "1.0.0", `name: two, version: "*", repository: "file://../two"`),
		"two/Chart.yaml": chartYAML("two", "1.0.0", `name: one, version: "*", repository: "file://../two/../one"`),
	})
	_, _, err := LoadComplete(context.Background(), filepath.Join(root, "app"), Sources{Root: root})
	if err == nil || !strings.Contains(err.Error(), "one -> two -> one") {
		t.Error("got", err)
	}
	// Of charts that merely have a name in common none is a ring.
	alone := tree(t, map[string]string{"app/Chart.yaml": chartYAML("app", "1.0.0",
		`name: app, version: "*", repository: https://charts.example.org`)})
	if _, deps := complete(t, filepath.Join(alone, "app"), Sources{Root: alone}); !deps[0].Missing() {
		t.Errorf("got %+v", deps)
	}
}

func TestCompleteHasLimits(t *testing.T) {
	deep := map[string]string{}
	for i := range 12 {
		deep[fmt.Sprintf("c%d/Chart.yaml", i)] = chartYAML(fmt.Sprintf("c%d", i),
			"1.0.0", fmt.Sprintf(`name: c%d, version: "*", repository: "file://../c%d"`, i+1, i+1))
	}
	root := tree(t, deep)
	if _, _, err := LoadComplete(context.Background(), filepath.Join(root, "c0"), Sources{}); err == nil ||
		!strings.Contains(err.Error(), "10 charts deep") {
		t.Error("got", err)
	}
	if _, deps := complete(t, filepath.Join(root, "c2"), Sources{}); len(deps) != 10 {
		t.Error("ten levels are fine, got", len(deps))
	}
	wide, lines := map[string]string{}, []string(nil)
	for i := range 51 {
		wide[fmt.Sprintf("c%d/Chart.yaml", i)] = chartYAML(fmt.Sprintf("c%d", i), "1.0.0")
		lines = append(lines, fmt.Sprintf(`name: c%d, version: "*", repository: "file://../c%d"`, i, i))
	}
	wide["app/Chart.yaml"] = chartYAML("app", "1.0.0", lines...)
	if _, _, err := LoadComplete(context.Background(), filepath.Join(tree(t, wide), "app"), Sources{}); err == nil ||
		!strings.Contains(err.Error(), "50 charts") {
		t.Error("got", err)
	}
}

func TestCompleteHearsOfTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := LoadComplete(ctx, t.TempDir(), Sources{}); !errors.Is(err, context.Canceled) {
		t.Error("got", err)
	}
}

func TestCompleteAnArchive(t *testing.T) {
	root := tree(t, map[string]string{"lib/Chart.yaml": chartYAML("lib", "1.0.0")})
	file := filepath.Join(root, "out/app.tgz")
	write(t, file,
		archive(t,
			"app", map[string]string{"Chart.yaml": chartYAML("app", "1.0.0",
				`name: lib, version: 1.x, repository: "file://../lib"`)}))
	if _, deps := complete(t, file, Sources{Root: root}); deps[0].Source != "lib (in the repository)" {
		t.Errorf("got %+v", deps[0])
	}
}

func TestCompleteLooksThroughTheRepositoryWithinLimits(t *testing.T) {
	for depth, found := range map[int]bool{6: true, 8: false} {
		root := tree(t, map[string]string{
			"app/Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: "+
				"https://charts.example.org"),
			strings.Repeat("d/", depth) + "lib/Chart.yaml": chartYAML("lib", "1.0.0"),
		})
		_, deps := complete(t, filepath.Join(root, "app"), Sources{Root: root})
		if d := deps[0]; d.Missing() == found || !found && !strings.Contains(d.Why, "as far as it was looked at") {
			t.Errorf("at depth %d: got %+v", depth, d)
		}
	}
}

// What Helm loads counts, not what stands first; and what cannot be loaded makes
// way for the next.
func TestCompletePassesOverOddArchives(t *testing.T) {
	cache := t.TempDir()
	write(t, filepath.Join(cache, "a.tgz"), packed(t,
		File{"lib/Chart.yaml", []byte(chartYAML("lib", "1.9.0"))},
		File{"lib/Chart.yaml", []byte(chartYAML("other", "1.9.0"))}))
	write(t, filepath.Join(cache, "b.tgz"), packed(t,
		File{"lib/Chart.yaml", []byte(chartYAML("lib", "1.8.0"))}, File{"lib/values.yaml", []byte("a: [")}))
	write(t, filepath.Join(cache, "c.tgz"), packed(t,
		File{"lib/Chart.yaml", []byte(chartYAML("lib", "1.7.0"))}, File{"lib/../../up.yaml", []byte("x: 1")}))
	write(t, filepath.Join(cache, "d.tgz"), packed(t,
		File{"lib/large", make([]byte, 17<<20)}, File{"lib/Chart.yaml", []byte(chartYAML("lib", "1.6.0"))}))
	if err := os.MkdirAll(filepath.Join(cache, "e.tgz"), 0o755); err != nil {
		t.Fatal(err)
	}
	root := tree(t, map[string]string{"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: "+
		"https://charts.example.org")})
	_, deps := complete(t, root, Sources{Caches: []string{cache}})
	if d := deps[0]; !d.Missing() || strings.Count(d.Why, "Helm's cache") != 3 {
		t.Errorf("got %+v", d)
	}
	write(t, filepath.Join(cache, "f.tgz"),
		archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "1.5.0")}))
	if _, deps := complete(t, root, Sources{Caches: []string{cache}}); deps[0].Found != "1.5.0" || deps[0].Why != "" {
		t.Errorf("got %+v", deps[0])
	}
}

// Two repositories have a chart of one name; the index tells which is which.
func TestCompleteTakesTheRepositorysOwn(t *testing.T) {
	dir := t.TempDir()
	ours := archive(t, "common", map[string]string{"Chart.yaml": chartYAML("common", "2.0.0"), "README.md": "ours"})
	theirs := archive(t, "common", map[string]string{"Chart.yaml": chartYAML("common", "2.5.0"), "README.md": "theirs"})
	write(t, filepath.Join(dir, "cache/common-2.0.0.tgz"), ours)
	write(t, filepath.Join(dir, "cache/common-2.5.0.tgz"), theirs)
	index := func(archive []byte) []byte {
		return []byte(strings.Repeat("# a long index\n", 20_000) + fmt.Sprintf("digest: %x\n", sha256.Sum256(archive)))
	}
	url := "https://charts.example.org/ours"
	write(t, filepath.Join(dir, "cache/ours-index.yaml"), index(ours))
	write(t, filepath.Join(dir, "cache/theirs-index.yaml"), index(theirs))
	write(t, filepath.Join(dir, fmt.Sprintf("cache/helm-manager-%x-index.yaml",
		sha256.Sum256([]byte("https://unknown.example.org")))), index(ours))
	write(t, filepath.Join(dir, "repositories.yaml"), []byte("repositories:\n- {name: ours, url: "+url+"}\n- {name: "+
		"../cache/theirs, url: https://charts.example.org/odd}\n"))
	from := Sources{Caches: []string{filepath.Join(dir, "cache")}, Repositories: filepath.Join(dir,
		"repositories.yaml")}
	for repository, found := range map[string]string{
		url: "2.0.0", url + "/": "2.0.0", "@ours": "2.0.0", "alias:ours": "2.0.0", "@theirs": "2.5.0",
		"https://unknown.example.org": "2.0.0",
	} {
		root := tree(t, map[string]string{"Chart.yaml": chartYAML("app",
			"1.0.0", fmt.Sprintf("name: common, version: 2.x, repository: %q", repository))})
		if _, deps := complete(t, root, from); deps[0].Found != found || deps[0].Source != "Helm's cache" {
			t.Errorf("%s: got %+v", repository, deps[0])
		}
	}
	for _, repository := range []string{"https://charts.example.org/odd", "https://charts.example.org/none",
		"@../cache/ours"} {
		root := tree(t, map[string]string{
			"app/Chart.yaml": chartYAML("app", "1.0.0", fmt.Sprintf("name: common, version: 2.x, repository: %q",
				repository)),
		})
		if _, deps := complete(t, filepath.Join(root, "app"), from); deps[0].Found != "2.5.0" ||
			deps[0].Source != "Helm's cache (by name and version alone)" {
			t.Errorf("%s: got %+v", repository, deps[0])
		}
		// The repository's own goes before what merely has the name.
		write(t, filepath.Join(root, "common/Chart.yaml"), []byte(chartYAML("common", "2.1.0")))
		rooted := from
		rooted.Root = root
		if _, deps := complete(t, filepath.Join(root, "app"), rooted); deps[0].Found != "2.1.0" {
			t.Errorf("%s: got %+v", repository, deps[0])
		}
	}
}

func BenchmarkLoadComplete(b *testing.B) {
	cache := b.TempDir()
	for i := range 200 {
		name := fmt.Sprintf("chart%d", i)
		write(b, filepath.Join(cache, name+".tgz"), archive(b, name, map[string]string{
			"Chart.yaml": chartYAML(name, "1.0.0"), "values.yaml": strings.Repeat("# a comment\n", 2000),
			"templates/x.yaml": says,
		}))
	}
	root := tree(b, map[string]string{"Chart.yaml": chartYAML("app", "1.0.0",
		"name: chart7, version: 1.x, repository: https://charts.example.org")})
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			if _, deps := complete(b, root, Sources{Caches: []string{cache}}); deps[0].Missing() {
				b.Fatal(deps)
			}
		}
	})
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := Load(root); err != nil {
				b.Fatal(err)
			}
		}
	})
}
