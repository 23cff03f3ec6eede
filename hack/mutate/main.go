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
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
)

// options say what is measured, and what is shown of it.
type options struct {
	chart, upstream string // folders

	seed     uint64
	count    int
	jobs     int // at least 1
	sides    []side
	kinds    []kind
	only     string // the ID of a mutation; seed and count do not matter then
	all      bool
	progress io.Writer
}

// errWrong is a measurement that found the comparison wrong.
var errWrong = errors.New("the comparison was wrong")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], diffUpstream, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) && !errors.Is(err, errWrong) {
			fmt.Fprintln(os.Stderr, "mutate:", err)
		}
		os.Exit(1)
	}
}

func parseArgs(args []string, stderr io.Writer) (options, error) {
	o := options{progress: stderr, sides: []side{ours, upstream}, kinds: allKinds()}
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.chart, "chart", "", "folder of the chart that scaffold wrote")
	flags.StringVar(&o.upstream, "upstream", "", "folder of upstream's chart")
	flags.Func("side", "mutate `chart` or upstream alone", o.setSide)
	flags.Func("kinds", "`kinds` of mutations, with commas between them, in place of all", o.setKinds)
	flags.Uint64Var(&o.seed, "seed", 1, "number that the choice of mutations follows from")
	flags.IntVar(&o.count, "count", 500, "number of mutations")
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "mutations that are judged side by side")
	flags.StringVar(&o.only, "only", "", "`ID` of one mutation, to do alone")
	flags.BoolVar(&o.all, "all", false, "show every mutation, not only those on which the comparison was wrong")
	err := flags.Parse(args)
	switch {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag: this command takes flags alone", flags.Arg(0))
	case o.chart == "" || o.upstream == "":
		return o, errors.New("name both charts: --chart DIR and --upstream DIR")
	case o.jobs < 1 || o.count < 1:
		return o, errors.New("--jobs and --count are at least 1")
	}
	return o, nil
}

func (o *options) setSide(name string) error {
	if !slices.Contains([]side{ours, upstream}, side(name)) {
		return errors.New("use chart or upstream")
	}
	o.sides = []side{side(name)}
	return nil
}

func (o *options) setKinds(names string) error {
	o.kinds = nil
	for name := range strings.SplitSeq(names, ",") {
		at := slices.IndexFunc(allKinds(), func(k kind) bool { return k.name == name })
		if at < 0 {
			return fmt.Errorf("%q is none: a report of all names those that there are", name)
		}
		o.kinds = append(o.kinds, allKinds()[at])
	}
	return nil
}

// maker gives the comparison of the charts in two folders.
type maker func(ctx context.Context, chart, upstream string) (comparison, error)

func run(ctx context.Context, args []string, comparisonOf maker, stdout, stderr io.Writer) error {
	o, err := parseArgs(args, stderr)
	if err != nil {
		return err
	}
	charts := map[side]chart{}
	for from, dir := range map[side]string{ours: o.chart, upstream: o.upstream} {
		if charts[from], err = readChart(dir); err != nil {
			return err
		}
	}
	c, err := comparisonOf(ctx, o.chart, o.upstream)
	if err != nil {
		return err
	}
	r, err := measure(ctx, c, charts, o)
	if err != nil {
		return err
	}
	r.print(stdout, o.all || o.only != "")
	if slices.ContainsFunc(r.Results, result.isWrong) {
		return errWrong
	}
	return nil
}
