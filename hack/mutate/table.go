package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/helm-livekit/helm-livekit/hack/mutate/mutation"
	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// row counts the mutations of a kind.
type row struct {
	found, done, broken, changed, failed, reported, missed, neutral, declared, falsely int
}

func (r *row) add(result mutation.Result) {
	r.done++
	if len(result.Changed) > 0 {
		r.changed++
		if len(result.Failed) == len(result.Changed) {
			r.failed++
		}
		if result.Verdict == mutation.Right {
			r.reported++
		}
	} else {
		r.neutral++
	}
	switch result.Verdict {
	case mutation.Missed:
		r.missed++
	case mutation.Declared:
		r.declared++
	case mutation.False:
		r.falsely++
	}
}

// printOutcome prints the table, the totals, and the mutations on which the
// comparison was wrong, or all of them.
func printOutcome(w io.Writer, outcome *mutation.Outcome, all bool) {
	rows := map[string]*row{}
	total := &row{}
	for _, k := range mutation.Kinds() {
		rows[k.Name] = &row{found: outcome.Found[k.Name], broken: outcome.Broken[k.Name]}
		total.found += outcome.Found[k.Name]
		total.broken += outcome.Broken[k.Name]
	}
	for _, result := range outcome.Results {
		rows[result.Kind].add(result)
		total.add(result)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "KIND\tFOUND\tBROKEN\tMUTATIONS\tCHANGED\tREPORTED\tMISSED\tNEUTRAL\tDECLARED\tFALSE\t")
	for _, k := range mutation.Kinds() {
		if r := rows[k.Name]; r.found > 0 {
			printRow(table, k.Name, r)
		}
	}
	printRow(table, "total", total)
	table.Flush()
	fmt.Fprintf(w, "\nOf the changes %d are that a scenario no longer renders, and nothing else.\n", total.failed)
	if len(outcome.Results) > 0 && outcome.Results[0].Verdict != mutation.Unasked {
		printTotals(w, total, outcome.Baseline)
	}
	for _, why := range outcome.Unrendered {
		fmt.Fprintf(w, "\nDoes not render as it is: %s\n", why)
	}
	for _, result := range outcome.Results {
		if all || result.Verdict == mutation.Missed || result.Verdict == mutation.False {
			printResult(w, result)
		}
	}
}

func printRow(w io.Writer, name string, r *row) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, r.found, r.broken, r.done, r.changed, r.reported, r.missed, r.neutral, r.declared, r.falsely)
}

func printTotals(w io.Writer, total *row, baseline int) {
	fmt.Fprintf(w, "The charts as they are: %d findings of drift, which do not count.\n", baseline)
	fmt.Fprintf(w, "Something changed:      %d of %d reported (%s)\n", total.reported, total.changed, percent(total.reported, total.changed))
	fmt.Fprintf(w, "Nothing changed:        %d of %d reported falsely (%s); %d more declare other keys, defaults or versions\n",
		total.falsely, total.neutral, percent(total.falsely, total.neutral), total.declared)
}

func percent(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(n)/float64(of))
}

func printResult(w io.Writer, r mutation.Result) {
	fmt.Fprintf(w, "\n%s %s: %s of the %s, %s", strings.ToUpper(string(r.Verdict)), r.ID, r.Kind, r.Side, r.File)
	if r.Line > 0 {
		fmt.Fprintf(w, ":%d", r.Line)
	}
	fmt.Fprintf(w, "\n  %s\n", r.What)
	if len(r.Changed) > 0 {
		fmt.Fprintf(w, "  renders otherwise in %s\n  first: %s\n", strings.Join(r.Changed, ", "), r.Difference)
	}
	printFindings(w, "new", r.New)
	printFindings(w, "new, no drift", r.Others)
	printFindings(w, "gone", r.Gone)
	if r.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", r.Error)
	}
	fmt.Fprintln(w, indented(r.Diff))
}

// maxFindings is how many findings of a list are shown.
const maxFindings = 5

func printFindings(w io.Writer, what string, findings []drift.Finding) {
	for i, f := range findings {
		if i == maxFindings {
			fmt.Fprintf(w, "  %s: and %d more\n", what, len(findings)-i)
			return
		}
		fmt.Fprintf(w, "  %s: %s %s %s %s: upstream %v, chart %v (%s)\n", what, f.Layer, f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why)
	}
}

func indented(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}

func printKinds(w io.Writer) error {
	for _, k := range mutation.Kinds() {
		meant := "changes"
		if k.Neutral {
			meant = "neutral"
		}
		if _, err := fmt.Fprintf(w, "%-22s %s\n", k.Name, meant); err != nil {
			return err
		}
	}
	return nil
}
