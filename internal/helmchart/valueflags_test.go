package helmchart

import (
	"strings"
	"testing"
)

// What a flag sets may be a credential, so an error names its key alone.
func TestErrorsOfFlagsHideValues(t *testing.T) {
	for _, f := range []ValueFlags{
		{Set: []string{"keys.values[x]=hidden-secret"}}, {SetJSON: []string{`keys.values={"a": hidden-secret`}},
	} {
		if _, _, err := f.Read(); err == nil || strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("%v", err)
		}
	}
}
