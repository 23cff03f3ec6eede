package convention

import (
	"slices"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// Every key that siblings may have is one that the chart knows, and its names are
// in the form in which names are compared.
func TestKeysAreCanonical(t *testing.T) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"image": true, "service": true, "serviceAccount": true}
	for _, v := range sheet.Keys {
		known[v.Key] = true
	}
	values := []string{"", "scalar", "number", "scalars", "map", "list", "items", "texts"}
	for i, k := range Keys() {
		if !known[k.Key] {
			t.Errorf("%s is not a canonical key", k.Key)
		}
		if block := k.Block(); block != "" && KeyOf(block).Key == "" {
			t.Errorf("%s is in a block that is not described", k.Key)
		}
		if slices.IndexFunc(Keys(), func(other Key) bool { return other.Key == k.Key }) != i {
			t.Errorf("%s is described twice", k.Key)
		}
		if k.Anchor != "" && KeyOf(k.Anchor).Block() != k.Key {
			t.Errorf("%s decides for %s, and is not in it", k.Anchor, k.Key)
		}
		if !slices.Contains(values, k.Value) {
			t.Errorf("%s holds %q, which is not one of %q", k.Key, k.Value, values)
		}
		names := slices.Concat(k.Names, k.Loose)
		for _, shaped := range k.Shaped {
			names = slices.Concat(names, shaped)
		}
		for _, name := range names {
			if name != NormalizeName(name) {
				t.Errorf("%s: the name %s should be %s", k.Key, name, NormalizeName(name))
			}
		}
	}
}
