package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/patch"
)

// DriftPatches prints patches on stdout, each below its change as a comment, and on stderr the changes without one.
func DriftPatches(stdout, stderr io.Writer, r *patch.Result) error {
	var patches, others strings.Builder
	for _, p := range r.Patches {
		fmt.Fprintf(&patches, "# %s\n%s", visible(oneLine(p.Title)), p.Diff)
	}
	for _, o := range r.Others {
		fmt.Fprintf(&others, "No patch: %s: %s\n", visible(oneLine(o.Title)),
			visible(oneLine(strings.TrimSpace(o.Reason+" "+o.Command))))
	}
	if _, err := io.WriteString(stderr, others.String()); err != nil {
		return err
	}
	_, err := io.WriteString(stdout, patches.String())
	return err
}
