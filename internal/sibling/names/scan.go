package names

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Bounds of the search in values that may be anything.
const (
	maxScanDepth = 10
	maxScanMaps  = 5000
)

// section is a part of the values with its path. One that is not there has no node.
type section struct {
	path yamldoc.Path
	*yamldoc.Node
}

func (p section) exists() bool { return p.Node != nil }

// name gives the last segment of the path, normalized.
func (p section) name() string {
	if len(p.path) == 0 {
		return ""
	}
	return convention.NormalizeName(p.path[len(p.path)-1])
}

// child gives the path of something below the section.
func (p section) child(segments ...string) yamldoc.Path {
	return append(slices.Clone(p.path), segments...)
}

// below gives the sections of a map.
func (p section) below() []section {
	if !p.IsMap() {
		return nil
	}
	out := make([]section, len(p.Entries))
	for i, e := range p.Entries {
		out[i] = section{p.child(e.Key), e.Value}
	}
	return out
}

// pick gives the section of a map whose name comes first in names, normalized ones, and that is accepted.
func (p section) pick(names []string, accept func(*yamldoc.Node) bool) section {
	if !p.IsMap() {
		return section{}
	}
	for _, name := range names {
		for _, e := range p.Entries {
			if convention.NormalizeName(e.Key) == name && (accept == nil || accept(e.Value)) {
				return section{p.child(e.Key), e.Value}
			}
		}
	}
	return section{}
}

// found is where the sibling has a canonical key.
type found struct {
	path  yamldoc.Path
	shape string
	// library names the well-known library that has the key there, "" where its name tells.
	library string
}

// scan is one search through the values of a chart.
type scan struct {
	sheet *factsheet.Sheet
	root  *yamldoc.Node
	name  string // the chart's
	maps  []section
	facts map[string]found
	// imageBlock is the map that holds the image's parts, or the one in which the image is a scalar.
	imageBlock section
	imageFlat  bool // the image is a scalar: tag and policy are its neighbors
	route      string
	host       section      // one host beside a list of them
	references yamldoc.Path // a list of Secrets that become variables
}

// newScan lists the maps that may speak for the application, the shallow ones
// first. The keys in others belong to something else.
func newScan(sheet *factsheet.Sheet, root *yamldoc.Node, name string, others []string) *scan {
	s := &scan{sheet: sheet, root: root, name: name, facts: map[string]found{}}
	level := []section{{nil, root}}
	for depth := 0; depth < maxScanDepth && len(level) > 0; depth++ {
		var next []section
		for _, p := range level {
			if len(s.maps) >= maxScanMaps {
				return s
			}
			s.maps = append(s.maps, p)
			for _, e := range p.below() {
				key := e.path[depth]
				isOther := depth == 0 && slices.Contains(others, key)
				if e.IsMap() && !isOther && (!aside(key) || convention.SameName(key, name)) {
					next = append(next, e)
				}
			}
		}
		level = next
	}
	return s
}

// asideWords are parts of the names of blocks that are beside the application: databases, helpers, tests, monitoring.
var asideWords = []string{
	"redis", "valkey", "postgres", "mysql", "mariadb", "mongo", "memcached", "rabbitmq", "kafka", "minio",
	"sidecar", "metrics", "exporter", "prometheus", "grafana", "monitor", "backup", "migrat",
	"cronjob", "probe", "lifecycle", "volumepermission", "extra", "additional", "oauth", "networkpolic", "fluent",
	"externalsecret", "configmap", "addon", "predelete", "postdelete", "preinstall", "postinstall", "preupgrade",
	"postupgrade",
}

func aside(key string) bool {
	n := convention.NormalizeName(key)
	if n == "global" || n == "job" || n == "jobs" || strings.HasPrefix(n, "init") || strings.HasPrefix(n, "test") {
		return true
	}
	return slices.ContainsFunc(asideWords, func(w string) bool { return strings.Contains(n, w) })
}

// detect finds every canonical key that the values name.
func (s *scan) detect() map[string]found {
	s.findImage()
	s.dropOtherComponents()
	s.findService()
	s.findRoutes()
	s.findPersistence()
	s.findPod()
	return s.facts
}

// add notes a fact, the first one staying. A path that was not found is none.
func (s *scan) add(key string, path []string, shape string) {
	if _, ok := s.facts[key]; !ok && path != nil {
		s.facts[key] = found{path: path, shape: shape}
	}
}

