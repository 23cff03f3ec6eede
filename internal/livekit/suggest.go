package livekit

import (
	"maps"
	"slices"
	"strings"
)

// maxSuggestions keeps a suggestion readable.
const maxSuggestions = 3

// suggestKey gives the known keys that an unknown one most likely means: a
// neighbour in another spelling, a neighbour that ends in it, a path
// written as one word, a neighbour with a slip of the pen, or a key of the same name elsewhere (then as full path).
func suggestKey(root, neighbours map[string]any, path, key string) string {
	names := slices.Sorted(maps.Keys(neighbours))
	for _, found := range [][]string{
		sameSpelling(names, key),
		endingIn(names, key),
		joined(root, path, key),
		nearest(names, key),
		elsewhere(root, key),
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

func sameSpelling(names []string, key string) []string {
	return filter(names, func(name string) bool { return plain(name) == plain(key) })
}

func endingIn(names []string, key string) []string {
	return filter(names, func(name string) bool { return strings.HasSuffix(name, "_"+strings.ToLower(key)) })
}

// nearest gives the names with the fewest edits from key, at most one edit for
// every three letters.
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

// joined gives the full path of the key that an unknown one spells as one
// word, such as debug_handler.port for debug_handler_port.
func joined(root map[string]any, path, key string) []string {
	return find(root, func(known string) bool {
		return plain(known) == plain(key) || plain(known) == plain(joinKey(path, key))
	})
}

// elsewhere gives the full paths of the keys that have the name of an unknown
// one.
func elsewhere(root map[string]any, key string) []string {
	return find(root, func(known string) bool {
		return plain(known[strings.LastIndexByte(known, '.')+1:]) == plain(key)
	})
}

func find(root map[string]any, matches func(path string) bool) []string {
	var found []string
	eachKey(root, "", func(path string, _ map[string]any) {
		if matches(path) {
			found = append(found, path)
		}
	})
	slices.Sort(found)
	return found
}

// eachKey visits the keys below a schema that a dotted path alone reaches:
// those in lists and in maps with free keys are left out.
func eachKey(schema map[string]any, path string, visit func(path string, schema map[string]any)) {
	for key, sub := range child(schema, "properties") {
		subSchema, ok := sub.(map[string]any)
		if !ok {
			continue
		}
		visit(joinKey(path, key), subSchema)
		eachKey(subSchema, joinKey(path, key), visit)
	}
}

func filter(names []string, keep func(string) bool) []string {
	var kept []string
	for _, name := range names {
		if keep(name) {
			kept = append(kept, name)
		}
	}
	return kept
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
