package drift

import (
	"fmt"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// same reports whether two scalars say the same. A number is a number, whatever
// its Go type; a text is not, but where Kubernetes reads quantities.
func same(a, b any, at manifest.Path) bool {
	if helmchart.Equal(a, b) {
		return true
	}
	_, isNumber := helmchart.Number(a)
	_, alsoNumber := helmchart.Number(b)
	return isNumber != alsoNumber && isQuantity(at) && fmt.Sprint(a) == fmt.Sprint(b)
}

// isQuantity reports whether a field takes 4 and "4" alike.
func isQuantity(at manifest.Path) bool {
	i := slices.Index(at, "resources")
	return i >= 0 && i+1 < len(at)
}
