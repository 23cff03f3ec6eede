package diagnose

import "regexp"

// sign is a text by which a fault is known. Pattern is a regular expression; detail may
// use its groups as $1.
type sign struct {
	name, pattern, detail, remedy string
}

type compiledSign struct {
	sign
	regexp *regexp.Regexp
}

func compile(signs []sign) []compiledSign {
	out := make([]compiledSign, len(signs))
	for i, s := range signs {
		out[i] = compiledSign{s, regexp.MustCompile(s.pattern)}
	}
	return out
}

// match gives the finding of the first sign that a text has, without its object.
func match(signs []compiledSign, text string) (Finding, bool) {
	for _, s := range signs {
		if at := s.regexp.FindStringSubmatchIndex(text); at != nil {
			detail := string(s.regexp.ExpandString(nil, s.detail, text, at))
			return Finding{Name: s.name, Detail: oneLine(detail), Remedy: s.remedy}, true
		}
	}
	return Finding{}, false
}
