// Package changes groups the findings of a comparison by the change that makes them: a default of upstream's with all
// the fields that follow from it, a port with the Service and the probe that lead to it, a component with its keys and
// objects.
package changes

import (
	"cmp"
	"maps"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Kind is what a finding is about.
type Kind int

// The kinds of findings, those that give a change its title first.
const (
	// NewKey is a key of upstream's that nothing here answers, GoneKey one that upstream no longer has.
	NewKey Kind = iota
	GoneKey
	// Default is a key of upstream's with another default than the one that is known.
	Default
	// Version is a version, or a label or an image with one in it.
	Version
	// Object is an object that one of the charts does not have, Field a field of one.
	Object
	Field
	// Failure is a chart that does not render.
	Failure
)

// Finding is what grouping needs to know of a finding.
type Finding struct {
	Kind   Kind
	Object string
	Path   manifest.Path
	// Upstream and Chart are the values on both sides, nil where there is none.
	Upstream, Chart any
	Why             string
	// Causes are the keys of upstream's values that the field follows from; of a key, the key itself.
	Causes []string
	// Block names what a new key belongs to, "" if it stands alone.
	Block string
	// Component is the one that was left out, "" for none.
	Component string
	// IsEdit says that the difference was made in the chart, after it was scaffolded.
	IsEdit bool
}

// Change is the findings of one change.
type Change struct {
	// Findings are positions in the list that was grouped, in order. Lead is the one that the change is named after.
	Findings []int
	Lead     int
	// Title names the change in a few words, Why says in a sentence or two what it is.
	Title, Why string
}

// Group gives the changes that make the findings, in the order of each one's first finding.
func Group(list []Finding) []Change {
	g := grouping{list: list, group: make([]int, len(list))}
	for i := range g.group {
		g.group[i] = i
	}
	g.joinCauses()
	g.joinFields()
	g.joinOrders()
	members := map[int][]int{}
	for i := range list {
		root := g.root(i)
		members[root] = append(members[root], i)
	}
	var out []Change
	for _, root := range slices.SortedFunc(maps.Keys(members), func(a, b int) int {
		return cmp.Compare(members[a][0], members[b][0])
	}) {
		out = append(out, describe(list, members[root]))
	}
	return out
}

// grouping joins findings into sets, each named by one of its members.
type grouping struct {
	list  []Finding
	group []int
}

func (g *grouping) root(i int) int {
	for g.group[i] != i {
		i = g.group[i]
	}
	return i
}

func (g *grouping) join(a, b int) { g.group[g.root(b)] = g.root(a) }

// isCaused reports whether a finding belongs to a change that is known by its cause, whatever its field is.
func (f Finding) isCaused() bool {
	return len(f.Causes) > 0 || f.Component != "" || f.Kind == Version
}

// cause names the change of a finding that has a cause. A field that several keys move goes with the first one.
func (f Finding) cause() string {
	switch {
	case f.Component != "":
		return "component " + f.Component
	case f.Kind == Version:
		return "version"
	}
	return cmp.Or(f.Block, "key "+f.Causes[0])
}

// joinCauses joins what has one cause. The block of a key goes for the fields that follow from it, too.
func (g *grouping) joinCauses() {
	blocks, first := map[string]string{}, map[string]int{}
	for _, f := range g.list {
		if f.Block != "" && len(f.Causes) > 0 {
			blocks[f.Causes[0]] = f.Block
		}
	}
	for i, f := range g.list {
		if !f.isCaused() {
			continue
		}
		if f.Block == "" && len(f.Causes) > 0 {
			f.Block = blocks[f.Causes[0]]
		}
		if known, ok := first[f.cause()]; ok {
			g.join(known, i)
		} else {
			first[f.cause()] = i
		}
	}
}

// joinFields joins fields that something ties to each other, and to a change with a known cause where a port or a
// volume ties them to that. Two changes with causes of their own are never joined.
func (g *grouping) joinFields() {
	first, ofCaused := map[string]int{}, map[string]int{}
	whole, fresh := wholeObjects(g.list), newElements(g.list)
	for i, f := range g.list {
		if f.isCaused() {
			for _, tie := range strongTies(f) {
				if _, known := ofCaused[tie]; !known {
					ofCaused[tie] = i
				}
			}
			continue
		}
		for _, tie := range ties(f, whole, fresh) {
			if known, ok := first[tie]; ok {
				g.join(known, i)
			} else {
				first[tie] = i
			}
		}
	}
	for i, f := range g.list {
		if f.isCaused() || g.hasCause(i) {
			continue
		}
		for _, tie := range strongTies(f) {
			if known, ok := ofCaused[tie]; ok && !g.hasCause(i) {
				g.join(known, i)
			}
		}
	}
}

// hasCause reports whether a finding has been joined to a change with a known cause.
func (g *grouping) hasCause(i int) bool { return g.list[g.root(i)].isCaused() }

// joinOrders joins the order of a list to the change that adds an element to it or takes one away.
func (g *grouping) joinOrders() {
	for i, f := range g.list {
		for _, element := range orderedElements(f) {
			at := slices.IndexFunc(g.list, func(other Finding) bool {
				return other.Object == f.Object && len(other.Path) > len(element) &&
					slices.Equal(other.Path[:len(element)], element)
			})
			if at >= 0 {
				g.join(at, i)
				break
			}
		}
	}
}
