//go:build linux

package main

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// samples are values for keys, as YAML. samples.yaml says what each list is for.
type samples struct {
	Keys  map[string][]string
	Types map[string][]string
	Any   []string
	Skip  []string
}

// leaf is a key of the configuration that holds a value, with "[]" for the items of a list and "name" for a free key.
type leaf struct {
	path   []string
	schema map[string]any
}

func (l leaf) String() string { return strings.Join(l.path, ".") }

type generator struct {
	random  *rand.Rand
	samples samples
	leaves  []leaf
	groups  [][]leaf // by the first two names of their paths, so that what has many keys is not all that is tried
}

// randomCases makes configurations of a release: half of them set one key, to what it takes or to what it does not,
// and half some keys together. A third comes by the charts that scaffold writes.
func randomCases(release livekit.Release, seed uint64, count int) ([]testCase, error) {
	stream := fnv.New64()
	_, _ = stream.Write([]byte(release))
	g := generator{random: rand.New(rand.NewPCG(seed, stream.Sum64()))}
	if err := decode("samples.yaml", &g.samples); err != nil {
		return nil, err
	}
	for _, l := range leavesOf(release.ConfigSchema(), nil) {
		if !slices.Contains(g.samples.Skip, l.String()) {
			g.leaves = append(g.leaves, l)
		}
	}
	// A quarter of the cases take one after another, so that some thousand have every key.
	g.random.Shuffle(len(g.leaves), func(i, j int) { g.leaves[i], g.leaves[j] = g.leaves[j], g.leaves[i] })
	g.group()
	var cases []testCase
	for i := range count {
		c, err := g.next(i)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (g *generator) group() {
	places := map[string]int{}
	for _, l := range g.leaves {
		name := strings.Join(l.path[:min(2, len(l.path))], ".")
		at, isKnown := places[name]
		if !isKnown {
			at = len(g.groups)
			places[name] = at
			g.groups = append(g.groups, nil)
		}
		g.groups[at] = append(g.groups[at], l)
	}
}

func (g *generator) next(i int) (testCase, error) {
	config := &yaml.Node{Kind: yaml.MappingNode}
	var names []string
	isWrong := g.random.IntN(2) == 0
	number := 1
	if i%2 == 1 {
		number, isWrong = 2+g.random.IntN(6), g.random.IntN(4) == 0
	}
	for n := range number {
		l := pick(g.random, pick(g.random, g.groups))
		if i%4 == 0 {
			l = g.leaves[(i/4)%len(g.leaves)]
		}
		value := g.valid(l)
		if isWrong && n == 0 {
			value = pick(g.random, g.samples.Any)
		}
		var node yaml.Node
		if err := yaml.Unmarshal([]byte(value), &node); err != nil {
			return testCase{}, fmt.Errorf("samples.yaml: %s: %q: %w", l, value, err)
		}
		put(config, l.path, node.Content[0])
		names = append(names, l.String()+"="+value)
	}
	c := testCase{Name: fmt.Sprintf("random %d: %s", i, strings.Join(names, ", ")), Chart: plain, Config: *config}
	if i%3 == 2 {
		return g.byChart(c)
	}
	return c, nil
}

// byChart gives the configuration to the server by a chart of scaffold's, in one of the ways that such a chart has.
func (g *generator) byChart(c testCase) (testCase, error) {
	text, err := yaml.Marshal(&c.Config)
	if err != nil {
		return c, err
	}
	config, err := helmchart.ParseValues(c.Name, text)
	if err != nil {
		return c, nil // no values file can hold it, such as .inf: it stays with the plain chart
	}
	c.Config = yaml.Node{}
	c.Chart = pick(g.random, []string{byDefault, everything})
	place := pick(g.random, []string{"config", "config", "extraConfig"})
	c.Values = map[string]any{place: config, "media": map[string]any{"type": pick(g.random, []string{
		"ClusterIP", "HostNetwork", "HostNetwork",
	})}}
	c.Name += " in " + place + " of the chart " + c.Chart
	return c, nil
}

// valid gives one of the values that are right for a key.
func (g *generator) valid(l leaf) string {
	if known := g.samples.Keys[l.String()]; len(known) > 0 {
		return pick(g.random, known)
	}
	if allowed, isEnum := l.schema["enum"].([]any); isEnum {
		return fmt.Sprintf("%v", orNull(pick(g.random, allowed)))
	}
	return pick(g.random, g.samples.Types[kindOf(l.schema)])
}

func orNull(value any) any {
	switch value {
	case nil:
		return "null"
	case "":
		return `""`
	}
	return value
}

// kindOf names the type of a leaf as samples.yaml does.
func kindOf(schema map[string]any) string {
	types, _ := schema["type"].([]any)
	switch {
	case schema["pattern"] != nil && len(types) == 2:
		return "duration"
	case len(types) == 0:
		return "text"
	case types[0] == "integer" && schema["maximum"] != nil:
		return "small"
	}
	return fmt.Sprint(types[0])
}

// leavesOf lists the keys of a schema that hold no others.
func leavesOf(schema map[string]any, path []string) []leaf {
	var leaves []leaf
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		below, _ := properties[name].(map[string]any)
		leaves = append(leaves, leavesOf(below, append(slices.Clone(path), name))...)
	}
	if items, isList := schema["items"].(map[string]any); isList {
		leaves = append(leaves, leavesOf(items, append(slices.Clone(path), "[]"))...)
	}
	if free, isFree := schema["additionalProperties"].(map[string]any); isFree {
		leaves = append(leaves, leavesOf(free, append(slices.Clone(path), "name"))...)
	}
	if patterns, _ := schema["patternProperties"].(map[string]any); len(patterns) > 0 {
		below, _ := patterns[slices.Sorted(maps.Keys(patterns))[0]].(map[string]any)
		leaves = append(leaves, leavesOf(below, append(slices.Clone(path), "1"))...)
	}
	if len(leaves) == 0 && len(path) > 0 {
		leaves = append(leaves, leaf{path, schema})
	}
	return leaves
}

// put sets a value in a tree, in the first item of each list on the way.
func put(tree *yaml.Node, path []string, value *yaml.Node) {
	if len(path) == 0 {
		*tree = *value
		return
	}
	if path[0] == "[]" {
		if tree.Kind != yaml.SequenceNode {
			*tree = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null"}}}
		}
		put(tree.Content[0], path[1:], value)
		return
	}
	if tree.Kind != yaml.MappingNode {
		*tree = yaml.Node{Kind: yaml.MappingNode}
	}
	for i := 0; i < len(tree.Content); i += 2 {
		if tree.Content[i].Value == path[0] {
			put(tree.Content[i+1], path[1:], value)
			return
		}
	}
	below := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	tree.Content = append(tree.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: path[0]}, below)
	put(below, path[1:], value)
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }
