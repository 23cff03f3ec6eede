package experiment

import (
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/roundtrip"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Side gives all that the keys of a sibling move, for the chart that follows it to be held against. It fails where no
// workload was found.
func Side(f *names.Facts, s *names.Chart, result *lineage.Result) (roundtrip.Side, bool) {
	o, ok := observe(s, result, f.Values["image.repository"])
	if !ok {
		return roundtrip.Side{}, false
	}
	view := roundtrip.View{Workload: o.workload, Container: o.container,
		IsOther: func(ref lineage.Ref) bool { return o.unrelated[ref] }}
	side := roundtrip.Side{Chart: f.Shown, Keys: map[string]roundtrip.Trial{}, Labels: view.Labels(result)}
	for key, v := range f.Values {
		path := yamldoc.SplitPath(v.Path)
		side.Keys[key] = view.Trial(result, v.Path, func(way []string) bool { return o.isBelow(way, path) })
	}
	return side, true
}
