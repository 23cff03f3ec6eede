package update

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// Change is one field of a release that an upgrade to the updated chart changes, or an object that comes or goes.
type Change struct {
	// Scenarios are the values under which it changes: values files, and "values.yaml" for the chart's own.
	Scenarios []string `json:"scenarios"`
	Object    string   `json:"object"` // "Deployment/livekit"
	// Path is the field's, as in diff-upstream; empty for an object as a whole.
	Path manifest.Path `json:"path"`
	// Before and After are the values, nil where there is none; secrets are hidden.
	Before any `json:"before"`
	After  any `json:"after"`
}

// prove renders the chart before and after, and refuses what does not hold: a chart that no longer renders, a check
// that it no longer passes, a change that a release cannot take.
func (t *target) prove(ctx context.Context, r *Result, m *merged) error {
	r.Advice = t.advice(r)
	staged, remove, err := t.stage(m)
	if err != nil {
		return err
	}
	defer remove()
	releases := &Result{}
	var group errgroup.Group
	group.Go(func() error { return t.compareReleases(ctx, releases, m, staged) })
	err = t.compareChecks(ctx, r, staged)
	rerr := group.Wait()
	r.Release, r.Breaking = append(r.Release, releases.Release...), append(r.Breaking, releases.Breaking...)
	r.Notes = append(r.Notes, releases.Notes...)
	if err = cmp.Or(err, rerr); err != nil {
		return err
	}
	if len(r.Breaking) == 0 || t.options.AllowBreaking {
		return nil
	}
	var lines []string
	for _, b := range r.Breaking {
		lines = append(lines, fmt.Sprintf("%s: %s; %s", b.Object, b.Why, b.Remedy))
	}
	return remedy.Errorf("add --allow-breaking where no release is installed, or once you are prepared for it",
		"nothing was written, as an installed release cannot take this:\n  %s", strings.Join(lines, "\n  "))
}

