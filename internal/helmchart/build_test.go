//go:build unix

package helmchart

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// fakeHelm is a program that writes down how it is called, then runs script.
func fakeHelm(t *testing.T, script string) (program string, calls func() []string) {
	t.Helper()
	dir := t.TempDir()
	program, log := filepath.Join(dir, "helm"), filepath.Join(dir, "log")
	text := "#!/bin/sh\necho \"$@\" >> '" + log + "'\naction=$2 dir=$3\n" + script
	if err := os.WriteFile(program, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, func() []string {
		data, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
	}
}

// snapshot gives all files below a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBuildDependenciesWorksOnACopy(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: 1.x, repository: "file://../../charts/lib"`),
		"apps/app/templates/x.yaml": "x: 1\n",
		"charts/lib/Chart.yaml": chartYAML("lib", "1.0.0",
			`name: base, version: 1.x, repository: "file://../base"`),
		"charts/base/Chart.yaml": chartYAML("base", "1.0.0"),
	})
	before := snapshot(t, root)
	helm, calls := fakeHelm(t, `mkdir -p "$dir/charts" && touch "$dir/charts/fetched" "$dir/Chart.lock"`)
	dir, cleanup, err := BuildDependencies(context.Background(), helm, filepath.Join(root, "apps/app"), root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, snapshot(t, root)); diff != "" {
		t.Error("the repository changed:", diff)
	}
	for _, file := range []string{"Chart.yaml", "templates/x.yaml", "charts/fetched", "../../charts/base/Chart.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"dependency update " + filepath.Join(dir, "../../charts/lib") + " --skip-refresh",
		"dependency update " + dir + " --skip-refresh",
	}
	if diff := cmp.Diff(want, calls()); diff != "" {
		t.Error(diff)
	}
	cleanup()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the copy stays:", err)
	}
}

// Charts that have all they need, and those that Helm reads where they are, are
// left alone.
func TestBuildDependenciesCallsHelmWhereItMust(t *testing.T) {
	root := tree(t, map[string]string{
		"whole/Chart.yaml": chartYAML("whole", "1.0.0", "name: far, version: 1.x, repository: "+
			"https://charts.example.org"),
		"whole/charts/far/Chart.yaml": chartYAML("far", "1.0.0"),
		"absolute/Chart.yaml": chartYAML("absolute", "1.0.0", "name: far, version: 1.x, repository: "+
			"https://charts.example.org"),

		"far/Chart.yaml": chartYAML("far", "1.0.0"),
	})
	write(t, filepath.Join(root, "app/Chart.yaml"), []byte(chartYAML("app", "1.0.0",
		`name: whole, version: 1.x, repository: "file://../whole"`,
		`name: absolute, version: 1.x, repository: "file://`+root+`/absolute"`)))
	helm, calls := fakeHelm(t, "")
	dir, cleanup, err := BuildDependencies(context.Background(), helm, filepath.Join(root, "app"), root)
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	if diff := cmp.Diff([]string{"dependency update " + dir + " --skip-refresh"}, calls()); diff != "" {
		t.Error(diff)
	}
}

func TestBuildDependenciesUpdatesAnOldLock(t *testing.T) {
	root := tree(t, map[string]string{
		"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: https://charts.example.org"),
		"Chart.lock": "dependencies: []\ndigest: sha256:0\n",
	})
	helm, calls := fakeHelm(t,
		`if test $action = build; then echo "Error: the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies" >&2; exit 1; fi`)
	dir, cleanup, err := BuildDependencies(context.Background(), helm, root, "")
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	if diff := cmp.Diff([]string{"dependency build " + dir, "dependency update " + dir}, calls()); diff != "" {
		t.Error(diff)
	}
}

func TestBuildDependenciesPassesOnWhatHelmSays(t *testing.T) {
	root := tree(t, map[string]string{
		"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: https://charts.example.org"),
		"Chart.lock": "dependencies: []\ndigest: sha256:0\n",
	})
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	helm, _ := fakeHelm(t, `printf 'Hang tight\n...Unable to get an update from the "x" chart repository:\n\tno such host\nUpdate Complete\n'
echo "Error: no repository definition for https://user:s3cret@charts.example.org in $dir" >&2; exit 1`)
	_, _, err := BuildDependencies(context.Background(), helm, root, "")
	if err == nil {
		t.Fatal("no error")
	}
	if !strings.Contains(remedy.Step(err), "helm repo add") || !strings.Contains(err.Error(),
		"https://***@charts.example.org in "+root) {
		t.Errorf("got %v; step %q", err, remedy.Step(err))
	}
	if !strings.Contains(err.Error(), "\tno such host") || strings.Contains(err.Error(), "Hang tight") ||
		strings.Contains(err.Error(), "Complete") {
		t.Error("got", err)
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Error("a password is shown:", err)
	}
	_, _, err = BuildDependencies(context.Background(), filepath.Join(root, "no-helm"), root, "")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("got", err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Error("it leaves", left, err)
	}
}

