package diagnose

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/verify.md names every diagnosis.
func TestDocsNameEachDiagnosis(t *testing.T) {
	docs, err := os.ReadFile("../../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range slices.Concat(logSigns, helmSigns) {
		names[s.name] = true
	}
	word := regexp.MustCompile(`(?:Name: |Name = |Name, f\.\w+ = |= )"([a-z]+(?:-[a-z]+)+)"`)
	for _, file := range []string{"finding.go", "claims.go", "pods.go", "containers.go", "owners.go", "routes.go",
		"helm.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
	}
	if len(names) < 40 {
		t.Fatalf("only %d names were found", len(names))
	}
	for name := range names {
		if !strings.Contains(string(docs), "`"+name+"`") {
			t.Errorf("docs/verify.md does not name %s", name)
		}
	}
}
