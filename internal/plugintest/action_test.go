//go:build unix

package plugintest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// action is what the tests read of action.yml.
type action struct {
	Inputs map[string]struct {
		Description string `json:"description"`
		Default     string `json:"default"`
	} `json:"inputs"`
	Outputs map[string]struct {
		Description string `json:"description"`
		Value       string `json:"value"`
	} `json:"outputs"`
	Runs struct {
		Using string       `json:"using"`
		Steps []actionStep `json:"steps"`
	} `json:"runs"`
}

type actionStep struct {
	ID    string            `json:"id"`
	Name  string            `json:"name"`
	If    string            `json:"if"`
	Shell string            `json:"shell"`
	Uses  string            `json:"uses"`
	Env   map[string]string `json:"env"`
	Run   string            `json:"run"`
}

func readAction(t *testing.T) *action {
	t.Helper()
	var a action
	if err := yaml.UnmarshalStrict([]byte(read(t, "action.yml")), &struct {
		Name, Description, Author string
		Branding                  map[string]string
		*action
	}{action: &a}); err != nil {
		t.Fatal(err)
	}
	return &a
}

var expression = regexp.MustCompile(`\$\{\{ *([^}]*?) *\}\}`)

// GitHub puts expressions into scripts before a shell reads them, so that whoever names a branch could write commands:
// scripts get everything in variables. What the action has is described, used and in docs/ci.md.
func TestActionIsWellFormed(t *testing.T) {
	a := readAction(t)
	docs := read(t, "docs/ci.md")
	used := map[string]bool{}
	written := map[string]bool{}
	for _, s := range a.Runs.Steps {
		if a.Runs.Using != "composite" || s.Uses != "" || s.Shell != "bash" || s.Name == "" {
			t.Errorf("step %q: each is a script for bash with a name", s.Name)
		}
		if expression.MatchString(s.Run) {
			t.Errorf("step %q has an expression in its script", s.Name)
		}
		for name := range s.Env {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(s.Run + read(t, "install-binary.sh")) {
				t.Errorf("step %q does not use %s", s.Name, name)
			}
		}
		for _, m := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(fmt.Sprint(s), -1) {
			used[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`echo "([a-z-]+)=.*>>"\$GITHUB_OUTPUT"`).FindAllStringSubmatch(s.Run, -1) {
			written["${{ steps."+s.ID+".outputs."+m[1]+" }}"] = true
		}
	}
	for name, input := range a.Inputs {
		if input.Description == "" || !used[name] || !strings.Contains(docs, "`"+name+"`") {
			t.Errorf("input %s: it needs a description, a use and a line in docs/ci.md", name)
		}
		delete(used, name)
	}
	for name, output := range a.Outputs {
		if output.Description == "" || !written[output.Value] || !strings.Contains(docs, "`"+name+"`") {
			t.Errorf("output %s: it needs a description, a step that writes it and a line in docs/ci.md", name)
		}
	}
	if len(used) > 0 {
		t.Errorf("there are no inputs %v", used)
	}
}

// runner stands for GitHub's: a workspace, the files that steps write to, and a server with the repository.
type runner struct {
	action *action
	dir    string
	path   string // of stand-ins
	inputs map[string]string
	env    []string
	failed bool
	log    string
}

func newRunner(t *testing.T, inputs map[string]string) *runner {
	t.Helper()
	for _, program := range []string{"bash", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is needed and is not installed", program)
		}
	}
	r := &runner{action: readAction(t), dir: t.TempDir(), inputs: inputs}
	r.path = filepath.Join(r.dir, "path")
	for _, name := range []string{"path", "action", "temp", "home", "workspace"} {
		makeDir(t, filepath.Join(r.dir, name))
	}
	write(t, r.file("action/install-binary.sh"), 0o755, "[ -z \"$HELM_PLUGIN_DIR\" ]\n")
	server := filepath.Join(r.dir, "server")
	r.env = []string{
		"PATH=" + r.path + ":" + os.Getenv("PATH"), "HOME=" + filepath.Join(r.dir, "home"),
		"GITHUB_ACTION_PATH=" + filepath.Join(r.dir, "action"), "RUNNER_TEMP=" + filepath.Join(r.dir, "temp"),
		"GITHUB_STEP_SUMMARY=" + filepath.Join(r.dir, "summary"), "GITHUB_OUTPUT=" + filepath.Join(r.dir, "output"),
		"GITHUB_PATH=" + filepath.Join(r.dir, "paths"), "GITHUB_SERVER_URL=file://" + server,
		"GITHUB_REPOSITORY=example/charts", "GITHUB_REF_NAME=main", "GIT_CONFIG_NOSYSTEM=1",
	}
	write(t, r.file("workspace/apps/livekit/Chart.yaml"), 0o644, "name: livekit\n")
	write(t, r.file("workspace/apps/livekit/.helm-livekit.lock"), 0o644, "format: 1\n")
	write(t, r.file("workspace/apps/web/Chart.yaml"), 0o644, "name: web\n")
	write(t, r.file("workspace/production.yaml"), 0o644, "a: 1\n")
	r.git(t, "init", "--quiet", "--initial-branch=main")
	r.git(t, "add", ".")
	r.git(t, "-c", "user.name=a", "-c", "user.email=a@home.test", "commit", "--quiet", "-m", "charts")
	r.git(t, "init", "--quiet", "--bare", filepath.Join(server, "example/charts"))
	return r
}

