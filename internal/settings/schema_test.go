package settings

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

var update = flag.Bool("update", false, "write schemas/helm-livekit.schema.json anew")

const schemaFile = "../../schemas/helm-livekit.schema.json"

type object = map[string]any

// The published schema is made from the types, their comments and the fact sheet.
func TestSchemaIsCurrent(t *testing.T) {
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(settingsSchema(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(have, want.Bytes()) {
		t.Errorf("%s is not what the code says; go test ./internal/settings -update writes it (%v)", schemaFile, err)
	}
}

func settingsSchema(t *testing.T) object {
	s := &schemaMaker{comments: comments(t), enums: map[string][]string{}}
	for _, w := range canonical().Words() {
		s.enums[w.Field] = w.Allowed
	}
	fields := s.of(reflect.TypeFor[convention.Convention](), "")["properties"].(object)
	properties := object{
		"conventions": object{
			"description":          "What is followed, whatever the charts of the repository say.",
			"type":                 []any{"object", "null"},
			"properties":           fields,
			"additionalProperties": false,
		},
		"accepted": object{
			"description": "Differences from LiveKit's own chart that are meant.",
			"type":        []any{"array", "null"},
			"items":       s.of(reflect.TypeFor[Accepted](), ""),
		},
		"valuesFiles": object{
			"description": "Values files that the chart is installed with, relative to this file.",
			"type":        []any{"array", "null"},
			"items":       object{"type": "string", "minLength": 1},
		},
	}
	for name := range fields {
		properties[name] = object{"$ref": "#/properties/conventions/properties/" + name}
	}
	_, id, _ := strings.Cut(strings.TrimSpace(SchemaLine), "$schema=")
	return object{
		"$schema": "http://json-schema.org/draft-07/schema#", "$id": id,
		"title": "Settings of helm-livekit (" + File + ")",
		"type":  []any{"object", "null"}, "properties": properties, "additionalProperties": false,
		"definitions": object{"path": s.path()},
	}
}

type schemaMaker struct {
	comments map[string]string // by type and field
	enums    map[string][]string
}

// of gives the schema of a type at a path of a convention.
func (s *schemaMaker) of(t reflect.Type, path string) object {
	switch t.Kind() {
	case reflect.Map:
		if path == "values" {
			return s.values()
		}
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), path+".*")}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem(), path+"[]")}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		out := object{"type": "string"}
		if words := s.enums[path]; words != nil {
			out["enum"] = words
		}
		return out
	case reflect.Interface:
		return object{}
	}
	properties := object{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		below := s.of(f.Type, strings.TrimPrefix(path+"."+name, "."))
		owner := t
		if len(f.Index) > 1 {
			owner = t.FieldByIndex(f.Index[:1]).Type // of an embedded struct
		}
		if text := s.comments[owner.Name()+"."+f.Name]; text != "" {
			below["description"] = text
		}
		properties[name] = below
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if t == reflect.TypeFor[Accepted]() {
		out["required"] = []any{"finding", "reason"}
	}
	return out
}

// values has each canonical key, as a path or with a shape.
func (s *schemaMaker) values() object {
	properties := object{}
	sheet := serverSheet()
	for _, k := range sheet.Keys {
		if k.IsHeading() {
			continue
		}
		shapes := k.Shapes
		if shapes == nil {
			shapes = sheet.Of(k.Block()).Shapes
		}
		place := []any{object{"$ref": "#/definitions/path"}}
		if shapes != nil {
			shape := object{"enum": append([]string{""}, shapes...)}
			place = append(place, object{"properties": object{"shape": shape}})
		} else {
			place = append(place, object{"properties": object{"shape": false}})
		}
		properties[k.Key] = object{"description": k.Doc, "allOf": place}
	}
	return object{
		"description": "Where charts have their values: a dotted path, or a path with the shape of the value.",
		"type":        "object", "properties": properties, "additionalProperties": false,
	}
}

