package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// marks are how a verdict is shown.
var marks = map[string]string{verify.Pass: "ok", verify.Fail: "FAIL", verify.Warn: "warn", verify.Skip: "-"}

// Verify prints the checks of a chart: failures and warnings with their remedies, the rest on a line each, in full
// where all is set.
func Verify(w io.Writer, r *verify.Report, all bool) error {
	const column = 28 // where the details begin
	var b bytes.Buffer
	counts := map[string]int{}
	for _, c := range r.Checks {
		counts[c.Status]++
		inFull := all || c.Status == verify.Fail || c.Status == verify.Warn
		details := strings.Split(c.Detail, "\n")
		if !inFull {
			details = details[:1]
		}
		fmt.Fprintf(&b, "%-5s %-21s %s\n", marks[c.Status], c.Name, indented(details, column))
		if c.Remedy != "" && inFull {
			fmt.Fprintf(&b, "%*s%s\n", column, "-> ", indented(strings.Split(c.Remedy, "\n"), column))
		}
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed, %d warned, %d skipped\n",
		counts[verify.Pass], counts[verify.Fail], counts[verify.Warn], counts[verify.Skip])
	_, err := w.Write(b.Bytes())
	return err
}

// indented joins lines so that all but the first begin at a column.
func indented(lines []string, column int) string {
	return strings.Join(lines, "\n"+strings.Repeat(" ", column))
}
