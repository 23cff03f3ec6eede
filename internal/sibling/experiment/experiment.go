// Package experiment tells which canonical keys a sibling's values are by what
// they move in the rendered objects, whatever they are called.
package experiment

import (
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// Job says how the sibling is rendered: the chart that it wraps in its stead, with the values that it gives to that.
func Job(s *names.Chart, sources helmchart.Sources) lineage.Job {
	j := lineage.Job{Chart: s.Dir, Sources: sources, Above: s.Above}
	if s.Wrapped != nil {
		j.Dependency, j.WithOwn = s.Wrapped.Name, s.HasRoute
	}
	if s.Wrapped != nil || s.StandIn || s.Given != s.Own {
		j.Values, _ = s.Given.Decode().(map[string]any)
	}
	return j
}

// Apply adds what renders have shown.
func Apply(f *names.Facts, s *names.Chart, result *lineage.Result) {
	if result.Incomplete != "" {
		f.Notes = append(f.Notes, fmt.Sprintf("Not every value of %s was tried: it %s after %d renders.",
			f.Shown, result.Incomplete, result.Renders))
	}
	if result.Required {
		f.Notes = append(f.Notes, fmt.Sprintf("%s renders only with values that it requires; "+
			"it was rendered with others made up.", f.Shown))
	}
	for _, instead := range result.Instead {
		f.Notes = append(f.Notes, fmt.Sprintf("%s was rendered with what the repository has: %s.", f.Shown, instead))
	}
	o, ok := observe(s, result, f.Values["image.repository"])
	if !ok {
		return
	}
	o.promote(f)
	o.addDomain(f)
	o.addIdentity(f)
	o.addDefaults(f)
	f.Notes = append(f.Notes, o.notes(f)...)
}