// stage makes the chart as it will be in a temporary folder.
func (t *target) stage(m *merged) (dir string, remove func(), err error) {
	top, err := os.MkdirTemp("", "helm-livekit-update-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(top) }
	dir = filepath.Join(top, filepath.Base(t.dir))
	if err = os.CopyFS(dir, os.DirFS(t.dir)); err == nil {
		err = m.overlay(dir)
	}
	if err != nil {
		remove()
		return "", nil, fmt.Errorf("copy the chart to look at it: %w", err)
	}
	return dir, remove, nil
}

// overlay writes the merged files over a copy of the chart.
func (m *merged) overlay(dir string) error {
	for name := range m.read {
		if _, stays := m.texts[name]; !stays {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return err
			}
		}
	}
	for name, text := range m.texts {
		file := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if err == nil {
			_ = os.Remove(file) // it may be read-only
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareChecks refuses a chart that fails a check that it passed.
func (t *target) compareChecks(ctx context.Context, r *Result, staged string) error {
	after, err := verify.Run(ctx, staged, verify.Options{})
	if err != nil || !after.Failed() {
		return err
	}
	before, err := verify.Run(ctx, t.dir, verify.Options{})
	if err != nil {
		return err
	}
	hasFailed := map[string]bool{}
	for _, c := range before.Checks {
		hasFailed[c.Name] = c.Status == verify.Fail || c.Status == verify.Skip
	}
	var lines []string
	for _, c := range after.Checks {
		if c.Status != verify.Fail {
			continue
		}
		if line := fmt.Sprintf("%s: %s", c.Name, strings.TrimSpace(c.Detail)); hasFailed[c.Name] {
			r.Notes = append(r.Notes, "The chart fails a check, as before. "+line)
		} else {
			lines = append(lines, strings.ReplaceAll(line, staged, t.shown))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return remedy.Errorf("look at your edits beside what is new (`--dry-run --diff`)",
		"nothing was written, as the chart would fail what it passes now:\n  %s", strings.Join(lines, "\n  "))
}

// scenario is a set of values under which a release is rendered.
type scenario struct {
	name          string
	before, after map[string]any

	old, now objects
	note     string // why they could not be compared, "" where they can
}

// compareReleases renders both charts under the chart's own values, and under each values file.
func (t *target) compareReleases(ctx context.Context, r *Result, m *merged, staged string) error {
	old, err := helmchart.Load(t.dir)
	if err != nil {
		r.Notes = append(r.Notes, "The chart could not be read before, so nothing says what changes for a release.")
		return nil
	}
	chart, err := helmchart.Load(staged)
	if err != nil {
		return fmt.Errorf("the updated chart: %w", err)
	}
	scenarios := []scenario{{name: "values.yaml"}}
	for _, v := range m.values {
		if v.isGenerated && v.was == nil {
			continue // no release has been installed with a file that is new
		}
		scenarios = append(scenarios, scenario{name: v.shown, before: v.before, after: v.after})
	}
	c := &comparison{name: t.lock.Chart.Name, random: map[string]bool{}, seen: map[string]int{}}
	c.takes = chart.SchemaCheck()
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range scenarios {
		group.Go(func() error { return scenarios[i].render(gctx, c, old, chart) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, s := range scenarios {
		if s.note != "" {
			r.Notes = append(r.Notes, s.note)
			continue
		}
		if c.hasNews(s.old, s.now) {
			c.findRandom(s.old, func() (objects, error) { return c.render(ctx, old, s.before, true) })
			c.findRandom(s.now, func() (objects, error) { return c.render(ctx, chart, s.after, true) })
		}
		c.compare(s.name, s.old, s.now)
	}
	r.Release, r.Breaking = append(r.Release, c.changes...), append(r.Breaking, c.breaking...)
	r.Notes = append(r.Notes, c.rolled()...)
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// comparison gathers what changes, once for all scenarios in which it does.
type comparison struct {
	name     string
	random   map[string]bool                  // fields that differ from render to render
	seen     map[string]int                   // position in changes
	takes    func(values map[string]any) bool // whether the new schema does, nil where it is not known
	changes  []Change
	breaking []Break
}

// objects are those of a release, by kind and name.
type objects map[string]*object

type object struct {
	manifest.Object
	leaves map[string]manifest.Leaf // by the text of the path
}

// render renders both charts under the values. The error is that of a chart that no longer renders.
func (s *scenario) render(ctx context.Context, c *comparison, old, chart *helmchart.Chart) (err error) {
	s.now, err = c.render(ctx, chart, s.after, c.takes != nil && c.takes(s.after))
	if err != nil {
		if _, was := c.render(ctx, old, s.before, false); was != nil {
			s.note = fmt.Sprintf("The chart does not render with %s, as before: %s.", s.name,
				strings.TrimSuffix(firstLine(err), "."))
			return nil
		}
		return remedy.Errorf("mend the values, or leave out what they need",
			"nothing was written, as the chart would not render with %s, and does now: %w", s.name, err)
	}
	// Its schema may refuse keys of a component that comes with this update.
	if s.old, err = c.render(ctx, old, s.before, true); err != nil {
		s.note = fmt.Sprintf("The chart did not render with %s before, so nothing is compared there: %s.", s.name,
			strings.TrimSuffix(firstLine(err), "."))
	}
	return nil
}

// hasNews reports whether a field differs of which nothing is known yet.
func (c *comparison) hasNews(before, after objects) bool {
	probe := &comparison{random: c.random, seen: map[string]int{}}
	probe.compare("", before, after)
	return slices.ContainsFunc(probe.changes, func(change Change) bool {
		_, isKnown := c.seen[change.key()]
		return !isKnown
	})
}

// findRandom notes the fields that another render has otherwise: they are made anew with each.
func (c *comparison) findRandom(first objects, again func() (objects, error)) {
	second, err := again()
	if err != nil {
		return // it rendered once
	}
	for id, o := range first {
		for key, leaf := range o.leaves {
			if other := second[id]; other == nil || !helmchart.Equal(leaf.Value, other.leaves[key].Value) {
				c.random[id+" "+key] = true
			}
		}
	}
}

// render renders a chart as for an upgrade.
func (c *comparison) render(
	ctx context.Context, chart *helmchart.Chart, values map[string]any, skipSchema bool,
) (objects, error) {
	release := helmchart.Release{Name: c.name, Upgrade: true, SkipSchema: skipSchema}
	files, err := chart.Render(ctx, values, release)
	if err != nil {
		return nil, err
	}
	found := objects{}
	for _, f := range files {
		parsed, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, p := range parsed {
			if p.IsHook() {
				continue
			}
			o := &object{Object: p, leaves: map[string]manifest.Leaf{}}
			for _, leaf := range manifest.Leaves(readable(p)) {
				o.leaves[leaf.Path.String()] = leaf
			}
			found[id(p)] = o
		}
	}
	return found, nil
}

func id(o manifest.Object) string {
	name := o.Kind() + "/" + o.Name()
	if ns := o.Namespace(); ns != "" {
		name += " in " + ns
	}
	return name
}

// readable gives an object's fields with the YAML in its data as what it says.
func readable(o manifest.Object) map[string]any {
	fields := helmchart.Copy(o.Fields)
	for _, name := range []string{"data", "stringData"} {
		data, _ := fields[name].(map[string]any)
		for key, value := range data {
			text, isText := value.(string)
			if !isText {
				continue
			}
			if o.Kind() == "Secret" && name == "data" {
				if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
					text = string(plain)
				}
			}
			var parsed map[string]any
			if yaml.Unmarshal([]byte(text), &parsed) == nil && len(parsed) > 0 {
				data[key] = parsed
			}
		}
	}
	return fields
}

func (c *comparison) compare(scenario string, before, after objects) {
	for _, id := range union(before, after) {
		old, now := before[id], after[id]
		switch {
		case old == nil:
			c.add(scenario, Change{Object: id, After: now.Kind()})
		case now == nil:
			c.add(scenario, Change{Object: id, Before: old.Kind()})
		default:
			c.fields(scenario, id, old, now)
		}
	}
	for _, b := range breaks(before, after) {
		if !slices.Contains(c.breaking, b) {
			c.breaking = append(c.breaking, b)
		}
	}
}

func (c *comparison) fields(scenario, id string, old, now *object) {
	for _, key := range union(old.leaves, now.leaves) {
		was, is := old.leaves[key], now.leaves[key]
		if helmchart.Equal(was.Value, is.Value) || c.random[id+" "+key] {
			continue
		}
		path := was.Path
		if path == nil {
			path = is.Path
		}
		isSecret := old.Kind() == "Secret" && (path[0] == "data" || path[0] == "stringData")
		c.add(scenario, Change{
			Object: id, Path: path,
			Before: redact.Value(path, redact.Field(isSecret, path, was.Value)),
			After:  redact.Value(path, redact.Field(isSecret, path, is.Value)),
		})
	}
}

func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// key tells a change from others.
func (c Change) key() string {
	return fmt.Sprintf("%s\x00%s\x00%#v\x00%#v", c.Object, c.Path, c.Before, c.After)
}

func (c *comparison) add(scenario string, change Change) {
	key := change.key()
	if i, ok := c.seen[key]; ok {
		c.changes[i].Scenarios = append(c.changes[i].Scenarios, scenario)
		return
	}
	change.Scenarios = []string{scenario}
	c.seen[key] = len(c.changes)
	c.changes = append(c.changes, change)
}

// rolled notes whose pods an upgrade replaces.
func (c *comparison) rolled() []string {
	var notes, done []string
	for _, change := range c.changes {
		isPod := len(change.Path) > 1 && change.Path[0] == "spec" && change.Path[1] == "template"
		if isPod && !slices.Contains(done, change.Object) {
			done = append(done, change.Object)
			notes = append(notes, "An upgrade replaces the pods of "+change.Object+
				": running calls move or end as the chart's README says of upgrades.")
		}
	}
	return notes
}
