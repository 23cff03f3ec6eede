package convert

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const docs = "../../docs/convert-values.md"

// The table in the docs is that of the conversion.
func TestDocsHaveTheTable(t *testing.T) {
	sheet := loadSheet(t)
	var table strings.Builder
	table.WriteString("\n| Upstream's key | Canonical key | What becomes of it |\n| --- | --- | --- |\n")
	for _, r := range sheet.Mappings() {
		to := "none"
		if len(r.To) > 0 {
			to = "`" + strings.Join(r.To, "`, `") + "`"
		}
		about := r.About
		if r.Why != "" {
			about = r.Why
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", r.Key, to, about)
	}
	table.WriteString("\n")
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), "-update` -->\n")
	_, tail, alsoOK := strings.Cut(rest, "<!-- end of table -->")
	if !ok || !alsoOK {
		t.Fatalf("%s has no place for the table", docs)
	}
	want := head + "-update` -->\n" + table.String() + "<!-- end of table -->" + tail
	if string(data) == want {
		return
	}
	if !*update {
		t.Fatalf("%s has another table than the fact sheet; -update writes it", docs)
	}
	if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
