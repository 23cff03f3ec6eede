package livekit

import (
	"cmp"
	"slices"
)

// Problem is one thing in a configuration that the server refuses, ignores or turns into something else.
type Problem struct {
	// Path is the dotted key, such as rtc.turn_servers[0].port.
	Path string
	// Message says what is wrong with it, without the path. It never holds a credential.
	Message string
	// Suggestion is what to write instead: known keys for an unknown key, a
	// lower-case phrase otherwise. It may be empty.
	Suggestion string
	// IsUnknown says that the release has no such key. KnownIn then says which
	// releases have it, such as "from v1.13.6 on", "" where none has.
	IsUnknown bool
	KnownIn   string
}

// CheckConfig holds a configuration against the schema of the release, and against the rules of the server that no
// schema shows. Numbers may be of any Go type or json.Number. What comes from the environment or the command line of
// the server is not seen, so API keys that are absent are no problem, nor is development without them (the server then
// listens on the loopback address alone). The result is sorted by path.
func (r Release) CheckConfig(config map[string]any) []Problem {
	w := walker{release: r, root: r.ConfigSchema()}
	w.check(w.root, config, "")
	// One message for one value is enough: that of the schema.
	isReported := func(p Problem) bool {
		return slices.ContainsFunc(w.problems, func(reported Problem) bool { return reported.Path == p.Path })
	}
	problems := append(w.problems, slices.DeleteFunc(checkRules(r, config), isReported)...)
	for i := range problems {
		if since := r.fatalSince(problems[i].Path); since != "" {
			problems[i].Message += "; from " + since + " on the server does not start with that"
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Path, b.Path) })
	return problems
}
