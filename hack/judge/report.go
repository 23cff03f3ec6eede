//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// report is what the judge found.
type report struct {
	results []result
	stale   []string // traps that nothing falls into
	all     bool
}

// isWrong: an entry of a list that explains nothing is wrong too.
func (r report) isWrong() bool {
	return len(r.stale) > 0 || slices.ContainsFunc(r.results, func(r result) bool { return r.Verdict.isWrong() })
}

func (r report) print(w io.Writer) {
	slices.SortFunc(r.results, func(a, b result) int {
		return cmp.Or(strings.Compare(a.Release, b.Release), strings.Compare(a.Case, b.Case))
	})
	for _, one := range r.results {
		if r.all || one.Verdict.isWrong() || one.Verdict == unjudged {
			one.print(w)
		}
	}
	for _, says := range r.stale {
		fmt.Fprintf(w, "STALE: no case falls into this trap of traps.yaml: %s\n", says)
	}
	r.printTable(w)
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s: %s\n", r.Verdict, r.Release, r.Case)
	fmt.Fprintf(w, "  given: %s\n  server: %s\n", short(r.Config), short(r.Server))
	for _, failure := range r.Failures {
		fmt.Fprintf(w, "  verify: %s\n", short(failure))
	}
}

// short cuts what is too long for a line.
func short(text string) string {
	const most = 400
	text = strings.ReplaceAll(text, "\n", " ")
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// printTable counts the verdicts, a line for each server.
func (r report) printTable(w io.Writer) {
	counts := map[string]map[verdict]int{}
	for _, one := range r.results {
		if counts[one.Release] == nil {
			counts[one.Release] = map[verdict]int{}
		}
		counts[one.Release][one.Verdict]++
	}
	verdicts := []verdict{runs, ends, trapped, unseen, refused, unjudged, missed, falseAlarm, wrongClaim}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\nserver\tcases\t")
	for _, v := range verdicts {
		fmt.Fprintf(t, "%s\t", v)
	}
	fmt.Fprintln(t)
	for _, release := range slices.Sorted(maps.Keys(counts)) {
		total := 0
		for _, n := range counts[release] {
			total += n
		}
		fmt.Fprintf(t, "%s\t%d\t", release, total)
		for _, v := range verdicts {
			fmt.Fprintf(t, "%d\t", counts[release][v])
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush()
}

// staleTraps gives those of the list that explain nothing. Older servers lack some of the keys that these are about.
func staleTraps(results []result) []string {
	if !slices.ContainsFunc(results, func(r result) bool { return r.Release == livekit.ServerVersion }) {
		return nil
	}
	traps, err := readTraps()
	if err != nil {
		return []string{err.Error()}
	}
	used := map[int]bool{}
	for _, r := range results {
		for _, i := range r.Traps {
			used[i] = true
		}
	}
	var stale []string
	for i, t := range traps {
		if !used[i] {
			stale = append(stale, t.Check+": "+t.Says)
		}
	}
	return stale
}
