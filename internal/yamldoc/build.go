package yamldoc

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// builder turns the parser's tree into ours. A node that aliases stand for is
// built once and shared, and its size is counted for every alias, so a document
// that multiplies itself is found out without being expanded.
type builder struct {
	name     string
	done     map[*yaml.Node]built
	comments []string
	work     int // entries copied by merge keys
}

// built is a node with the number of values in it, and how deep they nest.
type built struct {
	node  *Node
	size  int
	depth int
	open  bool // still being built: an alias to it would contain itself
}

func (b *builder) fail(n *yaml.Node, format string, args ...any) error {
	return &Error{Name: b.name, Line: n.Line, Reason: fmt.Sprintf(format, args...)}
}

func (b *builder) build(n *yaml.Node, depth int) (built, error) {
	b.comment(n.HeadComment, n.LineComment, n.FootComment)
	if depth > MaxDepth {
		return built{}, b.fail(n, "nested more than %d levels deep", MaxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return b.alias(n, depth)
	}
	if n.Anchor != "" {
		b.done[n] = built{open: true}
	}
	out := built{node: &Node{
		Line: n.Line, Column: n.Column, LineComment: n.LineComment,
		Flow: n.Style&yaml.FlowStyle != 0,
	}, size: 1}
	var err error
	switch n.Kind {
	case yaml.MappingNode:
		out.node.Kind = Map
		err = b.buildMap(n, &out, depth)
	case yaml.SequenceNode:
		out.node.Kind = List
		err = b.buildList(n, &out, depth)
	case yaml.ScalarNode:
		setScalar(out.node, n)
	default:
		err = b.fail(n, "not a map, a list or a scalar")
	}
	if err != nil {
		return built{}, err
	}
	if n.Anchor != "" {
		b.done[n] = out
	}
	return out, nil
}

func (b *builder) alias(n *yaml.Node, depth int) (built, error) {
	target, ok := b.done[n.Alias]
	if !ok || target.open {
		return built{}, b.fail(n, "alias *%s stands inside its own anchor", n.Value)
	}
	if depth+target.depth > MaxDepth {
		return built{}, b.fail(n, "nested more than %d levels deep by alias *%s", MaxDepth, n.Value)
	}
	return target, nil
}

// add counts a child into its parent.
func (b *builder) add(out *built, child built, at *yaml.Node) error {
	out.size += child.size
	out.depth = max(out.depth, child.depth+1)
	if out.size > MaxNodes {
		return b.fail(at, "aliases and values expand to more than %d values", MaxNodes)
	}
	return nil
}

func (b *builder) buildList(n *yaml.Node, out *built, depth int) error {
	out.node.Items = make([]*Node, 0, len(n.Content))
	for _, item := range n.Content {
		child, err := b.build(item, depth+1)
		if err != nil {
			return err
		}
		if err := b.add(out, child, item); err != nil {
			return err
		}
		out.node.Items = append(out.node.Items, child.node)
	}
	return nil
}

func (b *builder) buildMap(n *yaml.Node, out *built, depth int) error {
	seen := make(map[string]int, len(n.Content)/2) // key: its line
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if isMerge(key) {
			continue
		}
		text, err := b.key(key)
		if err != nil {
			return err
		}
		if line, twice := seen[text]; twice {
			return b.fail(key, "key %q is there twice, on line %d and here", text, line)
		}
		seen[text] = key.Line
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		b.comment(key.HeadComment, key.LineComment, key.FootComment)
		child, err := b.build(value, depth+1)
		if err != nil {
			return err
		}
		if isMerge(key) {
			if err := b.merge(out, child, seen, value); err != nil {
				return err
			}
			continue
		}
		if err := b.add(out, child, value); err != nil {
			return err
		}
		text, _ := b.key(key)
		out.node.Entries = append(out.node.Entries, Entry{
			Key: text, Value: child.node, Line: key.Line, Column: key.Column,
			HeadComment: key.HeadComment, FootComment: key.FootComment,
		})
	}
	return nil
}

// key gives the text of a map's key. Helm turns numbers and booleans into
// strings and knows no others.
func (b *builder) key(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", b.fail(n, "a key is a plain word here, not a map or a list")
	}
	if n.ShortTag() == "!!null" {
		return "", b.fail(n, "a key is missing before the colon")
	}
	if n.Anchor != "" {
		node := &Node{Line: n.Line, Column: n.Column}
		setScalar(node, n)
		b.done[n] = built{node: node, size: 1}
	}
	return n.Value, nil
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// merge copies the entries of a merge key's maps that are not there already:
// the map's own keys win, then the first map of a list of maps.
func (b *builder) merge(out *built, from built, seen map[string]int, at *yaml.Node) error {
	sources := []*Node{from.node}
	if from.node.Kind == List {
		sources = from.node.Items
	}
	if err := b.add(out, from, at); err != nil {
		return err
	}
	for _, source := range sources {
		if source.Kind != Map {
			return b.fail(at, "a merge key (<<) takes a map or a list of maps")
		}
		if b.work += len(source.Entries); b.work > MaxNodes {
			return b.fail(at, "merge keys copy more than %d values", MaxNodes)
		}
		for _, e := range source.Entries {
			if _, there := seen[e.Key]; there {
				continue
			}
			seen[e.Key] = e.Line
			e.Merged = true
			out.node.Entries = append(out.node.Entries, e)
		}
	}
	return nil
}

func setScalar(node *Node, n *yaml.Node) {
	node.Kind, node.Text = Scalar, n.Value
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		node.Quote = Double
	case n.Style&yaml.SingleQuotedStyle != 0:
		node.Quote = Single
	case n.Style&yaml.LiteralStyle != 0:
		node.Quote = Literal
	case n.Style&yaml.FoldedStyle != 0:
		node.Quote = Folded
	}
	switch n.ShortTag() {
	case "!!int":
		node.Type = Int
	case "!!float":
		node.Type = Float
	case "!!bool":
		node.Type = Bool
	case "!!null":
		node.Type = Null
	default:
		if _, ok := yaml11Bool(n.Value); ok && node.Quote == Plain && n.Style&yaml.TaggedStyle == 0 {
			node.Type = Bool
		}
	}
}
