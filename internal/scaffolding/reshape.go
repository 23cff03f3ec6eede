package scaffolding

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Moved is a canonical key that has another place in a chart than it had, or another shape.
type Moved struct {
	Key      string
	From, To yamldoc.Path
	// HasOtherShape says that the value is written otherwise; Reshape gives it.
	HasOtherShape bool
}

// MovedTo gives the keys that both have and that are elsewhere, or in another shape, in now. Values in lists are left
// out: nobody knows which element is meant.
func (p *Paths) MovedTo(now *Paths) []Moved {
	var moved, headings []Moved
	for _, k := range p.convention.Sheet.Keys {
		from, ferr := p.PathOf(k.Key)
		to, terr := now.PathOf(k.Key)
		isElement := func(s string) bool { _, is := yamldoc.Index(s); return is }
		if ferr != nil || terr != nil || slices.ContainsFunc(slices.Concat(from, to), isElement) {
			continue
		}
		m := Moved{k.Key, from, to, p.shape(k.Key) != now.shape(k.Key) && reshapes[k.Key] != nil}
		switch {
		case slices.Equal(from, to) && !m.HasOtherShape:
		case k.IsHeading() && (from.Contains(to) || to.Contains(from)):
		case k.IsHeading():
			headings = append(headings, m) // what is below and has no row moves behind the rows
		default:
			moved = append(moved, m)
		}
	}
	if p.shape("image.repository") != convention.ImageString &&
		now.shape("image.repository") == convention.ImageString {
		// The tag goes into the one string, and where the repository is not given that is made of the tag.
		if from, err := p.PathOf("image.tag"); err == nil {
			moved = append(moved, Moved{"image.tag", from, now.paths["image.repository"], true})
		}
	}
	return append(moved, headings...)
}

// Reshape gives the values that one at m.From becomes in now, by path. All are the values that it stands among. None
// means that the new shape cannot say it.
func (p *Paths) Reshape(now *Paths, m Moved, all map[string]any, value any) map[string]any {
	r := reshaping{before: p, now: now, all: all, from: p.shape(m.Key), to: now.shape(m.Key)}
	if strings.HasPrefix(m.Key, "image.") {
		if _, isText := value.(string); !isText {
			return nil // it is written so already
		}
		return r.image()
	}
	if out, ok := reshapes[m.Key](r, value); ok {
		return map[string]any{m.To.String(): out}
	}
	return nil
}

// reshaping is from one shape to another.
type reshaping struct {
	before, now *Paths
	all         map[string]any
	from, to    string
}

// reshapes are the keys whose shape can be changed.
var reshapes = map[string]func(reshaping, any) (any, bool){
	"image.repository":       func(reshaping, any) (any, bool) { return nil, false }, // see image
	"env":                    reshaping.env,
	"ingress.hosts":          reshaping.hosts,
	"httpRoute.hostnames":    reshaping.hostnames,
	"persistence.accessMode": reshaping.accessMode,
	"service.targetPort":     reshaping.port,
}

// image writes repository and tag as the chart has them now.
func (r reshaping) image() map[string]any {
	text := func(p *Paths, key, otherwise string) string {
		path, err := p.PathOf(key)
		if err != nil {
			return otherwise
		}
		v, ok := yamldoc.Lookup(r.all, path)
		if !ok || v == nil {
			return otherwise
		}
		return fmt.Sprint(v)
	}
	repository := text(r.before, "image.repository", r.before.convention.Sheet.Key("image.repository").Default.Value)
	tag := text(r.before, "image.tag", "")
	if r.before.shape("image.repository") == convention.ImageString {
		if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
			repository, tag = repository[:i], repository[i+1:]
		}
	}
	if host := text(r.before, "image.registry", ""); host != "" {
		repository = host + "/" + repository
	}
	if r.now.shape("image.repository") == convention.ImageString {
		tag = cmp.Or(tag, r.before.appVersion)
	}
	settings := []Setting{{Key: "image.repository", Value: repository}}
	if tag != "" {
		settings = append(settings, Setting{Key: "image.tag", Value: tag})
	}
	values := map[string]any{}
	if len(r.now.Apply(values, settings)) > 0 {
		return nil
	}
	out := map[string]any{}
	for _, leaf := range yamldoc.Leaves(values) {
		v, _ := yamldoc.Lookup(values, leaf)
		out[leaf.String()] = v
	}
	return out
}

