// Package library knows what the values of well-known charts are that other charts are made of, so that a chart made of
// one is understood where the library itself is not at hand.
package library

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v4"
)

// Library is a row of libraries.yaml, which says what each field is.
type Library struct {
	Name         string           `yaml:"name"`
	Charts       []string         `yaml:"charts"`
	Libraries    []string         `yaml:"libraries"`
	Repositories []string         `yaml:"repositories"`
	Unique       []string         `yaml:"unique"`
	Versions     string           `yaml:"versions"`
	Source       string           `yaml:"source"`
	IsDeclared   bool             `yaml:"declared"`
	Base         string           `yaml:"base"`
	Values       map[string]Paths `yaml:"values"`
}

// Paths are where a library has a canonical key: of several the first that the values have.
type Paths []Path

// Path is a path with the shape of what is there, "" for the plain one.
type Path struct{ Path, Shape string }

// UnmarshalYAML reads "PATH", "PATH SHAPE" or a list of them; an empty text is no path.
func (p *Paths) UnmarshalYAML(node *yaml.Node) error {
	texts := []string{node.Value}
	if node.Kind == yaml.SequenceNode {
		if err := node.Decode(&texts); err != nil {
			return err
		}
	}
	*p = Paths{}
	for _, text := range texts {
		if path, shape, _ := strings.Cut(text, " "); path != "" {
			*p = append(*p, Path{path, shape})
		}
	}
	return nil
}

//go:embed libraries.yaml
var table []byte

// All gives the libraries, each with the values of those that it is based on.
var All = sync.OnceValues(func() ([]Library, error) {
	var all []Library
	if err := yaml.Unmarshal(table, &all); err != nil {
		return nil, fmt.Errorf("libraries.yaml: %w", err)
	}
	for i, l := range all {
		if l.Base == "" {
			continue
		}
		base := slices.IndexFunc(all[:i], func(b Library) bool { return b.Name == l.Base })
		if base < 0 {
			return nil, fmt.Errorf("libraries.yaml: %s is based on %s, which does not stand before it", l.Name, l.Base)
		}
		values := maps.Clone(all[base].Values)
		maps.Copy(values, l.Values)
		all[i].Values = values
	}
	return all, nil
})

// Find gives the library that a dependency is, by its name, its repository and its version, which may be a constraint.
// isRoot says that its values stand at the root of the chart, and not below the dependency's name.
func Find(name, repository, version string) (l *Library, isRoot bool) {
	all, err := All()
	if err != nil {
		return nil, false // a test holds that it can be read
	}
	for i := range all {
		l := &all[i]
		isKnown := repository == "" && slices.Contains(l.Unique, name) ||
			slices.ContainsFunc(l.Repositories, func(r string) bool { return strings.Contains(repository, r) })
		isRoot := slices.Contains(l.Libraries, name)
		isChart := slices.Contains(l.Charts, name) || slices.Contains(l.Charts, "*") && name != "common"
		if isKnown && (isRoot || isChart) && l.hasVersion(version) {
			return l, isRoot
		}
	}
	return nil, false
}

var firstVersion = regexp.MustCompile(`\d+(\.\d+){0,2}`)

// hasVersion reports whether the row is about a version, of a constraint the first that it names. Without any, the
// newest versions are meant: those that no bound is above.
func (l *Library) hasVersion(version string) bool {
	if l.Versions == "" {
		return true
	}
	named, err := semver.NewVersion(firstVersion.FindString(version))
	if err != nil {
		return !strings.Contains(l.Versions, "<")
	}
	constraint, err := semver.NewConstraint(l.Versions)
	return err == nil && constraint.Check(named)
}
