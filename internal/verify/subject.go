package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// subject is the chart under judgement, with all that the checks look at.
type subject struct {
	dir    string
	opts   Options
	values map[string]any // the chart's own with the user's over them

	chart   *helmchart.Chart
	loadErr error

	// lint waits for Helm's linter, which leaves the schema to the render.
	lint func() []helmchart.LintMessage

	reading    *lineage.Reading
	readingErr error

	renderErr error
	objects   []manifest.Object
	again     []manifest.Object // of a second render with the same values

	workloads []*workloadObject
	servers   []*server
	services  []serviceObject
	ingresses []ingressObject
}

type serviceObject struct {
	manifest.Object
	spec corev1.ServiceSpec
}

type ingressObject struct {
	manifest.Object
	spec networkingv1.IngressSpec
}

func newSubject(ctx context.Context, dir string, opts Options) (*subject, error) {
	s := &subject{dir: dir, opts: opts}
	s.lint = begin(func() []helmchart.LintMessage { return helmchart.LintBesideSchema(dir, opts.Values, opts.Namespace) })
	s.chart, s.loadErr = helmchart.Load(dir)
	if s.loadErr != nil {
		s.renderErr = s.loadErr
		return s, nil
	}
	s.values = helmchart.Merge(s.chart.Values(), opts.Values)
	fits := begin(func() error { return s.chart.CheckSchema(opts.Values) })
	// A chart that renders once may fail twice only by chance; then the
	// second render says nothing.
	again := begin(func() []manifest.Object { objects, _ := s.render(ctx); return objects })
	s.read()
	s.objects, s.renderErr = s.render(ctx)
	if err := fits(); err != nil { // Helm looks at this first
		s.objects, s.renderErr = nil, err
	}
	s.again = again()
	if s.renderErr == nil {
		s.collect()
	}
	return s, ctx.Err()
}

// begin starts work in the background, and gives what waits for its result.
func begin[T any](work func() T) func() T {
	done := make(chan T, 1)
	go func() { done <- work() }()
	return sync.OnceValue(func() T { return <-done })
}

func (s *subject) read() {
	var libraries []helmchart.File
	for _, d := range s.chart.Dependencies() {
		libraries = append(libraries, d.Templates()...)
	}
	s.reading, s.readingErr = lineage.Reads(s.chart.Templates(), libraries...)
}

// render renders the chart, whatever its schema says.
func (s *subject) render(ctx context.Context) ([]manifest.Object, error) {
	files, err := s.chart.Render(ctx, s.opts.Values, helmchart.Release{
		Name: s.release(), Namespace: s.opts.Namespace, KubeVersion: s.opts.KubeVersion, SkipSchema: true,
	})
	if err != nil {
		return nil, err
	}
	var objects []manifest.Object
	for _, f := range files {
		found, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, s.locate(f, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

func (s *subject) release() string {
	if s.opts.ReleaseName != "" {
		return s.opts.ReleaseName
	}
	return s.chart.Name()
}

// locate adds to an error in rendered YAML what stands on its line, and where
// that is in the template.
func (s *subject) locate(rendered helmchart.File, err error) error {
	var parse *manifest.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	text := strings.TrimSpace(lineOf(rendered.Data, parse.Line))
	where := fmt.Sprintf("%s, line %d as rendered", parse.File, parse.Line)
	for _, t := range s.chart.Templates() {
		if n, ok := onlyLine(t.Data, text); ok && t.Name == parse.File {
			where = fmt.Sprintf("%s:%d (line %d as rendered)", parse.File, n, parse.Line)
		}
	}
	return &yamlError{fmt.Sprintf("%s: no valid YAML: %s, at %q", where, parse.Reason, text), err}
}

// yamlError says where a template's output is no YAML in words of its own.
type yamlError struct {
	text  string
	cause error
}

func (e *yamlError) Error() string { return e.text }
func (e *yamlError) Unwrap() error { return e.cause }

func lineOf(data []byte, n int) string {
	lines := strings.Split(string(data), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// onlyLine gives the number of the one line that has this text, white space
// aside.
func onlyLine(data []byte, text string) (int, bool) {
	found := 0
	for i, line := range strings.Split(string(data), "\n") {
		if text != "" && strings.TrimSpace(line) == text {
			if found > 0 {
				return 0, false
			}
			found = i + 1
		}
	}
	return found, found > 0
}

// collect sorts the objects by what they are for.
func (s *subject) collect() {
	for _, o := range s.objects {
		switch {
		case o.Kind() == "Service" && o.APIVersion() == "v1":
			var service corev1.Service
			_ = o.Decode(&service) // what does not decode, kubernetes-types reports
			s.services = append(s.services, serviceObject{o, service.Spec})
		case o.Kind() == "Ingress":
			var ingress networkingv1.Ingress
			_ = o.Decode(&ingress)
			s.ingresses = append(s.ingresses, ingressObject{o, ingress.Spec})
		}
		if w := workloadOf(o); w != nil {
			s.workloads = append(s.workloads, w)
		}
	}
	for _, w := range s.workloads {
		if c, ok := w.serverContainer(); ok {
			s.servers = append(s.servers, s.newServer(w, c))
		}
	}
}

// find gives the chart's object of a kind and a name.
func (s *subject) find(kind, name string) (manifest.Object, bool) {
	i := slices.IndexFunc(s.objects, func(o manifest.Object) bool { return o.Kind() == kind && o.Name() == name })
	if i < 0 {
		return manifest.Object{}, false
	}
	return s.objects[i], true
}

// findAgain is find in the second render.
func (s *subject) findAgain(kind, name string) (manifest.Object, bool) {
	second := &subject{objects: s.again}
	return second.find(kind, name)
}
