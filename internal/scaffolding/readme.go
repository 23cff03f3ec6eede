package scaffolding

import (
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// valuesTable writes the values as a Markdown table: scalars and empty collections as they are, larger ones as a hint
// at the file that has them.
func valuesTable(root *tree, style convention.Style, file string) (string, error) {
	var b strings.Builder
	b.WriteString("| Key | Default | What it is |\n| --- | --- | --- |\n")
	for path, t := range root.ordered(style.ValuesOrder).leaves() {
		text := "see " + file
		if len(t.node.Content) == 0 {
			dumped, err := dump(t.node, style)
			if err != nil {
				return "", fmt.Errorf("write README.md: default of %s: %w", t.value.Key, err)
			}
			text = "`" + strings.TrimSpace(string(dumped)) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", path, text, t.value.Doc)
	}
	return b.String(), nil
}
