// Package selftest measures how well a repository's habits can be read: it tells each of its charts from the others,
// and compares with what the chart itself says.
package selftest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// Options say which charts are predicted from each other.
type Options struct {
	Dir    string // the folder with the charts, at any depth; the repository of the current folder where it is empty
	Prober sibling.Prober
	Getenv func(string) string // os.Getenv, by which Helm's caches are found; nil leaves them out
	// HelmBin is the Helm that fetches dependencies, "" where none may.
	HelmBin string
}

// Result says how often what the neighbors tell is what the charts say.
type Result struct {
	// Charts are those that were left out, one at a time.
	Charts []Chart `json:"charts"`
	// Found is how many charts there are, of which Charts are a part where they are many.
	Found int    `json:"found"`
	Facts []Fact `json:"facts"`
	Score
	Warnings []string `json:"warnings,omitempty"`
}

// Score counts facts.
type Score struct {
	Agree int `json:"agree"`
	Of    int `json:"of"`
	// Silent are facts of which the others say nothing; they are not among those of Of.
	Silent int `json:"silent,omitempty"`
}

func (s *Score) add(says, predicted string) {
	switch {
	case predicted == "":
		s.Silent++
		return
	case predicted == says:
		s.Agree++
	}
	s.Of++
}

// Percent is the part that agrees.
func (s Score) Percent() int { return 100 * s.Agree / max(s.Of, 1) }

// Chart is one that was left out.
type Chart struct {
	Chart string `json:"chart"`
	Score
}

// Fact is one fact of all charts that say it.
type Fact struct {
	Fact string `json:"fact"` // a canonical key, or the name of another fact
	Score
	Misses []Miss `json:"misses,omitempty"`
}

// Miss is a chart of which the neighbors tell something else.
type Miss struct {
	Chart     string `json:"chart"`
	Says      string `json:"says"`
	Predicted string `json:"predicted"`
}

// most is how many charts are left out, and tell of each other. More take longer and say little more.
const most = 20

