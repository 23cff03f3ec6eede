package livekit

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// configKeys are the keys at the root of the configuration.
var configKeys = sync.OnceValue(func() map[string]any {
	properties, _ := Newest().ConfigSchema()["properties"].(map[string]any)
	return properties
})

// IsConfig reports whether a map is a server's configuration: it has keys at its root that only that has.
func IsConfig(m map[string]any) bool {
	known := 0
	for k := range m {
		if configKeys()[k] != nil {
			known++
		}
	}
	_, hasRTC := m["rtc"].(map[string]any)
	return hasRTC || known > 1 && known*2 >= len(m)
}

// FindConfig finds the block of a chart's values that is the server's configuration, as a dotted key; "" without one.
func FindConfig(values map[string]any) string {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		below, ok := values[key].(map[string]any)
		if !ok {
			continue
		}
		_, hasRTC := below["rtc"].(map[string]any)
		if hasRTC && IsConfig(below) && len(Newest().CheckConfig(below)) == 0 {
			return key
		}
		if found := FindConfig(below); found != "" {
			return strings.Join([]string{key, found}, ".")
		}
	}
	return ""
}
