// Command mutate measures whether `helm livekit diff-upstream` tells the truth. It
// changes a scaffolded chart or upstream's in one place, hundreds of times, renders
// both versions in every scenario to see whether the change matters, and looks
// whether the comparison says so:
//
//	go run ./hack/mutate --chart apps/livekit --upstream livekit-helm/livekit-server
//
// It ends with code 1 when a change was missed, or drift was reported where nothing
// changed.
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

	"github.com/helm-livekit/helm-livekit/hack/mutate/mutation"
)

// maxMemory is the memory above which Go's collector works harder.
const maxMemory = 2 << 30

type options struct {
	chart, upstream, side, kinds, output, keep string
	listKinds, all                             bool
	mutation.Options
}

// errWrong is a measurement that found the comparison wrong.
var errWrong = errors.New("the comparison was wrong")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if os.Getenv("GOMEMLIMIT") == "" && debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(maxMemory)
	}
	if err := run(ctx, os.Args[1:], newSubject, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) && !errors.Is(err, errWrong) {
			fmt.Fprintln(os.Stderr, "mutate:", err)
		}
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.chart, "chart", "", "folder of the chart that scaffold wrote")
	flags.StringVar(&o.upstream, "upstream", "", "folder of upstream's chart")
	flags.StringVar(&o.side, "side", "both", "which of them to mutate: chart, upstream or both")
	flags.StringVar(&o.kinds, "kinds", "", "kinds of mutations, with commas between them; all where empty")
	flags.BoolVar(&o.listKinds, "list-kinds", false, "print the kinds and end")
	flags.Uint64Var(&o.Seed, "seed", 1, "number that the choice of mutations follows from")
	flags.IntVar(&o.Count, "count", 500, "number of mutations")
	flags.IntVar(&o.Jobs, "jobs", runtime.GOMAXPROCS(0), "mutations that are judged side by side")
	flags.StringVar(&o.Only, "only", "", "`ID` of one mutation, to do alone")
	flags.StringVar(&o.keep, "keep", "", "folder to write the mutated chart of --only to (a new one where empty)")
	flags.BoolVar(&o.RenderOnly, "render-only", false, "see what changes, and do not compare")
	flags.BoolVar(&o.all, "all", false, "show every mutation, not only those on which the comparison was wrong")
	flags.StringVar(&o.output, "o", "text", "output: text or json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.Args())
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is no flag: this command takes flags alone", rest[0])
	case o.listKinds:
		return nil
	case o.chart == "" || o.upstream == "":
		return errors.New("name both charts: --chart DIR and --upstream DIR")
	case o.output != "text" && o.output != "json":
		return fmt.Errorf("-o is %q: use text or json", o.output)
	case o.Jobs < 1 || o.Count < 1:
		return errors.New("--jobs and --count are at least 1")
	}
	switch o.side {
	case "both":
	case "chart", "upstream":
		o.Sides = []mutation.Side{mutation.Side(o.side)}
	default:
		return fmt.Errorf("--side is %q: use chart, upstream or both", o.side)
	}
	if o.kinds == "" {
		return nil
	}
	for _, name := range strings.Split(o.kinds, ",") {
		at := slices.IndexFunc(mutation.Kinds(), func(k mutation.Kind) bool { return k.Name == name })
		if at < 0 {
			return fmt.Errorf("--kinds has %q, which is none: --list-kinds prints them", name)
		}
		o.Kinds = append(o.Kinds, mutation.Kinds()[at])
	}
	return nil
}

// maker gives the comparison of the charts in two folders.
type maker func(ctx context.Context, chart, upstream string) (mutation.Subject, error)

func run(ctx context.Context, args []string, subjectOf maker, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.listKinds {
		return printKinds(stdout)
	}
	chart, err := mutation.ReadDir(o.chart)
	if err != nil {
		return err
	}
	upstream, err := mutation.ReadDir(o.upstream)
	if err != nil {
		return err
	}
	subject, err := subjectOf(ctx, o.chart, o.upstream)
	if err != nil {
		return err
	}
	var done atomic.Int64
	o.Progress = func() {
		if n := done.Add(1); n%50 == 0 {
			fmt.Fprintf(stderr, "%d mutations\n", n)
		}
	}
	outcome, err := mutation.Run(ctx, subject, chart, upstream, o.Options)
	if err != nil {
		return err
	}
	if o.Only != "" {
		files := chart
		if outcome.Results[0].Side == mutation.Upstream {
			files = upstream
		}
		if err := keep(o.keep, outcome.Results[0].Apply(files), stderr); err != nil {
			return err
		}
	}
	if err := show(stdout, o, outcome); err != nil {
		return err
	}
	if wrong(outcome) > 0 {
		return errWrong
	}
	return nil
}

func show(w io.Writer, o options, outcome *mutation.Outcome) error {
	if o.output == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(outcome)
	}
	printOutcome(w, outcome, o.all || o.Only != "")
	return nil
}

// wrong counts the mutations on which the comparison was wrong.
func wrong(outcome *mutation.Outcome) int {
	n := 0
	for _, r := range outcome.Results {
		if r.Verdict == mutation.Missed || r.Verdict == mutation.False {
			n++
		}
	}
	return n
}
