package sibling

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Bounds of the search for a way in, and how many charts have to be without one for it to be a habit.
const (
	maxRouted   = 100
	maxRouteDir = 60 // files in templates/
	fewWithout  = 3
)

var (
	// routeInTemplate is a route that charts of ours have as well, otherWayIn one that they have not.
	routeInTemplate = regexp.MustCompile(`(?m)^\s*kind:\s*["']?(Ingress|HTTPRoute|IngressRoute|Route)\b`)
	otherWayIn      = regexp.MustCompile(`(?m)^\s*kind:\s*["']?(VirtualService|HTTPProxy|Mapping|TunnelBinding)\b`)
	routeInValues   = regexp.MustCompile(`(?mi)^[\s#]*[\w-]*(ingress|httproute|gateway|hostname|subdomain|domain)\w*:`)
)

// switchRouteOff has the new chart's route off where no chart of the repository has one, as nothing would serve it.
func switchRouteOff(c *convention.Convention, charts []string, root string) {
	if _, isKnown := c.Values["ingress.hosts"]; isKnown || len(charts) == 0 {
		return
	}
	near, err := Beside(charts[0])
	if err != nil {
		return
	}
	near = append(slices.Clone(charts), near...)
	if root != "" {
		near = append(near, Elsewhere(root, charts[0])...)
	}
	seen, other := map[string]bool{}, ""
	for _, dir := range near[:min(len(near), maxRouted)] {
		abs, err := filepath.Abs(dir)
		if err != nil || seen[abs] {
			continue
		}
		seen[abs] = true
		isRouted, another := wayIn(dir)
		if isRouted {
			return
		}
		if other == "" {
			other = another
		}
	}
	if len(seen) < fewWithout {
		return
	}
	c.Kinds.NoRoute = true
	note := "No chart of the repository has an Ingress, so that of the new one is off."
	if other != "" {
		note = fmt.Sprintf("The charts of the repository have a %s and no Ingress, so the new one's Ingress is off: "+
			"it needs a %s of its own.", other, other)
	}
	c.Notes = append(c.Notes, note)
}

// wayIn tells whether a chart has a route, or an object of another kind that is one.
func wayIn(dir string) (isRouted bool, other string) {
	values, err := yamldoc.ReadBytes(filepath.Join(dir, "values.yaml"))
	if err == nil && routeInValues.Match(values) {
		return true, ""
	}
	entries, err := os.ReadDir(filepath.Join(dir, "templates"))
	if err != nil {
		return false, ""
	}
	for _, e := range entries[:min(len(entries), maxRouteDir)] {
		text, err := yamldoc.ReadBytes(filepath.Join(dir, "templates", e.Name()))
		if err != nil {
			continue // a folder, or a file that is not there any more
		}
		if routeInTemplate.Match(text) {
			return true, ""
		}
		if m := otherWayIn.FindSubmatch(text); m != nil && other == "" {
			other = string(m[1])
		}
	}
	return false, other
}
