package livekit

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
)

// ServerVersion is the release that charts are made for where nobody asks for
// another: the newest one with which the chart was run.
const ServerVersion = "v1.13.5"

// Release is a released livekit-server whose configuration is known, such as
// ServerVersion. There are more releases than those: see ReleaseOf.
type Release string

// Match is the release by which a tag of the server's image is judged.
type Match struct {
	Release Release
	// Why says why it is another one than the tag names, "" where it is not.
	Why string
}

// releasesJSON is read from the server's modules by hack/configschema.
//
//go:embed releases.json
var releasesJSON []byte

// span is in which releases something holds, both ends included; none is from the oldest on, or up to the newest.
type span struct{ Since, Until Release }

// keyLine is a key of the configuration, from one release to another.
type keyLine struct {
	Key, Type string
	Enum      []any
	Default   any
	HasNoFlag bool
	Doc       string
	span
}

// table is all that is known.
type table struct {
	Releases []Release
	Traits   []struct {
		Trait string
		span
	}
	Options []struct {
		Option
		span
	}
	Keys []keyLine // sorted: what holds others comes first
}

// known is decoded once. The file is compiled in, so that it decodes is settled by a test.
var known = sync.OnceValue(func() table {
	var t table
	_ = json.Unmarshal(releasesJSON, &t)
	return t
})

// Releases gives the releases that are known, the oldest first.
func Releases() []Release { return slices.Clone(known().Releases) }

// Newest gives the newest release that is known.
func Newest() Release { return known().Releases[len(known().Releases)-1] }

// IsNewer reports whether a release that is known came after another one.
func (r Release) IsNewer(other Release) bool {
	return r.index() > other.index()
}

// index is the place among the releases, -1 for one that is not known.
func (r Release) index() int { return slices.Index(known().Releases, r) }

// has reports whether something holds in a release, which is given by its index.
func (s span) has(at int) bool {
	return at >= s.Since.index() && (s.Until == "" || at <= s.Until.index())
}

// keys gives the keys that a release takes.
func (r Release) keys() []keyLine {
	at := r.index()
	var keys []keyLine
	for _, k := range known().Keys {
		if at >= 0 && k.has(at) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (r Release) hasTrait(name string) bool {
	for _, t := range known().Traits {
		if t.Trait == name {
			return t.has(r.index())
		}
	}
	return false
}

// numbers is what a tag has of a version's numbers. What follows them is a name of a build, such as v1.9.12-debug.
var numbers = regexp.MustCompile(`^v?\d+(\.\d+){0,2}(?:$|[-+_])`)

// ReleaseOf gives the release by which a tag of the server's image is judged: v1.13.5, 1.13.5 and v1.13.5-debug by that
// release, v1.13 by the newest known one of those. A version that is not known is judged by the release before it,
// since what that takes is more likely to be taken; and what is no version, such as latest or a digest, by the newest.
func ReleaseOf(tag string) Match {
	releases := known().Releases
	written := strings.TrimRight(numbers.FindString(tag), "-+_")
	version, err := semver.NewVersion(written)
	if err != nil {
		return Match{Newest(), fmt.Sprintf("the newest known one, as %q is no version", tag)}
	}
	prefix := "v" + strings.TrimPrefix(written, "v")
	found := releases[0]
	for _, r := range releases {
		isNamed := r == Release(prefix) || strings.HasPrefix(string(r), prefix+".")
		if isNamed || semver.MustParse(string(r)).LessThan(version) {
			found = r
		}
	}
	switch {
	case found == Release(prefix) || strings.HasPrefix(string(found), prefix+"."):
		return Match{Release: found}
	case found == Newest():
		return Match{found, fmt.Sprintf("the newest known one, as %s is not known yet", tag)}
	case semver.MustParse(string(found)).GreaterThan(version):
		return Match{found, fmt.Sprintf("the oldest known one, as %s is older", tag)}
	}
	return Match{found, fmt.Sprintf("the known one before %s", tag)}
}

// MayKnow reports whether the version that the tag names may know a key that the release does not: one that a later
// release has, or that is none known yet and no slip of the pen.
func (m Match) MayKnow(p Problem) bool {
	next := m.Release.index() + 1
	switch {
	case m.Why == "":
		return false
	case next == len(known().Releases):
		return p.KnownIn == "" && p.Suggestion == ""
	}
	_, isKnown := known().Releases[next].byPath()[listIndex.ReplaceAllString(p.Path, "[]")]
	return isKnown
}

// bareVersion is a version without the v that the tags of LiveKit's images have.
var bareVersion = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// TagOf gives the tag of the server's image for a version as people write it:
// v1.13.5 for 1.13.5. Anything else stays as it is.
func TagOf(version string) string {
	return bareVersion.ReplaceAllString(version, "v$0")
}

// knownIn says which releases take a key, in words that follow "is known"; "" for one that none takes.
func knownIn(path string) string {
	var spans []string
	for _, k := range known().Keys {
		if k.Key == path {
			spans = append(spans, k.span.String())
		}
	}
	return strings.Join(spans, " and ")
}
