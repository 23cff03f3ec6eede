package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	sigsjson "sigs.k8s.io/json"
)

// Problem is one fault of an object.
type Problem struct {
	Path    string // "spec.template.spec.containers[0].image"; "" for the object as a whole
	Message string
}

func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Known reports whether Check knows the object's type.
func (o Object) Known() bool { return typeOf(o.APIVersion(), o.Kind()) != nil }

// Check decodes the object strictly into its Kubernetes type (unknown fields and wrong types are problems) and then
// holds it against the rules that the API server enforces beyond types, and against those of server-side apply, with
// which Helm 4 installs. An object of unknown type is judged by its metadata alone.
func (o Object) Check() []Problem {
	p := &problems{}
	p.checkIdentity(o)
	typed := typeOf(o.APIVersion(), o.Kind())
	// Where decoding fails, the rules would judge fields that were not read.
	if typed == nil || p.decode(o, typed) {
		p.checkMetadata(o)
		p.checkRules(o, typed)
	}
	return p.list
}

// problems collects what the rules find.
type problems struct{ list []Problem }

func (p *problems) add(path, format string, args ...any) {
	p.list = append(p.list, Problem{path, fmt.Sprintf(format, args...)})
}

func (p *problems) addIf(bad bool, path, format string, args ...any) {
	if bad {
		p.add(path, format, args...)
	}
}

func (p *problems) required(path, value string) { p.addIf(value == "", path, "is missing") }

// elements gives the elements of a list with their paths.
func elements[T any](at string, list []T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for i, item := range list {
			if !yield(fmt.Sprintf("%s[%d]", at, i), item) {
				return
			}
		}
	}
}

// invalid adds the messages of Kubernetes' validation helpers.
func (p *problems) invalid(path string, value any, messages []string) {
	p.addIf(len(messages) > 0, path, "%#v is invalid: %s", value, strings.Join(messages, "; "))
}

func (p *problems) checkIdentity(o Object) {
	apiVersion, kind := o.APIVersion(), o.Kind()
	p.required("apiVersion", apiVersion)
	p.required("kind", kind)
	if since, instead, ok := retired(apiVersion, kind); ok {
		p.add("apiVersion", "%s %s is not served since Kubernetes %s: use %s", apiVersion, kind, since, instead)
		return
	}
	if homes := homesOf(kind); apiVersion != "" && len(homes) > 0 && !o.Known() && isBuiltIn(apiVersion) {
		p.add("apiVersion", "%s has no %s: it is in %s", apiVersion, kind, strings.Join(homes, " and "))
	}
}

// decode reports whether every known field had the right type.
func (p *problems) decode(o Object, into any) bool {
	data, err := json.Marshal(o.Fields)
	if err != nil {
		p.add("", "%v", err)
		return false
	}
	unknown, err := sigsjson.UnmarshalStrict(data, into)
	for _, u := range unknown { // none is a duplicate: the data are of a map
		var field sigsjson.FieldError
		if errors.As(u, &field) {
			p.add(field.FieldPath(), "unknown field")
		}
	}
	if err != nil {
		p.addWrongType(err)
	}
	return err == nil
}

// addWrongType turns "json: cannot unmarshal number into Go struct field
// EnvVar.spec.env.value of type string" into a path and a sentence.
func (p *problems) addWrongType(err error) {
	message := strings.TrimPrefix(err.Error(), "json: ")
	got, rest, ok := strings.Cut(strings.TrimPrefix(message, "cannot unmarshal "), " into Go struct field ")
	where, want, ok2 := strings.Cut(rest, " of type ")
	if !ok || !ok2 {
		p.add("", "%s", message)
		return
	}
	_, path, _ := strings.Cut(where, ".")
	p.add(path, "is a %s, expected %s", got, plainType(want))
}

// plainType says in YAML's words what a Go type takes.
func plainType(goType string) string {
	switch {
	case goType == "string" || goType == "bool":
		return map[string]string{"string": "a string (quote it)", "bool": "true or false"}[goType]
	case strings.HasPrefix(goType, "int") || strings.HasPrefix(goType, "uint"):
		return "a whole number"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "map[") || strings.Contains(goType, "."):
		return "a map"
	}
	return goType
}
