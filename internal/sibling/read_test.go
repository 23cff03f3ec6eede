package sibling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// write writes files below dir/apps and gives dir/apps.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	apps := filepath.Join(t.TempDir(), "apps")
	for name, text := range files {
		path := filepath.Join(apps, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return apps
}

func read(t *testing.T, opts ReadOptions, charts ...string) *convention.Convention {
	t.Helper()
	c, err := Read(context.Background(), charts, opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each archive in testdata is a repository in one style, with what of its
// convention is to be found. A value's "" is that nothing but its canonical
// place is.
func TestStyles(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			parsed, err := txtar.ParseFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			chart := ""
			for _, f := range parsed.Files {
				files[f.Name] = string(f.Data)
				if dir := filepath.Dir(f.Name); filepath.Base(f.Name) == "Chart.yaml" && chart == "" {
					chart = dir
				}
			}
			want, err := yamldoc.Parse("want.yaml", []byte(files["want.yaml"]))
			if err != nil {
				t.Fatal(err)
			}
			delete(files, "want.yaml")
			delete(files, "expected.yaml") // the scaffolded chart's test reads it
			c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(write(t, files), chart))
			compareWant(t, c, want.Map())
		})
	}
}

func compareWant(t *testing.T, c *convention.Convention, want map[string]any) {
	t.Helper()
	values, _ := want["values"].(map[string]any)
	for key, expected := range values {
		v := c.Values[key]
		if got := strings.TrimSpace(v.Path + " " + v.Shape); got != expected {
			t.Errorf("%s is %q, want %q (%s)", key, got, expected, v.Evidence)
		}
	}
	delete(want, "values")
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	compareParts(t, "", got, want)
}

func compareParts(t *testing.T, at string, got, want any) {
	t.Helper()
	if m, ok := want.(map[string]any); ok {
		below, _ := got.(map[string]any)
		for key := range m {
			compareParts(t, at+"."+key, below[key], m[key])
		}
		return
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", at, got, want)
	}
}

const chartYAML = "apiVersion: v2\nname: %s\nversion: %s\n"

func chartFile(name, version string) string { return fmt.Sprintf(chartYAML, name, version) }

func TestEvidenceNamesFileLineAndKey(t *testing.T) {
	apps := write(t, map[string]string{
		"a/Chart.yaml":  chartFile("a", "0.1.0"),
		"a/values.yaml": "# head\nimage:\n  repository: x/a\n  tag: 1\n",
	})
	t.Chdir(filepath.Dir(apps))
	c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join("apps", "a"))
	v := c.Values["image.repository"]
	if v.Evidence != "apps/a/values.yaml:3 image.repository" || v.Confidence != convention.Name {
		t.Errorf("evidence %q, confidence %q", v.Evidence, v.Confidence)
	}
	if !slices.Equal(c.Source, []string{"apps/a"}) {
		t.Errorf("source %q", c.Source)
	}
}

