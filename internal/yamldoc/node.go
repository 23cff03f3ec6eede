package yamldoc

import (
	"go.yaml.in/yaml/v4"
)

// The kinds of nodes. Aliases and documents are no nodes of ours.
const (
	Scalar = yaml.ScalarNode
	Map    = yaml.MappingNode
	List   = yaml.SequenceNode
)

// Node is a value as the parser has it (of what an alias stands for, that of the anchor), with merge keys resolved. A
// scalar's tag is the short one of its type as Helm sees it: !!str, !!int, !!float, !!bool or !!null. A node that
// aliases stand for is shared by all of them: trees are not to be changed.
type Node struct {
	*yaml.Node
	// Entries of a map, in the order of the file; those of a merge key stand where the merge key does.
	Entries []Entry
	// Items of a list.
	Items []*Node
}

// Entry is a key of a map with its value.
type Entry struct {
	Key   string
	Value *Node
	// Line and Column of the key; HeadComment stands above it.
	Line, Column int
	HeadComment  string
	// Merged tells that the entry came by a merge key (<<).
	Merged bool
}

// IsMap tells whether n is a map; false for nil.
func (n *Node) IsMap() bool { return n != nil && n.Kind == Map }

// IsList tells whether n is a list; false for nil.
func (n *Node) IsList() bool { return n != nil && n.Kind == List }

// IsScalar tells whether n is a scalar other than null; false for nil.
func (n *Node) IsScalar() bool { return n != nil && n.Kind == Scalar && n.Tag != "!!null" }

// IsString tells whether n is a string; false for nil.
func (n *Node) IsString() bool { return n.IsScalar() && n.Tag == "!!str" }

// IsInt tells whether n is a whole number; false for nil.
func (n *Node) IsInt() bool { return n.IsScalar() && n.Tag == "!!int" }

// IsBool tells whether n is a boolean; false for nil.
func (n *Node) IsBool() bool { return n.IsScalar() && n.Tag == "!!bool" }

// IsNull tells whether n is a null that is written down; false for nil.
func (n *Node) IsNull() bool { return n != nil && n.Kind == Scalar && n.Tag == "!!null" }

// Bool is the value of a boolean, or of a string that spells one; false for everything else.
func (n *Node) Bool() bool {
	if !n.IsScalar() {
		return false
	}
	value, _ := yaml11Bool(n.Value)
	return value
}

// Str is the text of a scalar, "" for everything else.
func (n *Node) Str() string {
	if n.IsScalar() {
		return n.Value
	}
	return ""
}

// Len is the number of entries or items.
func (n *Node) Len() int {
	if n == nil {
		return 0
	}
	return len(n.Entries) + len(n.Items)
}

func (n *Node) isFlow() bool { return n.Style&yaml.FlowStyle != 0 }

// Keys of a map, in order.
func (n *Node) Keys() []string {
	if !n.IsMap() {
		return nil
	}
	keys := make([]string, len(n.Entries))
	for i := range n.Entries {
		keys[i] = n.Entries[i].Key
	}
	return keys
}

// Entry gives the entry of a map with that key, nil where there is none.
func (n *Node) Entry(key string) *Entry {
	if !n.IsMap() {
		return nil
	}
	for i := range n.Entries {
		if n.Entries[i].Key == key {
			return &n.Entries[i]
		}
	}
	return nil
}

// Child gives the value under a key of a map, or under "[n]" of a list; nil where there is none.
func (n *Node) Child(segment string) *Node {
	if n.IsList() {
		i, ok := Index(segment)
		if !ok || i >= len(n.Items) {
			return nil
		}
		return n.Items[i]
	}
	if e := n.Entry(segment); e != nil {
		return e.Value
	}
	return nil
}

// Get gives the value at a dotted path as SplitPath reads it, nil where there is none. The empty path is n itself.
func (n *Node) Get(path string) *Node {
	for _, segment := range SplitPath(path) {
		if n = n.Child(segment); n == nil {
			return nil
		}
	}
	return n
}

// LineOf gives the line on which the value at a path is written (of its key, if it has one), 0 where there is none.
func (n *Node) LineOf(path string) int {
	line := 0
	for _, segment := range SplitPath(path) {
		if e := n.Entry(segment); e != nil {
			n, line = e.Value, e.Line
			continue
		}
		if n = n.Child(segment); n == nil {
			return 0
		}
		line = n.Line
	}
	return line
}

// Decode gives the value as Go has it: map[string]any, []any, string, int64, uint64, float64, bool, nil.
func (n *Node) Decode() any {
	switch {
	case n == nil:
		return nil
	case n.Kind == Map:
		m := make(map[string]any, len(n.Entries))
		for i := range n.Entries {
			m[n.Entries[i].Key] = n.Entries[i].Value.Decode()
		}
		return m
	case n.Kind == List:
		l := make([]any, len(n.Items))
		for i := range n.Items {
			l[i] = n.Items[i].Decode()
		}
		return l
	}
	return n.scalar()
}

func (n *Node) scalar() any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return n.Bool()
	case "!!int", "!!float":
		var value any
		if err := n.Node.Decode(&value); err == nil {
			if i, ok := value.(int); ok {
				return int64(i)
			}
			return value
		}
	}
	return n.Value
}

// Map decodes the document's root, which is empty if it is no map.
func (d *Doc) Map() map[string]any {
	if m, ok := d.Root.Decode().(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

// yaml11Bool reads the booleans of YAML 1.1, which Helm still honors.
func yaml11Bool(text string) (value, ok bool) {
	switch text {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y":
		return true, true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N":
		return false, true
	}
	return false, false
}
