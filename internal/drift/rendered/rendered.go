// Package rendered has the objects of a chart as two charts are compared by them: each with a role, whatever it is
// called, and its fields without what differs between releases.
package rendered

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// ReleaseName is the release that charts are rendered for.
const ReleaseName = "rel"

// Object is a rendered object as it is compared.
type Object struct {
	manifest.Object
	// Role is what the object is for, whatever it is called, such as "Workload/server".
	Role string
	// Leaves are its fields by the text of their path, names of rendered objects replaced by their roles, the
	// configuration as the YAML that it is.
	Leaves map[string]manifest.Leaf
	// Entry is the key of data with the configuration or the key file, "" where there is none.
	Entry string
}

// Label names the object in a report: "Deployment/server".
func (o *Object) Label() string { return o.Kind() + "/" + o.Role[strings.IndexByte(o.Role, '/')+1:] }

// Value is the value of a field, nil where the object lacks it or is nil itself: a null says nothing.
func (o *Object) Value(key string) any {
	if o == nil {
		return nil
	}
	return o.Leaves[key].Value
}

// Written gives a path as the object has it, without what stands for names that differ between charts.
func (o *Object) Written(path manifest.Path) manifest.Path {
	out := slices.Clone(path)
	for i, segment := range out {
		if inner, ok := strings.CutPrefix(segment, "("); ok && strings.HasSuffix(inner, ")") {
			// It is about the key, not about what it holds.
			segment = strings.TrimPrefix(strings.TrimSuffix(inner, ")"), "order of ")
		}
		switch {
		case i == 1 && path[0] == "data" && o.Entry != "" && (segment == ConfigEntry || segment == KeysEntry):
			segment = o.Entry
		case i > 0 && path[i-1] == "containers" && segment == ServerSegment:
			segment = "[" + ServerContainer(o.Object) + "]"
		}
		out[i] = segment
	}
	return out
}

// Chart is one chart under one set of values.
type Chart struct {
	Objects []*Object
	ByRole  map[string]*Object
}

// Get gives the object with a role, nil where there is none or nothing was rendered.
func (r *Chart) Get(role string) *Object {
	if r == nil {
		return nil
	}
	return r.ByRole[role]
}

// Labeled gives the object that a report calls so, nil where there is none.
func (r *Chart) Labeled(label string) *Object {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Objects, func(o *Object) bool { return o.Label() == label })
	if i < 0 {
		return nil
	}
	return r.Objects[i]
}

// New takes the objects of a chart, of which own is NAME-VERSION, as its labels have it.
func New(own string, parsed []manifest.Object) *Chart { return newChart(own, false, parsed) }

// NewOld takes the objects of a chart that is rendered for a Kubernetes with APIs that have been dropped since.
func NewOld(own string, parsed []manifest.Object) *Chart { return newChart(own, true, parsed) }

func newChart(own string, isOld bool, parsed []manifest.Object) *Chart {
	r := withRoles(wrap(parsed))
	for _, o := range r.Objects {
		o.Leaves = map[string]manifest.Leaf{}
		for _, leaf := range manifest.Leaves(r.normalize(own, isOld, o)) {
			nameServer(o, leaf.Path)
			o.Leaves[leaf.Path.String()] = leaf
		}
	}
	return r
}

// Roles gives objects their roles alone, in the order in which they are given.
func Roles(parsed []manifest.Object) []*Object {
	objects := wrap(parsed)
	withRoles(objects)
	return objects
}

func wrap(parsed []manifest.Object) []*Object {
	objects := make([]*Object, len(parsed))
	for i, o := range parsed {
		objects[i] = &Object{Object: o}
	}
	return objects
}
