package upstream

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// parseConstraint reads a version (1.9.0, v1.9.0, 1.9.0+build.1) or a range in Helm's syntax (1.9, ^1.8, ">=1.8 <2",
// >0-0), and tells which of them it is. meets tells whether a version is what was asked for. Build metadata counts
// where it was asked for alone.
func parseConstraint(text string) (meets func(version string) bool, isExact bool, err error) {
	const step = "give a version such as 1.9.0 or a range such as ^1.8, or leave it out for the newest stable version"
	if want, err := semver.StrictNewVersion(strings.TrimPrefix(text, "v")); err == nil {
		return func(version string) bool {
			v, err := semver.NewVersion(version)
			return version == text ||
				err == nil && v.Equal(want) && (want.Metadata() == "" || want.Metadata() == v.Metadata())
		}, true, nil
	}
	want, err := semver.NewConstraint(text)
	if err != nil || strings.TrimSpace(text) == "" {
		return nil, false, remedy.Errorf(step, "--upstream-version %q is neither a version nor a range", text)
	}
	return func(version string) bool {
		v, err := semver.NewVersion(version)
		return version == text || err == nil && want.Check(v)
	}, false, nil
}

// isExact tells whether a text is a version, and no range.
func isExact(text string) bool {
	_, isExact, _ := parseConstraint(text)
	return isExact
}

// choose gives the place in versions of the one that was asked for ("" for the newest stable one). Of those that a
// range allows it is the newest; of those that differ in their build metadata alone the one without, else the last in
// order of text.
func choose(want string, versions []string) (int, error) {
	meets := func(version string) bool {
		v, err := semver.NewVersion(version)
		return err == nil && v.Prerelease() == ""
	}
	if want != "" {
		if i := slices.Index(versions, want); i >= 0 {
			return i, nil
		}
		var err error
		if meets, _, err = parseConstraint(want); err != nil {
			return -1, err
		}
	}
	best := -1
	for i, version := range versions {
		if meets(version) && (best < 0 || compare(version, versions[best]) > 0) {
			best = i
		}
	}
	if best < 0 {
		return -1, noVersion(want, versions)
	}
	return best, nil
}

func noVersion(want string, versions []string) error {
	there := sorted(versions)
	switch {
	case len(there) == 0:
		return errors.New("it has no version at all")
	case want == "":
		return remedy.Errorf("name one of them with --upstream-version",
			"it has no stable version, only %s", some(there))
	}
	return remedy.Errorf("name one of them with --upstream-version",
		"no version meets %s; there are %s", want, some(there))
}

// compare orders versions; of those that differ in build metadata alone, the one without is the newest.
func compare(a, b string) int {
	_, metadataA, hasA := strings.Cut(a, "+")
	_, metadataB, hasB := strings.Cut(b, "+")
	if c := helmchart.CompareVersions(a, b); c != 0 || hasA == hasB {
		return cmp.Or(c, strings.Compare(metadataA, metadataB))
	}
	if hasA {
		return -1
	}
	return 1
}

// sorted gives the versions, the newest first, each once.
func sorted(versions []string) []string {
	out := slices.Clone(versions)
	slices.SortStableFunc(out, func(a, b string) int { return compare(b, a) })
	return slices.Compact(out)
}

// newestStable gives the newest version that is no prerelease, "" where there is none.
func newestStable(versions []string) string {
	i, err := choose("", versions)
	if err != nil {
		return ""
	}
	return versions[i]
}
