// Package experiment tells which canonical keys a sibling's values are by what
// they move in the rendered objects, whatever they are called.
package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Job says how the sibling is rendered: the chart that it wraps in its stead, with the values that it gives to that.
// The keys that names take for the new chart's are tried first.
func Job(s *names.Chart, f *names.Facts, sources helmchart.Sources) lineage.Job {
	j := lineage.Job{Chart: s.Dir, Sources: sources, Above: s.Above, Options: lineage.Options{Called: s.Name}}
	if s.Wrapped != nil {
		j.Dependency, j.WithOwn = s.Wrapped.Name, s.HasRoute
	}
	if s.Wrapped != nil || s.StandIn || s.Given != s.Own {
		j.Values, _ = s.Given.Decode().(map[string]any)
	}
	for _, key := range slices.Sorted(maps.Keys(f.Values)) {
		if path := pathToTry(f.Values[key].Path); len(path) > 0 {
			j.Options.First = append(j.Options.First, path)
		}
	}
	// What stands beside the image is the application's, whatever it is called.
	if image := pathToTry(f.Values["image.repository"].Path); len(image) > 2 {
		j.Options.First = append(j.Options.First, image[:len(image)-2])
	}
	return j
}

// pathToTry gives the path of a convention as one of values, in which [0] is any key or element.
func pathToTry(path string) yamldoc.Path {
	out := yamldoc.SplitPath(path)
	for i, segment := range out {
		if isElement(segment) || segment == "<volume>" || segment == "{name}" {
			out[i] = yamldoc.Element(0)
		}
	}
	return out
}

// maxListed is how many keys a note lists.
const maxListed = 20

// incompleteNote says which keys were not tried, and how they would be.
func incompleteNote(shown string, result *lineage.Result) string {
	if result.Incomplete == "" {
		return ""
	}
	var left []string
	for _, path := range result.Untried {
		left = append(left, path.String())
	}
	text := "Not everything was tried"
	if n := len(left); n > maxListed {
		left = append(left[:maxListed], fmt.Sprintf("%d others", n-maxListed))
	}
	if len(left) > 0 {
		text = "Not every value was tried, and these are judged by their names: " + strings.Join(left, ", ")
	}
	return fmt.Sprintf("Rendering %s %s. %s. --max-renders %d goes on.",
		shown, result.Incomplete, text, 4*result.MaxRenders)
}

// Apply adds what renders have shown.
func Apply(f *names.Facts, s *names.Chart, result *lineage.Result) {
	if note := incompleteNote(f.Shown, result); note != "" {
		f.Notes = append(f.Notes, note)
	}
	for _, twice := range result.Twice {
		f.Notes = append(f.Notes, fmt.Sprintf("%s/%s. Helm takes the last one, and so does this.", f.Shown, twice))
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
