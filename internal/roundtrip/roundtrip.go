// Package roundtrip compares what a learned key moves in the chart that it was learned from with what it moves in the
// chart that was written. What is the same in neither was read wrongly, and is corrected where it is known how.
package roundtrip

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// Side is one chart, with what its keys were seen to move.
type Side struct {
	Chart string           // as the user named it
	Keys  map[string]Trial // by canonical key
	// Labels are those of the workload that are values: by their names, where the values are.
	Labels map[string]string
}

// Trial is what came of trying one key.
type Trial struct {
	Path string
	// Type is that of the value: text, number, bool, map or list; "" where the chart declares none.
	Type string
	// IsOptional says that the value is an element of a list that is empty by default.
	IsOptional bool
	// Moves are the fields that the value reaches, in the words of the fact sheet ("container image"), in order.
	Moves []string
}

// Result says how a key's two sides compare.
type Result string

// The results.
const (
	Equal     Result = "equal"     // it moves here what it moves there
	Corrected Result = "corrected" // it does so since what was read has been corrected
	Differs   Result = "differs"   // it moves something there that it does not move here
)

// Key is one learned key, on both sides.
type Key struct {
	Key string `json:"key"`
	// Path is where the new chart has it.
	Path string `json:"path"`
	// Chart is the sibling that it was learned from, and There what it moves in that; Here is the new chart.
	Chart  string   `json:"chart"`
	There  []string `json:"there"`
	Here   []string `json:"here"`
	Result Result   `json:"result"`
	// Lacks are the fields of There that it does not move here.
	Lacks []string `json:"lacks,omitempty"`
	// Note says what was corrected.
	Note string `json:"note,omitempty"`

	there, here Trial
}

// names are keys that name objects and labels, of which conventions have facts of their own.
var names = []string{"nameOverride", "fullnameOverride"}

// Learned gives the keys whose paths come from one of the charts, in the order of the sheet, with what they move there.
// Those that no experiment has reached are left out.
func Learned(conv *convention.Convention, sides []Side) []Key {
	var out []Key
	for _, k := range conv.Sheet.Keys {
		v, isNamed := conv.Values[k.Key]
		if !isNamed || v.Confidence == convention.Default || slices.Contains(names, k.Key) || k.IsHeading() {
			continue
		}
		for _, side := range sides {
			if t := side.Keys[k.Key]; t.Path == v.Path && len(t.Moves) > 0 {
				out = append(out, Key{Key: k.Key, Path: v.Path, Chart: side.Chart, There: t.Moves, there: t})
				break
			}
		}
	}
	return out
}

// Suspects are the keys of which more is to be expected than that they move the one field that the sheet names: to try
// these alone finds what to try all would find, and takes less time.
func Suspects(conv *convention.Convention, keys []Key) []Key {
	return slices.DeleteFunc(slices.Clone(keys), func(k Key) bool {
		known := conv.Sheet.Of(k.Key)
		isOther := known.Default.Tag == "!!str" && k.there.Type == typeNumber ||
			known.Value == "map" && k.there.Type == typeText
		return len(k.There) == 1 && !k.there.IsOptional && !isOther
	})
}

// Compare holds what the keys move in the new chart against what they move in the siblings. Keys that were not tried
// here, as the chart lacks them or has them switched off, are left out, and so are fields of kinds that are off.
func Compare(keys []Key, here map[string]Trial, off []string) []Key {
	var out []Key
	for _, k := range keys {
		var isTried bool
		if k.here, isTried = here[k.Key]; !isTried {
			continue
		}
		k.Here, k.Result = k.here.Moves, Equal
		k.Lacks = slices.DeleteFunc(k.lacking(), func(move string) bool {
			kind, _, _ := strings.Cut(move, " ")
			return slices.Contains(off, kind)
		})
		if len(k.Lacks) > 0 || k.hasOtherType() || k.there.IsOptional {
			k.Result = Differs
		}
		if len(k.Here) > 0 || k.Result == Differs {
			out = append(out, k)
		}
	}
	return out
}

// labelWord begins the name of a label among the keys.
const labelWord = "label "

// Labels gives the labels of the convention that are values in a sibling: what such a label had is what was tried, or
// what one application needs.
func Labels(conv *convention.Convention, sides []Side) []Key {
	var out []Key
	for _, side := range sides {
		for _, l := range conv.Labels.Set {
			if path, isValue := side.Labels[l.Name]; isValue && !strings.Contains(l.Value, "{") {
				label := labelWord + l.Name
				out = append(out, Key{Key: label, Path: path, Chart: side.Chart, Result: Differs,
					There: []string{label}, Lacks: []string{label}})
			}
		}
	}
	return out
}

// portField is a field that names a port of another object, or of the pod, by name or number. Which of the two is a
// matter of taste.
var portField = regexp.MustCompile(`[pP]robe$|(targetPort|[pP]ort\.(number|name)|servicePort|\[\*\]\.port)$`)

// lacking gives what the key moves there and not here. A switch of objects is compared by the objects. One value for
// the port of the Service and the container's is the Service's alone here: the server has a setting for its own.
func (k Key) lacking() []string {
	switchesObjects := k.there.Type == typeBool && slices.ContainsFunc(k.There, isObject)
	followsByName := strings.HasPrefix(k.Key, "service.") && strings.HasSuffix(strings.ToLower(k.Key), "port")
	return slices.DeleteFunc(slices.Clone(k.There), func(field string) bool {
		return slices.Contains(k.Here, field) || switchesObjects && !isObject(field) ||
			followsByName && portField.MatchString(field) || k.Key == "service.port" && field == "container ports"
	})
}

// difference words what the key does there and not here.
func (k Key) difference() string {
	if len(k.Lacks) > 0 {
		return strings.Join(k.Lacks, ", ")
	}
	return fmt.Sprintf("a %s there, a %s here", k.there.Type, k.here.Type)
}

// isObject tells an object as a whole from one of its fields.
func isObject(move string) bool { return !strings.Contains(move, " ") }

// hasOtherType reports whether a value here cannot be what it is there. Maps and lists that are read in several shapes
// have facts of their own.
func (k Key) hasOtherType() bool {
	isOne := func(t string) bool { return t == typeText || t == typeNumber || t == typeBool }
	isMany := k.here.Type == typeMap || k.here.Type == typeList
	return k.there.Type == typeNumber && k.here.Type == typeText || isOne(k.there.Type) && isMany
}

// Notes say in a line each what was corrected, and in one what still differs.
func Notes(keys []Key) []string {
	var notes, differing []string
	chart := ""
	for _, k := range keys {
		if k.Note != "" {
			notes = append(notes, k.Note)
		}
		if k.Result == Differs || len(k.Lacks) > 0 {
			differing, chart = append(differing, fmt.Sprintf("%s (%s)", k.Path, k.difference())), k.Chart
		}
	}
	if len(differing) > 0 {
		notes = append(notes, fmt.Sprintf("What a key moves in %s and not here: %s. "+
			"`helm livekit conventions --explain` shows both sides.", chart, strings.Join(differing, "; ")))
	}
	return notes
}
