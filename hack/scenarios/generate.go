package main

import (
	_ "embed" // samples.yaml
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

//go:embed samples.yaml
var samplesYAML []byte

// samples are what files are made of. samples.yaml says what each part is for.
type samples struct {
	Each   map[string][]any            `yaml:"each"`
	Groups map[string][]map[string]any `yaml:"groups"`
}

func readSamples() (*samples, error) {
	s := &samples{}
	if err := yaml.Unmarshal(samplesYAML, s); err != nil {
		return nil, fmt.Errorf("samples.yaml: %w", err)
	}
	return s, nil
}

// scenarios makes random values files for upstream's chart. The same seed gives the same files.
func (s *samples) scenarios(seed uint64, count int) []factsheet.Scenario {
	random := rand.New(rand.NewPCG(seed, 0))
	out := make([]factsheet.Scenario, count)
	for i := range out {
		name := fmt.Sprintf("random-%d-%d", seed, i)
		out[i] = factsheet.Scenario{Name: name, About: "random values", Values: s.values(random)}
	}
	return out
}

// values makes one file: from a few keys up to a third of all, and about half of the groups.
func (s *samples) values(random *rand.Rand) map[string]any {
	out := map[string]any{}
	share := 0.02 + 0.3*random.Float64()*random.Float64()
	for _, key := range slices.Sorted(maps.Keys(s.Each)) {
		if values := s.Each[key]; random.Float64() < share {
			yamldoc.Set(out, strings.Split(key, "."), values[random.IntN(len(values))])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		if group := s.Groups[name]; random.Float64() < 0.4 {
			out = mergeKeepingNulls(out, group[random.IntN(len(group))])
		}
	}
	return helmchart.Copy(out)
}

// mergeKeepingNulls lays one map over another as several values files are, nulls included.
func mergeKeepingNulls(base, over map[string]any) map[string]any {
	out := helmchart.Copy(base)
	for key, value := range over {
		below, isMap := value.(map[string]any)
		old, wasMap := out[key].(map[string]any)
		if isMap && wasMap {
			value = mergeKeepingNulls(old, below)
		}
		out[key] = value
	}
	return out
}
