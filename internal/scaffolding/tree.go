package scaffolding

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// tree is the values of a chart as they nest: what values.yaml and values.schema.json are both written from.
type tree struct {
	key      string // a segment of a path, "" for the root
	children []*tree
	// value is set on leaves alone, with its default.
	value *factsheet.Key
	node  *yaml.Node
	// reason says why the default is another one than the value's.
	reason string
	// headings are the canonical headings that begin here.
	headings []factsheet.Key
	// absent are keys of components that the chart lacks, with the component's name.
	absent map[string]string
	// isGlobal is set on Helm's block global and what lies in it, which charts share.
	isGlobal bool
}

// newTree lays out the values in the order of the table.
func newTree(p *Paths, a application) *tree {
	root := &tree{}
	for i := range p.values {
		v := &p.values[i]
		if v.IsHeading() {
			continue
		}
		leaf := root.at(p.paths[v.Key])
		leaf.value = v
		leaf.node = yamldoc.NodeOf(p.defaultOf(*v, a))
		if own := a.cloudValue(v.Key, p.convention.Defaults); own != nil {
			leaf.node, leaf.reason = filled(&own.Value, a.fill), own.Comment
		}
	}
	for _, v := range p.values {
		if !v.IsHeading() {
			continue
		}
		t := root.firstBelow(v.Key)
		common := p.common(v.Key)
		if len(common) == 0 {
			common = p.mostOf(v.Key)
		}
		if len(common) > 0 {
			for len(common) > 1 && len(root.at(common[:len(common)-1]).children) == 1 {
				common = common[:len(common)-1]
			}
			t = root.at(common)
		}
		if t != nil {
			t.headings = append(t.headings, v)
		}
	}
	return root
}

// at gives the node at a path, made where it is not there yet.
func (t *tree) at(p yamldoc.Path) *tree {
	for _, key := range p {
		i := slices.IndexFunc(t.children, func(c *tree) bool { return c.key == key })
		if i < 0 {
			i = len(t.children)
			isGlobal := t.isGlobal || t.key == "" && key == "global"
			t.children = append(t.children, &tree{key: key, isGlobal: isGlobal})
		}
		t = t.children[i]
	}
	return t
}

// common gives what the paths of the values below key have in common.
func (p *Paths) common(key string) yamldoc.Path {
	var common yamldoc.Path
	isFirst := true
	for v := range p.below(key) {
		path := p.paths[v.Key]
		if path = path[:len(path)-1]; isFirst {
			common, isFirst = path, false
		}
		for !common.Contains(path) {
			common = common[:len(common)-1]
		}
	}
	return common
}

// mostOf gives the block that has most of the values below key, of which siblings have some elsewhere; nil for the
// root.
func (p *Paths) mostOf(key string) yamldoc.Path {
	count := map[string]int{}
	var most yamldoc.Path
	for v := range p.below(key) {
		path := p.paths[v.Key]
		block := path[:len(path)-1]
		if count[block.String()]++; count[block.String()] > count[most.String()] {
			most = block
		}
	}
	return most
}

// leaves gives the values with their paths, in order.
func (t *tree) leaves() iter.Seq2[yamldoc.Path, *tree] {
	return func(yield func(yamldoc.Path, *tree) bool) {
		if t.value != nil {
			yield(nil, t)
			return
		}
		for _, c := range t.children {
			for below, leaf := range c.leaves() {
				if !yield(slices.Insert(below, 0, c.key), leaf) {
					return
				}
			}
		}
	}
}

// firstBelow gives the first leaf whose canonical key lies below key.
func (t *tree) firstBelow(key string) *tree {
	for _, leaf := range t.leaves() {
		if strings.HasPrefix(leaf.value.Key, key+".") {
			return leaf
		}
	}
	return nil
}

