package convention

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Fields are the names at the root of a convention.
func Fields() []string { return fieldNames(reflect.TypeFor[Convention]()) }

// fieldNames are those of a struct in JSON, of what it embeds as well.
func fieldNames(t reflect.Type) []string {
	var out []string
	for f := range fieldsOf(t) {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

// fieldsOf gives the types of a struct's fields by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}

// checkShape holds a part of a file against the type that it becomes, and names the first place that does not fit.
func checkShape(n *yamldoc.Node, t reflect.Type, path, from string) error {
	var expected string
	switch kind := t.Kind(); {
	case n.IsNull() || kind == reflect.Interface:
		return nil
	case kind == reflect.Struct || kind == reflect.Map:
		if n.IsMap() {
			return checkEntries(n, t, path, from)
		}
		if expected = "a map"; t == reflect.TypeFor[Value]() {
			expected = "a path, or a map with path and shape"
		}
	case kind == reflect.Slice && n.IsList():
		for i, item := range n.Items {
			if err := checkShape(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i), from); err != nil {
				return err
			}
		}
		return nil
	case kind == reflect.Slice:
		expected = "a list"
	case kind == reflect.Int && !n.IsInt():
		expected = "a whole number"
	case kind == reflect.Bool && !n.IsBool():
		expected = "true or false"
	case kind == reflect.String && !n.IsString():
		expected = "a text"
	}
	if expected == "" {
		return nil
	}
	return remedy.Errorf("`helm livekit config init` writes a file with all that can stand there",
		"%s:%d:%d: %s is %s, expected %s", from, n.Line, n.Column, path, nameOf(n), expected)
}

func nameOf(n *yamldoc.Node) string {
	switch {
	case n.IsMap():
		return "a map"
	case n.IsList():
		return "a list"
	case n.IsString():
		return fmt.Sprintf("the text %q", n.Value)
	}
	return n.Value
}

func checkEntries(n *yamldoc.Node, t reflect.Type, path, from string) error {
	var fields map[string]reflect.Type
	if t.Kind() == reflect.Struct {
		fields = fieldsOf(t)
	}
	for _, e := range n.Entries {
		below, known := fields[e.Key]
		switch {
		case t.Kind() == reflect.Map:
			below = t.Elem()
		case !known:
			return UnknownKey(from, e, path, fieldNames(t))
		}
		isShort := below == reflect.TypeFor[Value]() && e.Value.IsString() // a path alone
		if isShort {
			continue
		}
		at := yamldoc.JoinPath(append(yamldoc.SplitPath(path), e.Key)...)
		if err := checkShape(e.Value, below, at, from); err != nil {
			return err
		}
	}
	return nil
}

// UnknownKey is the error of a key that is none of those that can stand at a path of a file.
func UnknownKey(from string, e yamldoc.Entry, path string, known []string) error {
	where := ""
	if path != "" {
		where = " in " + path
	}
	step := fmt.Sprintf("use one of %s", strings.Join(known, ", "))
	if near := remedy.Nearest(known, e.Key); len(near) > 0 {
		step = fmt.Sprintf("did you mean %s?", strings.Join(near[:min(len(near), 3)], " or "))
	}
	return remedy.Errorf(step, "%s:%d:%d: unknown field %q%s", from, e.Line, e.Column, e.Key, where)
}

// fieldError is what is wrong with one field of a convention, or with the place of a canonical key.
type fieldError struct{ field, reason, step string }

func (e *fieldError) Error() string { return fmt.Sprintf("convention for %s: %s", e.field, e.reason) }

func wrong(field, format string, args ...any) *fieldError {
	return &fieldError{field: field, reason: fmt.Sprintf(format, args...)}
}

// likely adds to an error what may be meant by a name that is none of those that are known.
func likely(known []string, name string, err *fieldError) error {
	if near := remedy.Nearest(known, name); len(near) > 0 {
		err.step = fmt.Sprintf("did you mean %s?", strings.Join(near[:min(len(near), 3)], " or "))
	}
	return err
}

// origin is a part of a file that overrides were read from.
type origin struct {
	node *yamldoc.Node
	from string
}

// locate adds to an error of a field where a file has that: FILE:LINE:COLUMN, and what may be meant.
func (o Overrides) locate(sheet *factsheet.Sheet, err error) error {
	step, at := "compare with `helm livekit conventions -o yaml`", o.from
	var wrong *fieldError
	if errors.As(err, &wrong) {
		if wrong.step != "" {
			step = wrong.step
		}
		path := yamldoc.SplitPath(wrong.field)
		if key := yamldoc.JoinPath("values", wrong.field); sheet.Key(wrong.field) != nil || o.line(key) != "" {
			path = yamldoc.Path{"values", wrong.field}
		}
		for ; len(path) > 0; path = path[:len(path)-1] {
			if line := o.line(path.String()); line != "" {
				at = line
				break
			}
		}
	}
	return remedy.Errorf(step, "%s: %w", at, err)
}

// line gives where the last of the files that have a path has it, "" for none.
func (o Overrides) line(path string) string {
	for _, origin := range slices.Backward(o.origins) {
		segments := yamldoc.SplitPath(path)
		last := segments[len(segments)-1]
		above := origin.node.Get(segments[:len(segments)-1].String())
		if e := above.Entry(last); e != nil {
			return fmt.Sprintf("%s:%d:%d", origin.from, e.Line, e.Column)
		}
	}
	return ""
}
