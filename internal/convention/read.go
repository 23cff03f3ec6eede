package convention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// maxVoters is how many charts vote; more do not make a habit clearer.
const maxVoters = 100

// ReadOptions say how siblings are read.
type ReadOptions struct {
	// Lenient leaves out charts that cannot be read instead of failing. It is
	// for charts that the user has not named.
	Lenient bool
	// Warn is told of every chart that was left out; nil for nobody.
	Warn func(error)
	// Probe raises facts to Probed by rendering the charts, and corrects what
	// turns out wrong; nil where nothing is rendered.
	Probe func(ctx context.Context, charts []string, c *Convention) error
}

// Read reads the convention of the charts in some directories, from their
// Chart.yaml, values and templates as text. One chart is followed alone; several
// vote, fact by fact. No chart gives the canonical convention. What it returns
// passes Validate.
func Read(ctx context.Context, charts []string, opts ReadOptions) (*Convention, error) {
	all, err := readAll(ctx, charts, opts)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return Canonical(), nil
	}
	c := combine(all)
	if len(charts) == 1 && all[0].labels == nil && all[0].naming == nil {
		if err := followNeighbours(ctx, c, charts[0]); err != nil {
			return nil, err
		}
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	if opts.Probe != nil {
		if err := opts.Probe(ctx, charts, c); err != nil {
			return nil, err
		}
		if err := c.settle(); err != nil {
			return nil, err
		}
	}
	return c, c.Validate()
}

func readAll(ctx context.Context, charts []string, opts ReadOptions) ([]facts, error) {
	var all []facts
	for _, chart := range charts[:min(len(charts), maxVoters)] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, err := readSibling(chart, chart)
		if err != nil {
			if !opts.Lenient {
				return nil, err
			}
			if opts.Warn != nil {
				opts.Warn(err)
			}
			continue
		}
		all = append(all, s.read())
	}
	return all, nil
}

// followNeighbours takes labels, names and files from the charts beside one that
// has no templates of its own, if writing templates is the folder's habit: at
// least half of its charts do. The rendered objects of an umbrella come from its
// dependency, and a few hand-written charts beside it say nothing about that.
func followNeighbours(ctx context.Context, c *Convention, chart string) error {
	dirs, err := Siblings(chart)
	if err != nil || len(dirs) < 2 {
		return nil // without neighbours, the canonical way stays
	}
	beside := []facts{{shown: filepath.ToSlash(chart)}} // the chart itself abstains
	for _, dir := range dirs[:min(len(dirs), maxVoters)] {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := facts{shown: filepath.ToSlash(dir)}
		if s, err := readSibling(dir, dir); err == nil {
			f.readTemplates(s.templates[0])
			f.route = "" // the chart's own values say that
		}
		beside = append(beside, f)
	}
	route := c.Kinds
	combineTemplates(c, beside)
	c.Kinds.Route = route.Route
	if c.Kinds.Confidence == Default {
		c.Kinds.Fact = route.Fact
	}
	return nil
}

// Siblings gives the charts beside a target: the folders in its parent folder
// that hold a Chart.yaml, without the target itself and without LiveKit's own
// charts, in the order of their names.
func Siblings(target string) ([]string, error) {
	target = filepath.Clean(target)
	parent := filepath.Dir(target)
	if target == "." || strings.HasSuffix(target, "..") {
		abs, err := filepath.Abs(target)
		if err != nil {
			return nil, fmt.Errorf("looking for charts beside %s: %w", target, err)
		}
		target, parent = abs, filepath.Dir(abs)
	}
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, remedy.Errorf("name the charts to follow with --like", "looking for charts beside %s: %w", target, err)
	}
	var out []string
	for _, e := range entries[:min(len(entries), maxDirEntries)] {
		dir := filepath.Join(parent, e.Name())
		if e.Name() == filepath.Base(target) || strings.Contains(norm(e.Name()), "livekit") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, "Chart.yaml")); err == nil && info.Mode().IsRegular() {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out, nil
}
