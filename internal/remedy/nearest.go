package remedy

import (
	"strings"
)

// Plain drops what camelCase, kebab-case, dots and underscores differ in.
func Plain(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(key))
}

// Nearest gives the names with the fewest edits from key, at most one edit for every three letters.
func Nearest(names []string, key string) []string {
	limit := len(key) / 3
	var found []string
	for _, name := range names {
		switch d := distance(Plain(name), Plain(key)); {
		case d < limit || d == limit && len(found) == 0 && limit > 0:
			limit, found = d, []string{name}
		case d == limit && limit > 0:
			found = append(found, name)
		}
	}
	return found
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
