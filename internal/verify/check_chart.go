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
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// lint is `helm lint --strict`: what is information only is passed over.
func lint(s *subject, v *verdict) {
	messages := s.lint()
	if s.renderErr != nil { // it may be the schema, at which that lint did not look
		messages = helmchart.Lint(s.dir, s.opts.Values, s.opts.Namespace)
	}
	for _, m := range messages {
		if m.Severity != helmchart.Info {
			v.fail(lintStep(m), "%s: %s", strings.TrimSuffix(m.Path, "/"), firstLine(m.Text))
		}
	}
	v.pass("helm lint --strict finds nothing")
}

func lintStep(m helmchart.LintMessage) string {
	if strings.Contains(m.Text, "missing in charts/ directory") {
		return "Run `helm dependency build` in the chart"
	}
	return "Mend " + strings.TrimSuffix(m.Path, "/") + " as the message says"
}

// firstLine keeps a message to its reason: Helm's repeat the template below.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

func render(s *subject, v *verdict) {
	switch {
	case s.loadErr != nil:
		v.fail("Mend the file that is named; `helm lint` gives the same reason", "%v", s.loadErr)
	case s.readingErr != nil:
		v.fail("Mend the template that is named", "%v", s.readingErr)
	case len(s.chart.MissingDependencies()) > 0:
		v.fail("Run `helm dependency build` in the chart", "%v", s.renderErr)
	case errors.As(s.renderErr, new(*manifest.ParseError)):
		v.fail("Look at that line and the one before it in the template: most often an indent is wrong", "%v", s.renderErr)
	case s.renderErr != nil && strings.Contains(s.renderErr.Error(), "execution error at"): // fail or required
		v.fail("Give the values that the chart asks for, with --values or --set", "%s", strings.TrimSpace(s.renderErr.Error()))
	case s.renderErr != nil:
		v.fail("Mend the template or the value that is named; `helm template` shows the same", "%s", strings.TrimSpace(s.renderErr.Error()))
	case len(s.objects) == 0:
		v.fail("Add templates, or set the values that switch them on", "The chart renders no object")
	default:
		v.pass("%s", plural(len(s.objects), "object"))
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func kubernetesTypes(s *subject, v *verdict) {
	seen := map[string]string{}
	var unknown []string
	for _, o := range s.objects {
		for _, p := range o.Check() {
			v.fail("Mend "+o.File, "%s: %s", o, p)
		}
		id := strings.Join([]string{o.APIVersion(), o.Kind(), o.Namespace(), o.Name()}, "/")
		if other, ok := seen[id]; ok && o.Name() != "" {
			v.fail("Give one of them another name, or remove it", "%s %s is rendered twice, by %s and %s", o.Kind(), o.Name(), other, o.File)
		}
		seen[id] = o.File
		if !o.Known() && !slices.Contains(unknown, o.Kind()) {
			unknown = append(unknown, o.Kind())
		}
	}
	if len(unknown) > 0 {
		v.pass("All objects are valid; of unknown kinds the metadata alone was looked at: %s", strings.Join(unknown, ", "))
	}
	v.pass("All %s are valid", plural(len(s.objects), "object"))
}

// valuesRead finds keys that do nothing.
func valuesRead(s *subject, v *verdict) {
	if s.readingErr != nil {
		v.skip("A template does not parse: see render")
		return
	}
	if s.reading.Everything {
		v.skip("A template hands on all values at once, so any key may be read")
		return
	}
	elsewhere := s.valuesOfDependencies()
	var unread []string
	for _, path := range s.reading.Unread(s.chart.Values()) {
		top, _, _ := strings.Cut(path, ".")
		if !slices.Contains(elsewhere, top) && !slices.Contains(elsewhere, path) {
			unread = append(unread, path)
		}
	}
	for _, path := range collapse(unread, s.chart.Values()) {
		v.warn("Remove the key from values.yaml, or let a template read it", "%s in values.yaml is read by no template", path)
	}
	v.pass("Templates read every key of values.yaml")
}

// valuesOfDependencies gives the keys that are not for the chart's own
// templates: those that Helm hands to dependencies or reads itself.
func (s *subject) valuesOfDependencies() []string {
	out := []string{"global", "tags"}
	var meta struct {
		Dependencies []struct{ Name, Alias, Condition string }
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "Chart.yaml"))
	if err == nil {
		_ = yaml.Unmarshal(data, &meta) // the chart has loaded: it is YAML
	}
	for _, d := range meta.Dependencies {
		out = append(out, d.Name, d.Alias)
		out = append(out, strings.Split(d.Condition, ",")...)
	}
	for _, d := range s.chart.Dependencies() {
		out = append(out, d.Name())
	}
	return out
}

// collapse names a map instead of its keys where none of them is read.
func collapse(paths []string, values map[string]any) []string {
	unread := map[string]bool{}
	for _, p := range paths {
		unread[p] = true
	}
	var out []string
	var walk func(prefix string, m map[string]any) (all bool, found []string)
	walk = func(prefix string, m map[string]any) (bool, []string) {
		all := true
		var found []string
		for _, k := range sortedKeys(m) {
			path := prefix + k
			if strings.ContainsAny(k, `."[]`) {
				path = prefix + `"` + k + `"`
			}
			below, isMap := m[k].(map[string]any)
			switch {
			case unread[path]:
				found = append(found, path)
			case isMap && len(below) > 0:
				allBelow, foundBelow := walk(path+".", below)
				if allBelow {
					foundBelow = []string{path}
				}
				all = all && allBelow
				found = append(found, foundBelow...)
			default:
				all = false
			}
		}
		return all, found
	}
	_, out = walk("", values)
	return out
}

// valuesDeclared finds keys that users cannot know of. Keys below a map that
// is free to be filled are not asked for.
func valuesDeclared(s *subject, v *verdict) {
	if s.readingErr != nil {
		v.skip("A template does not parse: see render")
		return
	}
	var undeclared []lineage.Read
	elsewhere := s.valuesOfDependencies()
	for _, read := range s.reading.Undeclared(s.chart.Values()) {
		top, _, _ := strings.Cut(read.Path, ".")
		if !read.IsOpen && !slices.Contains(elsewhere, top) {
			undeclared = append(undeclared, read)
		}
	}
	for _, read := range undeclared {
		v.warn("Add the key to values.yaml with its default (null or \"\" where there is none)", "%s is read by %s:%d and is not in values.yaml", read.Path, read.File, read.Line)
	}
	v.pass("values.yaml has every key that templates read")
}

func testHook(s *subject, v *verdict) {
	for _, o := range s.objects {
		if strings.Contains(o.Annotations()["helm.sh/hook"], "test") {
			v.pass("`helm test` runs %s", o)
		}
	}
	v.skip("The chart has no test hook, so `helm test` does nothing")
}
