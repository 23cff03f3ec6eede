package scaffolding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// volumeName is the name of the chart's one volume, where the convention has
// named volumes.
const volumeName = "data"

// layout says where each canonical value of a chart lies, and in which shape.
type layout struct {
	convention *convention.Convention
	values     []factsheet.Key         // those of the chart's components
	paths      map[string]yamldoc.Path // by canonical key, headings left out
}

// plainShapes are the shapes of the canonical convention.
var plainShapes = map[string]string{
	"image.repository":       convention.ImageSplit,
	"env":                    convention.EnvList,
	"ingress.hosts":          convention.HostsObjects,
	"ingress.tls":            convention.TLSList,
	"persistence.accessMode": convention.AccessModeString,
}

func newLayout(conv *convention.Convention, sheet *factsheet.Sheet, components []string) (*layout, error) {
	l := &layout{convention: conv, paths: map[string]yamldoc.Path{}}
	for _, v := range sheet.Keys {
		if isOf(v, components) && l.hasPlace(v.Key) {
			l.values = append(l.values, v)
		}
	}
	for _, v := range l.values {
		if v.IsHeading() {
			continue
		}
		p, err := parsePath(conv.PathOf(v.Key))
		if err != nil {
			return nil, fmt.Errorf("convention for %s: %w", v.Key, err)
		}
		l.paths[v.Key] = p
	}
	return l, nil
}

// isOf reports whether a value is one of these components. The domain is a second
// one's, too: either route needs it.
func isOf(v factsheet.Key, components []string) bool {
	return slices.Contains(components, v.Component) ||
		v.Key == "ingress.domain" && slices.Contains(components, "httproute")
}

// hasPlace reports whether the convention leaves the key a place: by the shape of
// the image, or the kind of the route or of the workload.
func (l *layout) hasPlace(key string) bool {
	switch key {
	case "replicaCount":
		return l.workload() != "DaemonSet"
	case "ingress.className":
		return l.convention.Kinds.Route != convention.RouteIngressRoute
	case "ingress.entryPoints":
		return l.convention.Kinds.Route == convention.RouteIngressRoute
	}
	return l.convention.PathOf(key) != ""
}

func (l *layout) shape(key string) string {
	if s := l.convention.Values[key].Shape; s != "" {
		return s
	}
	return plainShapes[key]
}

// path gives the place of a key, of a heading (config) as well: there it is
// what its values have in common.
func (l *layout) path(key string) (yamldoc.Path, error) {
	if p, ok := l.paths[key]; ok {
		return p, nil
	}
	common, found := yamldoc.Path(nil), false
	for _, v := range l.values {
		if v.IsHeading() || !strings.HasPrefix(v.Key, key+".") {
			continue
		}
		rest := strings.Count(v.Key[len(key):], ".")
		p := l.paths[v.Key]
		if len(p) <= rest {
			return nil, fmt.Errorf("value %s has no common place", key)
		}
		p = p[:len(p)-rest]
		if found && !slices.Equal(common, p) {
			return nil, fmt.Errorf("value %s has no common place", key)
		}
		common, found = p, true
	}
	if !found {
		return nil, fmt.Errorf("there is no value %s in this chart", key)
	}
	return common, nil
}
