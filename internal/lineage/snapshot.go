package lineage

import (
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

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

// rendering is what one template gave.
type rendering struct {
	text    string
	objects []manifest.Object
	refs    []Ref            // beside objects
	fields  map[string]field // by address
	weight  int              // how many fields show something
	twice   []*manifest.ParseError
}

// snapshot is what one render gave, file by file. Snapshots share the files that are the same in them.
type snapshot struct {
	objects []manifest.Object
	refs    []Ref // beside objects
	files   map[string]*rendering
}

// takeFile reads a rendered file. What cannot be parsed is left out: values that make no sense are tried on purpose.
func takeFile(name string, text []byte) *rendering {
	r := &rendering{text: string(text), fields: map[string]field{}}
	var objects []manifest.Object
	objects, r.twice = manifest.ParseLastWins(name, text)
	seen := map[string]int{}
	for _, o := range objects {
		ref := Ref{File: name, Kind: o.Kind(), N: seen[o.Kind()]}
		seen[ref.Kind]++
		if o.IsHook() {
			continue
		}
		r.objects = append(r.objects, o)
		r.refs = append(r.refs, ref)
		r.flatten(ref, nil, shown(o))
	}
	for _, f := range r.fields {
		if !yamldoc.IsEmpty(f.value) {
			r.weight++
		}
	}
	return r
}

// take reads rendered files.
func take(files []helmchart.File) *snapshot {
	all := map[string]*rendering{}
	for _, f := range files {
		all[f.Name] = takeFile(f.Name, f.Data)
	}
	return join(all)
}

// join makes a snapshot of files.
func join(files map[string]*rendering) *snapshot {
	s := &snapshot{files: files}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		s.objects = append(s.objects, files[name].objects...)
		s.refs = append(s.refs, files[name].refs...)
	}
	return s
}

// field gives the field at an address.
func (s *snapshot) field(address string) (field, bool) {
	name, _, _ := strings.Cut(address, "\x00")
	if s.files[name] == nil {
		return field{}, false
	}
	f, ok := s.files[name].fields[address]
	return f, ok
}

// all gives every field by its address, in no order.
func (s *snapshot) all() iter.Seq2[string, field] {
	return func(yield func(string, field) bool) {
		for _, r := range s.files {
			for a, f := range r.fields {
				if !yield(a, f) {
					return
				}
			}
		}
	}
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

// maxFields bounds what is looked at in one file.
const maxFields = 100_000

func (s *rendering) flatten(ref Ref, at yamldoc.Path, value any) {
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
	for name, here := range s.files {
		there := other.files[name]
		if here == there {
			continue
		}
		for a, f := range here.fields {
			g, isThere := other.field(a)
			if !masked[a] && (!isThere || !reflect.DeepEqual(f.value, g.value)) {
				out = append(out, a)
			}
		}
	}
	for name, there := range other.files {
		if s.files[name] == there {
			continue
		}
		for a := range there.fields {
			if _, isHere := s.field(a); !isHere && !masked[a] {
				out = append(out, a)
			}
		}
	}
	slices.Sort(out)
	return out
}

// covers reports whether all that other shows is shown in s too, whatever its value.
func (s *snapshot) covers(other *snapshot) bool {
	for name, there := range other.files {
		if s.files[name] == there {
			continue
		}
		for a, f := range there.fields {
			if here, _ := s.field(a); !yamldoc.IsEmpty(f.value) && yamldoc.IsEmpty(here.value) {
				return false
			}
		}
	}
	return true
}

// twice gives the keys that stand twice in a map, a line each.
func (s *snapshot) twice() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		for _, t := range s.files[name].twice {
			out = append(out, t.File+" renders "+strings.Replace(t.Reason, "already set in", "twice in one", 1))
		}
	}
	return out
}

// weight is how many fields show something.
func (s *snapshot) weight() int {
	n := 0
	for _, r := range s.files {
		n += r.weight
	}
	return n
}
