package livekit

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// walker holds a value against a schema. It knows the part of JSON Schema that
// the generator of the schema writes: type, enum, minimum, maximum, pattern,
// items, properties, patternProperties and additionalProperties.
type walker struct {
	root     map[string]any
	problems []Problem
}

func (w *walker) report(path, suggestion, format string, args ...any) {
	w.problems = append(w.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
}

func (w *walker) check(schema map[string]any, value any, path string) {
	if !w.checkType(schema, value, path) {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		w.checkObject(schema, v, path)
	case []any:
		w.checkList(schema, v, path)
	default:
		w.checkScalar(schema, value, path)
	}
}

func (w *walker) checkType(schema map[string]any, value any, path string) bool {
	types := typesOf(schema)
	if len(types) == 0 || slices.Contains(types, typeOf(value)) {
		return true
	}
	if slices.Contains(types, "number") && typeOf(value) == "integer" {
		return true
	}
	suggestion := ""
	if schema["pattern"] != nil && slices.Equal(types, []string{"string", "null"}) && typeOf(value) == "integer" {
		suggestion = `a text with a unit, such as "500ms" or "10s"`
	}
	w.report(path, suggestion, "is %s, expected %s", nameType(typeOf(value)), nameTypes(types))
	return false
}

func (w *walker) checkObject(schema, value map[string]any, path string) {
	properties := child(schema, "properties")
	for _, key := range slices.Sorted(maps.Keys(value)) {
		keyPath := joinKey(path, key)
		if known, ok := properties[key].(map[string]any); ok {
			w.check(known, value[key], keyPath)
			continue
		}
		if byPattern := matchKey(child(schema, "patternProperties"), key); byPattern != nil {
			w.check(byPattern, value[key], keyPath)
			continue
		}
		switch rest := schema["additionalProperties"].(type) {
		case map[string]any:
			w.check(rest, value[key], keyPath)
		case bool:
			if !rest {
				w.problems = append(w.problems, Problem{
					Path: keyPath, Message: "is not a key of livekit-server " + ServerVersion,
					Suggestion: suggestKey(w.root, properties, path, key), IsUnknown: true,
				})
			}
		}
	}
}

func matchKey(patterns map[string]any, key string) map[string]any {
	for pattern, schema := range patterns {
		if ok, err := regexp.MatchString(pattern, key); err == nil && ok {
			return schema.(map[string]any)
		}
	}
	return nil
}

func (w *walker) checkList(schema map[string]any, value []any, path string) {
	items := child(schema, "items")
	for i, item := range value {
		w.check(items, item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func (w *walker) checkScalar(schema map[string]any, value any, path string) {
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, value) {
		w.report(path, "", "is %v, expected %s", quote(value), nameValues(allowed))
	}
	if text, ok := value.(string); ok {
		w.checkPattern(schema, text, path)
	}
	if number, ok := toFloat(value); ok {
		w.checkRange(schema, number, path)
	}
}

func (w *walker) checkPattern(schema map[string]any, text, path string) {
	pattern, ok := schema["pattern"].(string)
	if !ok {
		return
	}
	if matches, err := regexp.MatchString(pattern, text); err == nil && !matches {
		suggestion := ""
		if strings.Contains(pattern, "|ms|") {
			suggestion = `a number with a unit, such as "500ms" or "10s"`
		}
		w.report(path, suggestion, "is %q, which the server cannot read", text)
	}
}

func (w *walker) checkRange(schema map[string]any, number float64, path string) {
	least, hasLeast := toFloat(schema["minimum"])
	most, hasMost := toFloat(schema["maximum"])
	if hasLeast && number < least || hasMost && number > most {
		if !hasMost {
			w.report(path, "", "is %v, expected at least %v", number, least)
			return
		}
		w.report(path, "", "is %.0f, expected %.0f to %.0f", number, least, most)
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

// typeOf names the JSON Schema type of a value; a number without a fraction
// that fits the server's int64 is an integer.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	}
	number, ok := toFloat(value)
	switch {
	case !ok:
		return "unknown"
	case number == math.Trunc(number) && math.Abs(number) < 1<<63:
		return "integer"
	}
	return "number"
}

func nameType(t string) string {
	return map[string]string{
		"null": "nothing", "boolean": "a boolean", "object": "a mapping", "array": "a list",
		"integer": "an integer", "number": "a number", "string": "a text",
		"unknown": "nothing that YAML has",
	}[t]
}

func nameTypes(types []string) string {
	var names []string
	for _, t := range types {
		if t != "null" {
			names = append(names, nameType(t))
		}
	}
	return strings.Join(names, " or ")
}

func nameValues(values []any) string {
	var names []string
	for _, v := range values {
		if v != nil && v != "" {
			names = append(names, fmt.Sprint(v))
		}
	}
	return strings.Join(names, ", ")
}

func quote(value any) string {
	if text, ok := value.(string); ok {
		return fmt.Sprintf("%q", text)
	}
	return fmt.Sprint(value)
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
