// Package rulepath reads the paths of rules, which have wildcards.
package rulepath

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// pathSegment is a quoted key in brackets, an element of a list, or a plain key.
var pathSegment = regexp.MustCompile(`\["(.*?)"\]|\[.*?\]|[^.[]+`)

// Read reads the notation of manifest.Path. A segment "*" stands for any one, "[*]" for any element of a list, and
// "**" at the end for all below.
func Read(s string) manifest.Path {
	var out manifest.Path
	for _, m := range pathSegment.FindAllStringSubmatch(s, -1) {
		out = append(out, cmp.Or(m[1], m[0]))
	}
	return out
}

// Match reports whether a rule's path leads to p, and gives what its wildcards stand for, brackets aside.
func Match(pattern, p manifest.Path) (captured []string, ok bool) {
	for i, want := range pattern {
		if want == "**" {
			return append(captured, p[i:].String()), i <= len(p)
		}
		if i >= len(p) {
			return nil, false
		}
		switch isElement := strings.HasPrefix(p[i], "["); {
		case want == p[i]:
		case want == "*" && !isElement, want == "[*]" && isElement:
			captured = append(captured, strings.Trim(p[i], "[]"))
		default:
			return nil, false
		}
	}
	return captured, len(pattern) == len(p)
}
