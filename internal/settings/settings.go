// Package settings reads the user's own file, .helm-livekit.yaml, and adds accepted differences to it.
package settings

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// File is the user's own file, at the root of the repository or in a chart.
const File = ".helm-livekit.yaml"

// Settings are the user's own, from File.
type Settings struct {
	// Conventions are followed whatever siblings do.
	Conventions convention.Overrides
	// Accepted are differences from upstream that are meant.
	Accepted []Accepted
	// ValuesFiles are values files that the chart is installed with, as absolute paths. The list of the nearest file
	// that has one holds.
	ValuesFiles []string
}

// Accepted is a difference from upstream that the user has accepted.
type Accepted struct {
	// Finding names it as diff-upstream does: a layer, an object's path or a values key.
	Finding string `json:"finding"`
	// Reason is why; a difference without one is not accepted.
	Reason string `json:"reason"`
}

// Load reads the settings that hold for a chart: those of the directories from root down to the chart, the nearer ones
// winning key by key. A directory without the file says nothing. sheet has the keys that conventions may be about.
func Load(sheet *factsheet.Sheet, root, chart string) (Settings, error) {
	var all Settings
	for _, dir := range dirsBetween(root, chart) {
		one, err := readFile(sheet, filepath.Join(dir, File))
		if err != nil {
			return Settings{}, err
		}
		all.Conventions = all.Conventions.Merge(one.Conventions)
		all.Accepted = slices.DeleteFunc(all.Accepted, func(a Accepted) bool {
			return isAccepted(a.Finding, one.Accepted)
		})
		all.Accepted = append(all.Accepted, one.Accepted...)
		if one.ValuesFiles != nil {
			all.ValuesFiles = one.ValuesFiles
		}
	}
	return all, nil
}

// dirsBetween lists the directories from root to dir, both with them. A dir that is not below root stands alone.
func dirsBetween(root, dir string) []string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return []string{dir}
	}
	var dirs []string
	for d := filepath.Clean(rel); d != "."; d = filepath.Dir(d) {
		dirs = append([]string{filepath.Join(root, d)}, dirs...)
	}
	return append([]string{root}, dirs...)
}

const help = "settings have three keys: conventions, accepted with a list of {finding, reason}, and valuesFiles with " +
	"a list of paths"

// open reads a settings file; one that is not there is empty.
func open(path string) (*yamldoc.Doc, error) {
	if _, err := os.Lstat(path); os.IsNotExist(err) {
		return yamldoc.Parse(path, nil)
	}
	doc, err := yamldoc.ReadFile(path)
	if err != nil {
		return nil, remedy.Errorf(help, "reading the settings: %w", err)
	}
	return doc, nil
}

func readFile(sheet *factsheet.Sheet, path string) (Settings, error) {
	doc, err := open(path)
	if err != nil {
		return Settings{}, err
	}
	return readDoc(sheet, doc)
}

func readDoc(sheet *factsheet.Sheet, doc *yamldoc.Doc) (s Settings, err error) {
	bad := func(line int, format string, args ...any) (Settings, error) {
		return Settings{}, remedy.Errorf(help, "%s:%d: %s", doc.Name, line, fmt.Sprintf(format, args...))
	}
	if !doc.Root.IsMap() {
		return bad(doc.Root.Line, "settings are a map")
	}
	for _, e := range doc.Root.Entries {
		switch e.Key {
		case "conventions":
			if !e.Value.IsMap() && !e.Value.IsNull() {
				return bad(e.Line, "conventions are a map")
			}
			s.Conventions, err = convention.NewOverrides(sheet, e.Value, doc.Name)
		case "accepted":
			s.Accepted, err = readAccepted(doc.Name, e.Value)
		case "valuesFiles":
			s.ValuesFiles, err = readValuesFiles(doc.Name, e.Value)
		default:
			return bad(e.Line, "unknown key %q", e.Key)
		}
		if err != nil {
			return Settings{}, err
		}
	}
	return s, nil
}

func readAccepted(path string, n *yamldoc.Node) ([]Accepted, error) {
	if n.IsNull() {
		return nil, nil
	}
	if !n.IsList() {
		return nil, remedy.Errorf(help, "%s:%d: accepted is a list", path, n.Line)
	}
	var out []Accepted
	for _, item := range n.Items {
		finding := cmp.Or(item.Get("finding").Str(), item.Get("path").Str())
		reason := item.Get("reason").Str()
		if finding == "" || reason == "" {
			return nil, remedy.Errorf(help, "%s:%d: an accepted difference needs both finding and reason", path,
				item.Line)
		}
		out = append(out, Accepted{finding, reason})
	}
	return out, nil
}

// readValuesFiles reads a list of paths, each relative to the settings file. Whether the files are there is for those
// to say who read them.
func readValuesFiles(path string, n *yamldoc.Node) ([]string, error) {
	if n.IsNull() {
		return nil, nil
	}
	if !n.IsList() {
		return nil, remedy.Errorf(help, "%s:%d: valuesFiles is a list", path, n.Line)
	}
	out := make([]string, 0, n.Len())
	for _, item := range n.Items {
		file := filepath.FromSlash(item.Str())
		if file == "" {
			return nil, remedy.Errorf(help, "%s:%d: a values file is a path", path, item.Line)
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		abs, err := filepath.Abs(file)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, item.Line, err)
		}
		out = append(out, abs)
	}
	return out, nil
}
