package update

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Advice is one thing that is otherwise in another LiveKit.
type Advice struct {
	// Kind is added, removed, changed or behaves; Key a key of the server's configuration, "" for none.
	Kind string `json:"kind"`
	Key  string `json:"key,omitempty"`
	Says string `json:"says"`
	// IsFatal says that the server may not start with the configuration that it starts with now.
	IsFatal bool `json:"fatal,omitempty"`
	// IsSet says that this chart sets the key.
	IsSet bool `json:"set,omitempty"`
}

// securityWords are in the names of keys that matter to security.
var securityWords = []string{
	"tls",
	"cert",
	"secret",
	"password",
	"credential",
	"cidr",
	"limit",
	"auth",
	"key",
	"trusted",
}

// advice gives what the other LiveKit means for this chart: of the keys that it sets, what changes or is gone; what is
// new, that which matters to security first; and what the server does otherwise.
func (t *target) advice(r *Result) []Advice {
	from, to := release(t.lock), release(t.newLock)
	if from == to {
		return nil
	}
	config := t.value("config")
	hasOwnFlags := yamldoc.IsSet(t.value("extraArgs")) || yamldoc.IsSet(t.value("env"))
	var out []Advice
	for _, c := range livekit.Changes(from, to) {
		path := yamldoc.SplitPath(c.Path)
		_, isSet := yamldoc.Lookup(config, path)
		isSet = isSet && c.Path != ""
		if isSet || isAboutAll(c, config, path) {
			// What concerns no key is about flags and variables.
			isFatal := c.IsFatal && (isSet || c.Path == "" && hasOwnFlags)
			out = append(out, Advice{c.Kind, c.Path, c.Says, isFatal, isSet})
		}
	}
	slices.SortStableFunc(out, func(a, b Advice) int { return rank(a) - rank(b) })
	if to.IsNewer(livekit.ServerVersion) {
		r.Notes = append(r.Notes, "Charts of this tool were run with livekit-server "+string(livekit.ServerVersion)+
			", and not yet with "+string(to)+".")
	}
	return out
}

// rank orders advice: what keeps the server from starting, what is set, what is about security, the rest.
func rank(a Advice) int {
	isAbout := func(word string) bool { return strings.Contains(a.Key, word) }
	switch {
	case a.IsFatal && a.IsSet:
		return 0
	case a.IsSet || a.Kind == livekit.Behaves:
		return 1
	case slices.ContainsFunc(securityWords, isAbout):
		return 2
	}
	return 3
}

// isAboutAll tells what matters to a chart that does not set the key itself: what is new, another default, and what the
// server does otherwise with a block that is set.
func isAboutAll(c livekit.Change, config any, path yamldoc.Path) bool {
	switch c.Kind {
	case livekit.Added:
		return true
	case livekit.Changed:
		return !c.IsFatal
	case livekit.Behaves:
		_, hasBlock := yamldoc.Lookup(config, path[:max(len(path)-1, 0)])
		return c.Path == "" || hasBlock && len(path) > 1 && !c.IsFatal
	}
	return false
}

// value is what the chart has for a canonical key, of its own or as a default, nil for nothing.
func (t *target) value(key string) any {
	path := t.newPath(key)
	if path == nil {
		return nil
	}
	for _, file := range []string{"values.yaml", helmchart.DefaultsFile} {
		doc, err := yamldoc.ReadFile(filepath.Join(t.dir, file))
		if err != nil {
			return nil // there are no defaults, or checking the chart says what is wrong
		}
		if v, ok := yamldoc.Lookup(doc.Map(), path); ok {
			return v
		}
	}
	return nil
}
