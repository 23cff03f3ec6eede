package scaffolding

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// NewLock says what a chart in the folder target was generated from. All paths in it are relative to that folder.
func NewLock(c *Chart, o RunOptions, target string) (*chartdir.Lock, error) {
	template, err := templateHash(c.Convention.Sheet.Service)
	if err != nil {
		return nil, err
	}
	conv, err := located(c, target)
	if err != nil {
		return nil, err
	}
	var like []string
	for _, chart := range o.Like {
		like = append(like, fromChart(target, chart))
	}
	options := map[string]any{
		"host": o.Host, "portShift": o.PortShift, "cloud": o.Cloud, "like": like,
		"conventions": fromChart(target, o.ConventionsFile),
	}
	if c.Values != convention.ValuesFull {
		options["values"] = c.Values
	}
	maps.DeleteFunc(options, func(_ string, v any) bool { return !yamldoc.IsSet(v) })
	return &chartdir.Lock{
		Tool: o.ToolVersion, Service: c.Convention.Sheet.Service, Template: template,
		Chart:      chartdir.Version{Name: c.Name, Version: c.Version, AppVersion: c.AppVersion},
		Upstream:   UpstreamVersion(c.Convention.Sheet),
		Components: c.Components, Options: options, Convention: conv,
	}, nil
}

// located gives the convention with its sources named from the chart's folder. What was said of the reading is not
// part of it.
func located(c *Chart, target string) (*yaml.Node, error) {
	n, conv := &yaml.Node{}, *c.Convention
	conv.Notes = nil
	if err := n.Encode(conv); err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	relocate(n, c.Convention.Source, func(source string) string { return fromChart(target, source) })
	return n, nil
}

// relocate gives the sources of a convention other names, in place, where the convention names them and where evidence
// does.
func relocate(convention *yaml.Node, sources []string, rename func(string) string) {
	sources = slices.Clone(sources)
	slices.SortFunc(sources, func(a, b string) int { return len(b) - len(a) }) // the most exact one first
	renameTexts(convention, "", func(text string) string {
		for _, source := range sources {
			if rest, ok := strings.CutPrefix(
				text,
				source,
			); ok &&
				(rest == "" || strings.ContainsAny(rest[:1], "/ ,:")) {
				return rename(source) + rest
			}
		}
		return text
	})
}

// renameTexts changes, in place, the texts that may name a source.
func renameTexts(n *yaml.Node, key string, change func(string) string) {
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			continue
		case n.Kind == yaml.MappingNode:
			renameTexts(child, n.Content[i-1].Value, change)
		default:
			renameTexts(child, key, change)
		}
	}
	if n.Kind == yaml.ScalarNode && (key == "source" || key == "evidence") {
		n.Value = change(n.Value)
	}
}

// fromChart names a path, as the current directory has it, from the chart's folder.
func fromChart(target, name string) string {
	abs, err := filepath.Abs(name)
	if err != nil || name == "" {
		return name
	}
	rel, err := filepath.Rel(target, abs)
	if err != nil {
		return name // another drive
	}
	return filepath.ToSlash(rel)
}

// AskedOf gives what a lock says that the chart in the folder target was asked for: its name and versions, and whom it
// follows, as the current directory has it.
func AskedOf(lock *chartdir.Lock, target string) RunOptions {
	text := func(name string) string {
		s, _ := lock.Options[name].(string)
		return s
	}
	here := func(name string) string { return fromHere(lock, target, name) }
	o := RunOptions{ConventionsFile: here(text("conventions"))}
	o.Name, o.Version, o.AppVersion = lock.Chart.Name, lock.Chart.Version, lock.Chart.AppVersion
	o.Host, o.Cloud, o.Values = text("host"), text("cloud"), formOf(lock)
	o.PortShift, _ = lock.Options["portShift"].(int)
	like, _ := lock.Options["like"].([]any)
	for _, chart := range like {
		o.Like = append(o.Like, here(fmt.Sprint(chart)))
	}
	return o
}

// formOf is the form of values.yaml that a chart was written in: all values, where the lock says nothing.
func formOf(lock *chartdir.Lock) string {
	form, _ := lock.Options["values"].(string)
	return cmp.Or(form, convention.ValuesFull)
}

// fromHere names, as the current directory has it, what a lock in the folder target names. Earlier locks name it from
// wherever the command ran, mostly the repository's root.
func fromHere(lock *chartdir.Lock, target, name string) string {
	if name == "" {
		return name
	}
	file := filepath.Join(target, filepath.FromSlash(name))
	if lock.Format < 2 {
		tree, err := chartdir.TreeOf(target)
		file = filepath.Join(tree, filepath.FromSlash(name))
		if _, serr := os.Stat(file); err != nil || serr != nil {
			return name
		}
	}
	return nearer([]string{file})[0]
}

// ConventionHere reads the convention that a lock in the folder target keeps, with its sources as the current directory
// has them.
func ConventionHere(sheet *factsheet.Sheet, lock *chartdir.Lock, target string) (*convention.Convention, error) {
	conv, err := ConventionOf(sheet, lock)
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{}
	if err := n.Encode(conv); err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	relocate(n, conv.Source, func(source string) string { return fromHere(lock, target, source) })
	out := &convention.Convention{Sheet: sheet}
	if err := n.Decode(out); err != nil {
		return nil, fmt.Errorf("lock: convention: %w", err)
	}
	return out, nil
}

// SheetOf gives the facts of the service that a lock is about.
func SheetOf(lock *chartdir.Lock) (*factsheet.Sheet, error) {
	return factsheet.Load(cmp.Or(lock.Service, factsheet.Server))
}

// UpstreamVersion is the version of upstream's chart that a sheet is about.
func UpstreamVersion(s *factsheet.Sheet) chartdir.Version {
	return chartdir.Version{Name: s.Upstream.Name, Version: s.Upstream.Version, AppVersion: s.Upstream.AppVersion}
}

// templateHash is the hash of a service's embedded chart, its names and texts, the facts that values.yaml is made from
// among them.
func templateHash(service string) (string, error) {
	files, err := scaffold.Files(service)
	if err != nil {
		return "", err
	}
	if files["facts.yaml"], _, err = scaffold.Facts(service); err != nil {
		return "", err
	}
	if files["clouds.yaml"], err = scaffold.Clouds(service); err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// ComponentsIn finds out which components a chart has whose convention was read: those with a template of theirs among
// its files, or without one with most of their values among its values.
func ComponentsIn(conv *convention.Convention, name string, files []string, values map[string]any) ([]string, error) {
	conv, err := adapted(conv, name)
	if err != nil {
		return nil, err
	}
	all, err := conv.Sheet.Select([]string{"all"}, nil)
	if err != nil {
		return nil, err
	}
	paths, err := newPaths(conv, all)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, c := range conv.Sheet.Components {
		hasFile := slices.ContainsFunc(c.Templates, func(template string) bool {
			return slices.Contains(files, paths.fileName("templates/"+template))
		})
		there, known := 0, 0
		for _, v := range paths.values {
			if path, ok := paths.paths[v.Key]; ok && v.Component == c.Name {
				known++
				if _, ok := yamldoc.Lookup(values, path); ok {
					there++
				}
			}
		}
		if c.Name == factsheet.Core || hasFile || 2*there > known {
			found = append(found, c.Name)
		}
	}
	return found, nil
}