// ordered gives the tree with the top-level keys that the repository orders first, as it has them. What it does not
// know comes after, as put between them it would part what stands together there; but podLabels stays beside
// podAnnotations, and what begins a chart begins it.
func (t *tree) ordered(keys []string) *tree {
	ranks := map[*tree]int{}
	begun := false
	for i, c := range t.children {
		rank := slices.Index(keys, c.key)
		begun = begun || rank >= 0
		switch {
		case rank >= 0, !begun:
		case areKin(t.children[i-1].key, c.key):
			rank = ranks[t.children[i-1]]
		default:
			rank = len(keys)
		}
		ranks[c] = rank
	}
	out := *t
	out.children = slices.Clone(t.children)
	slices.SortStableFunc(out.children, func(a, b *tree) int { return ranks[a] - ranks[b] })
	out.joinCompanions(keys)
	return &out
}

var camelWord = regexp.MustCompile(`^[a-z0-9]+|[A-Z][a-z0-9]*`)

// areKin reports whether two keys have their first or last word in common.
func areKin(a, b string) bool {
	one, other := camelWord.FindAllString(a, -1), camelWord.FindAllString(b, -1)
	if len(one) < 2 || len(other) < 2 {
		return false
	}
	return one[0] == other[0] || one[len(one)-1] == other[len(other)-1]
}

// companions are top-level keys that charts have side by side, in this order.
var companions = [][]string{
	{"nameOverride", "fullnameOverride"},
	{"podAnnotations", "podLabels"},
	{"podSecurityContext", "securityContext"},
	{"livenessProbe", "readinessProbe"},
	{"nodeSelector", "tolerations", "affinity"},
}

// joinCompanions puts keys that the repository has no order for beside the companion that it has one for.
func (t *tree) joinCompanions(ordered []string) {
	for _, group := range companions {
		for i, key := range group {
			isUnordered := func(k string) bool { return !slices.Contains(ordered, k) }
			beside := slices.DeleteFunc(slices.Clone(group), isUnordered)
			from := t.index(key)
			if slices.Contains(ordered, key) || from < 0 || len(beside) == 0 {
				continue
			}
			moved := t.children[from]
			t.children = slices.Delete(t.children, from, from+1)
			to := t.index(beside[0])
			if i > slices.Index(group, beside[0]) {
				to = t.index(group[i-1]) + 1
			}
			t.children = slices.Insert(t.children, max(to, 0), moved)
		}
	}
}

// index gives the position of a child, -1 for none.
func (t *tree) index(key string) int {
	return slices.IndexFunc(t.children, func(c *tree) bool { return c.key == key })
}

// without gives a copy without the values that are the same in a tree of defaults, unless they are shown anyway.
func (t *tree) without(defaults *tree, isShown func(factsheet.Key) bool) *tree {
	out := *t
	out.children = nil
	for i, c := range t.children {
		plain := defaults.children[i] // the same values in the same order
		isDefault := c.value != nil && !isShown(*c.value) && sameNode(c.node, plain.node)
		if c.value == nil {
			whole := c
			if c = c.without(plain, isShown); c.isList() {
				c = whole // a list takes the place of another, and is not merged with it
			}
		}
		if c.value != nil && !isDefault || len(c.children) > 0 {
			out.children = append(out.children, c)
		}
	}
	return &out
}

// leaveMapsTo empties the maps that a lean values.yaml has as well (resources): Helm takes away what null unsets there
// before a template sees it, and the entry of the defaults would come back.
func (t *tree) leaveMapsTo(lean *tree) {
	for path := range lean.leaves() {
		if here := t.at(path); here.node.Kind == yaml.MappingNode {
			here.node = yamldoc.Pairs()
		}
	}
}

// sameNode compares what two nodes of one key say.
func sameNode(a, b *yaml.Node) bool {
	one, err := yaml.Marshal(a)
	other, err2 := yaml.Marshal(b)
	return err == nil && err2 == nil && string(one) == string(other)
}

// isList reports whether the node holds the elements of a list.
func (t *tree) isList() bool {
	return len(t.children) > 0 && t.children[0].key == yamldoc.Element(0)
}
