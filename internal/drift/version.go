package drift

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// versions compares the two charts' versions, the servers that they run, and what
// upstream was when the chart was derived from it.
func (s *subject) versions(in Input) []Finding {
	var out []Finding
	add := func(class Class, path string, upstream, chart any, why, remedy string) {
		out = append(out, Finding{Layer: LayerVersion, Class: class, Path: path, Upstream: upstream, Chart: chart, Why: why, Remedy: remedy})
	}
	u, c := s.sides.upstream, s.sides.chart
	s.movedOn(in, add)
	switch running := tagOf(c.Image); {
	case u.AppVersion == "" || running == "":
	case isOlder(running, u.AppVersion):
		add(Drift, "appVersion", u.AppVersion, running, "upstream runs a newer server",
			fmt.Sprintf("set the image's tag to %s, after a look at the server's changelog", u.AppVersion))
	case running != u.AppVersion:
		add(Extra, "appVersion", u.AppVersion, running, "the chart runs a newer server", "")
	}
	if own := c.AppVersion; own != "" && tagOf(c.Image) != "" && own != tagOf(c.Image) {
		add(Extra, "image.tag", u.AppVersion, tagOf(c.Image), fmt.Sprintf("Chart.yaml says %s", own), "let Chart.yaml's appVersion be what runs")
	}
	if up, here := s.upstream.KubeVersion(), s.chart.KubeVersion(); up != here {
		class, why := Ours, "mends fault 28 of upstream's chart: it does not say which Kubernetes it needs"
		if up != "" {
			class, why = Drift, "upstream says which Kubernetes it needs"
		}
		add(class, "kubeVersion", orNil(up), orNil(here), why, "")
	}
	if s.upstream.Deprecated() {
		add(Drift, "deprecated", true, s.chart.Deprecated(), "upstream has given up its chart", "look where it went on")
	}
	return out
}

// movedOn compares upstream with what it was.
func (s *subject) movedOn(in Input, add func(class Class, path string, upstream, chart any, why, remedy string)) {
	u, since := s.sides.upstream, in.Since
	known := s.sheet.Upstream
	if u.Version == known.Version && u.AppVersion != known.AppVersion {
		add(Drift, "upstream.appVersion", u.AppVersion, known.AppVersion,
			fmt.Sprintf("upstream's chart %s is known to have appVersion %s: somebody has changed this one", u.Version, known.AppVersion),
			"compare with the published chart")
	}
	if since.Version == "" || since.Version == u.Version {
		return
	}
	if isOlder(u.Version, since.Version) {
		add(Extra, "upstream", u.Version, since.Version, "this is an older chart of upstream's than the one that the chart came from", "")
		return
	}
	add(Drift, "upstream", u.Version, since.Version, "upstream has moved on since the chart was derived from it",
		"look at what changed below; a newer helm livekit, and `helm livekit scaffold`, take it in")
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// tagOf is the tag of an image, "" where it has none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[i+1:]
	}
	return ""
}

// isOlder compares versions; what is none is not older.
func isOlder(a, b string) bool {
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	return errX == nil && errY == nil && x.LessThan(y)
}

// CheckVersion refuses what is no version; flag names it in the error. "" is fine.
func CheckVersion(flag, text string) error {
	if text == "" {
		return nil
	}
	if _, err := semver.NewVersion(text); err != nil {
		return remedy.Errorf("give a version of upstream's chart, such as 1.9.0", "%s %q is no version", flag, text)
	}
	return nil
}
