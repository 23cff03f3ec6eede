package remedy

import "strings"

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

// DidYouMean asks for the nearest of some names, "" where none is near.
func DidYouMean(names []string, key string) string {
	near := Nearest(names, key)
	if len(near) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// distance is the Levenshtein distance in bytes, two neighbors in the wrong order being one edit.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			substitution := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				substitution++
			}
			rows[i][j] = min(substitution, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
