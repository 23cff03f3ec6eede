package merge

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// keepComments puts comments of ours whose keys are gone at the end, so that nothing that a person wrote is lost.
func (m *yamlMerge) keepComments(base, ours string) {
	known := commentLines(base)
	var left []string
	for _, line := range commentLines(ours) {
		if !slices.Contains(known, line) && !strings.Contains(m.result.Text, line) && !slices.Contains(left, line) {
			left = append(left, line)
		}
	}
	if len(left) > 0 {
		m.result.Text = strings.TrimRight(m.result.Text, "\n") +
			"\n\n# Comments on keys that are elsewhere now, or gone:\n" + strings.Join(left, "\n") + "\n"
	}
}

// commentLines gives the lines of all comments of a document, in order.
func commentLines(text string) []string {
	var root yaml.Node
	if yaml.Unmarshal([]byte(text), &root) != nil {
		return nil
	}
	var out []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, comment := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			for line := range strings.Lines(comment) {
				if line = strings.TrimSpace(line); line != "" {
					out = append(out, line)
				}
			}
		}
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(&root)
	return out
}
