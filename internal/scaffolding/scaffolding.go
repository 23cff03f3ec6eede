// Package scaffolding turns a convention and the embedded chart into the files of a LiveKit chart.
package scaffolding

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Options are what the user asks for.
type Options struct {
	Name       string // chart's name, "livekit" where empty
	Version    string // chart's version, "0.1.0" where empty
	AppVersion string // server's version and image tag, v1.13.5 or 1.13.5; livekit.ServerVersion where empty
	Host       string // host for signalling, from the convention where empty
	PortShift  int    // how far the media ports are above the default ones
	Values     string // how much values.yaml says, as convention.Style has it; by the convention where empty
	Cloud      string // where it runs ("eks"), "" for anywhere
	// With and Without name components, "all" for every one.
	With, Without []string
}

// Chart is a chart in memory.
type Chart struct {
	Options    // all of them filled in
	Components []string
	Convention *convention.Convention
	// Files are the chart's files by slash-separated path.
	Files map[string][]byte
	// Beside are values files of stages that lie outside the chart's folder, by their paths from there: they are not
	// written, as other charts' values may be in them.
	Beside map[string][]byte
}

var (
	// chartName is what Helm's linter and Kubernetes' names allow.
	chartName  = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	appVersion = regexp.MustCompile(`^[\w][\w.+-]*$`)
	hostName   = regexp.MustCompile(`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

func (o *Options) complete(conv *convention.Convention) error {
	o.Name = cmp.Or(o.Name, "livekit")
	o.Version = cmp.Or(o.Version, conv.Defaults.ChartVersion, "0.1.0")
	o.Values = cmp.Or(o.Values, conv.Style.Values, convention.ValuesFull)
	o.AppVersion = livekit.TagOf(cmp.Or(o.AppVersion, livekit.ServerVersion))
	switch {
	case !chartName.MatchString(o.Name) || len(o.Name) > 40:
		return remedy.Errorf("use --name with lower-case letters, digits and dashes, 40 characters at most",
			"%q is no name for a chart", o.Name)
	case yamldoc.IsReserved(o.Name):
		return remedy.Errorf("give another one with --name",
			"%q is no name for a chart: Helm reads the word as a value of its own, wherever a label has it", o.Name)
	case !appVersion.MatchString(o.AppVersion):
		return remedy.Errorf("use --app-version with a version like "+livekit.ServerVersion,
			"%q is no version of LiveKit", o.AppVersion)
	case o.Values != convention.ValuesFull && o.Values != convention.ValuesLean:
		return remedy.Errorf("use --values full for all values, or --values lean for those that differ from their "+
			"defaults", "%q is no form of values.yaml", o.Values)
	case o.Host != "" && !hostName.MatchString(o.Host):
		return remedy.Errorf("use --set-host with a name like livekit.example.com, without a scheme or a port",
			"%q is no host name", o.Host)
	}
	if _, err := semver.StrictNewVersion(o.Version); err != nil {
		return remedy.Errorf("use --version with a version like 0.1.0",
			"%q is no version for a chart: %w", o.Version, err)
	}
	_, err := factsheet.CloudOf(conv.Sheet.Service, o.Cloud)
	return err
}

// Generate makes the chart's files and checks that they are a chart: that they parse, render, pass Helm's linter and
// decode strictly into the types of Kubernetes. The same arguments give the same bytes.
func Generate(ctx context.Context, conv *convention.Convention, o Options) (*Chart, error) {
	chart, err := Compose(conv, o)
	if err != nil {
		return nil, err
	}
	if err := check(ctx, chart); err != nil {
		return nil, fmt.Errorf("the generated chart is not sound, which is a fault of this tool: %w", err)
	}
	return chart, nil
}

// Compose makes the chart's files, for one who checks what becomes of them: that takes half of the time.
func Compose(conv *convention.Convention, o Options) (*Chart, error) {
	p, err := place(conv, &o)
	if err != nil {
		return nil, err
	}
	files, err := generate(p, o)
	if err != nil {
		return nil, err
	}
	stages, err := p.stageFiles(o)
	if err != nil {
		return nil, err
	}
	beside := map[string][]byte{}
	for name, text := range stages {
		if isBeside(name) {
			beside[name] = text
		} else {
			files[name] = text
		}
	}
	slog.Debug("generated", "chart", o.Name, "components", p.components, "files", len(files),
		"conventions", conv.Source, "port shift", o.PortShift)
	return &Chart{
		Options: o, Components: slices.Clone(p.components), Convention: p.convention, Files: files, Beside: beside,
	}, nil
}

// place completes what is asked for, and says where the chart has its values.
func place(conv *convention.Convention, o *Options) (*Paths, error) {
	if err := o.complete(conv); err != nil {
		return nil, err
	}
	conv, err := adapted(conv, o.Name)
	if err != nil {
		return nil, err
	}
	components, err := conv.Sheet.Select(withSiblings(conv, o.With, o.Without))
	if err != nil {
		step := cmp.Or(remedy.Step(err), "see `helm livekit scaffold --help` for the components")
		return nil, remedy.Errorf(step, "%w", err)
	}
	if conv.Kinds.Workload == "DaemonSet" {
		if components, err = forDaemonSet(conv, components, *o); err != nil {
			return nil, err
		}
	}
	return newPaths(conv, components)
}

// Pristine gives a chart that this tool wrote as it was written.
func Pristine(lock *chartdir.Lock) (*helmchart.Chart, error) {
	files, err := lock.Pristine()
	if err != nil {
		return nil, err
	}
	return load(files)
}

// Regenerate gives a chart that this tool wrote as it would be with other components, and its paths. It is not checked,
// which takes most of the time.
func Regenerate(
	sheet *factsheet.Sheet, lock *chartdir.Lock, components []string,
) (*helmchart.Chart, *Paths, error) {
	other := *lock
	other.Components = components
	p, err := PathsOf(sheet, &other)
	if err != nil {
		return nil, nil, err
	}
	files, err := generate(p, Options{
		Name: lock.Chart.Name, Version: lock.Chart.Version, AppVersion: lock.Chart.AppVersion, Values: formOf(lock),
	})
	if err != nil {
		return nil, nil, err
	}
	chart, err := load(files)
	return chart, p, err
}

// adapted gives the convention as this chart obeys it. A class that a sibling names in an annotation has a field of its
// own here, as Kubernetes has it.
func adapted(conv *convention.Convention, name string) (*convention.Convention, error) {
	conv = conv.ForChart(name)
	if strings.HasPrefix(conv.PathOf("ingress.className"), conv.PathOf("ingress.annotations")+".") {
		delete(conv.Values, "ingress.className")
	}
	return conv, conv.Fit()
}

// forDaemonSet gives the components of a chart whose workload is a DaemonSet: it runs as many servers as there are
// nodes, which share a Redis.
func forDaemonSet(conv *convention.Convention, components []string, o Options) ([]string, error) {
	if !slices.Contains(components, "redis") {
		return nil, remedy.Errorf("leave out --without redis, or choose another kind of workload",
			"a DaemonSet runs several servers, which need the component redis to share one")
	}
	if slices.Contains(o.With, "autoscaling") {
		return nil, remedy.Errorf("leave out --with autoscaling, or choose another kind of workload",
			"a DaemonSet runs a server on each node, so the component autoscaling has nothing to do")
	}
	cloud, err := factsheet.CloudOf(conv.Sheet.Service, o.Cloud)
	media := cloud.Value("media.type")
	if err == nil && media != nil && media.Value.Value == "LoadBalancer" {
		return nil, remedy.Errorf("leave out --cloud, or choose another kind of workload",
			"a DaemonSet runs several servers, and the load balancer of --cloud %s leads to one", o.Cloud)
	}
	return slices.DeleteFunc(components, func(c string) bool { return c == "autoscaling" }), nil
}

// likenesses are components that a chart gets where the siblings have their like, each with the value that shows it.
var likenesses = []struct{ component, key string }{
	{"httproute", "httpRoute.enabled"},
	{"autoscaling", "autoscaling.enabled"},
	{"pdb", "podDisruptionBudget.enabled"},
	{"networkpolicy", "networkPolicy.enabled"},
}

// withSiblings adds the components whose like the siblings have to those that the user wants. Where the repository's
// route is HTTPRoute, an Ingress is there only if the siblings have one, too, or the user asks for it.
func withSiblings(conv *convention.Convention, with, without []string) ([]string, []string) {
	named := func(component string, list []string) bool {
		return slices.Contains(list, component) || slices.Contains(list, "all")
	}
	has := func(key string) bool {
		v, ok := conv.Values[key]
		return ok && v.Confidence != convention.Default
	}
	with, without = slices.Clone(with), slices.Clone(without)
	addIf := func(isLike bool, component string) {
		if isLike && !named(component, with) && !named(component, without) {
			with = append(with, component)
		}
	}
	viaGateway := conv.Kinds.Route == convention.RouteHTTPRoute
	for _, l := range likenesses {
		addIf(has(l.key) || l.component == "httproute" && viaGateway, l.component)
	}
	addIf(isOperator(conv.Secrets.Mechanism), "secret-operator")
	if viaGateway && !has("ingress.enabled") && !named("ingress", with) {
		without = append(without, "ingress")
	}
	return with, without
}

func generate(p *Paths, o Options) (map[string][]byte, error) {
	root := newTree(p, newApplication(o, p.convention))
	files, err := withoutSchema(p, o, root)
	if err != nil {
		return nil, err
	}
	files["values.schema.json"], err = writeSchema(root, p, o, livekit.ReleaseOf(o.AppVersion).Release)
	return files, err
}

// withoutSchema makes all files but the schema of the values, which takes half of the time and which no render of a
// trial asks.
func withoutSchema(p *Paths, o Options, root *tree) (map[string][]byte, error) {
	style := p.convention.Style
	files, err := valuesFiles(p, root, o)
	if err != nil {
		return nil, err
	}
	file := "values.yaml"
	if files[defaultsFile] != nil {
		file = defaultsFile
	}
	markdown, err := valuesTable(root, style, file)
	if err != nil {
		return nil, err
	}
	more, err := chartFiles(p, templateData{
		Chart: o, Convention: p.convention, Workload: p.workload(), CredentialKeys: CredentialPattern(),
		ServerVersion: string(livekit.ReleaseOf(o.AppVersion).Release),
		SecretKind:    secretKind(p.convention), ValuesTable: markdown,
	})
	if err != nil {
		return nil, err
	}
	maps.Copy(files, more)
	files["Chart.yaml"] = chartFile(o, style)
	return files, nil
}

func load(files map[string][]byte) (*helmchart.Chart, error) {
	var list []helmchart.File
	for name, data := range files {
		list = append(list, helmchart.File{Name: name, Data: data})
	}
	return helmchart.LoadFiles(list)
}

// check renders the chart with its own values and decodes what comes out.
func check(ctx context.Context, c *Chart) error {
	chart, err := load(c.Files)
	if err != nil {
		return err
	}
	for _, name := range chartdir.ValuesFiles(c.Files) {
		values, err := helmchart.ParseValues(name, c.Files[name])
		if err == nil {
			_, err = chart.Render(ctx, values, helmchart.Release{Name: c.Name})
		}
		if err != nil {
			return fmt.Errorf("with %s: %w", name, err)
		}
	}
	rendered, err := chart.Render(ctx, nil, helmchart.Release{Name: c.Name})
	if err != nil {
		return err
	}
	for _, f := range rendered {
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return err
		}
		for _, o := range objects {
			for _, p := range o.Check() {
				return fmt.Errorf("%s: %s: %s", f.Name, p.Path, p.Message)
			}
		}
	}
	return nil
}
