//go:build linux

// Command judge holds the word of `helm livekit verify` against that of the real livekit-server. It starts the server
// with configurations of every kind, as a chart gives them, and compares whether it runs with what verify says:
//
//	go run ./hack/judge -server PATH [-server PATH] [-build v1.8.4] -redis PATH
//
// The configurations are those of cases.yaml, and random ones that are made from the configuration schema of each
// server's release. It ends with code 1 where verify was wrong: README.md says what counts as that.
//
// Servers run in network and mount namespaces of their own, so they take the ports and paths that the chart gives
// them, whatever else runs on the machine. That needs Linux, and root.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	servers  []string // paths of binaries
	builds   []string // releases that are built first
	cacheDir string
	redis    string
	seed     uint64
	count    int
	values   int
	jobs     int
	only     string
	all      bool
	wait     time.Duration
	worker   string // "0/2": the first one of two processes
	dir      string // the worker's
}

// errWrong is a judgment that found verify wrong.
var errWrong = errors.New("verify was wrong")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) && !errors.Is(err, errWrong) {
			fmt.Fprintln(os.Stderr, "judge:", err)
		}
		os.Exit(1)
	}
}

func parseArgs(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("judge", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Func("server", "`path` of a livekit-server; several times for several", func(path string) error {
		o.servers = append(o.servers, path)
		return nil
	})
	flags.Func("build", "`releases` to build and judge by, with commas between them", func(list string) error {
		o.builds = append(o.builds, strings.Split(list, ",")...)
		return nil
	})
	cacheDir, _ := os.UserCacheDir()
	flags.StringVar(&o.cacheDir, "cache", filepath.Join(cacheDir, "helm-livekit-judge"), "`folder` for what is built")
	flags.StringVar(&o.redis, "redis", "redis-server", "Redis' `program`")
	flags.Uint64Var(&o.seed, "seed", 1, "number that the random configurations follow from")
	flags.IntVar(&o.count, "count", 300, "random configurations for each server, beside those of cases.yaml")
	flags.IntVar(&o.values, "values", 100, "random sets of the chart's values for each server")
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "servers that run side by side")
	flags.StringVar(&o.only, "only", "", "part of the `names` of the cases to judge")
	flags.BoolVar(&o.all, "all", false, "show every case, not only those on which verify was wrong")
	flags.DurationVar(&o.wait, "wait", 15*time.Second, "how long a server may take to answer or end")
	flags.StringVar(&o.worker, "worker", "", "for the program's own use")
	flags.StringVar(&o.dir, "dir", "", "for the program's own use")
	err := flags.Parse(args)
	switch {
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is no flag: this command takes flags alone", flags.Arg(0))
	case len(o.servers)+len(o.builds) == 0:
		return o, errors.New("name a server: -server PATH, or -build RELEASE")
	case o.jobs < 1 || o.count < 0 || o.values < 0:
		return o, errors.New("-jobs is at least 1, -count and -values at least 0")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseArgs(args, stderr)
	if err != nil {
		return err
	}
	if o.worker != "" {
		return work(ctx, o, stdout)
	}
	for _, release := range o.builds {
		server, err := build(ctx, o.cacheDir, release, stderr)
		if err != nil {
			return err
		}
		o.servers = append(o.servers, server)
	}
	results, err := runWorkers(ctx, o, stderr)
	r := report{results: results, all: o.all || o.only != ""}
	if o.only == "" && err == nil {
		r.stale = staleTraps(results)
	}
	r.print(stdout)
	if err != nil {
		return err
	}
	if r.isWrong() {
		return errWrong
	}
	return nil
}

// runWorkers runs this program again, as often as servers are to run side by side, in namespaces of its own, and
// collects what they find.
func runWorkers(ctx context.Context, o options, stderr io.Writer) ([]result, error) {
	dir, err := os.MkdirTemp("", "judge-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	found := make(chan result)
	ended := make(chan error, o.jobs)
	for i := range o.jobs {
		go func() { ended <- runWorker(ctx, o, i, filepath.Join(dir, strconv.Itoa(i)), found, stderr) }()
	}
	var results []result
	for running := o.jobs; running > 0; {
		select {
		case r := <-found:
			results = append(results, r)
			if len(results)%50 == 0 {
				fmt.Fprintf(stderr, "%d cases\n", len(results))
			}
		case workerErr := <-ended:
			err = errors.Join(err, workerErr)
			running--
		}
	}
	return results, err
}

func runWorker(ctx context.Context, o options, i int, dir string, found chan<- result, stderr io.Writer) error {
	args := []string{
		"-worker", fmt.Sprintf("%d/%d", i, o.jobs), "-dir", dir, "-redis", o.redis, "-only", o.only,
		"-seed", strconv.FormatUint(o.seed, 10), "-count", strconv.Itoa(o.count),
		"-values", strconv.Itoa(o.values), "-wait", o.wait.String(),
	}
	for _, server := range o.servers {
		args = append(args, "-server", server)
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Stderr = stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start in namespaces of its own, which needs root: %w", err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 10<<20)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return errors.Join(err, cmd.Wait())
		}
		found <- r
	}
	return errors.Join(lines.Err(), cmd.Wait())
}