func TestBuildDependenciesStaysInTheRepository(t *testing.T) {
	outside := tree(t, map[string]string{"lib/Chart.yaml": chartYAML("lib", "1.0.0")})
	for _, repository := range []string{"file://" + outside + "/lib", "file://../../../../../../../../../../../.." +
		outside + "/lib"} {
		root := tree(t, map[string]string{"Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: 1.x, repository: "`+repository+`"`)})
		helm, calls := fakeHelm(t, "")
		if _, _, err := BuildDependencies(context.Background(), helm, root, root); err == nil ||
			!strings.Contains(err.Error(), "leads out") {
			t.Error("got", err)
		}
		if len(calls()) > 0 {
			t.Error("Helm was called")
		}
		_, cleanup, err := BuildDependencies(context.Background(), helm, root, "")
		if err != nil {
			t.Fatal(err)
		}
		cleanup()
	}
}

func TestBuildDependenciesNamesTheRing(t *testing.T) {
	root := tree(t, map[string]string{
		"one/Chart.yaml": chartYAML("one", "1.0.0", `name: two, version: "*", repository: "file://../two"`),
		"two/Chart.yaml": chartYAML("two", "1.0.0", `name: one, version: "*", repository: "file://../one"`),
	})
	helm, _ := fakeHelm(t, "")
	_, _, err := BuildDependencies(context.Background(), helm, filepath.Join(root, "one"), root)
	if want := filepath.Join(root, "one") + " -> " + filepath.Join(root, "two") +
		" -> " + filepath.Join(root, "one"); err == nil || !strings.Contains(err.Error(), want) {
		t.Error("got", err)
	}
}

func TestBuildDependenciesEndsHelm(t *testing.T) {
	root := tree(t, map[string]string{"Chart.yaml": chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: "+
		"https://charts.example.org")})
	pid := filepath.Join(t.TempDir(), "pid")
	helm, _ := fakeHelm(t, "sleep 60 & echo $! > '"+pid+".new'; mv '"+pid+".new' '"+pid+"'; wait")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, _, err := BuildDependencies(ctx, helm, root, "")
		ended <- err
	}()
	child := 0
	for deadline := time.Now().Add(10 * time.Second); child == 0 &&
		time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(pid); err == nil {
			child, _ = strconv.Atoi(strings.TrimSpace(string(data)))
		}
	}
	if child == 0 {
		t.Fatal("Helm did not start")
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error("got", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	// The child is gone, or waits for init to collect it.
	for deadline := time.Now().Add(5 * time.Second); isAlive(child); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what Helm started goes on")
		}
	}
}

