package verify

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// checkLint is `helm lint --strict`: what is information only is passed over.
func checkLint(in *input, out *result) {
	// Where it renders, its values fit the schema, whose compiling takes most of the linter's time.
	for _, m := range helmchart.Lint(in.dir, in.opts.Values, in.opts.Namespace, in.renderErr == nil) {
		if m.Severity == helmchart.Info {
			continue
		}
		path := strings.TrimSuffix(m.Path, "/")
		step := "Mend " + path + " as the message says"
		if strings.Contains(m.Text, "missing in charts/ directory") {
			step = buildDependencies
		}
		reason, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n") // below, Helm repeats the template
		out.fail(step, "%s: %s", path, reason)
	}
}

const buildDependencies = "Run `helm dependency build` in the chart"

func checkRender(in *input, out *result) {
	err := in.renderErr
	var step string
	switch {
	case in.loadErr != nil:
		step = "Mend the file that is named; `helm lint` gives the same reason"
	case in.readingErr != nil:
		step, err = "Mend the template that is named", in.readingErr
	case len(in.chart.MissingDependencies()) > 0:
		step = buildDependencies
	case errors.As(err, new(yamlError)):
		step = "Look at that line and the one before it in the template: most often an indent is wrong"
	case err != nil && strings.Contains(err.Error(), "execution error at"): // fail or required
		step = "Give the values that the chart asks for, with --values or --set"
	case err != nil:
		step = "Mend the template or the value that is named; `helm template` shows the same"
	case len(in.objects) == 0:
		out.fail("Add templates, or set the values that switch them on", "The chart renders no object")
		return
	default:
		out.pass("%s", plural(len(in.objects), "object"))
		return
	}
	out.fail(step, "%s", strings.TrimSpace(fmt.Sprint(err)))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// checkTypes holds the objects against the types of Kubernetes.
func checkTypes(in *input, out *result) {
	seen := map[string]string{}
	var unknown []string
	for _, o := range in.objects {
		for _, p := range o.Check() {
			out.fail("Mend "+o.File, "%s: %s", o, p)
		}
		id := strings.Join([]string{o.APIVersion(), o.Kind(), o.Namespace(), o.Name()}, "/")
		if other, ok := seen[id]; ok && o.Name() != "" {
			out.fail("Give one of them another name, or remove it",
				"%s %s is rendered twice, by %s and %s", o.Kind(), o.Name(), other, o.File)
		}
		seen[id] = o.File
		if !o.Known() && !slices.Contains(unknown, o.Kind()) {
			unknown = append(unknown, o.Kind())
		}
	}
	if len(unknown) > 0 {
		out.pass("All objects are valid; of unknown kinds the metadata alone was looked at: %s",
			strings.Join(unknown, ", "))
	}
	out.pass("All %s are valid", plural(len(in.objects), "object"))
}

// checkValuesRead finds keys that do nothing.
func checkValuesRead(in *input, out *result) {
	if in.reading.Everything {
		out.skip("A template hands on all values at once, so any key may be read")
		return
	}
	values, elsewhere := in.chart.Values(), in.valuesOfDependencies()
	unread := map[string]bool{}
	for _, path := range in.reading.Unread(values) {
		top, _, _ := strings.Cut(path, ".")
		unread[path] = !slices.Contains(elsewhere, top) && !slices.Contains(elsewhere, path)
	}
	found, _ := unreadBelow(nil, values, unread)
	for _, path := range found {
		out.warn("Remove the key from values.yaml, or let a template read it",
			"%s in values.yaml is read by no template", path)
	}
}

// valuesOfDependencies gives the keys that are not for the chart's own
// templates: those that Helm hands to dependencies or reads itself.
func (in *input) valuesOfDependencies() []string {
	out := []string{"global", "tags"}
	var meta struct {
		Dependencies []struct{ Name, Alias, Condition string }
	}
	data, err := os.ReadFile(filepath.Join(in.dir, "Chart.yaml"))
	if err == nil {
		_ = yaml.Unmarshal(data, &meta) // the chart has loaded: it is YAML
	}
	for _, d := range meta.Dependencies {
		out = append(out, d.Name, d.Alias)
		out = append(out, strings.Split(d.Condition, ",")...)
	}
	for _, d := range in.chart.Dependencies() {
		out = append(out, d.Name())
	}
	return out
}

// unreadBelow gives the unread keys of a map, and whether that is all of them.
// It names a map instead of its keys where none of them is read.
func unreadBelow(at yamldoc.Path, values map[string]any, unread map[string]bool) (found []string, all bool) {
	all = true
	for _, key := range sortedKeys(values) {
		path := append(slices.Clone(at), key)
		below, _ := values[key].(map[string]any)
		foundBelow, allBelow := unreadBelow(path, below, unread)
		if unread[path.String()] || len(below) > 0 && allBelow {
			found = append(found, path.String())
		} else {
			found, all = append(found, foundBelow...), false
		}
	}
	return found, all
}

// checkValuesDeclared finds keys that users cannot know of. Keys below a map
// that is free to be filled are not asked for.
func checkValuesDeclared(in *input, out *result) {
	elsewhere := in.valuesOfDependencies()
	for _, read := range in.reading.Undeclared(in.chart.Values()) {
		top, _, _ := strings.Cut(read.Path, ".")
		if !read.IsOpen && !slices.Contains(elsewhere, top) {
			out.warn("Add the key to values.yaml with its default (null or \"\" where there is none)",
				"%s is read by %s:%d and is not in values.yaml", read.Path, read.File, read.Line)
		}
	}
}

func checkTestHook(in *input, out *result) {
	isTest := func(o manifest.Object) bool { return strings.Contains(o.Annotations()["helm.sh/hook"], "test") }
	if test := first(in.objects, isTest); test != nil {
		out.pass("`helm test` runs %s", test)
	}
	out.skip("The chart has no test hook, so `helm test` does nothing")
}
