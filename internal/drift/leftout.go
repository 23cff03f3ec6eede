package drift

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
)

// lacking is a difference that the chart would not have with all components. Which one is for it is asked when all
// scenarios are compared: many of them have the same difference, and each answer takes a few renders.
type lacking struct {
	run   *scenarioRun
	role  string
	mends func(*rendered.Object) bool
	// difference is the same for differences with the same answer.
	difference string
}

// leftOut classes a difference that some component mends. key and upstream are those of the field, if it is one.
func (d *objectDiff) leftOut(key string, upstream any, mends func(*rendered.Object) bool) Finding {
	difference, _ := json.Marshal([]any{d.role, key, upstream, d.chart.Value(key), d.run.asked()}) // of decoded YAML
	return Finding{
		Class: LeftOut, Why: "components that do this were not scaffolded", Remedy: d.charts.addWith("all"),
		lacking: &lacking{d.run, d.role, mends, string(difference)},
	}
}

// asked are the components that the chart lacks and that the scenario's settings ask for.
func (run *scenarioRun) asked() []string {
	var out []string
	for _, u := range run.unplaced {
		if u.Component != "" && !slices.Contains(out, u.Component) {
			out = append(out, u.Component)
		}
	}
	slices.Sort(out)
	return out
}

// nameComponents says of what was found to be left out which component it belongs to. The scenarios are asked in order,
// so that the answer is the same each time.
func (c *charts) nameComponents(ctx context.Context, scenarios []Scenario) error {
	known := map[string]string{}
	for _, s := range scenarios {
		for _, f := range s.found {
			if f.lacking == nil {
				continue
			}
			name, ok := known[f.lacking.difference]
			if !ok {
				var err error
				if name, err = f.lacking.component(ctx, c); err != nil {
					return err
				}
				known[f.lacking.difference] = name
			}
			if name != "" {
				f.Why, f.Remedy = leftOutWhy(name), c.addWith(name)
			}
		}
	}
	return nil
}

// component gives the name of the component that mends the difference, first looking at those that the scenario asks
// for. It is "" if it takes several.
func (l *lacking) component(ctx context.Context, c *charts) (string, error) {
	c = c.under(l.run.Scenario)
	asked := l.run.asked()
	rank := func(name string) int {
		if slices.Contains(asked, name) {
			return 0
		}
		return 1
	}
	candidates := slices.SortedFunc(maps.Keys(c.added), func(a, b string) int {
		return cmp.Or(rank(a)-rank(b), strings.Compare(a, b))
	})
	for _, name := range candidates {
		with, err := l.run.with(ctx, c, name)
		if err != nil {
			return "", err
		}
		if with != nil && l.mends(with.Get(l.role)) {
			return name, nil
		}
	}
	return "", nil
}

// with renders the chart with one more component. It is nil if the chart does not render with the scenario's values.
func (run *scenarioRun) with(ctx context.Context, c *charts, component string) (*rendered.Chart, error) {
	if r, ok := run.added[component]; ok {
		return r, nil
	}
	added, err := c.added[component]()
	if err != nil {
		return nil, err
	}
	values, _ := added.overlay(run.settings)
	run.added[component], _ = c.render(ctx, added.chart, values)
	return run.added[component], ctx.Err()
}

func leftOutWhy(component string) string { return "the component " + component + " was not scaffolded" }

// addWith is the command that adds a component to the chart.
func (c *charts) addWith(component string) string {
	return fmt.Sprintf("helm livekit update %s --with %s", c.sides.chart.Source, component)
}