func TestSeveralChartsVote(t *testing.T) {
	like := func(name, values string) map[string]string {
		return map[string]string{name + "/Chart.yaml": chartFile(name, "0.2.0"), name + "/values.yaml": values}
	}
	block := "image:\n  repository: x/y\n  tag: a\n  policy: Always\npersistence:\n  size: 1Gi\n  className: " +
		"fast\ningress:\n  className: in\n  hosts:\n    - host: %s.corp.io\n"
	files := map[string]string{}
	for _, m := range []map[string]string{
		like("aa", fmt.Sprintf(block, "aa")), like("bb", fmt.Sprintf(block, "bb")),
		like("cc", "deployment:\n  image:\n    repository: x/c\n    pullPolicy: Never\nreplicas: 1\npersistence:\n  "+
			"data:\n    size: 1Gi\n    mountPath: /c\n"),
		like("dd", "image: [broken\n"),
	} {
		for k, v := range m {
			files[k] = v
		}
	}
	apps := write(t, files)
	charts, err := Beside(filepath.Join(apps, "livekit"))
	if err != nil {
		t.Fatal(err)
	}
	var warnings []string
	c := read(t, ReadOptions{Sheet: serverSheet(), Lenient: true,
		Warn: func(err error) { warnings = append(warnings, err.Error()) }}, charts...)
	for key, want := range map[string]string{
		"image.repository": "", "image.pullPolicy": "image.policy", "persistence.size": "",
		"persistence.storageClass": "persistence.className",
		"replicaCount":             "replicas", "persistence.mountPath": "",
	} {
		got := c.PathOf(key)
		if want == "" {
			want = key
		}
		if got != want {
			t.Errorf("%s is at %s, want %s", key, got, want)
		}
	}
	v := c.Values["image.repository"]
	if v.Confidence != convention.Voted || !strings.HasPrefix(v.Evidence, "2 of 3 charts, such as ") {
		t.Errorf("vote: %+v", v)
	}
	if c.Defaults.HostPattern != "{name}.corp.io" || c.Defaults.ChartVersion != "0.2.0" ||
		c.Defaults.StorageClass != "" && c.Defaults.StorageClass != "fast" {
		t.Errorf("defaults %+v", c.Defaults)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], filepath.Join("dd", "values.yaml")+":") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestSiblings(t *testing.T) {
	apps := write(t, map[string]string{
		"web/Chart.yaml": "", "db/Chart.yaml": "", "livekit/Chart.yaml": "", "my-livekit-server/Chart.yaml": "",
		"notes/README.md": "", ".git/Chart.yaml": "", "file": "",
	})
	want := []string{filepath.Join(apps, "db"), filepath.Join(apps, "web")}
	for _, target := range []string{filepath.Join(apps, "livekit"), filepath.Join(apps, "calls")} {
		if got, err := Beside(target); err != nil || !slices.Equal(got, want) {
			t.Errorf("beside %s: %q, %v; want %q", target, got, err, want)
		}
	}
	t.Chdir(filepath.Join(apps, "web"))
	if got, err := Beside("."); err != nil || !reflect.DeepEqual(baseNames(got), []string{"db"}) {
		t.Errorf("beside the working directory: %q, %v", got, err)
	}
	if got, err := Beside(filepath.Join(apps, "nowhere", "livekit")); err != nil || got != nil {
		t.Errorf("in a folder that is not there: %q, %v", got, err)
	}
}

func baseNames(dirs []string) []string {
	var out []string
	for _, d := range dirs {
		out = append(out, filepath.Base(d))
	}
	return out
}

func TestLoadFileOfWhatWasPrinted(t *testing.T) {
	apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0"),
		"a/values.yaml": "app:\n  image:\n    repository: x/a\n"})
	c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a"))
	text, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	o, err := convention.LoadFile(serverSheet(), filepath.Join(write(t, map[string]string{"c.yaml": string(text)}),
		"c.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Apply(canonical())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got  %+v\nwant %+v", got, c)
	}
}

func TestNoChartIsCanonical(t *testing.T) {
	if c := read(t, ReadOptions{Sheet: serverSheet()}); !reflect.DeepEqual(c, canonical()) {
		t.Errorf("got %+v", c)
	}
}

// A chart without templates follows those beside it only where they are the
// folder's habit.
func TestNeighboursLendLabels(t *testing.T) {
	deployment := "kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector:\n    matchLabels:\n " +
		"     app: {{ .Release.Name }}\n"
	files := map[string]string{
		"umbrella/Chart.yaml": chartFile("umbrella", "0.1.0"), "umbrella/values.yaml": "image:\n  repository: a/b\n",
		"one/Chart.yaml": chartFile("one", "0.1.0"), "one/templates/deployment.yaml": deployment,
		"two/Chart.yaml": chartFile("two", "0.1.0"), "two/templates/deployment.yaml": deployment,
	}
	apps := write(t, files)
	if c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps,
		"umbrella")); c.Labels.Scheme != convention.SchemeApp || c.Naming.Fullname != convention.FullnameRelease {
		t.Errorf("two of three charts write templates, and got %+v %+v", c.Labels, c.Naming)
	}
	for _, name := range []string{"x", "y", "z"} {
		files[name+"/Chart.yaml"] = chartFile(name, "0.1.0")
	}
	apps = write(t, files)
	if c := read(t, ReadOptions{Sheet: serverSheet()},
		filepath.Join(apps, "umbrella")); c.Labels.Confidence != convention.Default {
		t.Errorf("two of six charts write templates, and got %+v", c.Labels)
	}
}

