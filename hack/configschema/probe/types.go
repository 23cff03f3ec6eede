package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var (
	durationType = reflect.TypeFor[time.Duration]()

	// decodedByHand names the types with an UnmarshalYAML of their own, which no
	// reflection can see through, each with its word in the data.
	decodedByHand = map[string]string{
		"github.com/livekit/mediatransportutil/pkg/rtcconfig.PortRange": "port-range",
		"github.com/livekit/mediatransportutil/pkg/rtcconfig.NodeIP":    "node-ip",
		"github.com/livekit/protocol/livekit.RoomConfiguration":         "object",
	}

	// scalars are the words for kinds of Go. The bounds of int and int64 are
	// those of the parser itself.
	scalars = map[reflect.Kind]string{
		reflect.String: "text", reflect.Bool: "boolean", reflect.Float32: "number", reflect.Float64: "number",
		reflect.Int: "integer", reflect.Int64: "integer", reflect.Uint: "uint", reflect.Uint64: "uint",
		reflect.Int8: "int8", reflect.Int16: "int16", reflect.Int32: "int32",
		reflect.Uint8: "uint8", reflect.Uint16: "uint16", reflect.Uint32: "uint32",
	}
)

// walker collects the keys that the server decodes from YAML.
type walker struct {
	docs docReader
	keys []key
}

// addFields adds the keys of a struct. def is its value by default.
func (w *walker) addFields(t reflect.Type, def reflect.Value, path string) error {
	docs, err := w.docs.fields(t)
	if err != nil {
		return err
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, inline := yamlKey(field)
		switch {
		case inline:
			err = w.addFields(field.Type, def.Field(i), path)
		case name != "":
			err = w.add(field.Type, def.Field(i), join(path, name), docs[field.Name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// yamlKey gives the key of a field as gopkg.in/yaml.v3 names it, "" for a
// field that YAML does not reach.
func yamlKey(field reflect.StructField) (key string, inline bool) {
	tag, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	switch {
	case slices.Contains(strings.Split(options, ","), "inline"):
		return "", true
	case tag == "-" || !field.IsExported():
		return "", false
	case tag == "":
		return strings.ToLower(field.Name), false
	}
	return tag, false
}

// add adds a key and those below it.
func (w *walker) add(t reflect.Type, def reflect.Value, path, doc string) error {
	for t.Kind() == reflect.Pointer {
		t, def = t.Elem(), def.Elem()
		if !def.IsValid() {
			def = reflect.Zero(t)
		}
	}
	word, err := typeWord(t, path)
	if err != nil {
		return err
	}
	w.keys = append(w.keys, key{path, word, defaultOf(t, def), doc})
	switch {
	case t == reflect.TypeFor[livekit.RoomConfiguration]():
		w.addMessage(path)
		return nil
	case word == "object":
		return w.addFields(t, def, path)
	case word == "list":
		return w.add(t.Elem(), reflect.Zero(t.Elem()), path+"[]", "")
	case word == "map", word == "map-of-integers":
		return w.add(t.Elem(), reflect.Zero(t.Elem()), path+".*", "")
	}
	return nil
}

// typeWord gives the word that the data has for a type. A port is told by the
// name of its key.
func typeWord(t reflect.Type, path string) (string, error) {
	if word, ok := decodedByHand[t.PkgPath()+"."+t.Name()]; ok {
		return word, nil
	}
	if t == durationType {
		return "duration", nil
	}
	if _, decodesItself := reflect.PointerTo(t).MethodByName("UnmarshalYAML"); decodesItself {
		return "", fmt.Errorf("%s: %s decodes itself, describe it in decodedByHand", path, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return "object", nil
	case reflect.Slice:
		return "list", nil
	case reflect.Map:
		switch scalars[t.Key().Kind()] {
		case "text":
			return "map", nil
		case "integer", "int8", "int16", "int32":
			return "map-of-integers", nil
		}
		return "", fmt.Errorf("%s: a map with keys of %s is not described yet", path, t.Key())
	}
	word, ok := scalars[t.Kind()]
	switch {
	case !ok:
		return "", fmt.Errorf("%s: %s is not described yet", path, t)
	case isPort(path) && strings.Contains(word, "int"):
		return "port", nil
	}
	return word, nil
}

func isPort(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return name == "port" || strings.HasSuffix(name, "_port") ||
		strings.HasSuffix(name, "_range_start") || strings.HasSuffix(name, "_range_end")
}

// addMessage adds the fields of a room configuration, which protoyaml decodes:
// it refuses unknown fields and takes both the proto and the JSON name of a
// field. Only the first level is described.
func (w *walker) addMessage(path string) {
	fields := (&livekit.RoomConfiguration{}).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		names := []string{string(fields.Get(i).Name()), fields.Get(i).JSONName()}
		for _, name := range slices.Compact(names) {
			w.keys = append(w.keys, key{Key: join(path, name), Type: messageWord(fields.Get(i))})
		}
	}
}

// messageWord gives the word for a field of a message.
func messageWord(field protoreflect.FieldDescriptor) string {
	kinds := map[protoreflect.Kind]string{
		protoreflect.StringKind: "text",
		protoreflect.BoolKind:   "message-boolean",
		protoreflect.Uint32Kind: "message-uint32",

		protoreflect.MessageKind: "message",
	}
	switch word, isKnown := kinds[field.Kind()]; {
	case field.IsMap():
		return "message-map"
	case field.IsList():
		return "message-list"
	case isKnown:
		return word
	}
	return "any"
}

// defaultOf gives what a key is where the configuration is silent, nil for
// nothing, for zero, and for what is no scalar.
func defaultOf(t reflect.Type, value reflect.Value) any {
	switch {
	case scalars[t.Kind()] == "" || value.IsZero():
		return nil
	case t == durationType:
		return fmt.Sprint(value.Interface())
	}
	return value.Interface()
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
