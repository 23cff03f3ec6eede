package drift

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// same reports whether two scalars say the same. A number is a number, whatever
// its Go type; a text is not, but where Kubernetes reads quantities.
func same(a, b any, at manifest.Path) bool {
	x, isNumber := number(a)
	y, alsoNumber := number(b)
	if isNumber && alsoNumber {
		return x == y
	}
	if isNumber != alsoNumber && isQuantity(at) {
		return fmt.Sprint(a) == fmt.Sprint(b)
	}
	return a == b
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	case json.Number:
		f, err := strconv.ParseFloat(n.String(), 64)
		return f, err == nil
	}
	return 0, false
}

// isQuantity reports whether a field takes 4 and "4" alike.
func isQuantity(at manifest.Path) bool {
	for i, segment := range at {
		if segment == "resources" && i+1 < len(at) {
			return true
		}
	}
	return false
}
