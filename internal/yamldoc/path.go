package yamldoc

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Path is the way to a value: the keys of maps, and "[n]" for the elements of
// lists. It is written with dots (service.ports[0].port); a key with a dot, a
// bracket or a quote in it stands in double quotes, in which a backslash escapes.
type Path []string

// pathKey is a key in quotes or without.
const pathKey = `(?:"(?:[^"\\[]|\\[^[])(?:[^"\\]|\\.)*"|[^.[\]"]+)`

var (
	// pathSegment is a quoted key, an element of a list, or a plain key.
	pathSegment = regexp.MustCompile(`(?s)"((?:[^"\\]|\\.)*)"|\[[^.\["]*|[^.\["]+`)
	// dottedPath is a path as people may write it. No key begins with a bracket.
	dottedPath = regexp.MustCompile(`(?s)^(?:` + pathKey + `|\[\d+\])(?:\.` + pathKey + `|\[\d+\])*$`)
	// plainKey is a key that needs no quotes in a path.
	plainKey = regexp.MustCompile(`^[^."\[\]\x00-\x1f]+$`)
	escape   = regexp.MustCompile(`(?s)\\(.)`)
)

// ParsePath reads a path that people wrote.
func ParsePath(s string) (Path, error) {
	if !utf8.ValidString(s) || !dottedPath.MatchString(s) {
		return nil, fmt.Errorf("path %q is not a dotted path", s)
	}
	return SplitPath(s), nil
}

// SplitPath reads a path that code wrote: whatever it is, there is no error.
func SplitPath(path string) Path {
	var p Path
	for _, m := range pathSegment.FindAllStringSubmatch(path, -1) {
		segment := m[0]
		if segment[0] == '"' {
			segment = escape.ReplaceAllString(m[1], "$1")
		}
		p = append(p, segment)
	}
	return p
}

// String writes the path as ParsePath and SplitPath read it.
func (p Path) String() string {
	var b strings.Builder
	for _, s := range p {
		_, isElement := Index(s)
		if b.Len() > 0 && !isElement {
			b.WriteByte('.')
		}
		if !isElement && !plainKey.MatchString(s) {
			s = `"` + escaper.Replace(s) + `"`
		}
		b.WriteString(s)
	}
	return b.String()
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// JoinPath writes segments as a path.
func JoinPath(segments ...string) string { return Path(segments).String() }

// Contains reports whether p is q or lies above it.
func (p Path) Contains(q Path) bool {
	if len(p) > len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}

// Element writes the segment of a list's element.
func Element(i int) string { return "[" + strconv.Itoa(i) + "]" }

// Index reads the segment of a list's element.
func Index(segment string) (int, bool) {
	if len(segment) < 3 || segment[0] != '[' || segment[len(segment)-1] != ']' {
		return 0, false
	}
	i, err := strconv.Atoi(segment[1 : len(segment)-1])
	return i, err == nil && i >= 0
}
