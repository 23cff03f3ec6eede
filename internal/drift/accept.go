package drift

import (
	"path"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

// ID names a finding in the settings: the layer, and for objects the object, with the path: "objects
// Deployment/server spec.replicas", "values nodeSelector".
func (f Finding) ID() string { return words(string(f.Layer), f.Object, f.Path.String()) }

// words joins what is not empty.
func words(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), " ")
}

// accept gives the class Accepted to drift that the settings name. A name may have wildcards (path.Match), and may
// leave out the layer; a last "**" is for all below.
func accept(r *Report, findings []*Finding, accepted []settings.Accepted) {
	used := make([]bool, len(accepted))
	for _, f := range findings {
		if f.Class != Drift && f.Class != LeftOut {
			continue
		}
		if n := slices.IndexFunc(accepted, func(a settings.Accepted) bool { return f.IsNamed(a.Finding) }); n >= 0 {
			f.Class, f.Why, f.Remedy = Accepted, accepted[n].Reason, ""
			used[n] = true
		}
	}
	for n, a := range accepted {
		if !used[n] {
			r.Notes = append(r.Notes, "accepted and no longer there: "+a.Finding)
		}
	}
}

// quoteElements makes brackets elements of lists, not classes of characters.
var quoteElements = strings.NewReplacer("[", `\[`, "]", `\]`, "/", "\x01")

// IsNamed reports whether a name is the finding's, with or without its layer and its object. Keys of values with dots
// may stand without quotes, and an element of a list for its fields.
func (f Finding) IsNamed(name string) bool {
	if name == "" {
		return false
	}
	field := f.Path.String()
	ids := []string{f.ID(), words(f.Object, field), field}
	if element := changes.Unit(f.Path).String(); element != field && strings.HasSuffix(element, "]") {
		ids = append(ids, words(string(f.Layer), f.Object, element), words(f.Object, element), element)
	}
	if f.Layer == LayerValues {
		field = strings.Join(f.Path, ".")
		ids = append(ids, words(string(f.Layer), field), field)
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		if id == name || id == "" {
			return id == name
		}
		if prefix, ok := strings.CutSuffix(name, "**"); ok && strings.HasPrefix(id, prefix) {
			return true
		}
		ok, err := path.Match(quoteElements.Replace(name), strings.ReplaceAll(id, "/", "\x01"))
		return err == nil && ok && name != "*"
	})
}
