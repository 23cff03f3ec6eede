package scaffolding

import (
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// valuesTable writes the values as a Markdown table.
func valuesTable(root *tree, style convention.Style) (string, error) {
	var b strings.Builder
	b.WriteString("| Key | Default | What it is |\n| --- | --- | --- |\n")
	var walk func(t *tree, p yamldoc.Path) error
	walk = func(t *tree, p yamldoc.Path) error {
		if t != root {
			p = append(p[:len(p):len(p)], t.key)
		}
		if t.value != nil {
			text, err := inline(t, style)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p, text, t.value.Doc)
		}
		for _, c := range t.children {
			if err := walk(c, p); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(root, nil); err != nil {
		return "", err
	}
	return b.String(), nil
}

// inline writes a default in one table cell: scalars and empty collections as
// they are, larger ones as a hint at values.yaml.
func inline(t *tree, style convention.Style) (string, error) {
	if len(t.node.Content) > 0 {
		return "see values.yaml", nil
	}
	text, err := dump(t.node, style)
	if err != nil {
		return "", fmt.Errorf("write README.md: default of %s: %w", t.value.Key, err)
	}
	return "`" + strings.TrimSpace(string(text)) + "`", nil
}