// path is the schema of the place of one value.
func (s *schemaMaker) path() object {
	value := s.of(reflect.TypeFor[convention.Value](), "value")
	value["required"] = []any{"path"}
	return object{"anyOf": []any{object{"type": "string"}, value}}
}

var paragraph = regexp.MustCompile(`\s*\n\s*`)

// comments reads those of the fields of exported types.
func comments(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, file := range []string{"../convention/convention.go", "settings.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return false
			}
			for _, f := range fields.Fields.List {
				text := f.Doc.Text() + f.Comment.Text()
				for _, name := range f.Names {
					out[spec.Name.Name+"."+name.Name] = strings.TrimSpace(paragraph.ReplaceAllString(text, " "))
				}
			}
			return false
		})
	}
	return out
}

// schema is the published one, compiled.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t *testing.T, text string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return schema(t).Validate(value)
}

// What the tool prints is a settings file, to the schema and to the reader.
func TestPrintedConventionsAreSettings(t *testing.T) {
	printed, err := canonical().YAML()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, string(printed)); err != nil {
		t.Error(err)
	}
	if _, err := readFile(serverSheet(), writeFile(t, filepath.Join(t.TempDir(), File), string(printed))); err != nil {
		t.Error(err)
	}
}

// The example says nothing as it is, and with its comments taken away all that can be said.
func TestExample(t *testing.T) {
	example := Example(serverSheet())
	s, err := readFile(serverSheet(), writeFile(t, filepath.Join(t.TempDir(), File), example))
	if err != nil || !s.Conventions.IsEmpty() || s.Accepted != nil || s.ValuesFiles != nil {
		t.Fatalf("the example says %+v, %v", s, err)
	}
	whole := regexp.MustCompile(`(?m)^#([^ ]|  )`).ReplaceAllString(example, "$1")
	s, err = readFile(serverSheet(), writeFile(t, filepath.Join(t.TempDir(), File), whole))
	if err != nil || s.Conventions.IsEmpty() || s.Accepted == nil || s.ValuesFiles == nil {
		t.Fatalf("without its comments it says %+v, %v", s, err)
	}
	if err := validate(t, whole); err != nil {
		t.Error(err)
	}
	for name, text := range comments(t) {
		field, ok := strings.CutPrefix(name, "Convention.")
		if !ok || slices.Contains([]string{"Sheet", "Source", "Notes"}, field) {
			continue
		}
		if !strings.Contains(whole, "\n  "+strings.ToLower(field[:1])+field[1:]+":") {
			t.Errorf("the example lacks %s: %s", field, text)
		}
	}
	for _, section := range []any{
		convention.Naming{}, convention.Labels{}, convention.Kinds{}, convention.Files{}, convention.Style{},
		convention.Defaults{}, convention.Secrets{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(section)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			isFact := name == "evidence" || name == "confidence"
			if name != "" && !isFact && !strings.Contains(whole, "\n    "+name+":") {
				t.Errorf("the example lacks %s", name)
			}
		}
	}
}

// The schema refuses what the reader refuses.
func TestSchemaRefuses(t *testing.T) {
	for _, text := range []string{
		"conventiones: {}", "conventions: {valuez: {}}", "conventions: {values: {image.repositry: a}}",
		"conventions: {values: {replicaCount: 3}}", "conventions: {kinds: {workload: Pod}}",
		"conventions: {style: {indent: two}}", "accepted: [{finding: a}]", "valuesFiles: a.yaml",
		"conventions: {values: {image.repository: {path: a, shape: tree}}}", "valuez: {}",
	} {
		if validate(t, text) == nil {
			t.Errorf("the schema takes %s", text)
		}
		if _, err := readFile(serverSheet(), writeFile(t, filepath.Join(t.TempDir(), File), text)); err == nil {
			t.Errorf("the reader takes %s", text)
		}
	}
}
