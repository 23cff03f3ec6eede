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
)

// maxMemory is the memory above which Go's collector works harder.
const maxMemory = 2 << 30

// options say what is measured, and what is shown of it.
type options struct {
	seed     uint64
	count    int
	jobs     int    // at least 1
	sides    []side // both where empty
	kinds    []kind // all where empty
	only     string // the ID of a mutation; seed and count do not matter then
	progress io.Writer

	chart, upstream, keep, output string
	all                           bool
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

func parseArgs(args []string, stderr io.Writer) (options, error) {
	o := options{progress: stderr}
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.chart, "chart", "", "folder of the chart that scaffold wrote")
	flags.StringVar(&o.upstream, "upstream", "", "folder of upstream's chart")
	flags.Func("side", "mutate `chart` or upstream alone", o.addSide)
	flags.Func("kinds", "`kinds` of mutations, with commas between them, in place of all", o.addKinds)
	flags.Uint64Var(&o.seed, "seed", 1, "number that the choice of mutations follows from")
	flags.IntVar(&o.count, "count", 500, "number of mutations")
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "mutations that are judged side by side")
	flags.StringVar(&o.only, "only", "", "`ID` of one mutation, to do alone")
	flags.StringVar(&o.keep, "keep", "", "folder to write the mutated chart of --only to")
	flags.BoolVar(&o.all, "all", false, "show every mutation, not only those on which the comparison was wrong")
	flags.StringVar(&o.output, "o", "text", "output: text or json")
	err := flags.Parse(args)
	switch {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag: this command takes flags alone", flags.Arg(0))
	case o.chart == "" || o.upstream == "":
		return o, errors.New("name both charts: --chart DIR and --upstream DIR")
	case o.output != "text" && o.output != "json":
		return o, fmt.Errorf("-o is %q: use text or json", o.output)
	case o.jobs < 1 || o.count < 1:
		return o, errors.New("--jobs and --count are at least 1")
	}
	return o, nil
}

func (o *options) addSide(name string) error {
	if side(name) != ours && side(name) != upstream {
		return errors.New("use chart or upstream")
	}
	o.sides = append(o.sides, side(name))
	return nil
}

func (o *options) addKinds(names string) error {
	var known []string
	for _, k := range allKinds() {
		known = append(known, k.name)
		if slices.Contains(strings.Split(names, ","), k.name) {
			o.kinds = append(o.kinds, k)
		}
	}
	for name := range strings.SplitSeq(names, ",") {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%q is none: use some of %s", name, strings.Join(known, ", "))
		}
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
	if o.keep != "" && o.only != "" {
		one := r.Results[0]
		if err := charts[one.Side].with(one.changes).write(o.keep); err != nil {
			return err
		}
	}
	if o.output == "json" {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else {
		r.print(stdout, o.all || o.only != "")
	}
	if err == nil && slices.ContainsFunc(r.Results, result.isWrong) {
		return errWrong
	}
	return err
}
