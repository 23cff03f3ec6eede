package names

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// claimNames are names of blocks in which the settings of one claim are.
var claimNames = []string{"pvc", "persistentvolumeclaim", "claim", "volumeclaim"}

var quantity = regexp.MustCompile(`^\d+(\.\d+)?\s*([EPTGMk]i?)?$`)

// claim is what a map says of a claim: paths below it, by canonical key.
type claim struct {
	paths map[string][]string
	mode  string // shape of the access mode
	// inner is where the claim's own settings are ("persistentVolumeClaim"), nil for the map itself.
	inner []string
}

// readClaim reads a map as the settings of a claim, also of one in a block of its own inside.
func (s *scan) readClaim(p section) claim {
	c := claim{paths: map[string][]string{}}
	if e := p.pick(claimNames, (*yamldoc.Node).IsMap); e.exists() {
		c.inner = e.path[len(p.path):]
		s.addClaim(&c, e.Node, c.inner)
	}
	s.addClaim(&c, p.Node, nil)
	return c
}

// addClaim adds what a map says to a claim.
func (s *scan) addClaim(c *claim, n *yamldoc.Node, at []string) {
	for _, key := range s.keysOf("persistence") {
		e := s.named(section{at, n}, key)
		if !e.exists() || c.paths[key] != nil {
			continue
		}
		c.paths[key] = e.path
		if key == "persistence.accessMode" {
			c.mode = convention.AccessModeString
			if e.IsList() || e.IsNull() && strings.HasSuffix(e.name(), "s") {
				c.mode = convention.AccessModeList
			}
		}
	}
	// A claim's resources may be handed on as they are, and empty.
	isOpen := c.mode != "" && n.Child("resources").IsMap()
	requested := n.Get("resources.requests.storage")
	if (requested != nil || isOpen) && c.paths["persistence.size"] == nil {
		c.paths["persistence.size"] = append(slices.Clone(at), "resources", "requests", "storage")
	}
}

// weight tells how much a map says of a claim, beyond a switch.
func (c claim) weight() int {
	w := 0
	for key := range c.paths {
		switch key {
		case "persistence.enabled":
		case "persistence.size":
			w += 3
		case "persistence.mountPath":
			w++
		default:
			w += 2
		}
	}
	return w
}

// volumeSet is one way in which the values may describe persistence.
type volumeSet struct {
	block  section
	shape  string
	inside []string // from the block to a volume: <volume>, or volumes[0]
	claim  claim
}

func (s *scan) findPersistence() {
	var best volumeSet
	most := -1
	for _, p := range s.blocks(s.sheet.Of("persistence").Names...) {
		if s.imageBlock.path.Contains(p.path) && !s.imageFlat && len(s.imageBlock.path) > 0 {
			continue
		}
		v := s.volumesOf(p)
		if w := v.claim.weight(); v.shape != "" && w > most && (w > 0 || len(v.claim.paths) > 0) {
			best, most = v, w
		}
	}
	if most < 0 {
		s.findLooseSize()
		return
	}
	s.addVolumes(best)
}

// volumesOf reads a block as one claim, as a map of named volumes or as a list.
func (s *scan) volumesOf(p section) volumeSet {
	own := s.readClaim(p)
	v := volumeSet{block: p, shape: convention.PersistenceBlock, claim: own}
	isMounts := p.name() == "volumemounts"
	if own.paths["persistence.size"] == nil || isMounts {
		if list, ok := s.listOfClaims(p); ok {
			return list
		}
		if named, ok := s.namedClaims(p); ok && named.weight() > own.weight() {
			return volumeSet{block: p, shape: convention.PersistenceVolumes, inside: []string{"<volume>"}, claim: named}
		}
	}
	if isMounts || p.name() == "data" && own.paths["persistence.size"] == nil {
		v.shape = "" // a name that says too little alone
	}
	return v
}

// listOfClaims reads persistence.volumes[] where its elements describe claims.
func (s *scan) listOfClaims(p section) (volumeSet, bool) {
	for _, e := range p.below() {
		if !e.IsList() || e.Len() == 0 || !e.Items[0].IsMap() {
			continue
		}
		// Lists of Kubernetes' own volumes have claims by name only.
		if c := s.readClaim(section{nil, e.Items[0]}); c.paths["persistence.size"] != nil {
			inside := append(e.path[len(p.path):], "[0]")
			return volumeSet{block: p, shape: convention.PersistenceList, inside: inside, claim: c}, true
		}
	}
	return volumeSet{}, false
}

// namedClaims reads the maps below a block as volumes, and gathers what any of them says.
func (s *scan) namedClaims(p section) (claim, bool) {
	all := claim{paths: map[string][]string{}}
	for _, e := range p.below() {
		c := s.readClaim(e)
		if c.weight() == 0 {
			continue
		}
		maps.Copy(c.paths, all.paths)
		all.paths, all.mode = c.paths, cmp.Or(all.mode, c.mode)
		if all.inner == nil {
			all.inner = c.inner
		}
	}
	return all, len(all.paths) > 0
}

func (s *scan) addVolumes(v volumeSet) {
	volume := v.block.child(v.inside...)
	inner := append(slices.Clone(volume), v.claim.inner...)
	// Mounts in a map of their own leave the claims to the map of volumes.
	if v.block.name() == "volumemounts" {
		parent := section{v.block.path[:len(v.block.path)-1], nil}
		if volumes := s.root.Get(yamldoc.JoinPath(parent.child("volumes")...)); volumes.IsMap() {
			inner = parent.child("volumes", "<volume>")
		}
	}
	s.add("persistence", inner, v.shape)
	for key, path := range v.claim.paths {
		shape := v.shape
		if key == "persistence.accessMode" {
			shape = v.claim.mode
		}
		s.add(key, append(slices.Clone(volume), path...), shape)
	}
	s.add("persistence.mountPath", s.pathAbove(v), v.shape)
	if v.shape != convention.PersistenceBlock {
		s.add("persistence.enabled", s.named(v.block, "persistence.enabled").path, v.shape)
	}
}

// pathAbove finds where a volume is mounted beside the block of its claim: data.{path,persistence}.
func (s *scan) pathAbove(v volumeSet) yamldoc.Path {
	isKnown := v.claim.paths["persistence.mountPath"] != nil
	if isKnown || v.shape != convention.PersistenceBlock || len(v.block.path) < 2 {
		return nil
	}
	above := v.block.path[:len(v.block.path)-1]
	names := append([]string{"path"}, s.sheet.Of("persistence.mountPath").Names...)
	isFolder := func(n *yamldoc.Node) bool { return strings.HasPrefix(n.Str(), "/") && n.Str() != "/" }
	return section{above, s.root.Get(above.String())}.pick(names, isFolder).path
}

// findLooseSize finds a size that stands alone: storage: 5Gi, storage.configSize.
func (s *scan) findLooseSize() {
	for _, p := range s.scopes() {
		for _, e := range p.below() {
			isSize := slices.Contains(s.sheet.Of("persistence.size").Loose, e.name()) ||
				p.name() == "storage" && strings.HasSuffix(e.name(), "size")
			if isSize && e.IsScalar() && quantity.MatchString(e.Str()) {
				s.add("persistence.size", e.path, convention.PersistenceBlock)
				return
			}
		}
	}
}
