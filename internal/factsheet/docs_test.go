package factsheet

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write docs/values.md anew")

const docs = "../../docs/values.md"

// The page of all values is made from the sheet.
func TestDocs(t *testing.T) {
	want := page(t, load(t))
	if *update {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Errorf("%s is not what the fact sheet says; go test ./internal/factsheet -update writes it", docs)
	}
}

func page(t *testing.T, s *Sheet) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Values

<!-- made from scaffold/%s/facts.yaml by go test ./internal/factsheet -update -->

All that a chart for LiveKit's server can be told, by canonical key. Where a chart has a key depends on its
repository's conventions: its own README says so, and `+"`helm livekit conventions`"+` shows why.

"Upstream" is the key of the `+"`%s`"+` chart %s that says the same; [convert-values.md](convert-values.md)
has what becomes of each. A fault is one of upstream's chart that this chart does not have; the list is at the end.
`, s.Service, s.Upstream.Name, s.Upstream.Version)
	for _, c := range s.Components {
		fmt.Fprintf(&b, "\n## %s\n\n%s. %s\n\n", c.Name, capital(c.About), presence(c))
		b.WriteString("| Key | Default | What it does | Upstream |\n| --- | --- | --- | --- |\n")
		for _, k := range s.Keys {
			if k.Component == c.Name && !k.IsHeading() {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Key, defaultText(t, &k), docText(&k), upstreamText(&k))
			}
		}
	}
	b.WriteString("\n## Faults of upstream's chart\n\n| Number | Fault |\n| --- | --- |\n")
	for _, f := range s.Upstream.Faults {
		fmt.Fprintf(&b, "| %d | %s |\n", f.Number, f.Text)
	}
	return b.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func presence(c Component) string {
	switch {
	case c.Name == Core:
		return "Every chart has it."
	case c.Default:
		return fmt.Sprintf("Charts have it unless `--without %s` leaves it out.", c.Name)
	}
	return fmt.Sprintf("`--with %s` adds it.", c.Name)
}

func defaultText(t *testing.T, k *Key) string {
	if len(k.Default.Content) > 2 {
		return "see values.yaml"
	}
	text, err := yaml.Dump(k.Default, yaml.WithLineWidth(-1))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > 1 || strings.Contains(lines[0], "[[") {
		return "see values.yaml"
	}
	return "`" + lines[0] + "`"
}

func docText(k *Key) string {
	var numbers []string
	for _, d := range k.Differs {
		number := fmt.Sprint(d.Fault)
		if d.Fault > 0 && !strings.Contains(" "+strings.Join(numbers, " ")+" ", " "+number+" ") {
			numbers = append(numbers, number)
		}
	}
	if len(numbers) == 0 {
		return k.Doc
	}
	return fmt.Sprintf("%s (fault %s)", k.Doc, strings.Join(numbers, ", "))
}

func upstreamText(k *Key) string {
	var keys []string
	for _, m := range k.Upstream {
		keys = append(keys, "`"+m.Key+"`")
	}
	return strings.Join(keys, ", ")
}
