// Package settings reads the user's own file, .helm-livekit.yaml, and adds
// accepted differences to it.
package settings

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// File is the user's own file, at the root of the repository or in a
// chart.
const File = ".helm-livekit.yaml"

// Settings are the user's own, from File.
type Settings struct {
	// Conventions are followed whatever siblings do.
	Conventions convention.Overrides
	// Accepted are differences from upstream that are meant.
	Accepted []Accepted
}

// Accepted is a difference from upstream that the user has accepted.
type Accepted struct {
	// Finding names it as diff-upstream does: a layer, an object's path or a
	// values key.
	Finding string `json:"finding"`
	// Reason is why; a difference without one is not accepted.
	Reason string `json:"reason"`
}

// Load reads the settings that hold for a chart: those of the
// directories from root down to the chart, the nearer ones winning key by key.
// A directory without the file says nothing.
func Load(root, chart string) (Settings, error) {
	var all Settings
	for _, dir := range dirsBetween(root, chart) {
		one, err := readFile(filepath.Join(dir, File))
		if err != nil {
			return Settings{}, err
		}
		all.Conventions = all.Conventions.Merge(one.Conventions)
		all.Accepted = mergeAccepted(all.Accepted, one.Accepted)
	}
	return all, nil
}

// dirsBetween lists the directories from root to dir, both with them. A dir that
// is not below root stands alone.
func dirsBetween(root, dir string) []string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || rel == ".." || len(rel) > 2 && rel[:3] == ".."+string(filepath.Separator) {
		return []string{dir}
	}
	var dirs []string
	for d := filepath.Clean(rel); d != "."; d = filepath.Dir(d) {
		dirs = append([]string{filepath.Join(root, d)}, dirs...)
	}
	return append([]string{root}, dirs...)
}

const settingsHelp = "settings have two keys: conventions, and accepted with a list of {finding, reason}"

func readFile(path string) (Settings, error) {
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		return Settings{}, nil
	}
	doc, err := yamldoc.ReadFile(path)
	if err != nil {
		return Settings{}, remedy.Errorf(settingsHelp, "reading the settings: %w", err)
	}
	if !doc.Root.IsMap() {
		return Settings{}, remedy.Errorf(settingsHelp, "%s:%d: settings are a map", path, doc.Root.Line)
	}
	var s Settings
	for _, e := range doc.Root.Entries {
		switch e.Key {
		case "conventions":
			if !e.Value.IsMap() && !e.Value.IsNull() {
				return Settings{}, remedy.Errorf(settingsHelp, "%s:%d: conventions are a map", path, e.Line)
			}
			if s.Conventions, err = convention.NewOverrides(e.Value, path); err != nil {
				return Settings{}, err
			}
		case "accepted":
			if s.Accepted, err = readAccepted(path, e.Value); err != nil {
				return Settings{}, err
			}
		default:
			return Settings{}, remedy.Errorf(settingsHelp, "%s:%d: unknown key %q", path, e.Line, e.Key)
		}
	}
	return s, nil
}

func readAccepted(path string, n *yamldoc.Node) ([]Accepted, error) {
	if n.IsNull() {
		return nil, nil
	}
	if !n.IsList() {
		return nil, remedy.Errorf(settingsHelp, "%s:%d: accepted is a list", path, n.Line)
	}
	var out []Accepted
	for _, item := range n.Items {
		finding := cmp.Or(item.Get("finding").Str(), item.Get("path").Str())
		reason := item.Get("reason").Str()
		if finding == "" || reason == "" {
			return nil, remedy.Errorf(settingsHelp, "%s:%d: an accepted difference needs both finding and reason", path, item.Line)
		}
		out = append(out, Accepted{finding, reason})
	}
	return out, nil
}

func mergeAccepted(far, near []Accepted) []Accepted {
	var out []Accepted
	for _, a := range far {
		replaced := false
		for _, b := range near {
			replaced = replaced || a.Finding == b.Finding
		}
		if !replaced {
			out = append(out, a)
		}
	}
	return append(out, near...)
}
