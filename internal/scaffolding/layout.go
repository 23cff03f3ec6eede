package scaffolding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// volumeName is the name of the chart's one volume, where the convention has
// named volumes.
const volumeName = "data"

// layout says where each canonical value of a chart lies, and in which shape.
type layout struct {
	convention *convention.Convention
	values     []canonical.Value // those of the chart's components
	paths      map[string]path   // by canonical key, headings left out
}

// plainShapes are the shapes of the canonical convention.
var plainShapes = map[string]string{
	"image.repository":       convention.ImageSplit,
	"env":                    convention.EnvList,
	"ingress.hosts":          convention.HostsObjects,
	"ingress.tls":            convention.TLSList,
	"persistence.accessMode": convention.AccessModeString,
}

func newLayout(conv *convention.Convention, table *canonical.Table, components []string) (*layout, error) {
	l := &layout{convention: conv, paths: map[string]path{}}
	for _, v := range table.Values {
		if slices.Contains(components, v.Component) && l.hasPlace(v.Key) {
			l.values = append(l.values, v)
		}
	}
	// What the convention names comes first, so that the rest gives way to it.
	for _, named := range []bool{true, false} {
		for _, v := range l.values {
			if _, ok := conv.Values[v.Key]; ok != named || v.IsHeading() {
				continue
			}
			if err := l.place(v.Key); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// hasPlace reports whether the shape of the image, or the kind of the route,
// leaves the key a place.
func (l *layout) hasPlace(key string) bool {
	switch key {
	case "ingress.className":
		return l.convention.Kinds.Route != convention.RouteIngressRoute
	case "ingress.entryPoints":
		return l.convention.Kinds.Route == convention.RouteIngressRoute
	case "image.registry":
		return l.shape("image.repository") == convention.ImageRegistry
	case "image.tag":
		return l.shape("image.repository") != convention.ImageString
	}
	return true
}

func (l *layout) shape(key string) string {
	if s := l.convention.Values[key].Shape; s != "" {
		return s
	}
	return plainShapes[key]
}

// place finds the path of a key: the convention's; else beside its sisters
// where the convention has moved those; else the canonical one; else, where
// that lies inside another value, one of its own at the top.
func (l *layout) place(key string) error {
	var candidates []string
	if v, ok := l.convention.Values[key]; ok {
		candidates = append(candidates, v.Path)
	} else if parent, ok := l.movedParent(key); ok {
		candidates = append(candidates, parent+key[strings.LastIndexByte(key, '.'):])
	} else if ancestor, ok := l.movedAncestor(key); ok {
		candidates = append(candidates, ancestor)
	}
	candidates = append(candidates, key, camelCase(key))
	for i, c := range candidates {
		p, err := parsePath(c)
		if err != nil {
			return fmt.Errorf("convention for %s: %w", key, err)
		}
		if l.free(key, p) {
			l.paths[key] = p
			return nil
		}
		if i == len(candidates)-1 {
			return fmt.Errorf("convention for %s: %s is taken by another value", key, candidates[0])
		}
	}
	return nil
}

// movedParent gives the place of most of the key's sisters, where the
// convention names at least two and they agree.
func (l *layout) movedParent(key string) (string, bool) {
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return "", false
	}
	votes := map[string]int{}
	total := 0
	for k, v := range l.convention.Values {
		if strings.LastIndexByte(k, '.') != dot || k[:dot] != key[:dot] {
			continue
		}
		total++
		if i := strings.LastIndexByte(v.Path, '.'); i > 0 {
			votes[v.Path[:i]]++
		}
	}
	for parent, n := range votes {
		if n >= 2 && 2*n > total {
			return parent, true
		}
	}
	return "", false
}

// movedAncestor gives the key's place below a map that the convention names as
// a whole, such as config.
func (l *layout) movedAncestor(key string) (string, bool) {
	for k := key; strings.Contains(k, "."); {
		k = k[:strings.LastIndexByte(k, '.')]
		if v, ok := l.convention.Values[k]; ok {
			return v.Path + key[len(k):], true
		}
	}
	return "", false
}

// free reports whether no other value lies at p, above or below it.
func (l *layout) free(key string, p path) bool {
	for other, q := range l.paths {
		if other != key && (p.contains(q) || q.contains(p)) {
			return false
		}
	}
	return true
}

// camelCase joins a dotted key into one: image.pullPolicy is imagePullPolicy.
func camelCase(key string) string {
	var b strings.Builder
	for i, s := range strings.Split(key, ".") {
		if i > 0 && s != "" {
			s = strings.ToUpper(s[:1]) + s[1:]
		}
		b.WriteString(s)
	}
	return b.String()
}

// path gives the place of a key, of a heading (config) as well: there it is
// what its values have in common.
func (l *layout) path(key string) (path, error) {
	if p, ok := l.paths[key]; ok {
		return p, nil
	}
	common, found := path(nil), false
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
