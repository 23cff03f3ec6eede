package livekit

import "strings"

// Option is a setting that livekit-server takes as a flag or as a variable, beside its configuration.
type Option struct {
	Flag string // without dashes
	Env  string // "" where there is no variable
	Key  string // of the configuration, "" where it sets none
	Type string // in JSON Schema's words, or Duration
}

// Duration is the Type of keys that the configuration spells "10s", and flags and variables in whole nanoseconds (of
// later releases, they are texts like those of the configuration).
const Duration = "duration"

// Options gives all flags and variables of the release: first those that it
// makes of its configuration's keys, sorted, then its own.
func (r Release) Options() []Option {
	var options []Option
	for _, k := range r.keys() {
		if kind := r.optionType(k); kind != "" {
			o := Option{Flag: k.Key, Key: k.Key, Type: kind}
			if kind != "boolean" || r.hasTrait("boolean-variables") {
				o.Env = EnvOf(k.Key)
			}
			options = append(options, o)
		}
	}
	for _, o := range known().Options {
		if o.has(r.index()) {
			options = append(options, o.Option)
		}
	}
	return options
}

// optionType gives the type of the flag that the server makes of a key, "" where it makes none: only what holds one
// value and lies in no list, no free map and no optional block has one (config.ToCLIFlagNames).
func (r Release) optionType(k keyLine) string {
	types := typesOf(typeSchemas[k.Type])
	switch {
	case k.HasNoFlag || strings.ContainsAny(k.Key, "[*") || r.hasOwnFlag(k.Key) || len(types) == 0:
		return ""
	case k.Type == "duration" && !r.hasTrait("duration-texts"):
		return Duration
	case types[0] == "object" || types[0] == "array":
		return ""
	}
	return types[0]
}

// hasOwnFlag reports whether the server has a flag of its own with a key's name, which then takes its place.
func (r Release) hasOwnFlag(key string) bool {
	for _, o := range known().Options {
		if o.Flag == key && o.has(r.index()) {
			return true
		}
	}
	return false
}

// EnvOf is the variable that the server makes of a key.
func EnvOf(key string) string {
	return "LIVEKIT_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