// env changes between a list of variables, a map of them, and objects.
func (r reshaping) env(value any) (any, bool) {
	var names []string
	variables := map[string]any{} // a value, or a map with valueFrom
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			variable, ok := item.(map[string]any)
			name, isText := variable["name"].(string)
			if !ok || !isText {
				return nil, false
			}
			names = append(names, name)
			variables[name] = cmp.Or(variable["value"], anyMap(variable, "valueFrom"))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if object, ok := v[name].(map[string]any); ok && r.from == convention.EnvObjects {
				named, _ := object["name"].(string)
				names = append(names, cmp.Or(named, name))
				variables[names[len(names)-1]] = cmp.Or(object["value"], anyMap(object, "valueFrom"))
				continue
			}
			names = append(names, name)
			variables[name] = v[name]
		}
	default:
		return value, value == nil
	}
	return r.variables(names, variables), true
}

func (r reshaping) variables(names []string, variables map[string]any) any {
	list, byName := []any{}, map[string]any{}
	for _, name := range names {
		one := map[string]any{"name": name}
		if from, ok := variables[name].(map[string]any); ok {
			one["valueFrom"] = from["valueFrom"]
		} else {
			one["value"] = fmt.Sprint(variables[name])
		}
		list = append(list, one)
		byName[name] = variables[name]
		if r.to == convention.EnvObjects {
			byName[name] = one
		}
	}
	if r.to == convention.EnvList {
		return list
	}
	return byName
}

// anyMap gives the entry of a map as a map of its own, nil where there is none.
func anyMap(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return map[string]any{key: v}
	}
	return nil
}

// hosts changes between lists of objects or names and one host.
func (r reshaping) hosts(value any) (any, bool) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	var objects []any
	for _, item := range list {
		host, _ := item.(map[string]any)
		name := item
		if host != nil {
			name = cmp.Or(host["host"], host["name"])
		}
		if name == nil {
			return nil, false
		}
		paths := host["paths"]
		if paths == nil {
			paths = []any{map[string]any{"path": "/", "pathType": "Prefix"}}
		}
		objects = append(objects, map[string]any{"host": name, "paths": paths})
	}
	out, reason := hostsAs(r.to, objects)
	return out, reason == ""
}

// port changes between the name of the server's port and its number. The chart refuses a number that is not the
// server's, so that no port changes unnoticed.
func (r reshaping) port(value any) (any, bool) {
	number, _ := strconv.Atoi(r.now.convention.Sheet.Of("config.port").Default.Value)
	_, isName := value.(string)
	switch {
	case r.to == convention.PortNumber && isName:
		if path, err := r.before.PathOf("config.port"); err == nil {
			if own, ok := yamldoc.Lookup(r.all, path); ok && own != nil {
				return own, true
			}
		}
		return number, true
	case r.to != convention.PortNumber && fmt.Sprint(value) == strconv.Itoa(number):
		return "http", true
	}
	return value, true
}

func (r reshaping) accessMode(value any) (any, bool) {
	return oneOrList(value, r.to == convention.AccessModeList)
}

func (r reshaping) hostnames(value any) (any, bool) {
	return oneOrList(value, r.to != convention.HostsSingle)
}

// oneOrList writes a value as a list of one, or the one of a list.
func oneOrList(value any, asList bool) (any, bool) {
	list, isList := value.([]any)
	switch {
	case asList && !isList:
		return []any{value}, true
	case !asList && len(list) == 1:
		return list[0], true
	}
	return value, isList == asList
}
