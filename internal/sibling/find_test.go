package sibling

import "testing"

// The README's first command runs in this repository, whose own templates are no charts to follow.
func TestElsewhereHere(t *testing.T) {
	for _, chart := range Elsewhere("../..", "../../apps/livekit") {
		t.Errorf("%s would be followed", chart)
	}
}
