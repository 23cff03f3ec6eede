package conversion

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table in the docs anew")

const docs = "../../docs/convert-values.md"

// The table in the docs is that of the conversion.
func TestDocsHaveTheTable(t *testing.T) {
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("\n| Upstream's key | Canonical key | What becomes of it |\n| --- | --- | --- |\n")
	for _, r := range rows {
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
		t.Fatalf("%s has another table than table.yaml; -update writes it", docs)
	}
	if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
