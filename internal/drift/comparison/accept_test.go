package comparison

import "testing"

func TestIsTelling(t *testing.T) {
	for name, want := range map[string]bool{
		"*": false, "objects **": false, "values ?": false, "*/* *.*": false, "spec.**": true,
		"objects Service/turn": true,
	} {
		if got := isTelling(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
