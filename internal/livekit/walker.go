package livekit

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// walker holds a value against a schema. It knows the part of JSON Schema that the generator of the schema writes:
// type, enum, minimum, maximum, pattern, items, properties, patternProperties and additionalProperties.
type walker struct {
	release  Release
	root     map[string]any
	problems []Problem
}

func (w *walker) report(path, suggestion, format string, args ...any) {
	w.problems = append(w.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

func (w *walker) check(schema map[string]any, value any, path string) {
	if value == Given || !w.checkType(schema, value, path) {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		w.checkObject(schema, v, path)
	case []any:
		for i, item := range v {
			w.check(child(schema, "items"), item, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		w.checkScalar(schema, value, path)
	}
}

func (w *walker) checkType(schema map[string]any, value any, path string) bool {
	types, found := typesOf(schema), typeOf(value)
	if len(types) == 0 || slices.Contains(types, found) || found == "integer" && slices.Contains(types, "number") {
		return true
	}
	suggestion := ""
	if schema["pattern"] != nil && found == "integer" && slices.Equal(types, []string{"string", "null"}) {
		suggestion = `a text with a unit, such as "500ms" or "10s"`
	}
	var expected []string
	for _, t := range types {
		if t != "null" {
			expected = append(expected, typeNames[t])
		}
	}
	w.report(path, suggestion, "is %s, expected %s", typeNames[found], strings.Join(expected, " or "))
	return false
}

func (w *walker) checkObject(schema, value map[string]any, path string) {
	for _, key := range slices.Sorted(maps.Keys(value)) {
		keyPath := joinKey(path, key)
		switch below := schemaOfKey(schema, key).(type) {
		case map[string]any:
			w.check(below, value[key], keyPath)
		case bool:
			if !below {
				w.unknownKey(child(schema, "properties"), path, key)
			}
		}
	}
}

// listIndex is what items of a list have and their key has not.
var listIndex = regexp.MustCompile(`\[\d+\]`)

func (w *walker) unknownKey(neighbors map[string]any, path, key string) {
	p := Problem{Path: joinKey(path, key), IsUnknown: true}
	p.Message = "is not a key of livekit-server " + string(w.release)
	if p.KnownIn = knownIn(listIndex.ReplaceAllString(p.Path, "[]")); p.KnownIn != "" {
		p.Message += " (known " + p.KnownIn + ")"
	} else {
		p.Suggestion = suggestKey(w.root, neighbors, path, key)
	}
	w.problems = append(w.problems, p)
}

// schemaOfKey gives what stands for a key: a schema, or false where the mapping takes no such key.
func schemaOfKey(schema map[string]any, key string) any {
	if known := child(child(schema, "properties"), key); known != nil {
		return known
	}
	for pattern, below := range child(schema, "patternProperties") {
		if ok, err := regexp.MatchString(pattern, key); err == nil && ok {
			return below
		}
	}
	return schema["additionalProperties"]
}

func (w *walker) checkScalar(schema map[string]any, value any, path string) {
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, value) {
		allowed = slices.DeleteFunc(slices.Clone(allowed), func(v any) bool { return v == nil || v == "" })
		names := strings.Trim(fmt.Sprint(allowed), "[]")
		w.report(path, "", "is %#v, expected %s", value, strings.ReplaceAll(names, " ", ", "))
	}
	if pattern, _ := schema["pattern"].(string); typeOf(value) == "string" {
		if matches, err := regexp.MatchString(pattern, text(value)); err == nil && !matches {
			suggestion := ""
			if strings.Contains(pattern, "|ms|") {
				suggestion = `a number with a unit, such as "500ms" or "10s"`
			}
			w.report(path, suggestion, "is %q, which the server cannot read", value)
		}
	}
	number, isNumber := toFloat(value)
	least, hasLeast := toFloat(schema["minimum"])
	most, hasMost := toFloat(schema["maximum"])
	switch isOutside := hasLeast && number < least || hasMost && number > most; {
	case !isNumber || !isOutside:
	case hasMost:
		w.report(path, "", "is %.0f, expected %.0f to %.0f", number, least, most)
	default:
		w.report(path, "", "is %v, expected at least %v", number, least)
	}
}

// typesOf gives the types that a schema takes, none when it takes all.
func typesOf(schema map[string]any) []string {
	switch t := schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		types := make([]string, 0, len(t))
		for _, one := range t {
			types = append(types, fmt.Sprint(one))
		}
		return types
	}
	return nil
}

// typeOf names the JSON Schema type of a value; a number without a fraction that fits the server's int64 is an integer.
func typeOf(value any) string {
	switch number, isNumber := toFloat(value); {
	case isNumber && number == math.Trunc(number) && math.Abs(number) < 1<<63:
		return "integer"
	case isNumber:
		return "number"
	}
	return cmp.Or(typesOfKinds[reflect.ValueOf(value).Kind()], "unknown")
}

var typesOfKinds = map[reflect.Kind]string{
	reflect.Invalid: "null", reflect.Bool: "boolean", reflect.Map: "object", reflect.Slice: "array",
	reflect.String: "string",
}

var typeNames = map[string]string{
	"null": "nothing", "boolean": "a boolean", "object": "a mapping", "array": "a list",
	"integer": "an integer", "number": "a number", "string": "a text", "unknown": "nothing that YAML has",
}

func child(schema map[string]any, key string) map[string]any {
	m, _ := schema[key].(map[string]any)
	return m
}

func joinKey(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