func (r *runner) file(name string) string { return filepath.Join(r.dir, name) }

// has gives what a file holds, "" where it is not there.
func (r *runner) has(name string) string {
	data, _ := os.ReadFile(r.file(name))
	return string(data)
}

func (r *runner) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.file("workspace"), r.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// fake puts a stand-in into PATH, which notes its arguments in calls.
func (r *runner) fake(t *testing.T, name, script string) {
	t.Helper()
	write(t, filepath.Join(r.path, name), 0o755, "#!/bin/bash\necho \""+name+" $*\" >>'"+r.file("calls")+"'\n"+script)
}

// value fills in the expressions of a variable.
func (r *runner) value(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name, isInput := strings.CutPrefix(expression.FindStringSubmatch(e)[1], "inputs.")
		if !isInput {
			return "secret-" + name
		}
		return cmp.Or(r.inputs[name], r.value(r.action.Inputs[name].Default))
	})
}

// wants reports whether a step runs, by the few conditions that the action has.
func (r *runner) wants(t *testing.T, condition string) bool {
	t.Helper()
	afterFailure := false
	for term := range strings.SplitSeq(condition, " && ") {
		m := regexp.MustCompile(`^inputs\.([a-z-]+) == '([a-z]*)'$`).FindStringSubmatch(term)
		switch {
		case term == "(success() || failure())":
			afterFailure = true
		case m != nil && r.value("${{ inputs."+m[1]+" }}") != m[2]:
			return false
		case m == nil && term != "":
			t.Fatalf("the test cannot judge the condition %q", term)
		}
	}
	return afterFailure || !r.failed
}

// run runs the action's steps as GitHub does.
func (r *runner) run(t *testing.T) {
	t.Helper()
	for _, s := range r.action.Runs.Steps {
		if !r.wants(t, s.If) {
			continue
		}
		write(t, r.file("step.sh"), 0o644, s.Run)
		cmd := exec.Command("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", r.file("step.sh"))
		cmd.Dir, cmd.Env = r.file("workspace"), slices.Clone(r.env)
		for name, text := range s.Env {
			cmd.Env = append(cmd.Env, name+"="+r.value(text))
		}
		out, err := cmd.CombinedOutput()
		r.log += string(out)
		r.failed = r.failed || err != nil
	}
	if strings.Contains(r.log, "secret-github.token") {
		t.Error("the log has the token")
	}
}

// expect compares a file with what it has to hold, line by line of those that are asked for.
func (r *runner) expect(t *testing.T, file string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !slices.Contains(strings.Split(r.has(file), "\n"), line) {
			t.Errorf("%s lacks %q:\n%s\nlog:\n%s", file, line, r.has(file), r.log)
		}
	}
}

// plugin is a stand-in that says what it was asked, with the exit codes of its commands.
func plugin(verify, diff int) string {
	const script = "echo \"report: $*\"\ncase $1 in verify) exit %d ;; diff-upstream) exit %d ;; esac\n"
	return fmt.Sprintf(script, verify, diff)
}

