package scaffolding

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// requested are the flags of scaffold that a later run with --force repeats: the chart goes on being what was asked
// for. The lock has them by these names.
func (o *RunOptions) requested() map[string]any {
	out := map[string]any{
		"name": o.Name, "version": o.Version, "appVersion": o.AppVersion, "host": o.Host,
		"conventions": o.ConventionsFile, "like": o.Like, "with": o.With, "without": o.Without,
	}
	maps.DeleteFunc(out, func(_ string, v any) bool { return !yamldoc.IsSet(v) })
	return out
}

// repeat takes over what an earlier run was asked for, where this one is asked nothing about it. Components are one
// question, and so are the conventions.
func (o *RunOptions) repeat(earlier map[string]any) {
	text := func(name string) string {
		s, _ := earlier[name].(string)
		return s
	}
	list := func(name string) (out []string) {
		items, _ := earlier[name].([]any)
		for _, item := range items {
			out = append(out, fmt.Sprint(item))
		}
		return out
	}
	o.Name, o.Version = cmp.Or(o.Name, text("name")), cmp.Or(o.Version, text("version"))
	o.AppVersion, o.Host = cmp.Or(o.AppVersion, text("appVersion")), cmp.Or(o.Host, text("host"))
	if len(o.With)+len(o.Without) == 0 {
		o.With, o.Without = list("with"), list("without")
	}
	if len(o.Like) == 0 && o.ConventionsFile == "" {
		o.Like, o.ConventionsFile = list("like"), text("conventions")
	}
}
