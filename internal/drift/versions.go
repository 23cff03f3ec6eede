package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// versions compares the two charts' versions, the servers that they run, and what upstream was when the chart was
// derived from it.
func (c *charts) versions(in Input) []Finding {
	up, here := c.sides.upstream, c.sides.chart
	out := c.movedOn(in.Since.Version)
	running := tagOf(here.Image)
	switch {
	case up.AppVersion == "" || running == "":
	case isOlder(running, up.AppVersion):
		out = append(out, versionFinding(Drift, "appVersion", up.AppVersion, running, "upstream runs a newer server",
			fmt.Sprintf("set the image's tag to %s, after a look at the server's changelog", up.AppVersion)))
	case running != up.AppVersion:
		out = append(out, versionFinding(
			Extra, "appVersion", up.AppVersion, running, "the chart runs a newer server", ""))
	}
	if own := here.AppVersion; own != "" && running != "" && own != running {
		out = append(out, versionFinding(Extra, "image.tag", up.AppVersion, running,
			fmt.Sprintf("Chart.yaml says %s", own), "let Chart.yaml's appVersion be what runs"))
	}
	if up, here := c.upstream.KubeVersion(), c.chart.KubeVersion(); up != here {
		class, why := Ours, "mends fault 28 of upstream's chart: it does not say which Kubernetes it needs"
		if up != "" {
			class, why = Drift, "upstream says which Kubernetes it needs"
		}
		out = append(out, versionFinding(class, "kubeVersion", orNil(up), orNil(here), why, ""))
	}
	if c.upstream.Deprecated() {
		out = append(out, versionFinding(Drift, "deprecated", true, c.chart.Deprecated(),
			"upstream has given up its chart", "look where it went on"))
	}
	return out
}

func versionFinding(class Class, path string, upstream, chart any, why, remedy string) Finding {
	return Finding{
		Layer: LayerVersion, Class: class, Path: strings.Split(path, "."),
		Upstream: upstream, Chart: chart, Why: why, Remedy: remedy,
	}
}

// movedOn compares upstream with what it was.
func (c *charts) movedOn(since string) []Finding {
	var out []Finding
	up, known := c.sides.upstream, c.sheet.Upstream
	if up.Version == known.Version && up.AppVersion != known.AppVersion {
		why := fmt.Sprintf("upstream's chart %s is known to have appVersion %s: somebody has changed this one",
			up.Version, known.AppVersion)
		out = append(out, versionFinding(Drift, "upstream.appVersion", up.AppVersion, known.AppVersion, why,
			"compare with the published chart"))
	}
	switch {
	case since == "" || since == up.Version:
	case isOlder(up.Version, since):
		out = append(out, versionFinding(Extra, "upstream", up.Version, since,
			"this is an older chart of upstream's than the one that the chart came from", ""))
	default:
		out = append(out, versionFinding(Drift, "upstream", up.Version, since,
			"upstream has moved on since the chart was derived from it",
			"what it changed is drift below if this chart lacks it; `helm livekit update` of a newer version of this "+
				"tool takes it over"))
	}
	return out
}

// changedSince adds what upstream changed between the version that the chart came from and the one before us: in its
// values, and in what it renders in each scenario. Upstream stands for now, Chart for then.
func (c *charts) changedSince(ctx context.Context, in Input, runs []*scenarioRun, all *collection) error {
	if in.SinceChart == nil {
		return nil
	}
	why := "upstream changed this since " + in.Since.Version
	if isOlder(in.Upstream.Version(), in.Since.Version) {
		why = "upstream changed this until " + in.Since.Version
	}
	all.addOnce(changedValues(in.SinceChart, in.Upstream, why)...)
	for _, run := range runs {
		then, err := c.render(ctx, in.SinceChart, run.Values)
		if err != nil || run.upstream == nil {
			continue // one that does not render is reported by its own comparison
		}
		for _, f := range changedObjects(then, run.upstream) {
			f.Layer, f.Class, f.Why, f.isMove = LayerVersion, Extra, why, true
			f.redact()
			all.add(&f, run.Name)
		}
	}
	return ctx.Err()
}

