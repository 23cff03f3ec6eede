package testinstall

import (
	"os"
	"strings"
	"testing"
)

// docs/verify.md names every check of an install.
func TestDocsNameEachCheck(t *testing.T) {
	text, err := os.ReadFile("../../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"uninstall", "cleanup"}
	for _, s := range (&installTest{}).steps() {
		names = append(names, s.name)
	}
	for _, name := range names {
		if !strings.Contains(string(text), "| `"+name+"` |") {
			t.Errorf("docs/verify.md does not name the check %s", name)
		}
	}
}