// dropOtherComponents leaves out maps with an image of their own that is not
// the application's, and what lies below them.
func (s *scan) dropOtherComponents() {
	image, ok := s.facts["image.repository"]
	if !ok {
		return
	}
	var foreign []yamldoc.Path
	s.maps = slices.DeleteFunc(s.maps, func(p section) bool {
		if slices.ContainsFunc(foreign, func(f yamldoc.Path) bool { return f.Contains(p.path) }) {
			return true
		}
		inImage := s.imageBlock.path.Contains(p.path) && !s.imageFlat
		if len(p.path) == 0 || inImage || p.path.Contains(image.path) {
			return false
		}
		if own := p.Child("image"); !own.IsMap() && !own.IsString() {
			return false
		}
		foreign = append(foreign, p.path)
		return true
	})
}

// scopes gives the maps to search for a setting of the application's pods: those
// around its image from the inside out, then all others, shallow ones first.
func (s *scan) scopes() []section {
	rank := func(p section) int {
		if p.path.Contains(s.imageBlock.path) {
			return -len(p.path)
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(s.maps), func(a, b section) int { return rank(a) - rank(b) })
}

// lookup finds the first section of one of the names in the scopes that is accepted.
func (s *scan) lookup(names []string, accept func(*yamldoc.Node) bool) section {
	for _, p := range s.scopes() {
		if e := p.pick(names, accept); e.exists() {
			return e
		}
	}
	return section{}
}

// addLoose adds a key that has one of the names anywhere in the scopes.
func (s *scan) addLoose(k factsheet.Key, names []string) {
	s.add(k.Key, s.lookup(names, mayHold[k.Value]).path, "")
}

// addNamed adds the keys that a map names.
func (s *scan) addNamed(p section, keys ...string) {
	for _, key := range keys {
		s.add(key, s.named(p, key).path, "")
	}
}

// named gives what in a map is called like a canonical key and may be its value.
func (s *scan) named(p section, key string) section {
	k := s.sheet.Of(key)
	return p.pick(k.Names, mayHold[k.Value])
}

// mayHold tells what may be a key's value by what factsheet.Siblings.Value says
// that it holds; what is not there may be anything.
var mayHold = map[string]func(*yamldoc.Node) bool{
	"scalar":  scalarOrNull,
	"number":  func(v *yamldoc.Node) bool { return v.IsNull() || v.IsInt() },
	"scalars": func(v *yamldoc.Node) bool { return !v.IsMap() },
	"map":     isMapOrNull,
	"list":    func(v *yamldoc.Node) bool { return v.IsList() || v.IsNull() },
	"items":   (*yamldoc.Node).IsList,
	"texts":   func(v *yamldoc.Node) bool { return v.IsList() && (v.Len() == 0 || v.Items[0].IsScalar()) },
}

// blocks gives the maps with one of these names, those in the scopes of the application first.
func (s *scan) blocks(names ...string) []section {
	rank := func(p section) int {
		parent := p.path[:len(p.path)-1]
		if parent.Contains(s.imageBlock.path) || convention.SameName(parent[0], s.name) {
			return 0
		}
		return 1
	}
	named := slices.DeleteFunc(slices.Clone(s.maps), func(p section) bool { return !slices.Contains(names, p.name()) })
	slices.SortStableFunc(named, func(a, b section) int { return rank(a) - rank(b) })
	return named
}

// blockWith finds a block of one of the names that has one of the settings, be
// it in one of several things that the block has by name (ingress.main).
func (s *scan) blockWith(names, settings []string) section {
	says := func(p section) bool { return p.pick(settings, nil).exists() }
	for _, p := range s.blocks(names...) {
		if says(p) {
			return p
		}
		if one := s.member(p, func(n *yamldoc.Node) bool { return n.IsMap() && says(section{nil, n}) }); one.exists() {
			return one
		}
	}
	return section{}
}

// member chooses one of several named things (ingresses, services, ports): the
// main one, the one called like the chart, else the first.
func (s *scan) member(p section, accept func(*yamldoc.Node) bool) section {
	preferred := []string{"http", "web", "main", convention.NormalizeName(s.name), "app", "default", "server"}
	if e := p.pick(preferred, accept); e.exists() {
		return e
	}
	below := p.below()
	if i := slices.IndexFunc(below, func(e section) bool { return accept(e.Node) }); i >= 0 {
		return below[i]
	}
	return section{}
}

// scalarOrNull accepts what holds, or may come to hold, one value.
func scalarOrNull(n *yamldoc.Node) bool { return n.Kind == yamldoc.Scalar }

func isMapOrNull(n *yamldoc.Node) bool { return n.IsMap() || n.IsNull() }
