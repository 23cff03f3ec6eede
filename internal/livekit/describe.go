package livekit

import (
	"fmt"
	"strings"
)

// KeyFacts is what is known of one key of the configuration.
type KeyFacts struct {
	Key, Doc string
	// Type is a word of JSON Schema or one of releases.json, such as port and duration.
	Type    string
	Enum    []any
	Default any
	// Known says which releases take it.
	Known string
	// Variable sets it as well, "" where none does.
	Variable string
	// Remarks say what it does otherwise, and from which release on.
	Remarks []string
}

// Describe says what is known of a key, in the words of the release where that takes it, else of the newest that does.
// Elements of lists are written [] or [0]. ok is false for what no release takes.
func (r Release) Describe(key string) (facts KeyFacts, ok bool) {
	key = listIndex.ReplaceAllString(key, "[]")
	var lines []keyLine // of different releases, the oldest first
	for _, k := range known().Keys {
		if k.Key == key {
			lines = append(lines, k)
		}
	}
	if len(lines) == 0 {
		return KeyFacts{}, false
	}
	last := lines[len(lines)-1]
	line := last
	for _, k := range lines {
		if k.has(r.index()) {
			line = k
		}
	}
	facts = KeyFacts{
		Key: key, Doc: line.Doc, Type: line.Type, Enum: line.Enum, Default: line.Default,
		Known: span{lines[0].Since, last.Until}.String(),
	}
	for _, o := range r.Options() {
		if o.Key == key && o.Env != "" {
			facts.Variable = o.Env
		}
	}
	for _, b := range behaviors() {
		if b.Key == key {
			facts.Remarks = append(facts.Remarks, fmt.Sprintf("From %s on: %s %s", b.Since, key, b.Says))
		}
	}
	return facts, true
}

// String says in words that follow "is known" in which releases something holds.
func (s span) String() string {
	switch {
	case s.Since == "" && s.Until == "":
		return "in all releases from " + string(known().Releases[0]) + " on"
	case s.Until == "":
		return "from " + string(s.Since) + " on"
	case s.Since == "":
		return "up to " + string(s.Until)
	}
	return fmt.Sprintf("from %s to %s", s.Since, s.Until)
}

// Keys gives the keys that the release takes, lists and maps of any keys aside.
func (r Release) Keys() []string {
	var keys []string
	for _, k := range r.keys() {
		if !strings.ContainsAny(k.Key, "[*") {
			keys = append(keys, k.Key)
		}
	}
	return keys
}
