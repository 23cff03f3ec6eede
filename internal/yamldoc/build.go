package yamldoc

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// builder turns the parser's tree into ours. What aliases stand for is built once and shared, and counted for every
// alias, so a document that multiplies itself is found out without being expanded.
type builder struct {
	name     string
	comments []string
	anchors  map[*yaml.Node]anchor
	size     int // values so far
	deepest  int // level below the node that is being built
	// lastWins takes the last of the keys that stand several times in a map, and notes them.
	lastWins   bool
	duplicates []Duplicate
}

// anchor is what aliases stand for.
type anchor struct {
	node         *Node // nil while it is being built: an alias to it would contain itself
	size, height int
}

func (b *builder) fail(n *yaml.Node, format string, args ...any) error {
	return &Error{Name: b.name, Line: n.Line, Reason: fmt.Sprintf(format, args...)}
}

// count keeps within the limits.
func (b *builder) count(n *yaml.Node, size, depth int) error {
	b.size += size
	b.deepest = max(b.deepest, depth)
	switch {
	case depth > MaxDepth:
		return b.fail(n, "nested more than %d levels deep", MaxDepth)
	case b.size > MaxNodes:
		return b.fail(n, "aliases and values expand to more than %d values", MaxNodes)
	}
	return nil
}

func (b *builder) build(n *yaml.Node, depth int) (*Node, error) {
	b.comment(n.HeadComment, n.LineComment, n.FootComment)
	if n.Kind == yaml.AliasNode {
		return b.follow(n, depth)
	}
	before, outer := b.size, b.deepest
	b.deepest = depth
	if n.Anchor != "" {
		b.anchors[n] = anchor{}
	}
	out, err := &Node{Node: n}, b.count(n, 1, depth)
	switch {
	case err != nil:
	case n.Kind == Map:
		out.Entries, err = b.entries(n, depth)
	case n.Kind == List:
		out.Items, err = b.items(n, depth)
	case n.Kind == Scalar:
		n.Tag = scalarTag(n)
	default:
		err = b.fail(n, "not a map, a list or a scalar")
	}
	if n.Anchor != "" {
		b.anchors[n] = anchor{out, b.size - before, b.deepest - depth}
	}
	b.deepest = max(outer, b.deepest)
	return out, err
}

// follow gives what an alias stands for.
func (b *builder) follow(n *yaml.Node, depth int) (*Node, error) {
	a, ok := b.anchors[n.Alias]
	switch {
	case !ok: // the anchor is a key's
		return b.build(n.Alias, depth)
	case a.node == nil:
		return nil, b.fail(n, "alias *%s stands inside its own anchor", n.Value)
	}
	return a.node, b.count(n, a.size, depth+a.height)
}

func (b *builder) items(n *yaml.Node, depth int) ([]*Node, error) {
	items := make([]*Node, 0, len(n.Content))
	for _, item := range n.Content {
		child, err := b.build(item, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, child)
	}
	return items, nil
}

func (b *builder) entries(n *yaml.Node, depth int) ([]Entry, error) {
	seen, err := b.keys(n)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for pair := range slices.Chunk(n.Content, 2) {
		key, value := pair[0], pair[1]
		b.comment(key.HeadComment, key.LineComment, key.FootComment)
		child, err := b.build(value, depth+1)
		if err != nil {
			return nil, err
		}
		if isMerge(key) {
			merged, err := b.merge(child, seen, value)
			if err != nil {
				return nil, err
			}
			entries = append(entries, merged...)
			continue
		}
		text, _ := b.key(key)
		if seen[text] != key {
			continue // a later one replaces it
		}
		entries = append(entries, Entry{
			Key: text, Value: child, Line: key.Line, Column: key.Column, HeadComment: key.HeadComment,
		})
	}
	return entries, nil
}

// keys gives a map's own keys, of those that stand twice the last.
func (b *builder) keys(n *yaml.Node) (map[string]*yaml.Node, error) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for pair := range slices.Chunk(n.Content, 2) {
		if isMerge(pair[0]) {
			continue
		}
		text, err := b.key(pair[0])
		if err != nil {
			return nil, err
		}
		before, twice := seen[text]
		switch {
		case twice && b.lastWins:
			b.duplicates = append(b.duplicates, Duplicate{text, before.Line, pair[0].Line})
		case twice:
			return nil, b.fail(pair[0], "key %q is there twice, on line %d and here", text, before.Line)
		}
		seen[text] = pair[0]
	}
	return seen, nil
}

// key gives the text of a map's key. Helm turns numbers and booleans into strings and knows no others.
func (b *builder) key(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", b.fail(n, "a key is a plain word here, not a map or a list")
	}
	if n.ShortTag() == "!!null" {
		return "", b.fail(n, "a key is missing before the colon")
	}
	return n.Value, nil
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// merge gives the entries of a merge key's maps that are not there already:
// the map's own keys win, then the first map of a list of maps.
func (b *builder) merge(from *Node, seen map[string]*yaml.Node, at *yaml.Node) ([]Entry, error) {
	sources := []*Node{from}
	if from.Kind == List {
		sources = from.Items
	}
	var merged []Entry
	for _, source := range sources {
		if source.Kind != Map {
			return nil, b.fail(at, "a merge key (<<) takes a map or a list of maps")
		}
		for _, e := range source.Entries {
			if _, there := seen[e.Key]; !there {
				seen[e.Key] = at
				e.Merged = true
				merged = append(merged, e)
			}
		}
	}
	return merged, nil
}

// scalarTag gives the type of a scalar as Helm sees it.
func scalarTag(n *yaml.Node) string {
	tag := n.ShortTag()
	_, isBool := yaml11Bool(n.Value)
	switch {
	case slices.Contains([]string{"!!int", "!!float", "!!bool", "!!null"}, tag):
		return tag
	case isBool && n.Style == 0: // neither quotes nor a tag
		return "!!bool"
	}
	return "!!str"
}