func TestActionChecks(t *testing.T) {
	for _, test := range []struct {
		name           string
		inputs         map[string]string
		verify, diff   int
		failed         bool
		output, caller []string // lines of the outputs, and of what was called
		calls          int
	}{
		{"fine", nil, 0, 0, false, []string{"failed=false", "drift=false"}, []string{
			"helm-livekit verify apps/livekit -o markdown",
			"helm-livekit diff-upstream apps/livekit -o markdown --detailed-exitcode",
		}, 2},
		{"failed checks, and the comparison all the same", nil, 2, 0, true,
			[]string{"failed=true", "drift=false"},
			[]string{"helm-livekit diff-upstream apps/livekit -o markdown --detailed-exitcode"}, 3},
		{"drift", nil, 0, 2, false, []string{"failed=false", "drift=true"}, nil, 2},
		{"drift that fails", map[string]string{"fail-on-drift": "true"}, 0, 2, true, []string{"drift=true"}, nil, 2},
		{"without a comparison", map[string]string{"diff": "false"}, 0, 2, false, []string{"failed=false"}, nil, 1},
		{"no chart", nil, 1, 1, true, nil, nil, 2},
		{"a folder, values, upstream", map[string]string{
			"charts": "apps\n\nmore charts\n", "values": "production.yaml\nother one.yaml",
			"upstream": "oci://registry.home.test/charts/livekit-server", "upstream-version": "1.9.0",
		}, 0, 0, false, nil, []string{
			"helm-livekit verify apps more charts -f production.yaml -f other one.yaml -o markdown",
			"helm-livekit diff-upstream apps/livekit --upstream oci://registry.home.test/charts/livekit-server " +
				"--upstream-version 1.9.0 -o markdown --detailed-exitcode",
		}, 2},
		{"words that a shell would run", map[string]string{"charts": "apps/$(touch pwned)`touch pwned`"}, 0, 0, false,
			nil, []string{"helm-livekit verify apps/$(touch pwned)`touch pwned` -o markdown"}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, test.inputs)
			r.fake(t, "helm-livekit", plugin(test.verify, test.diff))
			r.run(t)
			if r.failed != test.failed {
				t.Errorf("failed is %v:\n%s", r.failed, r.log)
			}
			r.expect(t, "output", test.output...)
			r.expect(t, "calls", test.caller...)
			if n := strings.Count(r.has("calls"), "\n"); n != test.calls {
				t.Errorf("%d calls:\n%s", n, r.has("calls"))
			}
			if test.verify != 1 {
				r.expect(t, "paths", r.file("action/bin"))
			}
			for _, call := range test.caller {
				r.expect(t, "summary", strings.Replace(call, "helm-livekit ", "report: ", 1))
			}
			if _, err := os.Stat(r.file("workspace/pwned")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}

func TestActionRefusesAnUnknownMode(t *testing.T) {
	r := newRunner(t, map[string]string{"mode": "destroy"})
	r.fake(t, "helm-livekit", "")
	r.run(t)
	if !r.failed || !strings.Contains(r.log, "::error::mode is 'destroy'") || r.has("calls") != "" {
		t.Errorf("failed %v:\n%s", r.failed, r.log)
	}
}

// updating is a stand-in for a plugin that has something to update in some charts.
const updating = `
[ "$1" = update ] || exit 1
case "$2 $*" in
apps/livekit*--check*) echo "## Update of $2"; exit 2 ;;
*--check*) exit ${CODE:-0} ;;
esac
echo "name: new" >"$2/Chart.yaml"
echo "a: 2" >production.yaml
mkdir -p "$2/templates"; echo "kind: Service" >"$2/templates/service.yaml"
`

const gh = `
[ "$GH_TOKEN" = secret-github.token ] || { echo "no token" >&2; exit 1; }
case "$1 $2" in
"pr list") echo "$OPEN" ;;
"pr view") echo https://github.home.test/example/charts/pull/7 ;;
*) while [ "$1" != --body-file ]; do shift; done; cp "$2" "$HOME/body" ;;
esac
`

func TestActionProposesAnUpdate(t *testing.T) {
	for name, open := range map[string]string{"gh pr create": "", "gh pr edit 7": "7"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, map[string]string{
				"mode": "update", "charts": "apps/web\napps/livekit", "app-version": "1.13.5", "branch": "bot/livekit",
			})
			r.fake(t, "helm-livekit", updating)
			r.fake(t, "gh", gh)
			r.env = append(r.env, "OPEN="+open)
			write(t, r.file("workspace/left over by another step"), 0o644, "")
			r.run(t)
			if r.failed {
				t.Fatal(r.log)
			}
			r.expect(t, "output", "updated=true", "pull-request=https://github.home.test/example/charts/pull/7")
			r.expect(t, "summary", "## Update of apps/livekit")
			r.expect(t, "home/body", "## Update of apps/livekit")
			r.expect(t, "calls", "helm-livekit update apps/livekit --app-version 1.13.5")
			if strings.Contains(r.has("calls"), "update apps/web --app-version 1.13.5\n") ||
				!strings.Contains(r.has("calls"), name+" ") {
				t.Errorf("calls:\n%s", r.has("calls"))
			}
			pushed := r.git(t, "--git-dir", r.file("server/example/charts"),
				"log", "-1", "--format=%s|%an", "--name-only", "refs/heads/bot/livekit")
			want := "Update the LiveKit chart: apps/livekit|github-actions[bot]\n\napps/livekit/Chart.yaml\n" +
				"apps/livekit/templates/service.yaml\nproduction.yaml"
			if pushed != want {
				t.Errorf("pushed\n%s\nwant\n%s", pushed, want)
			}
		})
	}
}

