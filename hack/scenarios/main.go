// Command scenarios holds a fresh chart against upstream's under random values that somebody may well have:
//
//	go run ./hack/scenarios -seed 7 -count 150
//
// It scaffolds charts in two conventions, compares each with upstream's chart under every file, and ends with code 1
// when there is drift: nobody has changed anything.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// options say what is tried.
type options struct {
	upstream, like string // folders
	seed           uint64
	count          int
	only           string // the name of one file
	show           bool
}

// errDrift is a comparison that reported drift.
var errDrift = errors.New("there is drift between charts that nobody has changed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "scenarios:", err)
		}
		os.Exit(1)
	}
}

func parseArgs(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("scenarios", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.upstream, "upstream", "internal/drift/testdata/upstream/livekit-server",
		"`folder` of upstream's chart")
	flags.StringVar(&o.like, "like", "internal/scaffolding/testdata/homelab/apps/localai",
		"`folder` of a chart whose conventions the second chart follows")
	flags.Uint64Var(&o.seed, "seed", 1, "number that the files follow from")
	flags.IntVar(&o.count, "count", 150, "number of files")
	flags.StringVar(&o.only, "only", "", "`name` of one file, to try alone")
	flags.BoolVar(&o.show, "show", false, "show the files with drift")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.count < 1 {
		return o, errors.New("give flags alone, and a --count of at least 1")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseArgs(args, stderr)
	if err != nil {
		return err
	}
	samples, err := readSamples()
	if err != nil {
		return err
	}
	upstream, err := helmchart.Load(o.upstream)
	if err != nil {
		return err
	}
	in := drift.Input{Upstream: upstream, UpstreamSource: o.upstream, Scenarios: samples.scenarios(o.seed, o.count)}
	for _, s := range in.Scenarios {
		if o.only == "" || s.Name == o.only {
			in.Only = append(in.Only, s.Name)
		}
	}
	var all error
	for _, like := range []string{"", o.like} {
		if err := compare(ctx, in, like, o.show, stdout); err != nil {
			all = cmp.Or(all, err)
		}
	}
	return all
}

// compare scaffolds a chart with all components and compares it with upstream's under every file.
func compare(ctx context.Context, in drift.Input, like string, show bool, stdout io.Writer) error {
	root, err := os.MkdirTemp("", "scenarios-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o750); err != nil { // nothing above counts
		return err
	}
	in.Dir = filepath.Join(root, "apps", "livekit")
	o := scaffolding.RunOptions{Dir: in.Dir, Options: scaffolding.Options{With: []string{"all"}}}
	if like != "" {
		o.Like = []string{like}
	}
	if _, err := scaffolding.Run(ctx, o); err != nil {
		return err
	}
	if in.Chart, in.Lock, err = drift.Load(ctx, in.Dir, helmchart.Sources{}); err != nil {
		return err
	}
	r, err := drift.Run(ctx, in)
	if err != nil {
		return err
	}
	return report(stdout, in, r, cmp.Or(like, "canonical"), show)
}

// report prints what drifted. A file that one of the charts refuses is not compared: upstream's takes some that would
// not work, such as two servers without a Redis.
func report(w io.Writer, in drift.Input, r *drift.Report, convention string, show bool) error {
	tried, refused := len(in.Only), 0
	for _, s := range r.Scenarios {
		if s.Error != "" {
			refused++
		}
	}
	drifted := map[string]bool{}
	for _, f := range r.Findings {
		if f.Class != drift.Drift || f.Layer != drift.LayerObjects || f.Object == "" {
			continue
		}
		fmt.Fprintf(w, "%s %s: upstream %v, chart %v (%s) in %d files: %s\n", f.Object, f.Path, f.Upstream, f.Chart,
			f.Why, len(f.Scenarios), f.Scenario)
		for _, name := range f.Scenarios {
			drifted[name] = true
		}
	}
	fmt.Fprintf(w, "%s: drift in %d of %d files; %d are refused\n", convention, len(drifted), tried, refused)
	if len(drifted) == 0 {
		return nil
	}
	for _, s := range in.Scenarios {
		if show && drifted[s.Name] && slices.Contains(in.Only, s.Name) {
			text, err := yaml.Marshal(s.Values)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "--- %s\n%s", s.Name, text)
		}
	}
	return errDrift
}
