package drift

import (
	"path"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/settings"
)

// ID names a finding in the settings: the layer, and for objects the object, with
// the path: "objects Deployment/server spec.replicas", "values nodeSelector".
func (f Finding) ID() string {
	return strings.Join(nonEmpty(string(f.Layer), f.Object, f.Path), " ")
}

func nonEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// accept gives the class Accepted to drift that the settings name. A name may have
// wildcards (path.Match), and may leave out the layer; a last "**" is for all
// below.
func accept(r *Report, accepted []settings.Accepted) {
	used := make([]bool, len(accepted))
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Class != Drift && f.Class != LeftOut {
			continue
		}
		for n, a := range accepted {
			if isNamed(*f, a.Finding) {
				f.Class, f.Why, f.Remedy = Accepted, a.Reason, ""
				used[n] = true
				break
			}
		}
	}
	for n, a := range accepted {
		if !used[n] {
			r.Notes = append(r.Notes, "accepted and no longer there: "+a.Finding)
		}
	}
}

// isTelling reports whether a name has some part that is no wildcard and no layer's name.
func isTelling(name string) bool {
	for _, layer := range []Layer{LayerVersion, LayerValues, LayerObjects} {
		name = strings.TrimPrefix(name, string(layer)+" ")
	}
	return strings.Trim(name, "*?/. ") != ""
}

func isNamed(f Finding, name string) bool {
	if name == "" {
		return false
	}
	for _, id := range []string{f.ID(), strings.Join(nonEmpty(f.Object, f.Path), " "), f.Path} {
		if id == name || id == "" {
			if id == name {
				return true
			}
			continue
		}
		if prefix, ok := strings.CutSuffix(name, "**"); ok && strings.HasPrefix(id, prefix) {
			return true
		}
		// Brackets are elements of lists here, not classes of characters.
		escape := strings.NewReplacer("[", `\[`, "]", `\]`, "/", "\x01")
		if ok, err := path.Match(escape.Replace(name), strings.ReplaceAll(id, "/", "\x01")); err == nil && ok && name != "*" {
			return true
		}
	}
	return false
}