// Run tells each chart from the others.
func Run(ctx context.Context, o Options) (*Result, error) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, err
	}
	dir, tree, err := o.folder()
	if err != nil {
		return nil, err
	}
	found := sibling.Elsewhere(dir, filepath.Join(dir, "*", "*")) // no chart lies beside that
	slices.Sort(found)
	if len(found) < 2 {
		return nil, remedy.Errorf("name the folder of the repository, or of its charts",
			"%s has %d charts, and at least two are needed to tell one from another",
			filepath.ToSlash(cmp.Or(o.Dir, dir)), len(found))
	}
	result := &Result{Found: len(found)}
	sources := helmchart.Sources{Root: tree}
	if o.Getenv != nil {
		sources = helmchart.HelmSources(tree, o.Getenv)
	}
	all, err := sibling.LeaveOut(ctx, spread(found), sibling.ReadOptions{
		Sheet: sheet, Lenient: true, Prober: o.Prober, Sources: sources, HelmBin: o.HelmBin,
		Warn: func(err error) { result.Warnings = append(result.Warnings, err.Error()) },
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(result.Warnings)
	result.compare(sheet, dir, all)
	return result, nil
}

// folder gives the folder with the charts, and the repository that it is in. The first is as the user would name it.
func (o Options) folder() (dir, tree string, err error) {
	current, err := filepath.Abs(cmp.Or(o.Dir, "."))
	if err != nil {
		return "", "", fmt.Errorf("looking for charts in %s: %w", o.Dir, err)
	}
	if tree, err = chartdir.TreeOf(current); err != nil {
		return "", "", err
	}
	if dir = o.Dir; dir == "" {
		dir, err = filepath.Rel(current, tree)
	}
	return dir, tree, err
}

// spread chooses from many charts, at even distances: the same ones each time.
func spread(charts []string) []string {
	if len(charts) <= most {
		return charts
	}
	out := make([]string, most)
	for i := range out {
		out[i] = charts[i*len(charts)/most]
	}
	return out
}

// compare holds what is predicted of each chart against what it says itself, fact by fact.
func (r *Result) compare(sheet *factsheet.Sheet, dir string, all []sibling.LeftOut) {
	facts := map[string]*Fact{}
	for _, left := range all {
		chart := Chart{Chart: left.Chart}
		if below, err := filepath.Rel(dir, left.Chart); err == nil {
			chart.Chart = filepath.ToSlash(below)
		}
		own, predicted := said(left.Own, true), said(left.Predicted, false)
		for name, says := range own {
			f := facts[name]
			if f == nil {
				f = &Fact{Fact: name}
				facts[name] = f
			}
			for _, s := range []*Score{&f.Score, &chart.Score, &r.Score} {
				s.add(says, predicted[name])
			}
			if predicted[name] != says && predicted[name] != "" {
				f.Misses = append(f.Misses, Miss{chart.Chart, says, predicted[name]})
			}
		}
		r.Charts = append(r.Charts, chart)
	}
	order := func(name string) int {
		i := slices.IndexFunc(sheet.Keys, func(k factsheet.Key) bool { return k.Key == name })
		if i < 0 {
			return len(sheet.Keys)
		}
		return i
	}
	for _, name := range slices.SortedFunc(maps.Keys(facts), func(a, b string) int {
		return cmp.Or(order(a)-order(b), strings.Compare(a, b))
	}) {
		r.Facts = append(r.Facts, *facts[name])
	}
}

// said gives the facts of a convention as texts, by name. Of a chart's own those alone count that it says itself; what
// is predicted has a place for every key.
func said(c *convention.Convention, isOwn bool) map[string]string {
	out := map[string]string{}
	add := func(name, text string, f convention.Fact) {
		if text != "" && (!isOwn || f.Confidence != convention.Default) {
			out[name] = text
		}
	}
	for _, k := range c.Sheet.Keys {
		v, isNamed := c.Values[k.Key]
		switch {
		case k.IsHeading(), isOwn && !isNamed:
			continue
		case !isNamed:
			v.Path = c.PathOf(k.Key)
		}
		if v.Shape == convention.PlainShapes[k.Key] {
			v.Shape = ""
		}
		add(k.Key, strings.TrimSpace(v.Path+" "+v.Shape), v.Fact)
	}
	add("object names", c.Naming.Fullname, c.Naming.Fact)
	add("suffixes of names", written(c.Naming.Suffixes), c.Naming.Fact)
	add("helper prefix", c.Naming.HelperPrefix, c.Naming.Fact)
	add("labels", labels(c.Labels.Set), c.Labels.Fact)
	add("selector", labels(c.Labels.Selector), c.Labels.Fact)
	add("kind of workload", c.Kinds.Workload, c.Kinds.Fact)
	add("kind of route", c.Kinds.Route, c.Kinds.Fact)
	for kind, file := range c.Files.Templates {
		add("file of "+kind, file, c.Files.Fact)
	}
	add("extension of templates", c.Files.Extension, c.Files.Fact)
	add("lists", c.Style.Lists, c.Style.Fact)
	add("quotes", c.Style.Quotes, c.Style.Fact)
	add("comments", c.Style.Comments, c.Style.Fact)
	add("host", c.Defaults.HostPattern, c.Defaults.Fact)
	add("ingress class", c.Defaults.IngressClass, c.Defaults.Fact)
	add("cluster issuer", c.Defaults.ClusterIssuer, c.Defaults.Fact)
	add("storage class", c.Defaults.StorageClass, c.Defaults.Fact)
	add("Secrets", c.Secrets.Mechanism, c.Secrets.Fact)
	return out
}

// labels writes labels in the order of their names: theirs is a matter of style.
func labels(set []convention.Label) string {
	var out []string
	for _, l := range set {
		out = append(out, l.Name+"="+l.Value)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func written(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, ", ")
}
