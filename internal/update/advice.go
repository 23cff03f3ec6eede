package update

import (
	"slices"
	"strings"

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
	set := t.configuration()
	var out []Advice
	for _, c := range livekit.Changes(from, to) {
		_, isSet := yamldoc.Lookup(set, yamldoc.SplitPath(c.Path))
		isSet = isSet && c.Path != ""
		isAboutOthers := !isSet && (c.Kind == livekit.Removed || c.Kind == livekit.Changed && c.IsFatal)
		if !isAboutOthers {
			out = append(out, Advice{c.Kind, c.Path, c.Says, c.IsFatal && (isSet || c.Path == ""), isSet})
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

// configuration is what the chart's values give the server.
func (t *target) configuration() map[string]any {
	doc, err := yamldoc.ReadFile(t.dir + "/values.yaml")
	if err != nil {
		return nil
	}
	config, _ := yamldoc.Lookup(doc.Map(), t.newPath("config"))
	set, _ := config.(map[string]any)
	return set
}
