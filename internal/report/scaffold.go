package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// Scaffold prints what was written, or what would be, and what to do next.
func Scaffold(w io.Writer, r *scaffolding.Result) error {
	var b bytes.Buffer
	if r.DryRun {
		b.WriteString(r.Diff)
		fmt.Fprintf(&b, "\nWould write %s", describe(r))
	} else {
		fmt.Fprintf(&b, "Wrote %s", describe(r))
	}
	for _, f := range r.Files {
		fmt.Fprintf(&b, "  %-9s  %s\n", f.Action, f.Path)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	if r.Conflicts() > 0 {
		b.WriteString("\nFiles in conflict were edited, or are not of this tool, and are left alone.\n")
	}
	if !r.DryRun {
		fmt.Fprintf(&b, "\nNext:\n  helm livekit verify %s\n", r.Chart.Dir)
		fmt.Fprintf(&b, "  helm upgrade --install %s %s --namespace %s --create-namespace --wait\n",
			r.Chart.Name, r.Chart.Dir, r.Chart.Name)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func describe(r *scaffolding.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: chart %s %s with LiveKit %s", r.Chart.Dir, r.Chart.Name, r.Chart.Version, r.Chart.AppVersion)
	if len(r.Conventions.Source) > 0 {
		fmt.Fprintf(&b, ", in the conventions of %s", listed(r.Conventions.Source, manySources))
	} else {
		b.WriteString(", in the canonical conventions")
	}
	b.WriteString("\n")
	return b.String()
}

// manySources is from how many charts on a list of them says less than their number.
const manySources = 6
