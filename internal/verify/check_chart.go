package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkLint is `helm lint --strict`: what is information only is passed over.
func checkLint(in *input, out *result) {
	// Where it renders, its values fit the schema, whose compiling takes most of the linter's time.
	for _, m := range helmchart.Lint(in.dir, in.opts.Values, in.opts.Namespace, in.renderErr == nil) {
		if m.Severity == helmchart.Info {
			continue
		}
		path := strings.TrimSuffix(m.Path, "/")
		if (in.loadErr != nil || in.readingErr != nil) && path != "Chart.yaml" { // once more what render says
			out.skip("%s", in.lacks(needsObjects))
			continue
		}
		step := "Fix " + cmp.Or(path, "the chart") + " as the message says"
		if strings.Contains(m.Text, "missing in charts/ directory") {
			step = buildDependencies
		}
		reason, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n") // below, Helm repeats the template
		out.fail(step, "%s: %s%s", cmp.Or(path, "the chart"), reason, in.givenBy(reason))
	}
}

const buildDependencies = "Run `helm dependency build` in the chart"

func checkRender(in *input, out *result) {
	err := in.renderErr
	var step string
	switch {
	case in.loadErr != nil:
		step = "Fix the file that is named; `helm lint` gives the same reason"
	case in.readingErr != nil:
		step, err = "Fix the template that is named", in.readingErr
	case len(in.chart.MissingDependencies()) > 0:
		step = buildDependencies
	case errors.As(err, new(yamlError)):
		step = "Look at that line and the one before it in the template: most often an indent is wrong"
	case err != nil && strings.Contains(err.Error(), "execution error at"): // fail or required
		step = "Give the values that the chart asks for, with --values or --set"
	case err != nil:
		step = "Fix the template or the value that is named; `helm template` shows the same"
	case len(in.objects) == 0:
		out.fail("Add templates, or set the values that switch them on", "The chart renders no object")
		return
	default:
		in.checkStages(out)
		return
	}
	lines := strings.FieldsFunc(fmt.Sprint(err), func(r rune) bool { return r == '\n' })
	out.fail(step, "%s%s", strings.Join(lines, "\n"), in.givenBy(fmt.Sprint(err)))
}

// checkStages says whether the chart renders with its values files for stages as well.
func (in *input) checkStages(out *result) {
	var with []string
	for _, s := range in.stages {
		if s.err != nil {
			out.fail("Fix the values file, or the template that is named", "%s: %s", s.file, s.err)
		}
		with = append(with, s.file)
	}
	found := plural(len(in.objects), "object")
	if len(with) > 0 {
		found += "; also with " + strings.Join(with, ", ")
	}
	out.pass("%s", found)
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
			out.fail("Fix "+o.File, "%s: %s", o, p)
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

func checkTestHook(in *input, out *result) {
	isTest := func(o manifest.Object) bool { return strings.Contains(o.Annotations()["helm.sh/hook"], "test") }
	if test := first(in.objects, isTest); test != nil {
		out.pass("`helm test` runs %s", test)
	}
	out.skip("The chart has no test hook, so `helm test` does nothing")
}
