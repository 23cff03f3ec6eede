package lineage

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Names that stand nowhere else, so that they are known again in what is rendered. None is a part of another.
const (
	ReleaseName   = "zqrelease"
	namespaceName = "zqspace"
	chartName     = "zqchart"
	chartVersion  = "7.3.91"
	appVersion    = "6.2.84"
)

// Identity is how an object's name and labels follow from the chart and its release. In the patterns {name} is the
// chart's name, {chart} name and version, {chartVersion} that version, {release} the release's name, {version} the
// application's version, {service} Helm, {namespace} the namespace.
type Identity struct {
	Object Ref
	// Name is the pattern of metadata.name. Contained is the same for a release
	// whose name begins with the chart's, where `helm create` leaves one out.
	Name, Contained string
	// Labels are the object's own, Selector those that a workload or a Service selects by, PodLabels those of a
	// workload's pods; each in the order in which it is written.
	Labels, Selector, PodLabels []Label
}

// Label is a label with the pattern of its value.
type Label struct{ Name, Value string }

// identities renders the chart under names of our own, and without the values that would give others.
func (e *experiment) identities(
	ctx context.Context, base *setup, declared map[string]any, findings []Finding,
) []Identity {
	chart := e.chart.As(helmchart.Identity{Name: chartName, Version: chartVersion, AppVersion: appVersion})
	release := e.release
	var values map[string]any
	var plain *snapshot
	// It may not do without some of the samples, or without a name of its own.
	for _, how := range []naming{{takeBack: true}, {}, {takeBack: true, give: true}, {give: true}} {
		tried := e.named(base.values, declared, findings, how)
		shot, err := e.renderAs(ctx, chart, tried, release)
		if err != nil {
			continue
		}
		if values, plain = tried, shot; plain.hasNames() {
			break
		}
	}
	if plain == nil {
		return nil
	}
	release.Name = strings.Join([]string{chartName, e.options.Called, "zqmore"}, "-")
	contained, err := e.renderAs(ctx, chart, values, release)
	if err != nil {
		contained = plain
	}
	out := identitiesIn(plain, contained, release.Name)
	// Objects that show up under what was tried alone are known by that.
	release.Name = ReleaseName
	tried, err := e.renderAs(ctx, chart, e.named(base.values, declared, findings, naming{give: true}), release)
	if err != nil || len(tried.refs) <= len(plain.refs) {
		return out
	}
	for _, id := range identitiesIn(tried, tried, ReleaseName) {
		if !slices.Contains(plain.refs, id.Object) {
			out = append(out, id)
		}
	}
	return out
}

// identitiesIn reads the names and labels of all objects. contained has them for a release of another name.
func identitiesIn(plain, contained *snapshot, release string) []Identity {
	out := make([]Identity, 0, len(plain.objects))
	for i, o := range plain.objects {
		id := Identity{Object: plain.refs[i], Name: pattern(o.Name(), ReleaseName)}
		if j := slices.Index(contained.refs, id.Object); j >= 0 {
			id.Contained = pattern(contained.objects[j].Name(), release)
		}
		text := plain.files[id.Object.File].text
		id.Labels = patterns(o.Labels(), text)
		switch {
		case isWorkload(o.Kind()):
			id.Selector = patterns(o.TextMap("spec", "selector", "matchLabels"), text)
			id.PodLabels = patterns(o.TextMap("spec", "template", "metadata", "labels"), text)
		case o.Kind() == "Service":
			id.Selector = patterns(o.TextMap("spec", "selector"), text)
		}
		out = append(out, id)
	}
	return out
}

// nameWords are keys whose value is the application's name.
var nameWords = []string{"name", "appname", "app", "application", "applicationname", "servicename", "clustername"}

// naming says how values are changed so that names follow from the chart.
type naming struct {
	takeBack bool // all texts that were tried, and not only those in names
	give     bool // the chart's name to empty values that name the application
}

// hasNames reports whether every workload has a whole name.
func (s *snapshot) hasNames() bool {
	return !slices.ContainsFunc(s.objects, func(o manifest.Object) bool {
		return isWorkload(o.Kind()) && (o.Name() == "" || o.Name() != strings.Trim(o.Name(), "-"))
	})
}

func isWorkload(kind string) bool {
	return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet"
}

// named gives values under which names follow from the chart: samples are taken back, and so are overrides that a chart
// has set for itself. What the values call the application is called like the chart.
func (e *experiment) named(base, declared map[string]any, findings []Finding, how naming) map[string]any {
	values := helmchart.Copy(base)
	for _, f := range findings {
		was, _ := yamldoc.Lookup(declared, f.Path)
		now, _ := yamldoc.Lookup(base, f.Path)
		last := strings.ToLower(strings.ReplaceAll(f.Path[len(f.Path)-1], "_", ""))
		text, _ := was.(string)
		names := slices.ContainsFunc(f.Reaches, namesWorkload)
		switch {
		case (last == "nameoverride" || last == "fullnameoverride") && !inList(f.Path):
			yamldoc.Set(values, f.Path, "")
		case names && text != "" && (slices.Contains(nameWords, last) || text == e.chart.Name()),
			names && yamldoc.IsEmpty(was) && how.give && slices.Contains(nameWords, last):
			yamldoc.Set(values, f.Path, chartName)
		case now == sampleText && yamldoc.IsEmpty(was) && !inList(f.Path) && (how.takeBack || names),
			isText(now) && now != was && how.takeBack && !inList(f.Path),
			was == false && now == true && slices.ContainsFunc(f.Reaches, changesIdentity):
			yamldoc.Set(values, f.Path, was)
		}
	}
	return values
}

func isText(v any) bool { _, ok := v.(string); return ok }

// namesWorkload reports whether a field names a workload, or is a label by which it selects its pods.
func namesWorkload(r Reach) bool {
	return isWorkload(r.Object.Kind) &&
		(slices.Equal(r.Field, yamldoc.Path{"metadata", "name"}) || slices.Contains(r.Field, "matchLabels"))
}

// changesIdentity reports whether a switch that was tried changes what a workload is called or labeled with.
func changesIdentity(r Reach) bool {
	isOf := slices.Contains(r.Field, "labels") || slices.Equal(r.Field, yamldoc.Path{"metadata", "name"})
	return isWorkload(r.Object.Kind) && (isOf || namesWorkload(r))
}

// patterns gives labels in the order in which the text has their names, without samples.
func patterns(labels map[string]string, text string) []Label {
	var out []Label
	for name, value := range labels {
		if name != SampleKey && !strings.Contains(value, sampleText) {
			out = append(out, Label{name, pattern(value, ReleaseName)})
		}
	}
	slices.SortFunc(out, func(a, b Label) int {
		return cmp.Or(cmp.Compare(keyIndex(text, a.Name), keyIndex(text, b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// keyIndex is where a text first has a key, in any style of YAML.
func keyIndex(text, key string) int {
	at := regexp.MustCompile(`(?m)(?:^|[\s{,"'])` + regexp.QuoteMeta(key) + `["']?\s*:`).FindStringIndex(text)
	if at == nil {
		return len(text)
	}
	return at[0]
}

// pattern puts the words in braces in place of the names that stand for them.
func pattern(text, release string) string {
	if text == "Helm" {
		return "{service}"
	}
	return strings.NewReplacer(
		release, "{release}", // first: it may contain the chart's name
		chartName+"-"+chartVersion, "{chart}",
		chartName, "{name}",
		chartVersion, "{chartVersion}",
		appVersion, "{version}",
		namespaceName, "{namespace}",
	).Replace(text)
}