func TestActionHasNothingToPropose(t *testing.T) {
	for name, code := range map[string]string{"up to date": "0", "an error": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRunner(t, map[string]string{"mode": "update", "charts": "apps/web"})
			r.fake(t, "helm-livekit", updating)
			r.fake(t, "gh", gh)
			r.env = append(r.env, "CODE="+code)
			r.run(t)
			if r.failed != (code == "1") || strings.Contains(r.has("calls"), "gh ") {
				t.Errorf("failed is %v; calls:\n%s", r.failed, r.has("calls"))
			}
			if code == "0" {
				r.expect(t, "output", "updated=false")
				r.expect(t, "summary", "The charts are up to date.")
			}
			if refs := r.git(t, "--git-dir", r.file("server/example/charts"), "for-each-ref"); refs != "" {
				t.Errorf("pushed %s", refs)
			}
		})
	}
}

// With the plugin itself the summary says what is wrong, and the job fails.
func TestActionWithThePlugin(t *testing.T) {
	r := newRunner(t, map[string]string{"diff": "false", "values": "production.yaml"})
	build := exec.Command("go", "build", "-o", filepath.Join(r.path, "helm-livekit"), ".")
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	scaffold := exec.Command(filepath.Join(r.path, "helm-livekit"), "scaffold", "apps/livekit")
	scaffold.Dir = r.file("workspace")
	if err := os.RemoveAll(r.file("workspace/apps/livekit")); err != nil {
		t.Fatal(err)
	}
	if out, err := scaffold.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, r.file("workspace/production.yaml"), 0o644, "replicaCount: 2\n")
	r.run(t)
	if !r.failed || !strings.Contains(r.has("summary"), "| **FAIL** | `") {
		t.Errorf("failed is %v, summary:\n%s\nlog:\n%s", r.failed, r.has("summary"), r.log)
	}
	r.expect(t, "output", "failed=true")
}

// The hooks are as https://pre-commit.com asks for, and run the plugin.
func TestPreCommitHooks(t *testing.T) {
	var hooks []struct {
		ID            string `json:"id"`
		Name          string `json:"name"`
		Description   string `json:"description"`
		Entry         string `json:"entry"`
		Language      string `json:"language"`
		Files         string `json:"files"`
		PassFilenames *bool  `json:"pass_filenames"`
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, ".pre-commit-hooks.yaml")), &hooks); err != nil {
		t.Fatal(err)
	}
	docs := read(t, "docs/ci.md")
	module := submatch(t, read(t, "go.mod"), `(?m)^module (.+)$`)
	for _, h := range hooks {
		if h.Name == "" || h.Description == "" || !strings.Contains(docs, h.ID) {
			t.Errorf("%s lacks a name, a description or a line in docs/ci.md", h.ID)
		}
		// A hook in Go is the program that `go install ./...` makes of the module's root.
		program := map[string]string{"golang": filepath.Base(module), "system": "helm livekit"}[h.Language]
		if h.Entry != program+" verify" || h.PassFilenames == nil || *h.PassFilenames {
			t.Errorf("%s runs %q in language %s, with the names of files", h.ID, h.Entry, h.Language)
		}
		files := regexp.MustCompile(h.Files)
		for name, want := range map[string]bool{
			"Chart.yaml": true, "apps/livekit/values-production.yaml": true, "apps/livekit/templates/tests/a.yaml": true,
			"apps/livekit/.helm-livekit.lock": true, "README.md": false, "cmd/main.go": false, "values.txt": false,
		} {
			if files.MatchString(name) != want {
				t.Errorf("%s: a change of %s asks for a check: %v", h.ID, name, !want)
			}
		}
	}
	if len(hooks) == 0 {
		t.Error("there are no hooks")
	}
}

func TestActionIsGoodShell(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("shellcheck is needed and is not installed")
	}
	for _, s := range readAction(t).Runs.Steps {
		cmd := exec.Command("shellcheck", "--shell=bash", "-")
		cmd.Stdin = strings.NewReader(s.Run)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("step %q: %v\n%s", s.Name, err, out)
		}
	}
}
