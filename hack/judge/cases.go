//go:build linux

package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// testCase is a configuration, and the chart that gives it to the server. cases.yaml says what each field is.
type testCase struct {
	Name    string
	Chart   string
	Servers string
	Config  yaml.Node
	Text    string
	Keys    *string
	Env     map[string]string
	Args    []string
	User    int
	Values  map[string]any
	Secrets map[string]map[string]string
	Shows   string
	Unseen  string

	// refusable tells that the chart may refuse the values: then there is nothing to give to the server.
	refusable bool
}

// The charts that give configurations to the server.
const (
	plain      = "plain"   // chart/: a pod by hand, which passes on what it is given
	byDefault  = "default" // what `helm livekit scaffold` writes
	everything = "all"     // what it writes with --with all
)

//go:embed cases.yaml traps.yaml samples.yaml values.yaml
var data embed.FS

//go:embed all:testdata/chart
var plainChart embed.FS

// decode reads one of the lists, where a mistyped field is an error.
func decode(name string, into any) error {
	content, err := data.ReadFile(name)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// casesFor gives what a release is judged by: the list, random configurations, and random values of the chart with all
// components.
func casesFor(release livekit.Release, o options) ([]testCase, error) {
	var listed []testCase
	if err := decode("cases.yaml", &listed); err != nil {
		return nil, err
	}
	version, err := semver.NewVersion(string(release))
	if err != nil {
		return nil, err
	}
	var cases []testCase
	for _, c := range listed {
		constraint, err := semver.NewConstraint(orAny(c.Servers))
		if err != nil {
			return nil, fmt.Errorf("cases.yaml: %s: servers: %w", c.Name, err)
		}
		if constraint.Check(version) {
			cases = append(cases, c)
		}
	}
	random, err := randomCases(release, o.seed, o.count)
	if err != nil {
		return nil, err
	}
	values, err := valuesCases(o.seed, o.values)
	return slices.Concat(cases, random, values), err
}

// valuesCases puts pieces of values.yaml together.
func valuesCases(seed uint64, count int) ([]testCase, error) {
	var file struct {
		Secrets         map[string]map[string]string
		Values, Outside []map[string]any
	}
	if err := decode("values.yaml", &file); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, uint64(count)))
	var cases []testCase
	for i := range count {
		c := testCase{Name: fmt.Sprintf("values %d", i), Chart: everything, Secrets: file.Secrets, refusable: true}
		for range 1 + random.IntN(5) {
			c.Values = helmchart.Merge(c.Values, pick(random, file.Values))
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func orAny(constraint string) string {
	if constraint == "" {
		return "*"
	}
	return constraint
}

// chartValues gives the values of the case's chart.
func (c *testCase) chartValues(release livekit.Release, certificate map[string]string) (map[string]any, error) {
	if c.chart() != plain {
		values := maps.Clone(c.Values)
		if values == nil {
			values = map[string]any{}
		}
		image, _ := values["image"].(map[string]any)
		image = maps.Clone(image)
		if image == nil {
			image = map[string]any{}
		}
		image["tag"] = string(release)
		values["image"] = image
		return values, nil
	}
	text := c.Text
	if !c.Config.IsZero() {
		out, err := yaml.Marshal(&c.Config)
		if err != nil {
			return nil, err
		}
		text = string(out)
	}
	keys := "key: 0123456789abcdef0123456789abcdef"
	if c.Keys != nil {
		keys = *c.Keys
	}
	return map[string]any{
		"tag": string(release), "config": text, "keys": keys, "env": anyMap(c.Env), "args": anyList(c.Args),
		"user": c.User, "port": c.port(), "files": anyMap(certificate),
	}, nil
}

func (c *testCase) chart() string {
	if c.Chart == "" {
		return plain
	}
	return c.Chart
}

// port is that of the configuration where it is one, for the plain chart's Service.
func (c *testCase) port() int {
	var config struct{ Port any }
	_ = c.Config.Decode(&config)
	if port, isInt := config.Port.(int); isInt && port > 0 && port < 1<<16 {
		return port
	}
	return 7880
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for key, value := range m {
		out[key] = value
	}
	return out
}

func anyList(list []string) []any {
	out := []any{}
	for _, item := range list {
		out = append(out, item)
	}
	return out
}

// writeCharts writes the charts for a release, a folder for each.
func writeCharts(ctx context.Context, dir string, release livekit.Release) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	chart, err := fs.Sub(plainChart, "testdata/chart")
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, plain), chart); err != nil {
		return err
	}
	for name, with := range map[string][]string{byDefault: nil, everything: {"all"}} {
		if _, err := scaffolding.Run(ctx, scaffolding.RunOptions{
			Dir:     filepath.Join(dir, name, "livekit"),
			Options: scaffolding.Options{With: with, AppVersion: string(release)},
		}); err != nil {
			return fmt.Errorf("scaffold the chart %s: %w", name, err)
		}
	}
	return nil
}

func chartDir(dir, name string) string {
	if name == plain {
		return filepath.Join(dir, name)
	}
	return filepath.Join(dir, name, "livekit")
}

// named gives the cases with a part of a name.
func named(cases []testCase, part string) []testCase {
	return slices.DeleteFunc(cases, func(c testCase) bool { return !strings.Contains(c.Name, part) })
}
