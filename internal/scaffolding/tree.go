package scaffolding

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// tree is the values of a chart as they nest: what values.yaml and
// values.schema.json are both written from.
type tree struct {
	key      string // a segment of a path, "" for the root
	children []*tree
	// value is set on leaves alone, with its default.
	value *factsheet.Key
	node  *yaml.Node
	// headings are the canonical headings that begin here.
	headings []factsheet.Key
	// isGlobal is set on Helm's block global and what lies in it, which charts
	// share.
	isGlobal bool
}

// newTree lays out the values, in the order of the table, or of the siblings
// where they have an order for a key.
func newTree(l *layout, a app) *tree {
	root := &tree{}
	for i := range l.values {
		v := &l.values[i]
		if v.IsHeading() {
			continue
		}
		leaf := root.at(l.paths[v.Key])
		leaf.value = v
		leaf.node = l.defaultOf(*v, a)
	}
	for _, v := range l.values {
		if !v.IsHeading() {
			continue
		}
		if p := l.common(v.Key); len(p) > 0 {
			for len(p) > 1 && len(root.at(p[:len(p)-1]).children) == 1 {
				p = p[:len(p)-1]
			}
			t := root.at(p)
			t.headings = append(t.headings, v)
		} else if t := root.firstBelow(v.Key); t != nil {
			t.headings = append(t.headings, v)
		}
	}
	root.order(l.convention.Style.ValuesOrder)
	return root
}

// at gives the node at a path, made where it is not there yet.
func (t *tree) at(p yamldoc.Path) *tree {
	for _, key := range p {
		var next *tree
		for _, c := range t.children {
			if c.key == key {
				next = c
			}
		}
		if next == nil {
			next = &tree{key: key, isGlobal: t.isGlobal || t.key == "" && key == "global"}
			t.children = append(t.children, next)
		}
		t = next
	}
	return t
}

// common gives what the places of the values below key have in common.
func (l *layout) common(key string) yamldoc.Path {
	var common yamldoc.Path
	found := false
	for _, v := range l.values {
		if v.IsHeading() || !strings.HasPrefix(v.Key, key+".") {
			continue
		}
		p := l.paths[v.Key]
		p = p[:len(p)-1]
		if !found {
			common, found = p, true
		}
		for !common.Contains(p) {
			common = common[:len(common)-1]
		}
	}
	return common
}

// firstBelow gives the first leaf whose canonical key lies below key.
func (t *tree) firstBelow(key string) *tree {
	if t.value != nil && len(t.value.Key) > len(key) && t.value.Key[:len(key)+1] == key+"." {
		return t
	}
	for _, c := range t.children {
		if found := c.firstBelow(key); found != nil {
			return found
		}
	}
	return nil
}

// order puts top-level keys that the repository orders into that order, each
// in a place that one of them had before, so that the others stay put.
func (t *tree) order(keys []string) {
	var places []int
	byKey := map[string]*tree{}
	for i, c := range t.children {
		for _, k := range keys {
			if c.key == k {
				places = append(places, i)
				byKey[k] = c
			}
		}
	}
	for _, k := range keys {
		if c, ok := byKey[k]; ok {
			t.children[places[0]] = c
			places = places[1:]
			delete(byKey, k)
		}
	}
}

// isList reports whether the node holds the elements of a list.
func (t *tree) isList() bool {
	return len(t.children) > 0 && t.children[0].key == yamldoc.Element(0)
}
