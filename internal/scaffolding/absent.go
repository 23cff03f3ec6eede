package scaffolding

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// absentComponent is one that the chart was written without, with those of its
// values that would have to do something where they are set.
type absentComponent struct {
	Name string
	Keys []string // canonical keys, which are the paths that a reader of the docs would set
}

// absent gives the components that the chart lacks and could have. Of a block that can
// be switched on the switches count alone: shared values files have the rest of it.
func (p *Paths) absent() []absentComponent {
	var out []absentComponent
	for _, c := range p.convention.Sheet.Components {
		if slices.Contains(p.components, c.Name) || c.Name == "autoscaling" && p.workload() == "DaemonSet" {
			continue
		}
		switches := map[string]bool{}
		for _, k := range p.convention.Sheet.Keys {
			if block, isSwitch := strings.CutSuffix(k.Key, ".enabled"); isSwitch && k.Component == c.Name {
				switches[block] = true
			}
		}
		component := absentComponent{Name: c.Name}
		for _, k := range p.convention.Sheet.Keys {
			isBelowSwitch, isSwitch := false, strings.HasSuffix(k.Key, ".enabled")
			for block := range switches {
				isBelowSwitch = isBelowSwitch || strings.HasPrefix(k.Key, block+".")
			}
			if k.Component == c.Name && isOff(k) && (isSwitch || !isBelowSwitch) && !p.isTaken(k.Key) {
				component.Keys = append(component.Keys, k.Key)
			}
		}
		if len(component.Keys) > 0 {
			out = append(out, component)
		}
	}
	return out
}

// isOff reports whether a value does something only once it is set. LiveKit's own
// configuration has its effect without any component.
func isOff(k factsheet.Key) bool {
	if k.IsHeading() || strings.HasPrefix(k.Key, "config.") {
		return false
	}
	return len(k.Default.Content) == 0 && slices.Contains([]string{"", "false", "0", "null"}, k.Default.Value)
}

// isTaken reports whether the convention has another value at a canonical key's own path, above or below it.
func (p *Paths) isTaken(key string) bool {
	path := yamldoc.SplitPath(key)
	for _, other := range p.paths {
		n := min(len(path), len(other))
		if slices.Equal(path[:n], other[:n]) {
			return true
		}
	}
	return false
}
