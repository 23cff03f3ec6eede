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
	for _, c := range checks() {
		if !strings.Contains(string(text), "`"+c.name+"`") {
			t.Errorf("docs/verify.md does not name the check %s", c.name)
		}
	}
}
