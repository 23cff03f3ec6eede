package convention

import (
	"slices"
	"testing"
)

// What siblings call the keys is in the form in which names are compared, and what
// is said of a block is said of one that is there.
func TestNamesOfKeys(t *testing.T) {
	sheet := serverSheet()
	values := []string{"", "scalar", "number", "scalars", "map", "list", "items", "texts"}
	for _, k := range sheet.Keys {
		if k.Block() != "" && len(k.Names) > 0 && sheet.Key(k.Block()) == nil {
			t.Errorf("%s is in a block that is not described", k.Key)
		}
		if k.Anchor != "" && sheet.Of(k.Anchor).Block() != k.Key {
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
