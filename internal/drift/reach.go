package drift

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/probe"
)

// reachOf gives, for each key of a chart's values, the fields that it reaches, by
// role and path: so keys of different charts can be told to do the same.
func reachOf(r *probe.Result) map[string][]string {
	objects := make([]*object, len(r.Objects))
	for i, o := range r.Objects {
		objects[i] = &object{Object: o}
	}
	newRendered("", slices.Clone(objects)) // gives them their roles
	out := map[string][]string{}
	for _, f := range r.Findings {
		key := keyText(f.Path)
		for _, reach := range f.Reaches {
			i := slices.IndexFunc(r.Refs, func(ref probe.Ref) bool { return ref == reach.Object })
			if i < 0 {
				continue
			}
			if field := fieldOf(objects[i], reach); field != "" && !slices.Contains(out[key], field) {
				out[key] = append(out[key], field)
			}
		}
	}
	return out
}

// keyText writes the way to a value as a dotted path.
func keyText(path []string) string { return strings.Join(path, ".") }

// fieldOf names a field that a value reaches: by the role of its object, with the
// elements of lists by their merge keys, in a configuration by its own key.
func fieldOf(o *object, reach probe.Reach) string {
	if len(reach.Field) == 0 {
		return o.role + " (is there)"
	}
	at, value := mergePath(o, reach.Field)
	text := o.role + " " + at.String()
	switch reach.Effect {
	case probe.Direct:
		return text
	case probe.Inside:
		if o.role == roleConfiguration && len(at) > 1 && at[0] == "data" {
			if key := configKey(fmt.Sprint(value), reach.Before, reach.After); key != "" {
				return o.role + " " + configEntry + "." + key
			}
			return "" // some text in the configuration, nobody knows which
		}
		switch {
		case reach.Before == "":
			return text + " (its head)"
		case reach.After == "":
			return text + " (its end)"
		}
		return text + " (in it)"
	case probe.Switch:
		return text + " (is there)"
	}
	return ""
}

// mergePath turns positions in lists into merge keys, and gives what lies there.
func mergePath(o *object, field []string) (manifest.Path, any) {
	var out manifest.Path
	var value any = o.Fields
	for _, segment := range field {
		switch v := value.(type) {
		case map[string]any:
			value = v[segment]
			out = append(out, segment)
		case []any:
			i, err := strconv.Atoi(strings.Trim(segment, "[]"))
			if err != nil || i >= len(v) || i < 0 {
				return append(out, segment), nil
			}
			value = v[i]
			list := ""
			if len(out) > 0 {
				list = out[len(out)-1]
			}
			key := manifest.ElementKey(list, v[i])
			switch {
			case list == "containers" && key == serverContainer(o):
				key = "server"
			case list == "ports":
				key = portName(v[i], key)
			case key == "":
				key = strconv.Itoa(i)
			}
			out = append(out, "["+key+"]")
		default:
			out = append(out, segment)
		}
	}
	return out, value
}

// portName prefers the name of a port: its number is what values change.
func portName(port any, otherwise string) string {
	m, _ := port.(map[string]any)
	if name, _ := m["name"].(string); name != "" {
		return name
	}
	return otherwise
}

// configKey finds the key of a configuration, a YAML text, at which a value
// stands between what is before and after it. "" where it is no value of a key.
func configKey(text, before, after string) string {
	found := regexp.MustCompile(regexp.QuoteMeta(before) + `([^\n]*?)` + regexp.QuoteMeta(after)).FindStringSubmatchIndex(text)
	if found == nil {
		return ""
	}
	line := strings.Count(text[:found[2]], "\n") + 1
	root := &yaml.Node{}
	if yaml.Unmarshal([]byte(text), root) != nil || len(root.Content) == 0 {
		return ""
	}
	return keyAtLine(root.Content[0], "", line)
}

// keyAtLine gives the path of the scalar that stands on a line.
func keyAtLine(n *yaml.Node, at string, line int) string {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Line == line {
			return at
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := keyAtLine(n.Content[i+1], join(at, n.Content[i].Value), line); key != "" {
				return key
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if key := keyAtLine(item, fmt.Sprintf("%s[%d]", at, i), line); key != "" {
				return key
			}
		}
	}
	return ""
}

// match is the key of the chart that does what one of upstream's does.
type match struct {
	key string
	how string
}

// matchByReach finds for each key of upstream's the key of the chart that moves
// most of the same fields.
func matchByReach(upstream, chart map[string][]string) map[string]match {
	out := map[string]match{}
	for up, fields := range upstream {
		best, most := "", 0
		for _, key := range sortedKeys(chart) {
			n, onlySwitches := 0, true
			for _, f := range chart[key] {
				if slices.Contains(fields, f) {
					n += weight(f)
					onlySwitches = onlySwitches && weight(f) == 1
				}
			}
			if onlySwitches && !(isSwitch(up) && isSwitch(key)) {
				continue // many values make an object come or go in passing
			}
			if n > most || n == most && n > 0 && closer(up, key, best) {
				best, most = key, n
			}
		}
		if best != "" {
			out[up] = match{best, "by probing: both move " + firstShared(fields, chart[best])}
		}
	}
	return out
}

// isSwitch reports whether a key is called what switches are.
func isSwitch(key string) bool {
	last := strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	return slices.Contains([]string{"enable", "enabled", "create", "created"}, last) || strings.Contains(last, "hostnetwork")
}

// weight tells values that become a field from those that switch one.
func weight(field string) int {
	if strings.HasSuffix(field, "(is there)") {
		return 1
	}
	return 3
}

// closer reports whether a key is called more like upstream's than the best one
// so far.
func closer(up, key, best string) bool {
	last := func(s string) string { return strings.ToLower(s[strings.LastIndexByte(s, '.')+1:]) }
	return last(key) == last(up) && last(best) != last(up)
}

func firstShared(a, b []string) string {
	for _, f := range a {
		if slices.Contains(b, f) {
			return f
		}
	}
	return ""
}

func sortedKeys(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
