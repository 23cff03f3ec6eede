package livekit

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const docs = "../../docs/livekit-versions.md"

// TestDocsHaveTheReleases: the table in the docs is that of the data.
func TestDocsHaveTheReleases(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, hasStart := strings.Cut(string(data), "-update` -->\n")
	_, tail, hasEnd := strings.Cut(rest, "<!-- end of table -->")
	if !hasStart || !hasEnd {
		t.Fatalf("%s has no place for the table", docs)
	}
	want := head + "-update` -->\n" + releaseTable() + "<!-- end of table -->" + tail
	if string(data) == want {
		return
	}
	if !*update {
		t.Fatalf("%s has another table than the data; -update writes it", docs)
	}
	if err := os.WriteFile(docs, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

// releaseTable has a row for each release, the newest first.
func releaseTable() string {
	var b strings.Builder
	b.WriteString("\n| Release | New keys | Keys that are gone | What else is otherwise |\n| --- | --- | --- | --- |\n")
	releases := Releases()
	for i := len(releases) - 1; i >= 0; i-- {
		if i == 0 {
			fmt.Fprintf(&b, "| %s | the oldest that is known | | |\n", releases[i])
			break
		}
		var added, removed, otherwise []string
		for _, c := range Changes(releases[i-1], releases[i]) {
			key := ""
			if c.Path != "" {
				key = "`" + c.Path + "`"
			}
			switch c.Kind {
			case Added:
				added = append(added, key)
			case Removed:
				removed = append(removed, key)
			default:
				sentence := strings.TrimSpace(key + " " + strings.ReplaceAll(c.Says, "|", `\|`))
				if c.Kind == Behaves && c.IsFatal {
					sentence += " (**or the server does not start**)"
				}
				otherwise = append(otherwise, sentence)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", releases[i],
			strings.Join(added, ", "), strings.Join(removed, ", "), strings.Join(otherwise, "; "))
	}
	b.WriteString("\n")
	return b.String()
}

// TestDocsNameTheDefault: the release that charts are made for is named, and so
// is the newest.
func TestDocsNameTheDefault(t *testing.T) {
	data, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "`"+ServerVersion+"`") {
		t.Errorf("%s does not name %s", docs, ServerVersion)
	}
	if !slices.Contains(Releases(), ServerVersion) {
		t.Errorf("%s is not known", ServerVersion)
	}
}
