package upstream

import (
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestChoose(t *testing.T) {
	many := []string{"1.9.0", "0.9.0", "1.10.0", "2.0.0-rc.1", "1.9.1-beta", "not a version", "1.2", "v1.5.3"}
	build := []string{"1.0.0+b", "1.0.0", "1.0.0+c", "1.1.0+a", "1.1.0+b"}
	for _, c := range []struct {
		name, want string
		versions   []string
		chosen     string // "" for an error
	}{
		{"the newest stable one", "", many, "1.10.0"},
		{"an exact one", "1.9.0", many, "1.9.0"},
		{"with a v where there is none", "v1.9.0", many, "1.9.0"},
		{"without a v where there is one", "1.5.3", many, "v1.5.3"},
		{"a prerelease by its name", "2.0.0-rc.1", many, "2.0.0-rc.1"},
		{"a minor version is a range", "1.9", many, "1.9.0"},
		{"a major version is a range", "1", many, "1.10.0"},
		{"a version that is written short", "1.2", many, "1.2"},
		{"tilde", "~1.9.0", many, "1.9.0"},
		{"caret", "^0.9", many, "0.9.0"},
		{"two bounds", ">=1.0 <1.10", many, "1.9.0"},
		{"either of two", "<1.0 || ~1.5", many, "v1.5.3"},
		{"a range has no prereleases", ">1.10.0", many, ""},
		{"unless it says so", ">1.10.0-0", many, "2.0.0-rc.1"},
		{"prereleases of a version", "~1.9.1-0", many, "1.9.1-beta"},
		{"what is no version, by its name", "not a version", many, "not a version"},
		{"one that is not there", "1.9.2", many, ""},
		{"a range that none meets", "^3", many, ""},
		{"neither version nor range", "latest", many, ""},
		{"prereleases alone", "", []string{"1.0.0-a", "1.0.0-b"}, ""},
		{"none at all", "", nil, ""},
		{"none that is a version", "", []string{"x", ""}, ""},
		{"without build metadata, if it is there", "1.0.0", build, "1.0.0"},
		{"by build metadata", "1.0.0+b", build, "1.0.0+b"},
		{"by other build metadata", "1.0.0+d", build, ""},
		{"of build metadata the last", "1.1.0", build, "1.1.0+b"},
		{"the same in a range", "^1", build, "1.1.0+b"},
		{"and by itself", "", build, "1.1.0+b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // whatever the order
				version, err := choose(c.want, c.versions)
				switch {
				case c.chosen == "" && err == nil:
					t.Errorf("%q gives %s", c.want, version)
				case c.chosen != "" && err != nil:
					t.Errorf("%q gives %v", c.want, err)
				case err == nil && version != c.chosen:
					t.Errorf("%q gives %s, not %s", c.want, version, c.chosen)
				}
				c.versions = slices.Clone(c.versions)
				slices.Reverse(c.versions)
			}
		})
	}
}

func TestNoVersionNamesThoseThatAreThere(t *testing.T) {
	var versions []string
	for _, minor := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"} {
		versions = append(versions, "1."+minor+".0")
	}
	_, err := choose("^2", versions)
	const want = "no version meets ^2; there are 1.12.0, 1.11.0, 1.10.0, 1.9.0, 1.8.0, 1.7.0, 1.6.0, 1.5.0, 1.4.0, " +
		"1.3.0 and 2 more"
	if err == nil || err.Error() != want || !strings.Contains(remedy.Step(err), "--upstream-version") {
		t.Errorf("got %v", err)
	}
}

func TestNewestStable(t *testing.T) {
	if got := newestStable([]string{"1.0.0", "2.0.0-rc.1", "1.1.0"}); got != "1.1.0" {
		t.Errorf("got %s", got)
	}
	if got := newestStable([]string{"2.0.0-rc.1"}); got != "" {
		t.Errorf("got %s", got)
	}
}
