package helmchart

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Difference gives the values that, laid over from as Merge does it, give to: what is the same is left out, and a
// null removes. Numbers of different Go types are the same where they count the same. A map that loses all its
// entries is null as a whole.
func Difference(from, to map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range to {
		old, there := from[k]
		below, isMap := v.(map[string]any)
		oldBelow, wasMap := old.(map[string]any)
		switch {
		case isMap && wasMap && len(below) == 0 && len(oldBelow) > 0:
			out[k] = nil
		case isMap && wasMap:
			if d := Difference(oldBelow, below); len(d) > 0 {
				out[k] = d
			}
		case !there || !Equal(old, v):
			out[k] = copyValue(v)
		}
	}
	for k, v := range from {
		if _, there := to[k]; !there && v != nil {
			out[k] = nil
		}
	}
	return out
}

// Equal reports whether two values are the same, numbers by what they count.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, Equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	}
	if x, ok := Number(a); ok {
		y, ok := Number(b)
		return ok && x == y
	}
	return reflect.DeepEqual(a, b)
}

// Number gives what a number of any of the types that decoders make counts.
func Number(v any) (float64, bool) {
	switch v.(type) {
	case int, int64, uint64, float64, json.Number:
		n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		return n, err == nil
	}
	return 0, false
}
