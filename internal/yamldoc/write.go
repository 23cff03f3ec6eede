package yamldoc

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// jsonText is an object or a list of JSON, as annotations have it.
var jsonText = regexp.MustCompile(`^[{\[][^'\n]*"[^'\n]*$`)

// NodeOf makes the node of a value: maps with their keys in alphabetical order, strings that YAML 1.1 takes for
// something else in quotes. Nodes in it stay what they are.
func NodeOf(value any) *yaml.Node {
	switch v := value.(type) {
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	case *yaml.Node:
		return v
	case string:
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
		switch {
		case IsReserved(v):
			n.Style = yaml.DoubleQuotedStyle
		case jsonText.MatchString(v):
			n.Style = yaml.SingleQuotedStyle // which needs no escapes
		}
		return n
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}
	case float64: // JSON has all its numbers so
		return &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(v, 'f', -1, 64)}
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Map:
		n := Pairs()
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, k := range keys {
			n.Content = append(n.Content, NodeOf(k.String()), NodeOf(v.MapIndex(k).Interface()))
		}
		return n
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			n.Content = append(n.Content, NodeOf(v.Index(i).Interface()))
		}
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(value)}
}

// Pairs makes a map of keys and their values in turn.
func Pairs(keysAndValues ...any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, x := range keysAndValues {
		n.Content = append(n.Content, NodeOf(x))
	}
	return n
}

// IsReserved reports whether a text without quotes is a boolean or null to YAML 1.1, which Helm reads.
func IsReserved(s string) bool {
	s = strings.ToLower(s)
	_, isBool := yaml11Bool(s)
	return isBool || s == "null" || s == "~"
}

// Dump writes a value or a node as YAML, in a style; without one with two spaces,
// indented lists and double quotes. Long lines stay long.
func Dump(v any, s Style) ([]byte, error) {
	quotes := yaml.QuoteDouble
	if s.Quotes == "single" {
		quotes = yaml.QuoteSingle
	}
	return yaml.Dump(v, yaml.WithIndent(cmp.Or(s.Indent, 2)), yaml.WithCompactSeqIndent(s.Lists == "flush"),
		yaml.WithLineWidth(-1), yaml.WithQuotePreference(quotes))
}
