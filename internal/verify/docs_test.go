package verify

import (
	"os"
	"strings"
	"testing"
)

// docs/verify.md names every check.
func TestDocsNameEachCheck(t *testing.T) {
	text, err := os.ReadFile("../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"charts"}
	for _, c := range checks() {
		names = append(names, c.name)
	}
	for _, c := range together {
		names = append(names, c.name)
	}
	for _, name := range names {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/verify.md does not name the check %s", name)
		}
	}
}
