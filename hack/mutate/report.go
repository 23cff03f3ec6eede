package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

func (r result) isWrong() bool { return r.Outcome == missed || r.Outcome == falseAlarm }

// The columns of the table.
var columns = []string{"found", "broken", "mutations", "changed", "reported", "missed", "neutral", "declared", "false"}

// columns are those in which a result counts.
func (r result) columns() []string {
	out := []string{"mutations", string(r.Outcome)}
	switch {
	case len(r.Changed) == 0:
		return append(out, "neutral")
	case r.Outcome == correct:
		out = append(out, "reported")
	}
	if len(r.Failed) == len(r.Changed) {
		out = append(out, "failed")
	}
	return append(out, "changed")
}

// print prints the table, the totals, and the mutations on which the comparison was wrong, or all of them.
func (r *report) print(w io.Writer, all bool) {
	rows, total := map[string]map[string]int{}, map[string]int{}
	for _, k := range allKinds() {
		rows[k.name] = map[string]int{"found": r.Found[k.name], "broken": r.Broken[k.name]}
		total["found"] += r.Found[k.name]
		total["broken"] += r.Broken[k.name]
	}
	for _, result := range r.Results {
		for _, column := range result.columns() {
			rows[result.Kind][column]++
			total[column]++
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "KIND\t%s\t\n", strings.ToUpper(strings.Join(columns, "\t")))
	for _, k := range allKinds() {
		if r.Found[k.name] > 0 {
			printRow(table, k.name, rows[k.name])
		}
	}
	printRow(table, "total", total)
	table.Flush()
	fmt.Fprintf(w, "\nOf the changes %d are that a scenario no longer renders, and nothing else.\n", total["failed"])
	fmt.Fprintf(w, "The charts as they are: %d findings of drift, which do not count.\n", r.Baseline)
	fmt.Fprintf(w, "Something changed:      %s\n", share("reported", total["reported"], total["changed"]))
	fmt.Fprintf(w, "Nothing changed:        %s; %d more declare other keys, defaults or versions\n",
		share("reported falsely", total["false"], total["neutral"]), total["declared"])
	for _, why := range r.Unrendered {
		fmt.Fprintf(w, "\nDoes not render as it is: %s\n", why)
	}
	for _, result := range r.Results {
		if all || result.isWrong() {
			result.print(w)
		}
	}
}

func printRow(w io.Writer, name string, row map[string]int) {
	fmt.Fprintf(w, "%s\t", name)
	for _, column := range columns {
		fmt.Fprintf(w, "%d\t", row[column])
	}
	fmt.Fprintln(w)
}

func share(what string, n, of int) string {
	return fmt.Sprintf("%d of %d %s (%.1f%%)", n, of, what, 100*float64(n)/float64(max(of, 1)))
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s %s: %s of the %s, %s:%d\n  %s\n",
		strings.ToUpper(string(r.Outcome)), r.ID, r.Kind, r.Side, r.File, r.Line, r.What)
	if len(r.Changed) > 0 {
		fmt.Fprintf(w, "  renders otherwise in %s\n  first: %s\n", strings.Join(r.Changed, ", "), r.Difference)
	}
	printFindings(w, "new", r.New)
	printFindings(w, "new, no drift", r.Others)
	printFindings(w, "gone", r.Gone)
	if r.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", r.Error)
	}
	fmt.Fprintln(w, "    "+strings.ReplaceAll(strings.TrimRight(r.Diff, "\n"), "\n", "\n    "))
}

// maxFindings is how many findings of a list are shown.
const maxFindings = 5

func printFindings(w io.Writer, what string, findings []drift.Finding) {
	for _, f := range findings[:min(maxFindings, len(findings))] {
		fmt.Fprintf(w, "  %s: %s %s %s %s: upstream %v, chart %v (%s)\n",
			what, f.Layer, f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why)
	}
	if more := len(findings) - maxFindings; more > 0 {
		fmt.Fprintf(w, "  %s: and %d more\n", what, more)
	}
}
