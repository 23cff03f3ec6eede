//go:build unix

package plugintest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The Helms to test under. They are not built here: it takes minutes. .ci/run
// builds them and sets the variables.
var helms = []struct{ name, variable string }{{"Helm 3", "HELM3_BIN"}, {"Helm 4", "HELM4_BIN"}}

// A helm is one of them with a home of its own.
type helm struct {
	program string
	home    string
	version int
	plugin  string // the folder of the checkout that was installed
	env     []string
}

// underEachHelm runs the test with each Helm that is there.
func underEachHelm(t *testing.T, test func(*testing.T, *helm)) {
	t.Helper()
	for i, h := range helms {
		t.Run(h.name, func(t *testing.T) {
			program := os.Getenv(h.variable)
			if program == "" {
				t.Skipf("%s does not name a %s", h.variable, h.name)
			}
			test(t, &helm{program: program, home: t.TempDir(), version: 3 + i})
		})
	}
}

// An answer is what one call of a program gave.
type answer struct {
	stdout, stderr string
	code           int
}

func (h *helm) run(t *testing.T, args ...string) answer {
	t.Helper()
	cmd := exec.Command(h.program, args...)
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "HELM_") {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	cmd.Env = append(cmd.Env, "HELM_DATA_HOME="+h.home+"/data", "HELM_CACHE_HOME="+h.home+"/cache",
		"HELM_CONFIG_HOME="+h.home+"/config", "KUBECONFIG="+h.home+"/none")
	cmd.Env = append(cmd.Env, h.env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return answer{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs Helm and fails the test where Helm does.
func (h *helm) must(t *testing.T, args ...string) string {
	t.Helper()
	a := h.run(t, args...)
	if a.code != 0 {
		t.Fatalf("helm %s: exit code %d\n%s%s", strings.Join(args, " "), a.code, a.stdout, a.stderr)
	}
	return a.stdout
}

// install installs the plugin as Helm's users do, with a release that holds the
// given program.
func (h *helm) install(t *testing.T, program string) {
	t.Helper()
	h.plugin = filepath.Join(t.TempDir(), "plug in")
	for _, name := range []string{"plugin.yaml", "plugin.complete", "install-binary.sh"} {
		info, err := os.Stat(filepath.Join(checkout, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(h.plugin, name), info.Mode().Perm(), read(t, name))
	}
	h.takeRelease(t, program)
	h.must(t, "plugin", "install", h.plugin)
}

// takeRelease gives the next run of the hook a release that holds the program.
func (h *helm) takeRelease(t *testing.T, program string) {
	t.Helper()
	version := submatch(t, read(t, "plugin.yaml"), `(?m)^version: (.+)$`)
	archive := "helm-livekit_" + version + "_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	content := tarred("helm-livekit", program)
	dir := t.TempDir()
	write(t, filepath.Join(dir, archive), 0o644, string(content))
	write(t, filepath.Join(dir, "checksums.txt"), 0o644, checksumLine(archive, content))
	h.env = []string{"HELM_LIVEKIT_ARCHIVE=" + filepath.Join(dir, archive)}
}

// fromGit gives the flags that a plugin from a git repository needs.
func (h *helm) fromGit() []string {
	if h.version >= 4 {
		return []string{"--verify=false"}
	}
	return nil
}

// Echo shows what the plugin is given.
const echo = `#!/bin/sh
echo "arguments: $*"
env | grep ^HELM_
exit "${ECHO_EXIT_CODE:-0}"
`

func TestHelmPassesWhatThePluginNeeds(t *testing.T) {
	t.Parallel()
	underEachHelm(t, func(t *testing.T, h *helm) {
		t.Parallel()
		h.install(t, echo)
		out := h.must(t, "livekit", "scaffold", "a b", "--debug", "-n", "calls", "--registry-config", "/r.json", "-o",
			"json")
		for _, want := range []string{
			"arguments: scaffold a b -o json\n",
			"HELM_DEBUG=true\n",
			"HELM_NAMESPACE=calls\n",
			"HELM_REGISTRY_CONFIG=/r.json\n",
			"HELM_REPOSITORY_CACHE=" + h.home + "/cache/repository\n",
			"HELM_PLUGIN_NAME=livekit\n",
			"HELM_PLUGIN_DIR=",
			"HELM_BIN=",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in:\n%s", want, out)
			}
		}
	})
}

func TestHelmPassesTheExitCodeOn(t *testing.T) {
	t.Parallel()
	underEachHelm(t, func(t *testing.T, h *helm) {
		t.Parallel()
		h.install(t, echo)
		for _, code := range []string{"0", "1", "2"} {
			h.env = []string{"ECHO_EXIT_CODE=" + code}
			if got := h.run(t, "livekit"); got.code != int(code[0]-'0') {
				t.Errorf("the plugin's %s became %d", code, got.code)
			}
		}
	})
}

func TestHelmRunsTheHooks(t *testing.T) {
	t.Parallel()
	underEachHelm(t, func(t *testing.T, h *helm) {
		t.Parallel()
		h.install(t, "#!/bin/sh\necho first\n")
		equal(t, "after the installation", h.must(t, "livekit"), "first\n")
		if list := h.must(t, "plugin", "list"); !strings.Contains(list, "livekit") {
			t.Errorf("not listed:\n%s", list)
		}
		h.must(t, "plugin", "uninstall", "livekit")
		if list := h.must(t, "plugin", "list"); strings.Contains(list, "livekit") {
			t.Errorf("still listed:\n%s", list)
		}
	})
}

// From git, as most install it; an update follows the repository.
func TestHelmInstallsFromGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	underEachHelm(t, func(t *testing.T, h *helm) {
		t.Parallel()
		repository := filepath.Join(t.TempDir(), "helm-livekit")
		for _, name := range []string{"plugin.yaml", "plugin.complete", "install-binary.sh"} {
			write(t, filepath.Join(repository, name), 0o755, read(t, name))
		}
		git := func(args ...string) {
			t.Helper()
			identity := []string{"-C", repository, "-c", "user.name=test", "-c", "user.email=test@example.com"}
			if out, err := exec.Command("git", append(identity, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
		}
		git("init", "-q")
		git("add", ".")
		git("commit", "-qm", "first")

		h.takeRelease(t, "#!/bin/sh\necho first\n")
		h.must(t, append([]string{"plugin", "install", "file://" + repository}, h.fromGit()...)...)
		equal(t, "after the installation", h.must(t, "livekit"), "first\n")

		write(t, filepath.Join(repository, "NEWS"), 0o644, "news\n")
		git("add", ".")
		git("commit", "-qm", "second")
		h.takeRelease(t, "#!/bin/sh\necho second\n")
		h.must(t, "plugin", "update", "livekit")
		equal(t, "after the update", h.must(t, "livekit"), "second\n")
	})
}

// What the script says reaches the user, and by the way it names the plugin works
// without a second installation, which Helm would refuse.
func TestHelmShowsWhyAnInstallationFailed(t *testing.T) {
	t.Parallel()
	underEachHelm(t, func(t *testing.T, h *helm) {
		t.Parallel()
		h.plugin = filepath.Join(t.TempDir(), "plug in")
		for _, name := range []string{"plugin.yaml", "plugin.complete", "install-binary.sh"} {
			write(t, filepath.Join(h.plugin, name), 0o755, read(t, name))
		}
		h.env = []string{"HELM_LIVEKIT_ARCHIVE=/nowhere/archive"}
		a := h.run(t, "plugin", "install", h.plugin)
		if a.code == 0 || !strings.Contains(a.stderr, "HELM_LIVEKIT_ARCHIVE: /nowhere/archive is not there") {
			t.Errorf("exit code %d\n%s%s", a.code, a.stdout, a.stderr)
		}
		finish := submatch(t, a.stderr, `Then finish the installation: (sh ".+")`)
		h.takeRelease(t, "#!/bin/sh\necho first\n")
		cmd := exec.Command("sh", "-c", finish)
		cmd.Env = append(os.Environ(), h.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		equal(t, "after that", h.must(t, "livekit"), "first\n")
	})
}

// The program itself, built by the script from this checkout, under Helm.
func TestPluginUnderHelm(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds the program")
	}
	if os.Getenv("HELM3_BIN") == "" && os.Getenv("HELM4_BIN") == "" {
		t.Skip("neither HELM3_BIN nor HELM4_BIN is set")
	}
	program := buildByTheScript(t)
	underEachHelm(t, func(t *testing.T, h *helm) {
		h.install(t, program)
		t.Run("version", func(t *testing.T) {
			equal(t, "helm livekit version", h.must(t, "livekit", "version"), sandboxVersion+"\n")
		})
		t.Run("help", func(t *testing.T) {
			out := h.must(t, "livekit", "--help")
			for _, want := range []string{"helm livekit", "scaffold", "verify"} {
				if !strings.Contains(out, want) {
					t.Errorf("helm livekit --help has no %q:\n%s", want, out)
				}
			}
		})
		t.Run("completion", func(t *testing.T) { testCompletion(t, h) })
		t.Run("Helm's flags", func(t *testing.T) { testHelmFlags(t, h) })
		t.Run("chart", func(t *testing.T) { testChart(t, h) })
		t.Run("exit codes", func(t *testing.T) {
			broken := filepath.Join(t.TempDir(), "chart")
			write(t, filepath.Join(broken, "Chart.yaml"), 0o644, "apiVersion: v2\nname: chart\nversion: 0.1.0\n")
			write(t, filepath.Join(broken, "templates/pod.yaml"), 0o644, "kind: {{ if }}\n")
			if a := h.run(t, "livekit", "verify", broken); a.code != 2 {
				t.Errorf("failed checks: exit code %d, expected 2\n%s%s", a.code, a.stdout, a.stderr)
			}
			if a := h.run(t, "livekit", "no-such-command"); a.code != 1 {
				t.Errorf("an error: exit code %d, expected 1\n%s%s", a.code, a.stdout, a.stderr)
			}
		})
	})
}

func testCompletion(t *testing.T, h *helm) {
	for _, c := range []struct {
		words []string
		want  string
	}{
		{[]string{""}, "scaffold"},
		{[]string{"sca"}, "scaffold"},
		{[]string{"scaffold", "--lik"}, "--like"},
		{[]string{"verify", "-o", ""}, "json"},
	} {
		lines := strings.Split(h.must(t, append([]string{"__complete", "livekit"}, c.words...)...), "\n")
		named := func(line string) bool { return line == c.want || strings.HasPrefix(line, c.want+"\t") }
		if !slices.ContainsFunc(lines, named) {
			t.Errorf("helm livekit %q: no %s in %q", c.words, c.want, lines)
		}
		// The last line is Helm's own directive; the plugin's must not be among the words.
		directives := 0
		for _, line := range lines {
			if strings.HasPrefix(line, ":") || strings.Contains(line, "directive") {
				directives++
			}
		}
		if directives != 1 {
			t.Errorf("helm livekit %q: expected words and one directive, got %q", c.words, lines)
		}
	}
}

// buildByTheScript runs install-binary.sh where there is no release, in a copy of
// this checkout with another version, and gives the program that it built.
func buildByTheScript(t *testing.T) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "source")
	copySource(t, source)
	write(t, filepath.Join(source, "plugin.yaml"), 0o644, withVersion(t, read(t, "plugin.yaml"), sandboxVersion))
	cmd := exec.Command("sh", filepath.Join(source, "install-binary.sh"))
	cmd.Env = append(os.Environ(), "HELM_PLUGIN_DIR="+source, "HELM_LIVEKIT_BASE_URL=http://127.0.0.1:1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(source, "bin/helm-livekit"))
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}

// copySource copies the files that the program is built of.
func copySource(t *testing.T, to string) {
	t.Helper()
	for _, name := range []string{"go.mod", "go.sum", "main.go", "install-binary.sh"} {
		write(t, filepath.Join(to, name), 0o755, read(t, name))
	}
	for _, dir := range []string{"internal", "scaffold"} {
		if err := os.CopyFS(filepath.Join(to, dir), os.DirFS(filepath.Join(checkout, dir))); err != nil {
			t.Fatal(err)
		}
	}
}
