package scaffolding

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// path is the place of a value: keys of maps (string) and positions in lists
// (int).
type path []any

var segments = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)`)

// parsePath reads the notation of convention.Value.Path. <volume> stands for
// the chart's one volume.
func parsePath(s string) (path, error) {
	s = strings.ReplaceAll(s, "<volume>", volumeName)
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("path %q is not UTF-8", s)
	}
	var p path
	end := 0
	for _, m := range segments.FindAllStringSubmatchIndex(s, -1) {
		separator := "."
		if len(p) == 0 || m[4] >= 0 {
			separator = ""
		}
		if s[end:m[0]] != separator {
			return nil, fmt.Errorf("path %q is not a dotted path", s)
		}
		end = m[1]
		switch {
		case m[2] >= 0:
			key, err := strconv.Unquote(s[m[0]:m[1]])
			if err != nil || key == "" {
				return nil, fmt.Errorf("path %q: %s is no key", s, s[m[0]:m[1]])
			}
			p = append(p, key)
		case m[4] >= 0:
			n, err := strconv.Atoi(s[m[4]:m[5]])
			if err != nil || n > 0 {
				return nil, fmt.Errorf("path %q: only the first element of a list can be named", s)
			}
			p = append(p, n)
		default:
			p = append(p, s[m[6]:m[7]])
		}
	}
	if end != len(s) || len(p) == 0 {
		return nil, fmt.Errorf("path %q is not a dotted path", s)
	}
	if _, ok := p[0].(string); !ok {
		return nil, fmt.Errorf("path %q begins with a list", s)
	}
	return p, nil
}

// String gives the notation that parsePath reads.
func (p path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch s := s.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			if !plainKey.MatchString(s) || strings.Contains(s, "<volume>") {
				s = strconv.Quote(s)
			}
			b.WriteString(s)
		}
	}
	return b.String()
}

// plainKey is a key that needs no quotes in a path.
var plainKey = regexp.MustCompile(`^[^."\[\]\x00-\x1f]+$`)

var identifier = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

// expression gives the Go template expression that reads the path from root,
// ".Values" or "$.Values". A key that is no identifier needs index.
func (p path) expression(root string) string {
	e := root
	for _, s := range p {
		key, ok := s.(string)
		switch {
		case !ok:
			e = fmt.Sprintf("(index %s %d)", e, s)
		case identifier.MatchString(key):
			e += "." + key
		default:
			e = fmt.Sprintf("(index %s %q)", e, key)
		}
	}
	return e
}

// contains reports whether p is q or lies above it.
func (p path) contains(q path) bool {
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
