package convention

import "strings"

// SameName tells whether two names are one, dashes and case aside.
func SameName(a, b string) bool { return NormalizeName(a) == NormalizeName(b) }

var separators = strings.NewReplacer("-", "", "_", "", ".", "", " ", "")

// NormalizeName is how names are compared: without case, dashes, dots, underscores and spaces.
func NormalizeName(s string) string { return strings.ToLower(separators.Replace(s)) }
