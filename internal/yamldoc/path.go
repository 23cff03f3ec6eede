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

// pathSegment is a quoted key, an element of a list, or a plain key.
var pathSegment = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)`)

// plainKey is a key that needs no quotes in a path.
var plainKey = regexp.MustCompile(`^[^."\[\]\x00-\x1f]+$`)

// ParsePath reads a path that people wrote. The error names what is wrong with it.
func ParsePath(s string) (Path, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("path %q is not UTF-8", s)
	}
	var p Path
	end := 0
	for _, m := range pathSegment.FindAllStringSubmatchIndex(s, -1) {
		isElement := m[4] >= 0
		separator := "."
		if len(p) == 0 || isElement {
			separator = ""
		}
		if s[end:m[0]] != separator {
			return nil, fmt.Errorf("path %q is not a dotted path", s)
		}
		end = m[1]
		segment := s[m[0]:m[1]]
		if m[2] >= 0 {
			key := SplitPath(segment)[0]
			if _, looksLikeElement := Index(key); key == "" || looksLikeElement {
				return nil, fmt.Errorf("path %q: %s is no key", s, segment)
			}
			segment = key
		}
		p = append(p, segment)
	}
	if end != len(s) || len(p) == 0 {
		return nil, fmt.Errorf("path %q is not a dotted path", s)
	}
	return p, nil
}

// SplitPath reads a path that code wrote: whatever it is, there is no error.
func SplitPath(path string) Path {
	var segments Path
	var current strings.Builder
	quoted, escaped, pending := false, false, false
	flush := func() {
		if pending {
			segments = append(segments, current.String())
		}
		current.Reset()
		pending = false
	}
	for _, r := range path {
		switch {
		case escaped:
			current.WriteRune(r)
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted, pending = !quoted, true
		case quoted:
			current.WriteRune(r)
		case r == '.':
			flush()
		case r == '[':
			flush()
			current.WriteRune(r)
			pending = true
		default:
			current.WriteRune(r)
			pending = true
		}
	}
	flush()
	return segments
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
