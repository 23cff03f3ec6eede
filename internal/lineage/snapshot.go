package lineage

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Ref names a rendered object by where it comes from: names move when values do.
type Ref struct {
	File string // the template ("templates/service.yaml")
	Kind string
	N    int // among those of its kind in that file, from 0
}

func (r Ref) String() string {
	if r.N > 0 {
		return fmt.Sprintf("%s (%s, no. %d)", r.Kind, r.File, r.N+1)
	}
	return fmt.Sprintf("%s (%s)", r.Kind, r.File)
}

// field is one field of one object.
type field struct {
	ref  Ref
	path yamldoc.Path
	// value is a scalar, or an empty map or list.
	value any
}

// text is the value as a template would print it.
func (f field) text() string {
	if f.value == nil {
		return ""
	}
	return fmt.Sprint(f.value)
}

// snapshot is what one render gave, field by field.
type snapshot struct {
	objects []manifest.Object
	refs    []Ref             // beside objects
	fields  map[string]field  // by address
	texts   map[string]string // of the files
}

// take reads rendered files. What cannot be parsed is left out: values that make no sense are tried on purpose.
func take(files []helmchart.File) *snapshot {
	s := &snapshot{fields: map[string]field{}, texts: map[string]string{}}
	for _, f := range files {
		s.texts[f.Name] = string(f.Data)
		objects, _ := manifest.Parse(f.Name, f.Data)
		seen := map[string]int{}
		for _, o := range objects {
			ref := Ref{File: f.Name, Kind: o.Kind(), N: seen[o.Kind()]}
			seen[ref.Kind]++
			if o.IsHook() {
				continue
			}
			s.objects = append(s.objects, o)
			s.refs = append(s.refs, ref)
			s.flatten(ref, nil, shown(o))
		}
	}
	return s
}

// shown gives an object's fields with a Secret's data in clear: a value that reaches it would not be seen otherwise.
func shown(o manifest.Object) map[string]any {
	if o.Kind() != "Secret" {
		return o.Fields
	}
	out := helmchart.Copy(o.Fields)
	data, _ := out["data"].(map[string]any)
	for k, v := range data {
		text, _ := v.(string)
		if plain, err := base64.StdEncoding.DecodeString(text); err == nil {
			data[k] = string(plain)
		}
	}
	return out
}

// maxFields bounds what is looked at in one render.
const maxFields = 100_000

func (s *snapshot) flatten(ref Ref, at yamldoc.Path, value any) {
	if len(s.fields) > maxFields {
		return
	}
	m, _ := value.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		s.flatten(ref, child(at, k), m[k])
	}
	list, _ := value.([]any)
	for i, e := range list {
		s.flatten(ref, child(at, yamldoc.Element(i)), e)
	}
	if len(m)+len(list) == 0 {
		s.fields[address(ref, at)] = field{ref, at, value}
	}
}

func address(ref Ref, path yamldoc.Path) string {
	return ref.File + "\x00" + ref.Kind + "\x00" + strconv.Itoa(ref.N) + "\x00" + id(path)
}

// differences gives the addresses of the fields that are not the same in both, in order, without those of masked.
func (s *snapshot) differences(other *snapshot, masked map[string]bool) []string {
	var out []string
	for a, p := range s.fields {
		q, there := other.fields[a]
		if !masked[a] && (!there || !reflect.DeepEqual(p.value, q.value)) {
			out = append(out, a)
		}
	}
	for a := range other.fields {
		if _, here := s.fields[a]; !here && !masked[a] {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

// covers reports whether all that other shows is shown in s too, whatever its value.
func (s *snapshot) covers(other *snapshot) bool {
	for a, p := range other.fields {
		if !yamldoc.IsEmpty(p.value) && yamldoc.IsEmpty(s.fields[a].value) {
			return false
		}
	}
	return true
}

// weight is how many fields show something.
func (s *snapshot) weight() int {
	n := 0
	for _, p := range s.fields {
		if !yamldoc.IsEmpty(p.value) {
			n++
		}
	}
	return n
}
