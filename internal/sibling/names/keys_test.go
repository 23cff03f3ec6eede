package names

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
)

// Every key that the reader can find is one that the chart knows.
func TestDetectedKeysAreCanonical(t *testing.T) {
	table, err := canonical.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, v := range table.Values {
		known[v.Key] = true
	}
	for _, s := range plainSettings {
		if !known[s.key] {
			t.Errorf("%s is not a canonical key", s.key)
		}
	}
	for _, s := range claimSettings {
		if !known[s.key] {
			t.Errorf("%s is not a canonical key", s.key)
		}
	}
}
