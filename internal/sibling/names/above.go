package names

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// home is the chart's folder in the repository, of which another may be a copy.
func (s *Chart) home() string {
	home := filepath.FromSlash(s.Shown)
	if is, _ := helmchart.IsChartDir(home); !is {
		return s.Dir
	}
	return home
}

// readAbove reads the charts in whose charts/ the chart lies as their dependency: Helm renders it with their named
// templates, and their values win.
func (s *Chart) readAbove() {
	prefix := yamldoc.Path{}
	name := cmp.Or(s.chart.Root.Get("name").Str(), s.Name)
	for dir := s.home(); ; {
		charts := filepath.Dir(dir)
		above := Chart{Dir: filepath.Dir(charts), Shown: s.Shown + strings.Repeat("/../..", len(s.Above)+1)}
		if filepath.Base(charts) != "charts" || above.readChart() != nil {
			return
		}
		deps := above.Dependencies()
		i := slices.IndexFunc(deps, func(d helmchart.Dependency) bool { return d.Name == name })
		if i < 0 {
			return
		}
		s.Above = append(s.Above, above.Dir)
		prefix = append(yamldoc.Path{deps[i].Key()}, prefix...)
		if doc, file, err := readValues(above.Dir, nil); err == nil && doc.Root.IsMap() {
			l := layer{doc: doc, prefix: prefix, shown: above.Shown + "/" + file}
			s.over = slices.Insert(s.over, 0, l)
			if values := l.values(); values != nil {
				s.Values, s.Given = overlay(values, s.Values), overlay(values, s.Given)
			}
		}
		s.Templates[0].borrow(readTemplates(above.Dir, above.Shown, above.Name))
		dir, name = above.Dir, above.Name
	}
}

// joinRoot adds the values at the umbrella's root to those of the chart that it wraps, where it has a route to that: a
// chart of its own has both at its root.
func (s *Chart) joinRoot(own layer) {
	routes := []string{convention.RouteIngress, convention.RouteHTTPRoute, convention.RouteIngressRoute}
	if s.Templates[0].object(routes...) == nil {
		return
	}
	root := *own.doc.Root
	root.Entries = slices.DeleteFunc(slices.Clone(root.Entries), func(e yamldoc.Entry) bool {
		return e.Key == s.Wrapped.Key() || slices.Contains(s.Others, e.Key)
	})
	s.HasRoute = true
	s.over = append(s.over, layer{doc: own.doc, shown: own.shown})
	s.Values, s.Given = overlay(&root, s.Values), overlay(&root, s.Given)
}