func TestBadSiblings(t *testing.T) {
	bomb := "a0: &a0 {x: 1}\n"
	for i := range 30 {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i)
	}
	apps := write(t, map[string]string{
		"empty/README.md": "", "file": "x",
		"tab/Chart.yaml": chartFile("tab", "1.0.0"), "tab/values.yaml": "image:\n\trepository: x\n",
		"list/Chart.yaml": chartFile("list", "1.0.0"), "list/values.yaml": "- a\n",
		"bomb/Chart.yaml": chartFile("bomb", "1.0.0"), "bomb/values.yaml": bomb,
		"huge/Chart.yaml": chartFile("huge", "1.0.0"), "huge/values.yaml": "",
		"badchart/Chart.yaml": "name: [\n",
		"loop/Chart.yaml":     chartFile("loop", "1.0.0"),
	})
	if err := os.Truncate(filepath.Join(apps, "huge", "values.yaml"), 100<<20); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(apps, "loop", "values.yaml")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for chart, want := range map[string]string{
		"nowhere":  "is not there",
		"empty":    "holds no Chart.yaml",
		"file":     "is not a directory",
		"tab":      filepath.Join("tab", "values.yaml") + ":2: a tab in the indentation",
		"list":     filepath.Join("list", "values.yaml") + ":1: values are a map",
		"bomb":     "expand to more than",
		"huge":     filepath.Join("huge", "values.yaml") + ": file has 104857600 bytes",
		"badchart": filepath.Join("badchart", "Chart.yaml") + ":",
		"loop":     filepath.Join("loop", "values.yaml") + ": not a regular file",
	} {
		t.Run(chart, func(t *testing.T) {
			start := time.Now()
			_, err := Read(context.Background(), []string{filepath.Join(apps, chart)},
				ReadOptions{Sheet: serverSheet()})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			if remedy.Step(err) == "" {
				t.Error("no next step is given")
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestValuesFileOfAnotherName(t *testing.T) {
	for _, name := range []string{"values.yml", "values.example.yaml", "prod.values.yaml"} {
		apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0"),
			"a/" + name: "app:\n  image:\n    repository: x/a\n"})
		c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a"))
		if v := c.Values["image.repository"]; v.Path != "app.image.repository" || !strings.Contains(v.Evidence,
			"/a/"+name+":") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0")})
	if c := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a")); len(c.Values) != 0 {
		t.Errorf("without values: %+v", c.Values)
	}
}

func TestSymlinkedValuesAreRead(t *testing.T) {
	apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0"),
		"common.yaml": "app:\n  image:\n    repository: x/a\n"})
	if err := os.Symlink(filepath.Join("..", "common.yaml"), filepath.Join(apps, "a", "values.yaml")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if got := read(t, ReadOptions{Sheet: serverSheet()}, filepath.Join(apps, "a")).PathOf(
		"image.repository"); got != "app.image.repository" {
		t.Errorf("image.repository is at %s", got)
	}
}

func TestCancelledContextStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	apps := write(t, map[string]string{"a/Chart.yaml": chartFile("a", "0.1.0")})
	if _, err := Read(ctx, []string{filepath.Join(apps, "a")}, ReadOptions{Sheet: serverSheet()}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	parsed, err := txtar.ParseFile("testdata/umbrella.txtar")
	if err != nil {
		b.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range parsed.Files {
		files[f.Name] = string(f.Data)
	}
	dir := filepath.Join(write(b, files), "chats")
	for b.Loop() {
		if _, err := Read(context.Background(), []string{dir}, ReadOptions{Sheet: serverSheet()}); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRead holds that whatever a sibling's values are, the convention that comes
// of them fits together.
func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, archive := range archives {
		parsed, err := txtar.ParseFile(archive)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range parsed.Files {
			if strings.HasPrefix(filepath.Base(file.Name), "values") {
				f.Add(file.Data, []byte("kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n"))
			}
			if strings.Contains(file.Name, "templates/") {
				f.Add([]byte("image: {repository: a/b}\n"), file.Data)
			}
		}
	}
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "templates"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, values, template []byte) {
		own, err := os.MkdirTemp(dir, "chart")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(own)
		chart := "name: app\nversion: 0.1.0\ndependencies: [{name: local-ai}, {name: generic}]\n"
		if err := os.Mkdir(filepath.Join(own, "templates"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"Chart.yaml": []byte(chart), "values.yaml": values,
			"templates/a.yaml": template} {
			if err := os.WriteFile(filepath.Join(own, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := names.ReadChart(context.Background(), serverSheet(), own, "app", helmchart.Sources{}, nil)
		if err != nil {
			return
		}
		c := combine(serverSheet(), []names.Facts{s.Read()})
		if err := c.Complete(); err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		again, err := json.Marshal(c)
		if err != nil || !json.Valid(again) {
			t.Error("not JSON:", err)
		}
	})
}

// Labels, names and files are a habit where at least half of the voters write
// templates, and a file's name where more than one chart has it.
func TestTemplatesVote(t *testing.T) {
	deployment := func(component string) string {
		return "kind: Deployment\nmetadata:\n  name: {{ .Chart.Name }}-deployment\nspec:\n  selector:\n    " +
			"matchLabels:\n" +
			"      app: {{ .Chart.Name }}\n      part: " + component + "\n"
	}
	secret := "kind: Secret\nmetadata:\n  name: x\n"
	files := map[string]string{}
	for name, part := range map[string]string{"aa": "server", "bb": "bb", "cc": "web"} {
		files[name+"/Chart.yaml"] = chartFile(name, "0.1.0")
		files[name+"/templates/deploy.yaml"] = deployment(part)
	}
	files["aa/templates/geo-secret.yaml"] = secret
	apps := write(t, files)
	all := []string{filepath.Join(apps, "aa"), filepath.Join(apps, "bb"), filepath.Join(apps, "cc")}
	c := read(t, ReadOptions{Sheet: serverSheet()}, all...)
	if c.Naming.Fullname != convention.FullnameChart || c.Naming.Suffixes["Deployment"] != "-deployment" ||
		c.Naming.Confidence != convention.Voted {
		t.Errorf("naming %+v", c.Naming)
	}
	// All three differ: the labels without one application's word win.
	if want := []convention.Label{{Name: "app", Value: "{name}"}, {Name: "part", Value: "{name}"}}; !reflect.DeepEqual(
		c.Labels.Selector, want) {
		t.Errorf("selector %v, want %v", c.Labels.Selector, want)
	}
	if want := map[string]string{"Deployment": "deploy.yaml"}; !reflect.DeepEqual(c.Files.Templates, want) {
		t.Errorf("files %v, want %v", c.Files.Templates, want)
	}
	for _, name := range []string{"u", "v", "w", "x"} {
		files[name+"/Chart.yaml"] = chartFile(name, "0.1.0")
	}
	apps = write(t, files)
	all = nil
	for _, name := range []string{"aa", "bb", "cc", "u", "v", "w", "x"} {
		all = append(all, filepath.Join(apps, name))
	}
	if c := read(t, ReadOptions{Sheet: serverSheet()}, all...); c.Labels.Confidence != convention.Default ||
		c.Naming.Confidence != convention.Default {
		t.Errorf("three of seven charts write templates, and got %+v %+v", c.Labels, c.Naming)
	}
}

// A folder of templates is no chart, though it may have a file of that name.
func TestChartFileOfNoMapIsNoChart(t *testing.T) {
	apps := write(t, map[string]string{
		"a/Chart.yaml": chartFile("a", "0.1.0"), "a/values.yaml": "x: 1\n",
		"b/Chart.yaml": "[[ if .Start ]]\n---\n[[ end ]]\n[[ .Fields -]]\n",
	})
	var warnings []string
	options := ReadOptions{Sheet: serverSheet(), Lenient: true,
		Warn: func(err error) { warnings = append(warnings, err.Error()) }}
	c, err := Read(t.Context(), []string{filepath.Join(apps, "a"), filepath.Join(apps, "b")}, options)
	if err != nil || len(c.Source) != 1 || len(warnings) != 1 || !strings.Contains(warnings[0], "Chart.yaml is a map") {
		t.Errorf("%v, %v, %q", c.Source, err, warnings)
	}
}
