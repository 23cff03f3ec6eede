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

// section is a map somewhere in the values.
type section struct {
	path []string
	node *yamldoc.Node
}

func (p section) name() string {
	if len(p.path) == 0 {
		return ""
	}
	return p.path[len(p.path)-1]
}

func (p section) child(segments ...string) []string {
	return append(slices.Clone(p.path), segments...)
}

// found is a canonical key with its path in the sibling.
type found struct {
	key   string
	path  []string
	shape string
}

// scan is one search through the values of a chart.
type scan struct {
	sheet *factsheet.Sheet
	root  *yamldoc.Node
	name  string // the chart's
	maps  []section
	facts map[string]found
	// imageBlock is the map that holds the image's parts, or the one in which
	// the image is a scalar.
	imageBlock section
	imageFlat  bool // the image is a scalar: tag and policy are its neighbours
	route      string
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
			for i := range p.node.Entries {
				e := &p.node.Entries[i]
				if !e.Value.IsMap() || depth == 0 && slices.Contains(others, e.Key) {
					continue
				}
				if aside(e.Key) && !convention.SameName(e.Key, name) {
					continue
				}
				next = append(next, section{p.child(e.Key), e.Value})
			}
		}
		level = next
	}
	return s
}

// asideWords are parts of the names of blocks that are beside the application:
// databases, helpers, tests, monitoring.
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

// add notes a fact, the first one staying.
func (s *scan) add(key string, path []string, shape string) {
	if _, ok := s.facts[key]; !ok {
		s.facts[key] = found{key, path, shape}
	}
}

// dropOtherComponents leaves out maps with an image of their own that is not
// the application's, and what lies below them.
func (s *scan) dropOtherComponents() {
	image, ok := s.facts["image.repository"]
	if !ok {
		return
	}
	var foreign [][]string
	s.maps = slices.DeleteFunc(s.maps, func(p section) bool {
		if slices.ContainsFunc(foreign, func(f []string) bool { return convention.HasPrefix(p.path, f) }) {
			return true
		}
		inImage := convention.HasPrefix(p.path, s.imageBlock.path) && !s.imageFlat
		if len(p.path) == 0 || inImage || convention.HasPrefix(image.path, p.path) {
			return false
		}
		e := p.node.Entry("image")
		if e == nil || !e.Value.IsMap() && !e.Value.IsString() {
			return false
		}
		foreign = append(foreign, p.path)
		return true
	})
}

// scopes gives the maps to search for a setting of the application's pods: those
// around its image from the inside out, then all others, shallow ones first.
func (s *scan) scopes() []section {
	var out []section
	for depth := len(s.imageBlock.path); depth >= 0; depth-- {
		for _, p := range s.maps {
			if len(p.path) == depth && convention.HasPrefix(s.imageBlock.path, p.path) {
				out = append(out, p)
			}
		}
	}
	for _, p := range s.maps {
		if !convention.HasPrefix(s.imageBlock.path, p.path) {
			out = append(out, p)
		}
	}
	return out
}

// lookup finds the first entry of one of the names in the scopes that is
// accepted, and gives its path.
func (s *scan) lookup(names []string, accept func(*yamldoc.Entry) bool) (section, *yamldoc.Entry) {
	for _, p := range s.scopes() {
		if e := pick(p.node, names, accept); e != nil {
			return p, e
		}
	}
	return section{}, nil
}

// addLoose adds a key that has one of the names anywhere in the scopes.
func (s *scan) addLoose(k factsheet.Key, names []string) {
	if p, e := s.lookup(names, accepts(k)); e != nil {
		s.add(k.Key, p.child(e.Key), "")
	}
}

// addNamed adds the keys that a map names.
func (s *scan) addNamed(p section, keys ...string) {
	for _, key := range keys {
		if e := s.named(p.node, key); e != nil {
			s.add(key, p.child(e.Key), "")
		}
	}
}

// named gives the entry of a map that is called like a canonical key and may be
// its value.
func (s *scan) named(n *yamldoc.Node, key string) *yamldoc.Entry {
	k := s.sheet.Of(key)
	return pick(n, k.Names, accepts(k))
}

// accepts tells entries that may be a key's value, by what that holds.
func accepts(k factsheet.Key) func(*yamldoc.Entry) bool {
	return func(e *yamldoc.Entry) bool {
		v := e.Value
		switch k.Value {
		case "scalar":
			return scalarOrNull(e)
		case "number":
			return v.IsNull() || v.IsScalar() && v.Type == yamldoc.Int
		case "scalars":
			return !v.IsMap()
		case "map":
			return isMapOrNull(e)
		case "list":
			return v.IsList() || v.IsNull()
		case "items":
			return v.IsList()
		case "texts":
			return v.IsList() && (v.Len() == 0 || v.Items[0].Kind == yamldoc.Scalar)
		}
		return true
	}
}

// pick gives the entry of a map whose name comes first in names. The names are
// as norm gives them.
func pick(n *yamldoc.Node, names []string, accept func(*yamldoc.Entry) bool) *yamldoc.Entry {
	if !n.IsMap() {
		return nil
	}
	for _, name := range names {
		for i := range n.Entries {
			if e := &n.Entries[i]; convention.NormalizeName(e.Key) == name && (accept == nil || accept(e)) {
				return e
			}
		}
	}
	return nil
}

// blocks gives the maps with one of these names, those in the scopes of the
// application first.
func (s *scan) blocks(names ...string) []section {
	var out []section
	rest := s.maps
	inScope := func(p section) bool {
		parent := p.path[:len(p.path)-1]
		return convention.HasPrefix(s.imageBlock.path, parent) || convention.SameName(parent[0], s.name)
	}
	for _, scoped := range []bool{true, false} {
		for _, p := range rest {
			if len(p.path) > 0 && slices.Contains(names, convention.NormalizeName(p.name())) && inScope(p) == scoped {
				out = append(out, p)
			}
		}
	}
	return out
}

// blockWith finds a block of one of the names that has one of the settings, be
// it in one of several things that the block has by name (ingress.main).
func (s *scan) blockWith(names, settings []string) (section, bool) {
	says := func(n *yamldoc.Node) bool { return pick(n, settings, nil) != nil }
	for _, p := range s.blocks(names...) {
		if says(p.node) {
			return p, true
		}
		one := s.member(p.node, func(e *yamldoc.Entry) bool { return e.Value.IsMap() && says(e.Value) })
		if one != nil {
			return section{p.child(one.Key), one.Value}, true
		}
	}
	return section{}, false
}

// member chooses one of several named things (ingresses, services, ports): the
// main one, the one called like the chart, else the first.
func (s *scan) member(n *yamldoc.Node, accept func(*yamldoc.Entry) bool) *yamldoc.Entry {
	preferred := []string{"http", "web", "main", convention.NormalizeName(s.name), "app", "default", "server"}
	if e := pick(n, preferred, accept); e != nil {
		return e
	}
	for i := range n.Entries {
		if e := &n.Entries[i]; accept(e) {
			return e
		}
	}
	return nil
}

// scalarOrNull accepts what holds, or may come to hold, one value.
func scalarOrNull(e *yamldoc.Entry) bool { return e.Value.Kind == yamldoc.Scalar }

func isMapOrNull(e *yamldoc.Entry) bool { return e.Value.IsMap() || e.Value.IsNull() }
