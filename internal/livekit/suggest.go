package livekit

import (
	"maps"
	"slices"
	"strings"
)

// maxSuggestions keeps a suggestion readable.
const maxSuggestions = 3

// suggestKey gives the known keys that an unknown one most likely means: a neighbor in another spelling, a neighbor
// that ends in it, a path written as one word (debug_handler_port), a neighbor with a slip of the pen, or a key of the
// same name elsewhere (then as full path).
func suggestKey(root, neighbors map[string]any, path, key string) string {
	names := slices.Sorted(maps.Keys(neighbors))
	paths := slices.Sorted(slices.Values(keyPaths(root, "")))
	isKey := func(name string) bool { return plain(name) == plain(key) }
	for _, found := range [][]string{
		filter(names, isKey),
		filter(names, func(name string) bool { return strings.HasSuffix(name, "_"+strings.ToLower(key)) }),
		filter(paths, func(known string) bool { return isKey(known) || plain(known) == plain(joinKey(path, key)) }),
		nearest(names, key),
		filter(paths, func(known string) bool { return isKey(known[strings.LastIndexByte(known, '.')+1:]) }),
	} {
		if len(found) > 0 && len(found) <= maxSuggestions {
			return strings.Join(found, " or ")
		}
	}
	return ""
}

// plain drops what camelCase, kebab-case, dots and underscores differ in.
func plain(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
}

// nearest gives the names with the fewest edits from key, at most one edit for every three letters.
func nearest(names []string, key string) []string {
	limit := len(key) / 3
	var found []string
	for _, name := range names {
		switch d := distance(plain(name), plain(key)); {
		case d < limit || d == limit && len(found) == 0 && limit > 0:
			limit, found = d, []string{name}
		case d == limit && limit > 0:
			found = append(found, name)
		}
	}
	return found
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

func filter(names []string, keep func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !keep(name) })
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitution := diagonal
			if a[i] != b[j] {
				substitution++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitution, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
