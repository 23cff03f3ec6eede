package scaffolding

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// volumeName is the name of the chart's one volume, where the convention has named volumes.
const volumeName = "data"

// Paths says where a chart has the canonical values, and in which shapes.
type Paths struct {
	convention *convention.Convention
	components []string
	values     []factsheet.Key         // those that the chart has
	paths      map[string]yamldoc.Path // by canonical key, headings left out
	appVersion string                  // the tag of an image that names none, "" where it is not known
}

// PathsOf are those of a chart that this tool wrote, by its lock, in which all components may be "all".
func PathsOf(sheet *factsheet.Sheet, lock *chartdir.Lock) (*Paths, error) {
	conv, err := ConventionOf(sheet, lock)
	if err != nil {
		return nil, err
	}
	if conv, err = adapted(conv, lock.Chart.Name); err != nil {
		return nil, err
	}
	components := lock.Components
	if slices.Contains(components, "all") {
		if components, err = sheet.Select(components, nil); err != nil {
			return nil, err
		}
	}
	p, err := newPaths(conv, components)
	if err != nil {
		return nil, err
	}
	p.appVersion = lock.Chart.AppVersion
	return p, nil
}

// ConventionOf reads the convention that a lock keeps.
func ConventionOf(sheet *factsheet.Sheet, lock *chartdir.Lock) (*convention.Convention, error) {
	conv := &convention.Convention{Sheet: sheet}
	data, err := yaml.Marshal(lock.Convention)
	if err == nil {
		err = yaml.Unmarshal(data, conv)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	return conv, nil
}

// ObservedPaths are those of a chart of other making, of which conventions were read: what nobody has seen has no path.
func ObservedPaths(conv *convention.Convention) (*Paths, error) {
	p := &Paths{convention: conv, paths: map[string]yamldoc.Path{}}
	for _, v := range conv.Sheet.Keys {
		seen, ok := conv.Values[v.Key]
		if v.IsHeading() || !ok || seen.Confidence == convention.Default || seen.Path == "" {
			continue
		}
		path, err := parsePath(seen.Path)
		if err != nil {
			continue // written in a way that can be read and not be followed
		}
		p.values = append(p.values, v)
		p.paths[v.Key] = path
	}
	return p, nil
}

func newPaths(conv *convention.Convention, components []string) (*Paths, error) {
	p := &Paths{convention: conv, components: components, paths: map[string]yamldoc.Path{}}
	for _, v := range conv.Sheet.Keys {
		// Any kind of route needs the domain.
		isOurs := slices.Contains(components, v.Component) || v.Key == "ingress.domain" &&
			(slices.Contains(components, "httproute") || slices.Contains(components, "route"))
		if !isOurs || !p.allows(v.Key) || v.With != "" && !slices.Contains(components, v.With) {
			continue
		}
		if v.Key == "service.targetPort" && p.shape(v.Key) == convention.PortNumber {
			v.Doc = "Port of the container, on which the server listens"
		}
		p.values = append(p.values, v)
		if v.IsHeading() {
			continue
		}
		path, err := parsePath(conv.PathOf(v.Key))
		if err != nil {
			return nil, fmt.Errorf("convention for %s: %w", v.Key, err)
		}
		p.paths[v.Key] = path
	}
	return p, nil
}

// allows reports whether the convention leaves the key a path: by the shape of the image, or the kind of the route or
// of the workload.
func (p *Paths) allows(key string) bool {
	switch key {
	case "replicaCount":
		return p.workload() != "DaemonSet"
	case "config.port":
		return p.shape("service.targetPort") != convention.PortNumber
	case "ingress.className":
		return p.convention.Kinds.Route != convention.RouteIngressRoute
	case "ingress.entryPoints":
		return p.convention.Kinds.Route == convention.RouteIngressRoute
	}
	return p.convention.PathOf(key) != ""
}

func (p *Paths) shape(key string) string {
	return cmp.Or(p.convention.Values[key].Shape, convention.PlainShapes[key])
}

// has reports whether the chart has a value.
func (p *Paths) has(key string) bool {
	_, ok := p.paths[key]
	return ok
}

// below gives the values whose canonical keys lie below key.
func (p *Paths) below(key string) iter.Seq[factsheet.Key] {
	return func(yield func(factsheet.Key) bool) {
		for _, v := range p.values {
			if !v.IsHeading() && strings.HasPrefix(v.Key, key+".") && !yield(v) {
				return
			}
		}
	}
}

// path gives the path of a key, of a heading (config) as well: there it is what its values have in common.
func (p *Paths) path(key string) (yamldoc.Path, error) {
	common, ok := p.paths[key]
	if ok {
		return common, nil
	}
	for v := range p.below(key) {
		path := p.paths[v.Key]
		above := len(path) - strings.Count(v.Key[len(key):], ".")
		if above <= 0 || common != nil && !slices.Equal(common, path[:above]) {
			return nil, fmt.Errorf("the values of %s have no path in common", key)
		}
		common = path[:above]
	}
	if common == nil {
		return nil, fmt.Errorf("there is no value %s in this chart", key)
	}
	return common, nil
}

// PathOf gives the path of a canonical key, or of a key below one.
func (p *Paths) PathOf(key string) (yamldoc.Path, error) {
	// The block of a value that the chart lacks may be there.
	if k := p.convention.Sheet.Key(key); k != nil && !k.IsHeading() && !p.has(key) {
		return nil, fmt.Errorf("%s: the chart has no such value", key)
	}
	rest := yamldoc.Path{}
	for k := key; ; {
		if path, err := p.path(k); err == nil {
			return slices.Concat(path, rest), nil
		}
		i := strings.LastIndexByte(k, '.')
		if i < 0 {
			return nil, fmt.Errorf("%s: the chart has no such value", key)
		}
		k, rest = k[:i], slices.Insert(rest, 0, k[i+1:])
	}
}

// Text gives the dotted path of a canonical key, "" where it has none.
func (p *Paths) Text(key string) string {
	path, err := p.PathOf(key)
	if err != nil {
		return ""
	}
	return path.String()
}

// Component names the component of a canonical key that the chart was written without, "" where it has the key.
func (p *Paths) Component(key string) string {
	for k := key; k != ""; k = k[:max(strings.LastIndexByte(k, '.'), 0)] {
		known := p.convention.Sheet.Key(k)
		if known == nil || slices.ContainsFunc(p.values, func(v factsheet.Key) bool { return v.Key == k }) {
			continue
		}
		if slices.ContainsFunc(p.values, func(v factsheet.Key) bool { return v.Component == known.Component }) {
			return "" // it is there, and the convention leaves the key no path
		}
		return known.Component
	}
	return ""
}

// parsePath reads the notation of convention.Value.Path. <volume> stands for the chart's one volume.
func parsePath(s string) (yamldoc.Path, error) {
	p, err := yamldoc.ParsePath(strings.ReplaceAll(s, "<volume>", volumeName))
	if err != nil {
		return nil, err
	}
	for i, segment := range p {
		switch n, isElement := yamldoc.Index(segment); {
		case isElement && i == 0:
			return nil, fmt.Errorf("path %q begins with a list", s)
		case isElement && n > 0:
			return nil, fmt.Errorf("path %q: only the first element of a list can be named", s)
		case strings.Contains(segment, "<volume>"): // from <<volume>volume>
			return nil, fmt.Errorf("path %q: %s is no key", s, segment)
		}
	}
	return p, nil
}

var identifier = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// expression gives the Go template expression that reads the path from root, ".Values" or "$.Values". A key that is no
// identifier needs index.
func expression(root string, p yamldoc.Path) string {
	e := root
	for _, segment := range p {
		n, isElement := yamldoc.Index(segment)
		switch {
		case isElement:
			e = fmt.Sprintf("(index %s %d)", e, n)
		case identifier.MatchString(segment):
			e += "." + segment
		default:
			e = fmt.Sprintf("(index %s %q)", e, segment)
		}
	}
	return e
}