// inValues stands before the path of a value among the versions.
const inValues = "values "

// countMoves says of each of upstream's own changes what it is to this chart, and counts them.
func countMoves(findings []*Finding, isKnown bool) *Moved {
	if !isKnown {
		return nil
	}
	found := map[string]Class{} // of a field, and of a whole object
	at := func(object string, path manifest.Path) string { return object + " " + path.String() }
	for _, f := range findings {
		if f.Layer != LayerVersion {
			name := at(f.Object, f.Path)
			if known, ok := found[name]; !ok || slices.Index(Classes, f.Class) < slices.Index(Classes, known) {
				found[name] = f.Class
			}
		}
	}
	out := &Moved{}
	for _, f := range findings {
		if !f.isMove {
			continue
		}
		path := slices.Clone(f.Path)
		if f.Object == "" {
			path[0] = strings.TrimPrefix(path[0], inValues)
		}
		class, ok := found[at(f.Object, path)]
		if whole, isWhole := found[at(f.Object, nil)]; !ok && isWhole && f.Object != "" {
			class = whole
		}
		out.Changes++
		switch class {
		case Drift:
			out.Open++
			f.Why += ", and this chart does not have it"
		case LeftOut:
			out.LeftOut++
			f.Why += "; it belongs to a component that was not scaffolded"
		default:
			out.Here++
			f.Why += ", and this chart has it, or differs for a known reason"
		}
	}
	return out
}

func changedValues(then, now *helmchart.Chart, why string) []Finding {
	old, current := leavesOf(then.Values()), leavesOf(now.Values())
	all := maps.Clone(old)
	maps.Copy(all, current)
	var out []Finding
	for key, leaf := range inOrder(all) {
		was, wasThere := old[key]
		is, isThere := current[key]
		if wasThere != isThere || !sameValue(was.Value, is.Value) {
			out = append(out, Finding{
				Layer: LayerVersion, Class: Extra, Why: why, isMove: true,
				// It stands among what is no value.
				Path:     slices.Concat(manifest.Path{inValues + leaf.Path[0]}, leaf.Path[1:]),
				Upstream: redact.Value(leaf.Path, is.Value), Chart: redact.Value(leaf.Path, was.Value),
			})
		}
	}
	return out
}

// changedObjects compares what two versions of one chart render. Their own versions are no change.
func changedObjects(then, now *rendered.Chart) []Finding {
	var out []Finding
	roles := maps.Clone(then.ByRole)
	maps.Copy(roles, now.ByRole)
	for role, either := range inOrder(roles) {
		a, b := then.ByRole[role], now.ByRole[role]
		object := either.Label()
		if a == nil || b == nil {
			out = append(out, Finding{Object: object, Upstream: kindOrNil(b), Chart: kindOrNil(a)})
			continue
		}
		for key, path := range inOrder(pathsOf(a, b)) {
			was, is := a.Value(key), b.Value(key)
			isVersion := slices.Equal(path, imagePath) ||
				slices.Contains(path, "app.kubernetes.io/version") && was != nil && is != nil
			if !same(was, is, path) && !isVersion {
				out = append(out, Finding{Object: object, Path: path, Upstream: is, Chart: was})
			}
		}
	}
	return out
}

// orNil makes "" nil.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// tagOf is the tag of an image, "" where it has none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image[strings.LastIndexByte(image, '/')+1:], "@")
	_, tag, _ := strings.Cut(image, ":")
	return tag
}

// isOlder compares versions; what is none is not older.
func isOlder(a, b string) bool {
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	return errX == nil && errY == nil && x.LessThan(y)
}

// CheckVersion refuses what is no version; flag names it in the error. "" is fine.
func CheckVersion(flag, text string) error {
	if _, err := semver.NewVersion(text); err != nil && text != "" {
		return remedy.Errorf("give a version of upstream's chart, such as 1.9.0, or a folder",
			"%s %q is no version", flag, text)
	}
	return nil
}
