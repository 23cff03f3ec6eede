package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// input is all that the checks look at, computed once.
type input struct {
	dir    string
	opts   Options
	given  []helmchart.ValueSource
	values map[string]any // the chart's own with the user's over them

	chart   *helmchart.Chart
	loadErr error

	reading    *lineage.Reading
	readingErr error

	renderErr error
	stages    []stage
	objects   []manifest.Object
	again     []manifest.Object // of a second render with the same values

	workloads []*workload
	servers   []*server
	services  []service
}

// service has the defaults that Kubernetes fills in: type, protocol and target port.
type service struct {
	manifest.Object
	spec corev1.ServiceSpec
}

func newInput(ctx context.Context, dir string, opts Options, given []helmchart.ValueSource) (*input, error) {
	in := &input{dir: dir, opts: opts, given: given}
	in.chart, in.loadErr = helmchart.Load(dir)
	if in.loadErr != nil {
		in.renderErr = in.loadErr
		return in, nil
	}
	in.values = helmchart.Merge(in.chart.Values(), opts.Values)
	var libraries []helmchart.File
	for _, d := range in.chart.Dependencies() {
		libraries = append(libraries, d.Templates()...)
	}
	in.reading, in.readingErr = lineage.Reads(in.chart.Templates(), libraries...)
	start := time.Now()
	in.objects, in.renderErr = in.render(ctx, false)
	slog.Debug("rendered", "chart", dir, "objects", len(in.objects), "took", time.Since(start), "error", in.renderErr)
	// A chart that renders once may fail twice only by chance; then the second render says nothing.
	in.again, _ = in.render(ctx, true)
	if in.renderErr == nil {
		in.collect()
		in.renderStages(ctx)
	}
	return in, ctx.Err()
}

// stage is a values file that the chart was generated with, for one stage of the repository.
type stage struct {
	file string // below the chart
	err  error  // why the chart does not render with it
}

// renderStages renders the chart with each of those files over its values, under the user's. A chart without a lock
// has none; a damaged lock says nothing.
func (in *input) renderStages(ctx context.Context) {
	lock, err := chartdir.ReadLock(in.dir)
	if err != nil || lock == nil {
		return
	}
	for _, file := range chartdir.ValuesFiles(lock.Files) {
		data, err := os.ReadFile(filepath.Join(in.dir, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // the user has removed it
		}
		var values map[string]any
		if err == nil {
			values, err = helmchart.ParseValues(file, data)
		}
		if err == nil {
			with := *in
			with.opts.Values = helmchart.Merge(values, in.opts.Values)
			_, err = with.render(ctx, false)
		}
		in.stages = append(in.stages, stage{file, err})
	}
}

// render renders the chart.
func (in *input) render(ctx context.Context, skipSchema bool) ([]manifest.Object, error) {
	files, err := in.chart.Render(ctx, in.opts.Values, helmchart.Release{
		Name:        cmp.Or(in.opts.ReleaseName, in.chart.Name()),
		Namespace:   in.opts.Namespace,
		KubeVersion: in.opts.KubeVersion,
		SkipSchema:  skipSchema,
	})
	if err != nil {
		return nil, err
	}
	var objects []manifest.Object
	for _, f := range files {
		found, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, in.locate(f, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

// locate adds to an error in rendered YAML what stands on its line, and where that is in the template.
func (in *input) locate(rendered helmchart.File, err error) error {
	var parse *manifest.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	lines := trimmedLines(rendered.Data)
	text := append(lines, "")[min(max(parse.Line-1, 0), len(lines))]
	where := fmt.Sprintf("%s, line %d as rendered", parse.File, parse.Line)
	for _, t := range in.chart.Templates() {
		source := trimmedLines(t.Data)
		n := slices.Index(source, text) + 1
		if t.Name == parse.File && n > 0 && text != "" && !slices.Contains(source[n:], text) { // on no other line
			where = fmt.Sprintf("%s:%d (line %d as rendered)", parse.File, n, parse.Line)
		}
	}
	return yamlError{fmt.Errorf("%s: no valid YAML: %s, at %q", where, parse.Reason, text)}
}

// yamlError says that a template's output is no YAML.
type yamlError struct{ error }

func trimmedLines(data []byte) []string {
	lines := strings.Split(string(data), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}

// collect sorts the objects by what they are for.
func (in *input) collect() {
	for _, o := range in.objects {
		if o.Kind() == "Service" && o.APIVersion() == "v1" {
			in.services = append(in.services, newService(o))
		}
		if w := newWorkload(in, o); w != nil {
			in.workloads = append(in.workloads, w)
		}
	}
	for _, w := range in.workloads {
		if c := w.serverContainer(); c != nil {
			in.servers = append(in.servers, newServer(w, c))
		}
	}
}

func newService(o manifest.Object) service {
	spec := decode[corev1.Service](o).Spec
	spec.Type = cmp.Or(spec.Type, corev1.ServiceTypeClusterIP)
	for i := range spec.Ports {
		p := &spec.Ports[i]
		p.Protocol = cmp.Or(p.Protocol, corev1.ProtocolTCP)
		if p.TargetPort == (intstr.IntOrString{}) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
	return service{o, spec}
}

// decode reads an object as far as its type goes: what does not decode, kubernetes-types reports.
func decode[T any](o manifest.Object) T {
	var v T
	_ = o.Decode(&v)
	return v
}

// ofKind gives the chart's objects of these kinds.
func (in *input) ofKind(kinds ...string) []manifest.Object {
	return filter(in.objects, func(o manifest.Object) bool { return slices.Contains(kinds, o.Kind()) })
}

// find gives the object of a kind and a name, nil without one.
func find(objects []manifest.Object, kind, name string) *manifest.Object {
	return first(objects, func(o manifest.Object) bool { return o.Kind() == kind && o.Name() == name })
}

// filter gives the items of a list that are wanted.
func filter[T any](list []T, isWanted func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(item T) bool { return !isWanted(item) })
}

// first gives the first item of a list that is wanted, nil without one.
func first[T any](list []T, isWanted func(T) bool) *T {
	if i := slices.IndexFunc(list, isWanted); i >= 0 {
		return &list[i]
	}
	return nil
}