func isAlive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// A pipe in a cache or in the repository would be read without end.
func TestCompletePassesOverPipes(t *testing.T) {
	root := tree(t, map[string]string{"app/Chart.yaml": chartYAML("app", "1.0.0",
		"name: lib, version: 1.x, repository: https://charts.example.org")})
	cache := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, pipe := range []string{filepath.Join(cache, "lib-1.0.0.tgz"), filepath.Join(root, "lib/Chart.yaml")} {
		if err := syscall.Mkfifo(pipe, 0o644); err != nil {
			t.Skip("no pipes here:", err)
		}
	}
	done := make(chan error, 1)
	go func() {
		c, err := LoadComplete(context.Background(), filepath.Join(root, "app"),
			Sources{Root: root, Caches: []string{cache}})
		if err == nil && len(c.Lacks()) != 1 {
			err = fmt.Errorf("it lacks %v", c.Lacks())
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for a pipe")
	}
}

// The real Helms, without the network: both take a chart from file://, keep to a
// lock file and see one that is out of date.
func TestBuildDependenciesWithHelm(t *testing.T) {
	for _, variable := range []string{"HELM3_BIN", "HELM4_BIN"} {
		t.Run(variable, func(t *testing.T) {
			helm := os.Getenv(variable)
			if helm == "" {
				t.Skip("set " + variable + " to a Helm to test with it")
			}
			home := t.TempDir()
			for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
				t.Setenv(name, filepath.Join(home, name))
			}
			root := tree(t, map[string]string{
				"app/Chart.yaml": chartYAML("app", "1.0.0",
					`name: lib, version: 1.x, repository: "file://../lib"`),
				"app/templates/x.yaml": `{{ include "lib.x" . }}` + "\n",
				"lib/Chart.yaml": chartYAML("lib", "1.2.3",
					`name: base, version: 1.x, repository: "file://../base"`),
				"lib/templates/_lib.tpl":  `{{ define "lib.x" }}lib: {{ include "base.x" . }}{{ end }}`,
				"base/Chart.yaml":         chartYAML("base", "1.0.0"),
				"base/templates/base.tpl": `{{ define "base.x" }}base{{ end }}`,
			})
			for _, lock := range []string{"", "dependencies: []\ndigest: sha256:0\n"} {
				if lock != "" {
					write(t, filepath.Join(root, "app/Chart.lock"), []byte(lock))
				}
				before := snapshot(t, root)
				dir, cleanup, err := BuildDependencies(context.Background(), helm, filepath.Join(root, "app"), root)
				if err != nil {
					t.Fatal(err)
				}
				c, err := Load(dir)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff("lib: base\n", rendered(t, c, nil)["templates/x.yaml"]); diff != "" {
					t.Error(diff)
				}
				cleanup()
				if diff := cmp.Diff(before, snapshot(t, root)); diff != "" {
					t.Error("the repository changed:", diff)
				}
			}
			// A repository that Helm has never heard of.
			write(t, filepath.Join(root, "app/Chart.yaml"),
				[]byte(chartYAML("app", "1.0.0", "name: lib, version: 1.x, repository: https://charts.invalid")))
			write(t, filepath.Join(root, "app/Chart.lock"),
				[]byte(lockOf(t, &chart.Dependency{Name: "lib", Version: "1.x", Repository: "https://charts.invalid"},
					"1.2.3")))
			_, _, err := BuildDependencies(context.Background(), helm, filepath.Join(root, "app"), root)
			if err == nil || !strings.Contains(err.Error(), "no repository definition for "+
				"https://charts.invalid") || !strings.Contains(remedy.Step(err), "helm repo add") {
				t.Error("got", err)
			}
		})
	}
}

// lockOf makes a lock file that Helm takes for up to date (internal/resolver's
// HashReq).
func lockOf(t *testing.T, want *chart.Dependency, version string) string {
	t.Helper()
	locked := &chart.Dependency{Name: want.Name, Version: version, Repository: want.Repository}
	data, err := json.Marshal([2][]*chart.Dependency{{want}, {locked}})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("dependencies:\n- {name: %s, version: %s, repository: %s}\ndigest: sha256:%x\n", locked.Name,
		version, locked.Repository, sha256.Sum256(data))
}

// An archive in the cache of a real Helm is found, and known by its index.
func TestCompleteFromTheCacheOfHelm(t *testing.T) {
	for _, variable := range []string{"HELM3_BIN", "HELM4_BIN"} {
		t.Run(variable, func(t *testing.T) {
			helm := os.Getenv(variable)
			if helm == "" {
				t.Skip("set " + variable + " to a Helm to test with it")
			}
			home := t.TempDir()
			env := map[string]string{"HELM_CACHE_HOME": home + "/cache", "HELM_CONFIG_HOME": home + "/config",
				"HELM_DATA_HOME": home + "/data"}
			for name, value := range env {
				t.Setenv(name, value)
			}
			packed := archive(t, "lib", map[string]string{"Chart.yaml": chartYAML("lib", "1.2.3"),
				"templates/x.yaml": "x: 1\n"})
			served := t.TempDir()
			write(t, filepath.Join(served, "lib-1.2.3.tgz"), packed)
			write(t, filepath.Join(served, "index.yaml"),
				[]byte(fmt.Sprintf("apiVersion: v1\nentries:\n  lib:\n  - {apiVersion: v2, name: lib, version: "+
					"1.2.3, urls: [lib-1.2.3.tgz], digest: %x}\n", sha256.Sum256(packed))))
			server := httptest.NewServer(http.FileServer(http.Dir(served)))
			defer server.Close()
			for _, args := range [][]string{{"repo", "add", "example", server.URL}, {"template", "x", "example/lib"}} {
				if out, err := exec.Command(helm, args...).CombinedOutput(); err != nil {
					t.Fatalf("helm %v: %v\n%s", args, err, out)
				}
			}
			from := HelmSources("", func(name string) string { return env[name] })
			for repository, isKnown := range map[string]bool{
				server.URL + "/": true, "@example": true, "https://charts.example.org": false,
			} {
				root := tree(t, map[string]string{"Chart.yaml": chartYAML("app",
					"1.0.0", fmt.Sprintf("name: lib, version: 1.x, repository: %q", repository))})
				if got := found(complete(t, root, from), "lib"); got != "1.2.3" ||
					isVouchedFor(from, repository) != isKnown {
					t.Errorf("%s: got %q", repository, got)
				}
			}
		})
	}
}
