package livekit

import (
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// maxSuggestions keeps a suggestion readable.
const maxSuggestions = 3

// suggestKey gives the known keys that an unknown one most likely means: a neighbor in another spelling, a neighbor
// that ends in it, a path written as one word (debug_handler_port), a neighbor with a slip of the pen, or a key of the
// same name elsewhere (then as full path).
func suggestKey(root, neighbors map[string]any, path, key string) string {
	names := slices.Sorted(maps.Keys(neighbors))
	paths := slices.Sorted(slices.Values(keyPaths(root, "")))
	near := remedy.Nearest(names, key)
	isKey := func(name string) bool { return remedy.Plain(name) == remedy.Plain(key) }
	for _, try := range []struct {
		names   []string
		isMeant func(string) bool
	}{
		{names, isKey},
		{names, func(name string) bool { return strings.HasSuffix(name, "_"+strings.ToLower(key)) }},
		{paths, func(known string) bool {
			return isKey(known) || remedy.Plain(known) == remedy.Plain(joinKey(path, key))
		}},
		{names, func(name string) bool { return slices.Contains(near, name) }},
		{paths, func(known string) bool { return isKey(known[strings.LastIndexByte(known, '.')+1:]) }},
	} {
		found := slices.DeleteFunc(slices.Clone(try.names), func(name string) bool { return !try.isMeant(name) })
		if len(found) > 0 && len(found) <= maxSuggestions {
			return strings.Join(found, " or ")
		}
	}
	return ""
}

// keyPaths gives the keys below a schema that a dotted path alone reaches:
// those in lists and in maps with free keys are left out.
func keyPaths(schema map[string]any, path string) []string {
	var paths []string
	for key := range child(schema, "properties") {
		keyPath := joinKey(path, key)
		paths = append(append(paths, keyPath), keyPaths(child(child(schema, "properties"), key), keyPath)...)
	}
	return paths
}
