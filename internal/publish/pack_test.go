package publish

import (
	"archive/tar"
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// The digest changes only where a change of the packaging is meant: users
// compare digests of packages that different versions of this program made.
func TestPackGivesTheSameBytesForEver(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, plainChart())
	const want = "sha256:5d45a8a4374f377c4fecb7d528a1c71e03e19a7c5b5f421834e70fce7e9ffe97"
	if p := pack(t, dir, ""); p.Digest != want {
		t.Errorf("the archive has digest %s, not %s", p.Digest, want)
	}
}

func TestPackDependsOnTheChartAlone(t *testing.T) {
	one, two := t.TempDir(), filepath.Join(t.TempDir(), "another name")
	write(t, one, plainChart())
	write(t, two, plainChart())
	other := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	err := filepath.WalkDir(two, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == two {
			return err
		}
		if !d.IsDir() {
			if err := os.Chmod(path, 0o700); err != nil {
				return err
			}
		}
		return os.Chtimes(path, other, other)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("LC_ALL", "tr_TR.UTF-8")
	a, b := pack(t, one, ""), pack(t, two, "")
	if a.Digest != b.Digest {
		t.Errorf("two copies give %s and %s", a.Digest, b.Digest)
	}
	if m, n := mustArtifact(t, a), mustArtifact(t, b); m.Digest != n.Digest {
		t.Errorf("two copies give manifests %s and %s", m.Raw, n.Raw)
	}
	headers, _ := unpack(t, a.file)
	for _, h := range headers {
		if h.Mode != 0o644 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(defaultTime(t)) {
			t.Errorf("header %+v says more than the name and the size", h)
		}
	}
	if !slices.IsSortedFunc(headers, func(a, b *tar.Header) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the entries are not in order of name")
	}
}

func mustArtifact(t testing.TB, p *Package) *artifact {
	t.Helper()
	a, err := p.artifact()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPackTakesTheTimeItIsGiven(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, plainChart())
	at, err := Time("1700000000")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Pack(context.Background(), PackOptions{Dir: dir, Time: at})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	headers, contents := unpack(t, p.file)
	for _, h := range headers {
		if h.ModTime.Unix() != 1700000000 {
			t.Errorf("%s is of %s", h.Name, h.ModTime)
		}
	}
	if lock := contents["demo/Chart.lock"]; !strings.Contains(lock, `generated: "2023-11-14T22:13:20Z"`) {
		t.Errorf("the lock is\n%s", lock)
	}
	if got := mustArtifact(t, p).Raw; !strings.Contains(string(got),
		`"org.opencontainers.image.created":"2023-11-14T22:13:20Z"`) {
		t.Errorf("the manifest is %s", got)
	}
}

func TestTimeRefusesNonsense(t *testing.T) {
	for _, text := range []string{"soon", "-1", "1.5", "99999999999999", " 1"} {
		if _, err := Time(text); err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

// Whatever .helmignore says, the package has what Helm loads.
func TestPackHonoursHelmignoreAsHelmDoes(t *testing.T) {
	for _, rules := range []string{"", "*.txt\n", "files/\n", "!*\n", "/files/a\n*.md\n", "templates/*.yaml\n",
		"  # c\n\n.*\n", "docs/*\n", "charts/\n"} {
		t.Run(rules, func(t *testing.T) {
			files := plainChart()
			files[".helmignore"] = rules
			files["Chart.yaml"] = "apiVersion: v2\nname: demo\nversion: 1.0.0\n"
			dir := t.TempDir()
			write(t, dir, files)
			if _, err := helmchart.Load(dir); err != nil {
				t.Skip("Helm loads no such chart:", err)
			}
			_, got := unpack(t, pack(t, dir, "").file)
			entries, err := helmchart.Entries(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				names = append(names, "demo/"+e.Name)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(got)), slices.Sorted(slices.Values(names))); diff != "" {
				t.Error("what was packed and what was looked at differ:", diff)
			}
		})
	}
}

// Content for content the package is that of `helm package`; the time of the
// lock aside, which Helm 3 takes from the file.
func TestPackHasTheContentsOfHelmPackage(t *testing.T) {
	for name, helm := range helms(t) {
		t.Run(name, func(t *testing.T) {
			dir, out := t.TempDir(), t.TempDir()
			write(t, dir, plainChart())
			run(t, helm, nil, "package", dir, "--destination", out, "--app-version", "10")
			_, want := unpack(t, filepath.Join(out, "demo-1.2.3+build.4.tgz"))
			p, err := Pack(context.Background(), PackOptions{Dir: dir, AppVersion: "10", Time: defaultTime(t)})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			_, got := unpack(t, p.file)
			delete(want, "demo/Chart.lock")
			delete(got, "demo/Chart.lock")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPackRefuses(t *testing.T) {
	link := func(to, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
				t.Skip(err)
			}
		}
	}
	cases := map[string]struct {
		change map[string]string
		do     func(*testing.T, string)
		want   string
	}{
		"a name that Helm refuses": {change: map[string]string{"Chart.yaml": "apiVersion: v2\nname: " +
			"../demo\nversion: 1.0.0\n"}, want: "name"},
		"a version that is none": {change: map[string]string{"Chart.yaml": "apiVersion: v2\nname: " +
			"demo\nversion: one\n"}, want: "version"},
		"YAML that is none": {change: map[string]string{"Chart.yaml": "a: [\n"}, want: "Chart.yaml"},
		"a schema that is no JSON": {change: map[string]string{"values.schema.json": "{"},
			want: "values.schema.json"},
		"a dependency that is " +
			"not there": {change: map[string]string{"Chart.yaml": "apiVersion: v2\nname: demo\nversion: " +
			"1.0.0\ndependencies: [{name: redis, version: 1.x, repository: 'https://example.com'}]\n"},
			want: "not in charts/: redis"},
		"a dependency that is " +
			"there twice": {change: map[string]string{"charts/a/Chart.yaml": "apiVersion: v2\nname: " +
			"same\nversion: 1.0.0\n", "charts/b/Chart.yaml": "apiVersion: v2\nname: same\nversion: 1.0.0\n"},
			want: "charts/same/Chart.yaml is there twice"},
		"a link out of the chart":        {do: link("/etc/hosts", "hosts"), want: "leads out of the chart"},
		"a link to a folder outside":     {do: link("..", "above"), want: "leads out of the chart"},
		"a link to nothing":              {do: link("nothing", "lost"), want: "leads nowhere"},
		"a link in a circle":             {do: link(".", "circle"), want: "a folder that it lies in"},
		"a backslash in a name":          {change: map[string]string{`files/a\b`: "x"}, want: "backslash"},
		"a line break in a name":         {change: map[string]string{"files/a\nb": "x"}, want: "control character"},
		"a name of no UTF-8":             {change: map[string]string{"files/\xff": "x"}, want: "UTF-8"},
		"a name that begins with dots":   {change: map[string]string{"..data": "x"}, want: "two dots"},
		"a path of Windows":              {change: map[string]string{"c:/x": "x"}, want: "Windows"},
		"a rule that Helm does not know": {change: map[string]string{".helmignore": "**/x\n"}, want: ".helmignore"},
		"a file that is too large": {change: map[string]string{"big": strings.Repeat("x", 5<<20+1)},
			want: "larger than the maximum"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.change != nil {
				t.Skip("Windows has no such names")
			}
			dir := newChart(t, c.change)
			if c.do != nil {
				c.do(t, dir)
			}
			temporary := t.TempDir()
			t.Setenv("TMPDIR", temporary)
			_, err := Pack(context.Background(), PackOptions{Dir: dir, Time: defaultTime(t)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if remedy.Step(err) == "" && !strings.Contains(name, "rule") {
				t.Errorf("%v: it does not say what to do", err)
			}
			if left, _ := os.ReadDir(temporary); len(left) > 0 {
				t.Errorf("it left %v behind", left)
			}
		})
	}
	for _, version := range []string{"one", "1.0.0/2"} {
		if _, err := Pack(context.Background(), PackOptions{Dir: newChart(t, nil), Version: version}); err == nil {
			t.Errorf("version %q is taken", version)
		}
	}
}

// What is refused by its name is what Helm does not open again, or opens under
// another name.
func TestOddNamesAreThoseThatHelmLoses(t *testing.T) {
	for _, name := range []string{`a\b`, "..x", "../x", "c:/x", "ok.txt", "a..b", "with space", "ü", "-x", "~", "c:x"} {
		dir := t.TempDir()
		file := filepath.Join(dir, "x.tgz")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		err = writeArchive(context.Background(), f, []helmchart.File{
			{Name: "demo/Chart.yaml", Data: []byte("apiVersion: v2\nname: demo\nversion: 1.0.0\n")},
			{Name: "demo/" + name, Data: []byte("x")},
		}, defaultTime(t))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		chart, err := helmchart.Load(file)
		kept := false
		if err == nil {
			p, err := chart.Package(helmchart.PackageOptions{})
			kept = err == nil &&
				slices.ContainsFunc(p.Files, func(f helmchart.File) bool { return f.Name == "demo/"+name })
		}
		if odd := oddName(name) != ""; odd == kept {
			t.Errorf("%q is odd: %v; Helm keeps it: %v", name, odd, kept)
		}
	}
}

func TestPackFollowsLinksInsideTheChart(t *testing.T) {
	dir := newChart(t, map[string]string{"files/a": "text", ".helmignore": "out\n"})
	for name, to := range map[string]string{"link": "files/a", "folder": "files", "out": "/"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	_, got := unpack(t, pack(t, dir, "").file)
	if got["demo/link"] != "text" || got["demo/folder/a"] != "text" {
		t.Errorf("got %v", got)
	}
}

func TestSaveLeavesWhatHelmWould(t *testing.T) {
	p := pack(t, newChart(t, nil), "2.0.0+x")
	out := filepath.Join(t.TempDir(), "new", "folder")
	for range 2 { // the second time over the first
		file, err := p.Save(out)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(out, "demo-2.0.0+x.tgz"); file != want {
			t.Errorf("saved %s, want %s", file, want)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if !info.ModTime().Equal(defaultTime(t)) || info.Size() != p.Size || info.Mode().Perm() != 0o644 {
			t.Errorf("saved %v", info)
		}
	}
	if left, _ := os.ReadDir(out); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestUpdateDependenciesRunsHelm(t *testing.T) {
	for name, helm := range helms(t) {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for _, variable := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
				t.Setenv(variable, filepath.Join(home, variable))
			}
			apps := t.TempDir()
			write(t, apps, map[string]string{
				"below/Chart.yaml": "apiVersion: v2\nname: below\nversion: 0.1.0\n",
				"demo/Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\ndependencies: [{name: below, " +
					"version: 0.x, repository: 'file://../below'}]\n",
			})
			dir := filepath.Join(apps, "demo")
			if err := updateDependencies(context.Background(), helm, dir, oci.Options{PlainHTTP: true}); err != nil {
				t.Fatal(err)
			}
			_, got := unpack(t, pack(t, dir, "").file)
			if got["demo/charts/below/Chart.yaml"] == "" {
				t.Errorf("packed %v", got)
			}
			write(t, apps, map[string]string{"demo/Chart.yaml": "apiVersion: v2\nname: demo\nversion: " +
				"1.0.0\ndependencies: [{name: gone, version: 0.x, repository: 'file://../gone'}]\n"})
			if err := updateDependencies(context.Background(), helm, dir, oci.Options{}); err == nil ||
				!strings.Contains(err.Error(), "gone") {
				t.Error("got", err)
			}
		})
	}
	if err := updateDependencies(context.Background(), filepath.Join(t.TempDir(), "no-helm"), newChart(t, nil),
		oci.Options{}); err == nil || remedy.Step(err) == "" {
		t.Error("without a Helm:", err)
	}
}

// helms gives the Helms to compare with. The test is skipped without any.
func helms(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, variable := range []string{"HELM3_BIN", "HELM4_BIN"} {
		if helm := os.Getenv(variable); helm != "" {
			out[variable] = helm
		}
	}
	if len(out) == 0 {
		t.Skip("neither HELM3_BIN nor HELM4_BIN names a Helm")
	}
	return out
}

func run(t testing.TB, program string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
