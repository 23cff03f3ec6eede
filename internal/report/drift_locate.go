package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// yamlLines knows on which line of a YAML text a field is.
type yamlLines struct{ root *yaml.Node }

// readLines reads a text, or knows nothing about one that is no YAML.
func readLines(text string) yamlLines {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(text), &doc) != nil || len(doc.Content) == 0 {
		return yamlLines{}
	}
	return yamlLines{doc.Content[0]}
}

// line gives the line of a field, from 1: its own, or 0 where the text does
// not have it.
func (l yamlLines) line(path string) int {
	if l.root == nil {
		return 0
	}
	return lineOf(l.root, l.root.Line, 0, splitPath(path))
}

// near gives the line of a field, or of what would hold it.
func (l yamlLines) near(path string) int {
	if l.root == nil {
		return 0
	}
	for segments := splitPath(path); ; segments = segments[:len(segments)-1] {
		if line := lineOf(l.root, l.root.Line, 0, segments); line > 0 || len(segments) == 0 {
			return line
		}
	}
}

// lineOf follows segments from a node that begins at a line. Nodes of a text
// within the text count their lines from offset.
func lineOf(n *yaml.Node, at, offset int, segments []string) int {
	if len(segments) == 0 {
		return at
	}
	segment, rest := segments[0], segments[1:]
	if strings.HasPrefix(segment, "(") && strings.HasSuffix(segment, ")") {
		segment = segment[1 : len(segment)-1] // about the key, not about what it holds
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Value == segment || isPlaceholder(segment) && isConfiguration(value) {
				return lineOf(value, key.Line+offset, offset, rest)
			}
		}
	case yaml.SequenceNode:
		return lineOfElement(n, offset, strings.Trim(segment, "[]"), rest)
	case yaml.ScalarNode:
		return lineWithin(n, at, offset, segments)
	}
	return 0
}

// isPlaceholder is about names that differ between two charts and that a path
// therefore does not tell: data.<configuration>.rtc.
func isPlaceholder(segment string) bool {
	return strings.HasPrefix(segment, "<") && strings.HasSuffix(segment, ">")
}

// isConfiguration reports whether a value is a text of YAML, or a map.
func isConfiguration(n *yaml.Node) bool {
	if n.Kind == yaml.MappingNode {
		return true
	}
	within := readLines(n.Value)
	return n.Kind == yaml.ScalarNode && within.root != nil && within.root.Kind == yaml.MappingNode
}

func lineOfElement(n *yaml.Node, offset int, want string, rest []string) int {
	seen := map[string]int{}
	for i, item := range n.Content {
		key := strconv.Itoa(i)
		for _, name := range elementKeys(item) {
			if seen[name]++; name == want || fmt.Sprintf("%s#%d", name, seen[name]) == want {
				key = want
			}
		}
		if key == want {
			return lineOf(item, item.Line+offset, offset, rest)
		}
	}
	if item := byRole(n.Content, want); item != nil {
		return lineOf(item, item.Line+offset, offset, rest)
	}
	return 0
}

// byRole finds the element that a path calls by its role, as its names differ
// between two charts: the server's container, whatever it is called.
func byRole(items []*yaml.Node, role string) *yaml.Node {
	if role != "server" {
		return nil
	}
	for _, item := range items {
		for _, name := range elementKeys(item) {
			if strings.Contains(name, "livekit") {
				return item
			}
		}
	}
	if len(items) > 0 && items[0].Kind == yaml.MappingNode {
		return items[0]
	}
	return nil
}

// elementKeys are what an element of a list may be called: what it would be in
// each kind of list that Kubernetes merges by key.
func elementKeys(item *yaml.Node) []string {
	var value any
	if item.Load(&value) != nil {
		return nil
	}
	if s, ok := value.(string); ok {
		return []string{s}
	}
	var out []string
	for _, list := range []string{"ports", "containers", "volumeMounts", "volumeDevices", "topologySpreadConstraints", "hostAliases", "endpoints", "rules", "metrics"} {
		if key := manifest.ElementKey(list, value); key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// lineWithin looks for a field in a text of YAML that is a value itself, such as
// LiveKit's configuration in a ConfigMap. Where it is in no block of its own, the value's
// line is the answer.
func lineWithin(n *yaml.Node, at, offset int, segments []string) int {
	within := readLines(n.Value)
	if n.Style&yaml.LiteralStyle == 0 || within.root == nil {
		return at
	}
	// The first line of the block is the one below its key.
	first := n.Line + offset
	return lineOf(within.root, first, first, segments)
}

// splitPath takes a path apart as manifest.Path writes it: keys, elements in
// brackets, keys with a dot in brackets and quotes.
func splitPath(path string) []string {
	var out []string
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case strings.HasPrefix(path, `["`):
			quoted, err := strconv.QuotedPrefix(path[1:])
			if err != nil {
				return append(out, path)
			}
			key, _ := strconv.Unquote(quoted)
			out = append(out, key)
			path = strings.TrimPrefix(path[1+len(quoted):], "]")
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return append(out, path)
			}
			out = append(out, path[:end+1])
			path = path[end+1:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			out = append(out, path[:end])
			path = path[end:]
		}
	}
	return out
}

// pairOf finds the pair of a scenario that an object's finding is about.
func pairOf(s *drift.Scenario, object string) *drift.Pair {
	for i := range s.Pairs {
		if s.Pairs[i].Object == object {
			return &s.Pairs[i]
		}
	}
	return nil
}

// scenarioOf finds a scenario by its name.
func scenarioOf(r *drift.Report, name string) *drift.Scenario {
	for i := range r.Scenarios {
		if r.Scenarios[i].Name == name {
			return &r.Scenarios[i]
		}
	}
	return nil
}
