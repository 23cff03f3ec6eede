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

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
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

func complete(t testing.TB, path string, from Sources) *Chart {
	t.Helper()
	c, err := LoadComplete(context.Background(), path, from)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// found gives the version of a chart below c, "" where there is none. Names of charts below charts go behind slashes.
func found(c *Chart, way string) string {
	for name := range strings.SplitSeq(way, "/") {
		if c = c.Dependency(name); c == nil {
			return ""
		}
	}
	return c.Version()
}

// isVouchedFor tells whether an index says that an archive in the caches is the repository's.
func isVouchedFor(from Sources, repository string) bool {
	archives := helmcache.Caches(from.Caches).Archives(func(string) bool { return true })
	return slices.ContainsFunc(archives, func(path string) bool { return from.vouch(repository, path) })
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
	c := complete(t, filepath.Join(root, "apps/app"), Sources{Root: root})
	if lib, base := found(c, "lib"), found(c, "lib/base"); lib != "1.2.3" || base != "2.0.0" || c.Lacks() != nil {
		t.Errorf("got lib %q, base %q, lacks %v", lib, base, c.Lacks())
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
	if got := found(complete(t, filepath.Join(root, "apps/app"), Sources{Root: root}), "lib"); got != "1.1.0" {
		t.Errorf("got %q", got)
	}
}

func TestCompleteTakesWhatSiblingsHaveInCharts(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: ^1, repository: "https://charts.example.org"`),
	})
	write(t, filepath.Join(root, "apps/other/charts/some-file.tgz"),
		archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "1.0.1")}))
	if got := found(complete(t, filepath.Join(root, "apps/app"), Sources{Root: root}), "lib"); got != "1.0.1" {
		t.Errorf("got %q", got)
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
	for version, want := range map[string]string{
		"^18": "18.2.0", "17.x": "17.0.0", ">=17": "18.2.0", ">=18.3.0-0": "18.9.0-rc.1", "18.9.0-rc.1": "18.9.0-rc.1",
		"18.8.0": "", "18.9.9": "", "not a version": "",
	} {
		for _, repository := range []string{"https://user:secret@charts.example.org",
			"oci://registry.example.org/charts", "@example"} {
			root := tree(t, map[string]string{"Chart.yaml": chartYAML("app",
				"1.0.0", fmt.Sprintf("name: redis, version: %q, repository: %q", version, repository))})
			c := complete(t, root, from)
			if got := found(c, "redis"); got != want || (len(c.Lacks()) > 0) != (want == "") {
				t.Errorf("%s of %s: got %q, lacks %v", version, repository, got, c.Lacks())
			}
			if isVouchedFor(from, repository) {
				t.Errorf("%s: no index is there to vouch for it", repository)
			}
			if want == "" {
				continue
			}
			files := map[string]string{"charts/redis/templates/r.yaml": "chart: redis " + want + "\nx: 3\n"}
			if diff := cmp.Diff(files, rendered(t, c, map[string]any{"redis": map[string]any{"x": 3}})); diff != "" {
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
	for locked, want := range map[string]string{"1.1.0": "1.1.0", "1.1.7": "1.2.0", "0.1.0": "1.2.0"} {
		root := tree(t, map[string]string{
			"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: ^1, repository: https://charts.example.org"),
			"Chart.lock": "dependencies:\n- {name: lib, repository: https://charts.example.org, version: " + locked +
				"}\ndigest: sha256:0\n",
		})
		if got := found(complete(t, root, Sources{Caches: []string{cache}}), "lib"); got != want {
			t.Errorf("locked %s: got %q", locked, got)
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
	c := complete(t, filepath.Join(root, "app"), Sources{})
	if len(c.Dependencies()) != 1 || found(c, "lib") != "1.0.0" || len(rendered(t, c, nil)) != 1 {
		t.Errorf("got %+v", c.Dependencies())
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
	c := complete(t, filepath.Join(root, "app"), Sources{Root: root})
	if len(c.Dependencies()) != 2 || c.Lacks() != nil { // one chart serves both aliases
		t.Fatalf("%d charts, lacks %v", len(c.Dependencies()), c.Lacks())
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
	c := complete(t, root, Sources{Caches: []string{cache}})
	if len(c.Dependencies()) != 2 || c.Lacks() != nil {
		t.Errorf("got %+v, lacks %v", c.Dependencies(), c.Lacks())
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
	c := complete(t, filepath.Join(root, "app"), Sources{Root: root})
	if found(c, "lib") != "1.0.0" || len(c.Dependencies()) != 1 {
		t.Errorf("got %+v", c.Dependencies())
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
	if got := found(complete(t, filepath.Join(root, "app"), Sources{Root: root}), "sub/lib"); got != "2.0.0" {
		t.Errorf("got %q", got)
	}
	packed := filepath.Join(root, "packed")
	write(t, filepath.Join(packed, "Chart.yaml"), []byte(chartYAML("packed", "1.0.0")))
	write(t, filepath.Join(packed, "charts/sub.tgz"), archive(t, "sub", map[string]string{
		"Chart.yaml": chartYAML("sub", "1.0.0", `name: lib, version: "*", repository: "file://../../../lib"`),
	}))
	if got := complete(t, packed, Sources{}).Lacks(); !slices.Equal(got, []string{"sub/lib"}) {
		t.Errorf("a packed chart has no folder to go from: lacks %v", got)
	}
	if got := found(complete(t, packed, Sources{Root: root}), "sub/lib"); got != "2.0.0" {
		t.Errorf("got %q", got)
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
	c := complete(t, root, Sources{})
	if got := c.Lacks(); !slices.Equal(got, []string{"nats"}) { // the others are off
		t.Errorf("lacks %v", got)
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

// What is off, below aliases too, is not lacking.
func TestLacksBelow(t *testing.T) {
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
	if diff := cmp.Diff([]string{"two/other"}, complete(t, root, Sources{}).Lacks()); diff != "" {
		t.Error(diff)
	}
}

func TestCompletePassesOverWhatDoesNotServe(t *testing.T) {
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
	for _, test := range []struct{ repository, version string }{
		{"file://../other", "1.x"},
		{"file://../none", "1.x"},
		{"file://..", "1.x"},
		{"file://../lib0", "1.x"},
		{"file://../broken", "1.x"},
		{"file://../link", "1.x"},
		{"file://" + filepath.ToSlash(up), "1.x"},
		{"file://" + filepath.ToSlash(outside) + "/lib", "1.x"},
		{"https://charts.example.org", "2.x"},
		{"oci://registry.example.org", "2.x"},
		{"", "3.x"},
		{"file://../none", "3.x"},
		{"https://charts.example.org", ""},
	} {
		write(t, filepath.Join(root, "app/Chart.yaml"),
			[]byte(chartYAML("app", "1.0.0", fmt.Sprintf("name: lib, version: %q, repository: %q", test.version,
				test.repository))))
		c := complete(t, filepath.Join(root, "app"), Sources{Root: root, Caches: []string{cache}})
		if got := c.Lacks(); !slices.Equal(got, []string{"lib"}) || len(c.Dependencies()) > 0 {
			t.Errorf("%s %s: lacks %v, has %v", test.repository, test.version, got, c.Dependencies())
		}
	}
	write(t, filepath.Join(root, "app/Chart.yaml"),
		[]byte(chartYAML("app", "1.0.0", fmt.Sprintf("name: lib, version: 1.x, repository: %q",
			"file://"+filepath.ToSlash(up)))))
	if got := found(complete(t, filepath.Join(root, "app"), Sources{}), "lib"); got != "1.0.0" {
		t.Errorf("without a root: %q", got)
	}
}

func TestCompleteNamesTheRing(t *testing.T) {
	root := tree(t, map[string]string{
		"app/Chart.yaml": chartYAML("app", "1.0.0", `name: one, version: "*", repository: "file://../one"`),
		"one/Chart.yaml": chartYAML("one", "1.0.0", `name: two, version: "*", repository: "file://../two"`),
		"two/Chart.yaml": chartYAML("two", "1.0.0", `name: one, version: "*", repository: "file://../two/../one"`),
	})
	_, err := LoadComplete(context.Background(), filepath.Join(root, "app"), Sources{Root: root})
	if err == nil || !strings.Contains(err.Error(), "one -> two -> one") {
		t.Error("got", err)
	}
	// Of charts that merely have a name in common none is a ring.
	alone := tree(t, map[string]string{"app/Chart.yaml": chartYAML("app", "1.0.0",
		`name: app, version: "*", repository: https://charts.example.org`)})
	c := complete(t, filepath.Join(alone, "app"), Sources{Root: alone})
	if got := c.Lacks(); !slices.Equal(got, []string{"app"}) {
		t.Errorf("lacks %v", got)
	}
}

func TestCompleteHasLimits(t *testing.T) {
	deep := map[string]string{}
	for i := range 12 {
		deep[fmt.Sprintf("c%d/Chart.yaml", i)] = chartYAML(fmt.Sprintf("c%d", i),
			"1.0.0", fmt.Sprintf(`name: c%d, version: "*", repository: "file://../c%d"`, i+1, i+1))
	}
	root := tree(t, deep)
	if _, err := LoadComplete(context.Background(), filepath.Join(root, "c0"), Sources{}); err == nil ||
		!strings.Contains(err.Error(), "10 charts deep") {
		t.Error("got", err)
	}
	ten := "c3/c4/c5/c6/c7/c8/c9/c10/c11"
	if c := complete(t, filepath.Join(root, "c2"), Sources{}); found(c, ten) == "" ||
		!slices.Equal(c.Lacks(), []string{ten + "/c12"}) {
		t.Error("ten levels are fine; lacks", c.Lacks())
	}
	wide, lines := map[string]string{}, []string(nil)
	for i := range 51 {
		wide[fmt.Sprintf("c%d/Chart.yaml", i)] = chartYAML(fmt.Sprintf("c%d", i), "1.0.0")
		lines = append(lines, fmt.Sprintf(`name: c%d, version: "*", repository: "file://../c%d"`, i, i))
	}
	wide["app/Chart.yaml"] = chartYAML("app", "1.0.0", lines...)
	if _, err := LoadComplete(context.Background(), filepath.Join(tree(t, wide), "app"), Sources{}); err == nil ||
		!strings.Contains(err.Error(), "50 charts") {
		t.Error("got", err)
	}
}

func TestCompleteHearsOfTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := LoadComplete(ctx, t.TempDir(), Sources{}); !errors.Is(err, context.Canceled) {
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
	if got := found(complete(t, file, Sources{Root: root}), "lib"); got != "1.0.0" {
		t.Errorf("got %q", got)
	}
}

func TestCompleteLooksThroughTheRepositoryWithinLimits(t *testing.T) {
	for depth, want := range map[int]string{6: "1.0.0", 8: ""} {
		root := tree(t, map[string]string{
			"app/Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: "+
				"https://charts.example.org"),
			strings.Repeat("d/", depth) + "lib/Chart.yaml": chartYAML("lib", "1.0.0"),
		})
		if got := found(complete(t, filepath.Join(root, "app"), Sources{Root: root}), "lib"); got != want {
			t.Errorf("at depth %d: got %q", depth, got)
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
	if got := found(complete(t, root, Sources{Caches: []string{cache}}), "lib"); got != "" {
		t.Errorf("got %q", got)
	}
	write(t, filepath.Join(cache, "f.tgz"),
		archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "1.5.0")}))
	if got := found(complete(t, root, Sources{Caches: []string{cache}}), "lib"); got != "1.5.0" {
		t.Errorf("got %q", got)
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
	for repository, want := range map[string]string{
		url: "2.0.0", url + "/": "2.0.0", "@ours": "2.0.0", "alias:ours": "2.0.0", "@theirs": "2.5.0",
		"https://unknown.example.org": "2.0.0",
	} {
		root := tree(t, map[string]string{"Chart.yaml": chartYAML("app",
			"1.0.0", fmt.Sprintf("name: common, version: 2.x, repository: %q", repository))})
		if got := found(complete(t, root, from), "common"); got != want || !isVouchedFor(from, repository) {
			t.Errorf("%s: got %q", repository, got)
		}
	}
	for _, repository := range []string{"https://charts.example.org/odd", "https://charts.example.org/none",
		"@../cache/ours"} {
		root := tree(t, map[string]string{
			"app/Chart.yaml": chartYAML("app", "1.0.0", fmt.Sprintf("name: common, version: 2.x, repository: %q",
				repository)),
		})
		if got := found(complete(t, filepath.Join(root, "app"), from), "common"); got != "2.5.0" ||
			isVouchedFor(from, repository) {
			t.Errorf("%s: got %q", repository, got)
		}
		// The repository's own goes before what merely has the name.
		write(t, filepath.Join(root, "common/Chart.yaml"), []byte(chartYAML("common", "2.1.0")))
		rooted := from
		rooted.Root = root
		if got := found(complete(t, filepath.Join(root, "app"), rooted), "common"); got != "2.1.0" {
			t.Errorf("%s: got %q", repository, got)
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
			if c := complete(b, root, Sources{Caches: []string{cache}}); found(c, "chart7") == "" {
				b.Fatal(c.Lacks())
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
