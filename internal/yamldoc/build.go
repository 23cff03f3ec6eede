package yamldoc

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// builder turns the parser's tree into ours. What an alias stands for is built anew for each, and every node counts, so
// a document that multiplies itself is given up at MaxNodes.
type builder struct {
	name     string
	comments []string
	size     int
	open     map[*yaml.Node]bool // anchors being built: an alias to one would contain itself
	alias    *yaml.Node          // the outermost alias whose target is being built
}

func (b *builder) fail(n *yaml.Node, format string, args ...any) error {
	if b.alias != nil {
		n = b.alias
	}
	return &Error{Name: b.name, Line: n.Line, Reason: fmt.Sprintf(format, args...)}
}

func (b *builder) build(n *yaml.Node, depth int) (*Node, error) {
	b.comment(n.HeadComment, n.LineComment, n.FootComment)
	if n.Kind == yaml.AliasNode {
		return b.follow(n, depth)
	}
	if depth > MaxDepth {
		return nil, b.fail(n, "nested more than %d levels deep", MaxDepth)
	}
	if b.size++; b.size > MaxNodes {
		return nil, b.fail(n, "aliases and values expand to more than %d values", MaxNodes)
	}
	if n.Anchor != "" {
		b.open[n] = true
		defer delete(b.open, n)
	}
	out := &Node{Node: n}
	var err error
	switch n.Kind {
	case Map:
		out.Entries, err = b.entries(n, depth)
	case List:
		out.Items, err = b.items(n, depth)
	case Scalar:
		n.Tag = scalarTag(n)
	default:
		err = b.fail(n, "not a map, a list or a scalar")
	}
	return out, err
}

// follow builds what an alias stands for.
func (b *builder) follow(n *yaml.Node, depth int) (*Node, error) {
	if b.open[n.Alias] {
		return nil, b.fail(n, "alias *%s stands inside its own anchor", n.Value)
	}
	if b.alias == nil {
		b.alias = n
		defer func() { b.alias = nil }()
	}
	return b.build(n.Alias, depth)
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
		entries = append(entries, Entry{
			Key: text, Value: child, Line: key.Line, Column: key.Column, HeadComment: key.HeadComment,
		})
	}
	return entries, nil
}

// keys gives a map's own keys with their lines.
func (b *builder) keys(n *yaml.Node) (map[string]int, error) {
	seen := make(map[string]int, len(n.Content)/2)
	for pair := range slices.Chunk(n.Content, 2) {
		if isMerge(pair[0]) {
			continue
		}
		text, err := b.key(pair[0])
		if err != nil {
			return nil, err
		}
		if line, twice := seen[text]; twice {
			return nil, b.fail(pair[0], "key %q is there twice, on line %d and here", text, line)
		}
		seen[text] = pair[0].Line
	}
	return seen, nil
}

// key gives the text of a map's key. Helm turns numbers and booleans into
// strings and knows no others.
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
func (b *builder) merge(from *Node, seen map[string]int, at *yaml.Node) ([]Entry, error) {
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
				seen[e.Key] = e.Line
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
