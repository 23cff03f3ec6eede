package publish

import (
	"strconv"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Time gives the time that a package and its manifest bear: that of
// SOURCE_DATE_EPOCH in seconds (https://reproducible-builds.org/specs/source-date-epoch/),
// else a constant. What a clock, a checkout or a shallow clone say would differ
// between machines.
func Time(sourceDateEpoch string) (time.Time, error) {
	if sourceDateEpoch == "" {
		// The first that every archive format can hold.
		return time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC), nil
	}
	const year9999 = 253402300799 // later ones have no RFC 3339 form
	seconds, err := strconv.ParseInt(sourceDateEpoch, 10, 64)
	if err != nil || seconds < 0 || seconds > year9999 {
		return time.Time{}, remedy.Errorf("give it as `git log -1 --format=%ct` does, or unset it",
			"SOURCE_DATE_EPOCH is %q, not a number of seconds since 1970", sourceDateEpoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
