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

// exact reads a text that is a version (1.9.0, v1.9.0, 1.9.0+build.1), and no range.
func exact(text string) (*semver.Version, error) {
	return semver.StrictNewVersion(strings.TrimPrefix(text, "v"))
}

func isExact(text string) bool {
	_, err := exact(text)
	return err == nil
}

// parseConstraint reads a version or a range in Helm's syntax (1.9, ^1.8, ">=1.8 <2", >0-0), and gives what tells
// whether a version meets it; "" asks for a stable one. Build metadata counts where it was asked for alone.
func parseConstraint(text string) (meets func(version string) bool, err error) {
	fits := func(v *semver.Version) bool { return v.Prerelease() == "" }
	if want, err := exact(text); err == nil {
		fits = func(v *semver.Version) bool {
			return v.Equal(want) && (want.Metadata() == "" || want.Metadata() == v.Metadata())
		}
	} else if text != "" {
		want, err := semver.NewConstraint(text)
		if err != nil || strings.TrimSpace(text) == "" {
			return nil, remedy.Errorf("give a version such as 1.9.0 or a range such as ^1.8, "+
				"or leave it out for the newest stable version",
				"--upstream-version %q is neither a version nor a range", text)
		}
		fits = want.Check
	}
	return func(version string) bool {
		v, err := semver.NewVersion(version)
		return err == nil && fits(v) || text != "" && version == text
	}, nil
}

// choose gives the version that was asked for ("" for the newest stable one). Of those that a range allows it is the
// newest; of those that differ in their build metadata alone the one without, else the last in order of text.
func choose(want string, versions []string) (string, error) {
	if want != "" && slices.Contains(versions, want) {
		return want, nil
	}
	meets, err := parseConstraint(want)
	if err != nil {
		return "", err
	}
	there := sorted(versions)
	switch i := slices.IndexFunc(there, meets); {
	case i >= 0:
		return there[i], nil
	case len(there) == 0:
		return "", errors.New("it has no version at all")
	case want == "":
		return "", remedy.Errorf("name one of them with --upstream-version",
			"it has no stable version, only %s", some(there))
	}
	return "", remedy.Errorf("name one of them with --upstream-version",
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
	version, _ := choose("", versions)
	return version
}
