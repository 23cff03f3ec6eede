package convention

import "strings"

// SameName tells whether two names are one, dashes and case aside.
func SameName(a, b string) bool { return NormalizeName(a) == NormalizeName(b) }

// NormalizeName is how names are compared: without case, dashes, dots and underscores.
func NormalizeName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '-' || r == '_' || r == '.' || r == ' ':
			return -1
		}
		return r
	}, s)
}
