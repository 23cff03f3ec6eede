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

// absent gives the components that the chart lacks and could have.
func (p *Paths) absent() []absentComponent {
	var out []absentComponent
	for _, c := range p.convention.Sheet.Components {
		if slices.Contains(p.components, c.Name) || c.Name == "autoscaling" && p.workload() == "DaemonSet" {
			continue
		}
		if keys := p.refused(c.Name); len(keys) > 0 {
			out = append(out, absentComponent{c.Name, keys})
		}
	}
	return out
}

// refused gives the keys of an absent component that may not be set.
func (p *Paths) refused(component string) []string {
	sheet := p.convention.Sheet
	var out []string
	for _, k := range sheet.Keys {
		if k.Component == component && isOff(k) && !isBelowSwitch(sheet, k) && !p.isTaken(k.Key) {
			out = append(out, k.Key)
		}
	}
	return out
}

// isBelowSwitch reports whether a key is in a block that its component can switch on. There the switches count alone:
// shared values files have the rest of the block.
func isBelowSwitch(sheet *factsheet.Sheet, k factsheet.Key) bool {
	return !strings.HasSuffix(k.Key, ".enabled") && slices.ContainsFunc(sheet.Keys, func(other factsheet.Key) bool {
		block, isSwitch := strings.CutSuffix(other.Key, ".enabled")
		return isSwitch && other.Component == k.Component && strings.HasPrefix(k.Key, block+".")
	})
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
