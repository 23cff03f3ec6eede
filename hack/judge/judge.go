//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// verdict is how verify's word stands to the server's.
type verdict string

const (
	runs       verdict = "both run"    // the server runs, and nothing failed
	ends       verdict = "both end"    // the server ends, and something failed that is no mere trap
	trapped    verdict = "trap"        // the server runs, and all that failed is listed in traps.yaml
	unseen     verdict = "not visible" // the server ends by what the chart does not show: the case says what
	missed     verdict = "MISS"        // the server ends, and nothing failed that would explain it
	falseAlarm verdict = "FALSE ALARM" // the server runs, and something failed that is not listed
	wrongClaim verdict = "WRONG CLAIM" // the server does not show what the case says it does
	refused    verdict = "refused"     // values that the chart itself refuses, of random ones
	unjudged   verdict = "not judged"  // the chart gives nothing that could be run
)

func (v verdict) isWrong() bool { return slices.Contains([]verdict{missed, falseAlarm, wrongClaim}, v) }

// result is what came of one case with one server.
type result struct {
	Release  string
	Case     string
	Config   string // what the case gives, for a look
	Verdict  verdict
	Server   string   // its word
	Failures []string // verify's: the check, and what it says
	Traps    []int    // that explain failures, by their places in the list
}

// trap is something that verify refuses on purpose, although the server starts with it.
type trap struct {
	Check string
	Says  string // pattern of what the check says
	Why   string
	// Ends tells that the server does end with some of what the check refuses in these words.
	Ends bool

	pattern *regexp.Regexp
}

func readTraps() ([]trap, error) {
	var traps []trap
	if err := decode("traps.yaml", &traps); err != nil {
		return nil, err
	}
	for i := range traps {
		pattern, err := regexp.Compile(traps[i].Says)
		if err != nil {
			return nil, fmt.Errorf("traps.yaml: %w", err)
		}
		traps[i].pattern = pattern
	}
	return traps, nil
}

// worker judges its part of the cases.
type worker struct {
	sandbox     *sandbox
	dir         string // of the charts for a release
	traps       []trap
	certificate map[string]string
	options     options
}

