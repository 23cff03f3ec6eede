package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func (r result) isWrong() bool { return r.Outcome == missed || r.Outcome == falseAlarm }

// The columns of the table.
var columns = []string{"found", "broken", "mutations", "changed", "missed", "neutral", "declared", "false"}

// columns are those in which a result counts.
func (r result) columns() []string {
	out := []string{"mutations", string(r.Outcome)}
	if len(r.Changed) == 0 {
		return append(out, "neutral")
	}
	if len(r.Failed) == len(r.Changed) {
		out = append(out, "failed")
	}
	return append(out, "changed")
}

// print prints the table, the totals, and the mutations on which the comparison was wrong, or all of them.
func (r *report) print(w io.Writer, all bool) {
	counts := map[string]map[string]int{"total": {}}
	count := func(kind, column string, n int) {
		if counts[kind] == nil {
			counts[kind] = map[string]int{}
		}
		counts[kind][column] += n
		counts["total"][column] += n
	}
	for kind, n := range r.Found {
		count(kind, "found", n)
		count(kind, "broken", r.Broken[kind])
	}
	for _, result := range r.Results {
		for _, column := range result.columns() {
			count(result.Kind, column, 1)
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "KIND\t%s\t\n", strings.ToUpper(strings.Join(columns, "\t")))
	for _, k := range append(allKinds(), kind{name: "total"}) {
		if counts[k.name] != nil {
			fmt.Fprintf(table, "%s\t", k.name)
			for _, column := range columns {
				fmt.Fprintf(table, "%d\t", counts[k.name][column])
			}
			fmt.Fprintln(table)
		}
	}
	table.Flush()
	total := counts["total"]
	fmt.Fprintf(w, "\nOf the changes %d are that a scenario no longer renders, and nothing else.\n", total["failed"])
	fmt.Fprintf(w, "The charts as they are: %d findings of drift, which do not count.\n", r.Baseline)
	reported := total["changed"] - total["missed"]
	fmt.Fprintf(w, "Something changed:      %s\n", share("reported", reported, total["changed"]))
	fmt.Fprintf(w, "Nothing changed:        %s; %d more declare other keys, defaults or versions\n",
		share("reported falsely", total["false"], total["neutral"]), total["declared"])
	for _, result := range r.Results {
		if all || result.isWrong() {
			result.print(w)
		}
	}
}

func share(what string, n, of int) string {
	return fmt.Sprintf("%d of %d %s (%.1f%%)", n, of, what, 100*float64(n)/float64(max(of, 1)))
}

// maxFindings is how many findings of a mutation are shown.
const maxFindings = 5

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s %s: %s of the %s, %s:%d\n",
		strings.ToUpper(string(r.Outcome)), r.ID, r.Kind, r.Side, r.File, r.Line)
	if len(r.Changed) > 0 {
		fmt.Fprintf(w, "  renders otherwise in %s\n  first: %s\n", strings.Join(r.Changed, ", "), r.Difference)
	}
	for _, f := range r.New[:min(maxFindings, len(r.New))] {
		fmt.Fprintf(w, "  new: %s %s %s %s: upstream %v, chart %v (%s)\n",
			f.Layer, f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why)
	}
	if more := len(r.New) - maxFindings; more > 0 {
		fmt.Fprintf(w, "  new: and %d more\n", more)
	}
	if r.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", r.Error)
	}
	fmt.Fprintln(w, "    "+strings.ReplaceAll(strings.TrimRight(r.Diff, "\n"), "\n", "\n    "))
}
