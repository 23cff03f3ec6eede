package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// Verify prints the checks of a chart: failures and warnings with their
// remedies, the rest on a line each, in full where all is set.
func Verify(w io.Writer, r *verify.Report, all bool) error {
	var b bytes.Buffer
	counts := map[string]int{}
	for _, c := range r.Checks {
		counts[c.Status]++
		mark := map[string]string{"pass": "ok", "fail": "FAIL", "warn": "warn", "skip": "-"}[c.Status]
		fmt.Fprintf(&b, "%-5s %-22s", mark, c.Name)
		wanted := all || c.Status == "fail" || c.Status == "warn"
		lines := strings.Split(c.Detail, "\n")
		if !wanted {
			lines = lines[:1]
		}
		fmt.Fprintf(&b, "%s\n", strings.Join(lines, "\n"+strings.Repeat(" ", 28)))
		if c.Remedy != "" && wanted {
			fmt.Fprintf(&b, "%28s%s\n", "-> ", strings.ReplaceAll(c.Remedy, "\n", "\n"+strings.Repeat(" ", 28)))
		}
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed, %d warned, %d skipped\n", counts["pass"], counts["fail"], counts["warn"], counts["skip"])
	_, err := w.Write(b.Bytes())
	return err
}
