package livekit

import (
	_ "embed"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v4"
)

// Change is what differs between two releases.
type Change struct {
	// Kind is one of Added, Removed, Changed and Behaves.
	Kind string
	// Path is the key of the configuration, "" where it is about none. Of keys
	// that come or go with the one that holds them, that one alone is told.
	Path string
	// Says is what is otherwise, in words that follow the path.
	Says string
	// IsFatal says that a configuration with which the first release starts may be one with which the second does not.
	IsFatal bool
}

// The kinds of changes.
const (
	Added   = "added"   // a key that the first release does not know
	Removed = "removed" // a key that the second release does not know
	Changed = "changed" // type, values or default of a key
	Behaves = "behaves" // what the server does with the same configuration
)

// behaviorYAML is kept by hand.
//
//go:embed behavior.yaml
var behaviorYAML []byte

// behavior is one entry of it.
type behavior struct {
	Since, Key, Says string
	Fatal            bool
}

var behaviors = sync.OnceValue(func() []behavior {
	var all []behavior
	_ = yaml.Unmarshal(behaviorYAML, &all) // settled by a test
	return all
})

// isIn reports whether it is so in a release.
func (b behavior) isIn(r Release) bool {
	return !semver.MustParse(b.Since).GreaterThan(semver.MustParse(string(r)))
}

// fatalSince gives the release from which on the server does not start with a key that is wrong, as long as this one is
// no older; "" where it was always so, or never. The path may go through lists.
func (r Release) fatalSince(path string) string {
	path = strings.TrimSuffix(listIndex.ReplaceAllString(path, "[]"), "[]")
	for _, b := range behaviors() {
		if b.Fatal && b.Key == path && b.isIn(r) {
			return b.Since
		}
	}
	return ""
}

// Changes gives what is otherwise in the release to, for one who comes from the release from: added keys first, then
// those that are gone, what is otherwise of the others, and what the server does otherwise; each sorted by path. With
// to before from it is what a step back brings, which no behavior is known of.
func Changes(from, to Release) []Change {
	before, after := from.byPath(), to.byPath()
	changes := slices.Concat(missing(Added, to.keys(), before), missing(Removed, from.keys(), after))
	for _, k := range to.keys() {
		if old, isOld := before[k.Key]; isOld {
			changes = append(changes, compare(old, k)...)
		}
	}
	for _, b := range behaviors() {
		if b.isIn(to) && !b.isIn(from) {
			changes = append(changes, Change{Behaves, b.Key, b.Says, b.Fatal})
		}
	}
	for _, t := range traits {
		if !from.hasTrait(t.name) && to.hasTrait(t.name) {
			changes = append(changes, Change{Kind: Behaves, Says: t.says, IsFatal: t.name == "duration-texts"})
		}
	}
	return changes
}

func (r Release) byPath() map[string]keyLine {
	found := map[string]keyLine{}
	for _, k := range r.keys() {
		found[k.Key] = k
	}
	return found
}

// missing gives the keys that the others lack, those inside of such a key aside.
func missing(kind string, keys []keyLine, others map[string]keyLine) []Change {
	var changes []Change
	for _, k := range keys {
		_, isThere := others[k.Key]
		_, hasParent := others[parentOf(k.Key)]
		if !isThere && (hasParent || parentOf(k.Key) == "") {
			changes = append(changes, Change{Kind: kind, Path: k.Key, Says: k.Doc, IsFatal: kind == Removed})
		}
	}
	return changes
}

// parentOf gives the key that holds another, "" at the root.
func parentOf(key string) string {
	if list, isItem := strings.CutSuffix(key, "[]"); isItem {
		return list
	}
	return key[:max(strings.LastIndexByte(key, '.'), 0)]
}

func compare(before, after keyLine) []Change {
	var changes []Change
	add := func(isFatal bool, format string, args ...any) {
		changes = append(changes, Change{Changed, after.Key, fmt.Sprintf(format, args...), isFatal})
	}
	if before.Type != after.Type {
		add(true, "is of type %s, and was of type %s", after.Type, before.Type)
	}
	if !slices.Equal(before.Enum, after.Enum) {
		add(true, "is one of %v, and was one of %v", after.Enum, before.Enum)
	}
	if !reflect.DeepEqual(before.Default, after.Default) {
		add(false, "is %s where it is not set, and was %s", defaultText(after), defaultText(before))
	}
	return changes
}

func defaultText(k keyLine) string {
	switch {
	case k.Default != nil:
		return fmt.Sprint(k.Default)
	case k.Type == "boolean":
		return "false"
	}
	return "nothing"
}

// traits says what a change of all flags means for those who set them.
var traits = []struct{ name, says string }{
	{"boolean-variables", "Booleans of the configuration have variables (LIVEKIT_...) too, not flags alone"},
	{"duration-texts", `Flags and variables take durations as "10s"; before, in whole nanoseconds`},
}
