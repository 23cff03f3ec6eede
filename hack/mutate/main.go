// Command mutate measures `helm livekit diff-upstream`. It changes a scaffolded chart or upstream's in one place,
// hundreds of times, renders both versions in every scenario to see whether the change matters, and looks whether
// the comparison reports it:
//
//	go run ./hack/mutate --chart apps/livekit --upstream livekit-helm/livekit-server
//
// It ends with code 1 when a change was missed, or drift was reported where nothing changed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
)

// maxMemory is the memory above which Go's collector works harder.
const maxMemory = 2 << 30

type settings struct {
	chart, upstream, side, kindNames, output, keep string
	listKinds, all                                 bool
	options
}

// errWrong is a measurement that found the comparison wrong.
var errWrong = errors.New("the comparison was wrong")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if os.Getenv("GOMEMLIMIT") == "" && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(maxMemory)
	}
	if err := run(ctx, os.Args[1:], diffUpstream, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) && !errors.Is(err, errWrong) {
			fmt.Fprintln(os.Stderr, "mutate:", err)
		}
		os.Exit(1)
	}
}

func parseArgs(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.chart, "chart", "", "folder of the chart that scaffold wrote")
	flags.StringVar(&s.upstream, "upstream", "", "folder of upstream's chart")
	flags.StringVar(&s.side, "side", "both", "which of them to mutate: chart, upstream or both")
	flags.StringVar(&s.kindNames, "kinds", "", "kinds of mutations, with commas between them; all where empty")
	flags.BoolVar(&s.listKinds, "list-kinds", false, "print the kinds and end")
	flags.Uint64Var(&s.seed, "seed", 1, "number that the choice of mutations follows from")
	flags.IntVar(&s.count, "count", 500, "number of mutations")
	flags.IntVar(&s.jobs, "jobs", runtime.GOMAXPROCS(0), "mutations that are judged side by side")
	flags.StringVar(&s.only, "only", "", "`ID` of one mutation, to do alone")
	flags.StringVar(&s.keep, "keep", "", "folder to write the mutated chart of --only to")
	flags.BoolVar(&s.renderOnly, "render-only", false, "see what changes, and do not compare")
	flags.BoolVar(&s.all, "all", false, "show every mutation, not only those on which the comparison was wrong")
	flags.StringVar(&s.output, "o", "text", "output: text or json")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	return s, s.check(flags.Args())
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag: this command takes flags alone", rest[0])
	case s.listKinds:
		return nil
	case s.chart == "" || s.upstream == "":
		return errors.New("name both charts: --chart DIR and --upstream DIR")
	case s.output != "text" && s.output != "json":
		return fmt.Errorf("-o is %q: use text or json", s.output)
	case s.jobs < 1 || s.count < 1:
		return errors.New("--jobs and --count are at least 1")
	case s.side == string(ours) || s.side == string(upstream):
		s.sides = []side{side(s.side)}
	case s.side != "both":
		return fmt.Errorf("--side is %q: use chart, upstream or both", s.side)
	}
	for name := range strings.SplitSeq(s.kindNames, ",") {
		at := slices.IndexFunc(allKinds(), func(k kind) bool { return k.name == name })
		if at >= 0 {
			s.kinds = append(s.kinds, allKinds()[at])
		} else if name != "" {
			return fmt.Errorf("--kinds has %q, which is none: --list-kinds prints them", name)
		}
	}
	return nil
}

// maker gives the comparison of the charts in two folders.
type maker func(ctx context.Context, chart, upstream string) (comparison, error)

func run(ctx context.Context, args []string, comparisonOf maker, stdout, stderr io.Writer) error {
	s, err := parseArgs(args, stderr)
	if err != nil {
		return err
	}
	if s.listKinds {
		return printKinds(stdout)
	}
	charts := map[side]chart{}
	for from, dir := range map[side]string{ours: s.chart, upstream: s.upstream} {
		if charts[from], err = readChart(dir); err != nil {
			return err
		}
	}
	c, err := comparisonOf(ctx, s.chart, s.upstream)
	if err != nil {
		return err
	}
	var done atomic.Int64
	s.progress = func() {
		if n := done.Add(1); n%50 == 0 {
			fmt.Fprintf(stderr, "%d mutations\n", n)
		}
	}
	r, err := measure(ctx, c, charts, s.options)
	if err != nil {
		return err
	}
	if s.keep != "" && s.only != "" {
		one := r.Results[0]
		if err := charts[one.Side].with(one.changes).write(s.keep); err != nil {
			return err
		}
	}
	if err := show(stdout, s, r); err != nil {
		return err
	}
	if slices.ContainsFunc(r.Results, result.isWrong) {
		return errWrong
	}
	return nil
}

func show(w io.Writer, s settings, r *report) error {
	if s.output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	r.print(w, s.all || s.only != "")
	return nil
}
