package livekit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Lookup follows a dotted path through mappings. What is not there, or is null,
// gives nil: the server treats both as unset.
func Lookup(config map[string]any, path string) any {
	value, _ := yamldoc.Lookup(config, yamldoc.SplitPath(path))
	return value
}

// Given stands for a value that is set, and not known: a Secret that is not the chart's own holds it.
var Given any = given{}

type given struct{}

// isSet tells whether a key holds something other than its type's zero value.
func isSet(config map[string]any, path string) bool { return isNonZero(Lookup(config, path)) }

func isNonZero(value any) bool {
	if number, ok := toFloat(value); ok {
		return number != 0
	}
	if list, isList := value.([]any); isList { // the server leaves out items that are null
		return slices.ContainsFunc(list, func(item any) bool { return item != nil })
	}
	isTrue, _ := template.IsTrue(value)
	return isTrue
}

// text gives a scalar as the server reads it into a string, "" for the rest.
func text(value any) string {
	switch v := value.(type) {
	case nil, given, map[string]any, []any:
		return ""
	case float64:
		// Not 1.2345678e+07, which an API key or password of digits would become.
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// toFloat reads a number of any Go type, or a json.Number.
func toFloat(value any) (float64, bool) {
	switch value.(type) {
	case nil, given, string, bool, map[string]any, []any:
		return 0, false
	}
	f, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// portNumber reads a port; unset and not known gives 0.
func portNumber(config map[string]any, path string) (int, error) {
	value := Lookup(config, path)
	if value == nil || value == Given {
		return 0, nil
	}
	number, ok := toFloat(value)
	if !ok || number != math.Trunc(number) || number < 0 || number > maxPort {
		return 0, fmt.Errorf("%s is not a port: expected an integer from 0 to 65535", path)
	}
	return int(number), nil
}