// work is what a process in namespaces of its own does: it writes a line of JSON for each result.
func work(ctx context.Context, o options, stdout io.Writer) error {
	log.SetOutput(io.Discard) // Helm's engine tells there what a chart would refuse
	var part, parts int
	if _, err := fmt.Sscanf(o.worker, "%d/%d", &part, &parts); err != nil {
		return fmt.Errorf("-worker: %w", err)
	}
	box, err := newSandbox(ctx, o.dir, o.redis)
	if err != nil {
		return err
	}
	defer box.close()
	w := worker{sandbox: box, options: o}
	if w.traps, err = readTraps(); err != nil {
		return err
	}
	if w.certificate, err = newFiles(); err != nil {
		return err
	}
	lines := json.NewEncoder(stdout)
	for _, server := range o.servers {
		release, err := releaseOf(ctx, server)
		if err != nil {
			return err
		}
		cases, err := casesFor(release, o)
		if err != nil {
			return err
		}
		w.dir = filepath.Join(o.dir, string(release))
		if err := writeCharts(ctx, w.dir, release); err != nil {
			return err
		}
		for i, c := range named(cases, o.only) {
			if i%parts != part {
				continue
			}
			r, err := w.judge(ctx, server, release, c)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", release, c.Name, err)
			}
			if err := lines.Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}

var versionLine = regexp.MustCompile(`version (\d+\.\d+\.\d+)`)

// releaseOf asks a server which one it is.
func releaseOf(ctx context.Context, server string) (livekit.Release, error) {
	out, err := output(ctx, "", server, "--version")
	if err != nil {
		return "", err
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s --version says %q, and no version", server, out)
	}
	return livekit.ReleaseOf("v" + string(m[1])).Release, nil
}

func (w *worker) judge(ctx context.Context, server string, release livekit.Release, c testCase) (result, error) {
	r := result{Release: string(release), Case: c.Name, Verdict: unjudged}
	values, err := c.chartValues(release, w.certificate)
	if err != nil {
		return r, err
	}
	shown, _ := json.Marshal(c.shown(values))
	r.Config = string(shown)
	dir := chartDir(w.dir, c.chart())
	found, err := verify.Run(ctx, dir, verify.Options{Values: values})
	if err != nil {
		return r, err
	}
	for _, check := range found.Checks {
		if check.Name == "lint" && len(found.Checks) > 1 && found.Checks[1].Status == verify.Fail {
			continue // render says the same
		}
		for _, failure := range check.Failures {
			r.Failures = append(r.Failures, split(check.Name, failure)...)
		}
	}
	if c.refusable && slices.ContainsFunc(r.Failures, isRefusal) {
		r.Verdict = refused
		return r, nil
	}
	p, err := w.podOf(ctx, dir, values, c.Secrets)
	if err != nil {
		r.Server = fmt.Sprintf("not asked: %v", err)
		return r, nil
	}
	out, err := w.sandbox.try(ctx, p, server, w.options.wait)
	if err != nil {
		return r, err
	}
	r.Server = out.Says
	r.decide(c, out, w.traps)
	return r, nil
}

// shown is what tells a case from others.
func (c *testCase) shown(values map[string]any) any {
	if c.chart() != plain {
		return c.Values
	}
	return map[string]any{"config": values["config"], "env": c.Env, "args": c.Args}
}

// decide compares the words.
func (r *result) decide(c testCase, out outcome, traps []trap) {
	var unlisted []string
	for _, failure := range r.Failures {
		i := slices.IndexFunc(traps, func(t trap) bool { return t.explains(failure) })
		if i < 0 {
			unlisted = append(unlisted, failure)
		} else if out.Runs {
			r.Traps = append(r.Traps, i)
		} else if traps[i].Ends {
			unlisted = append(unlisted, failure)
		}
	}
	isShown, err := regexp.MatchString(c.Shows, out.Log)
	switch {
	case err != nil || !isShown:
		r.Verdict = wrongClaim
		r.Server += fmt.Sprintf("; its log has nothing like %q", c.Shows)
	case out.Runs && len(unlisted) > 0:
		r.Verdict = falseAlarm
	case out.Runs && len(r.Failures) > 0:
		r.Verdict = trapped
	case out.Runs:
		r.Verdict = runs
	case len(unlisted) > 0 || slices.ContainsFunc(r.Failures, isRefusal):
		r.Verdict = ends
	case c.Unseen != "":
		r.Verdict = unseen
	default:
		r.Verdict = missed
	}
}

// isRefusal tells that a chart did not render: then verify has looked no further.
func isRefusal(failure string) bool { return strings.HasPrefix(failure, "render: ") }

func (t trap) explains(failure string) bool {
	check, says, _ := strings.Cut(failure, ": ")
	return check == t.Check && t.pattern.MatchString(says)
}

// frame is what Helm puts around the sentences of a chart that refuses its values.
var frame = regexp.MustCompile(`^(render chart .*:|(\w+: )*values don't meet the specifications .*|\S+:|` +
	`.*execution error at \(.*\):|given by .*)$`)

// split gives the sentences of a failure: a chart says all at once what is wrong with its values.
func split(check, failure string) []string {
	if check != "render" && check != "lint" {
		return []string{check + ": " + failure}
	}
	var out []string
	for line := range strings.Lines(failure) {
		if line = strings.TrimSpace(line); line != "" && !frame.MatchString(line) {
			out = append(out, check+": "+line)
		}
	}
	return out
}

// podOf renders the chart even where it refuses its values, as the server is to be asked whether they are wrong.
func (w *worker) podOf(
	ctx context.Context, dir string, values map[string]any, secrets map[string]map[string]string,
) (*pod, error) {
	chart, err := helmchart.Load(dir)
	if err != nil {
		return nil, err
	}
	files, err := chart.Render(ctx, values, helmchart.Release{Name: chart.Name(), Lenient: true, SkipSchema: true})
	if err != nil {
		return nil, err
	}
	var objects []manifest.Object
	for _, f := range files {
		found, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return newPod(objects, secrets)
}
