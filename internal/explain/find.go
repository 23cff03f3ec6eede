package explain

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// found is what a key may mean: a canonical value, or a part of it, or a block; else a key that the fact sheet has no
// row for.
type found struct {
	kind string
	key  string         // with what is below the row's key
	row  *factsheet.Key // nil where there is none
	rest yamldoc.Path   // what is below the row's key
}

// find gives all that a key may mean: what it names as a canonical key, as a path of the chart and as upstream's key;
// where it is none, the chart's own key of that path; else keys that end in it.
func (x *explainer) find(query yamldoc.Path) []found {
	out := x.canonical(query)
	isBlock := len(out) > 0 && out[0].kind == Block
	if x.chart != nil && !isBlock {
		out = append(out, x.atPath(query)...)
	}
	out = distinct(append(out, x.upstreams(query)...))
	if len(out) == 0 && x.chart != nil && (x.chart.declares(query) || x.chart.reads(query)) {
		out = []found{{kind: Own, key: query.String()}}
	}
	if len(out) == 0 {
		out = x.endingIn(query)
	}
	return out
}

func distinct(list []found) []found {
	var out []found
	for _, f := range list {
		if !slices.ContainsFunc(out, func(o found) bool { return o.key == f.key }) {
			out = append(out, f)
		}
	}
	return out
}

// canonical reads a key as a canonical one, or as one below or above canonical ones.
func (x *explainer) canonical(query yamldoc.Path) []found {
	var best *factsheet.Key
	isAbove := false
	for i := range x.sheet.Keys {
		row := &x.sheet.Keys[i]
		path := yamldoc.SplitPath(row.Key)
		isAbove = isAbove || query.Contains(path)
		if path.Contains(query) && (best == nil || len(row.Key) > len(best.Key)) {
			best = row
		}
	}
	switch {
	case best != nil && best.Key == query.String():
		return []found{x.of(best, nil)}
	case isAbove:
		return []found{{kind: Block, key: query.String()}}
	case best == nil:
		return nil
	}
	return x.below(best, query[len(yamldoc.SplitPath(best.Key)):])
}

// of is a row of the fact sheet, or what lies below it.
func (x *explainer) of(row *factsheet.Key, rest yamldoc.Path) found {
	f := found{Canonical, yamldoc.JoinPath(append(yamldoc.SplitPath(row.Key), rest...)...), row, rest}
	if row.IsHeading() {
		f.kind = Block
	}
	return f
}

// below gives what lies below a row: a key of LiveKit's configuration, or a part of a map or list.
func (x *explainer) below(row *factsheet.Key, rest yamldoc.Path) []found {
	key := yamldoc.JoinPath(append(yamldoc.SplitPath(row.Key), rest...)...)
	name, isConfig := strings.CutPrefix(key, configHeading+".")
	switch {
	case isConfig:
		if _, ok := x.release.Describe(name); !ok {
			return nil
		}
		return []found{{kind: Configuration, key: key}}
	case row.IsHeading() || row.Default.Kind == yaml.ScalarNode:
		return nil
	}
	return []found{x.of(row, rest)}
}

// atPath reads a key as a path of the chart.
func (x *explainer) atPath(query yamldoc.Path) []found {
	var out []found
	longest := 0
	for i := range x.sheet.Keys {
		row := &x.sheet.Keys[i]
		path, _ := x.chart.placeOf(row.Key)
		switch {
		case row.IsHeading() && row.Key != configHeading || len(path) == 0:
		case path.Contains(query):
			if len(path) < longest {
				continue
			}
			longest = len(path)
			if len(path) == len(query) {
				out = []found{x.of(row, nil)}
			} else {
				out = x.below(row, query[len(path):])
			}
		case query.Contains(path):
			out = append(out, x.of(row, nil))
		}
	}
	return out
}

// upstreams reads a key as one of upstream's chart.
func (x *explainer) upstreams(query yamldoc.Path) []found {
	key := query.String()
	m, ok := x.sheet.Mapping(key)
	if ok && m.Key != key && m.How == factsheet.Config {
		return x.canonical(append(yamldoc.SplitPath(m.To[0]), query[len(yamldoc.SplitPath(m.Key)):]...))
	}
	var out []found
	for _, m := range x.sheet.Mappings() {
		if m.Key != key && !strings.HasPrefix(m.Key, key+".") {
			continue
		}
		if m.How == factsheet.None && m.Key == key {
			out = append(out, found{kind: Upstreams, key: key})
		}
		for _, to := range m.To {
			out = append(out, x.canonical(yamldoc.SplitPath(to))...)
		}
	}
	return out
}

// endingIn gives the keys whose last segments the key is, however those are spelled.
func (x *explainer) endingIn(query yamldoc.Path) []found {
	ending := "." + query.String()
	var out []found
	for _, name := range x.names() {
		if !strings.HasSuffix(strings.ToLower(name), strings.ToLower(ending)) &&
			remedy.Plain(name) != remedy.Plain(query.String()) {
			continue
		}
		path := yamldoc.SplitPath(name)
		if list := x.find(path); len(path) > 0 && len(list) > 0 {
			out = append(out, list[0])
		}
	}
	return distinct(out)
}

// shorts gives the values whose keys lie below a block.
func (x *explainer) shorts(block string) []Short {
	var out []Short
	for _, k := range x.sheet.Keys {
		if !k.IsHeading() && strings.HasPrefix(k.Key, block+".") {
			out = append(out, Short{k.Key, cmp.Or(k.Doc, k.Key)})
		}
	}
	return out
}
