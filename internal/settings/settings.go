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

// SchemaLine tells editors by which schema to complete and check a settings file.
const SchemaLine = "# yaml-language-server: $schema=" +
	"https://raw.githubusercontent.com/helm-livekit/helm-livekit/main/schemas/helm-livekit.schema.json\n"

const help = "`helm livekit config init` writes a file with all that can stand there"

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

// keys are those of a settings file. Those of a convention may stand beside them, so that what `conventions -o yaml`
// prints is a settings file as it is.
var keys = []string{"conventions", "accepted", "valuesFiles"}

func readDoc(sheet *factsheet.Sheet, doc *yamldoc.Doc) (s Settings, err error) {
	if !doc.Root.IsMap() {
		return Settings{}, wrong(doc.Name, doc.Root, "settings are a map")
	}
	printed := &yamldoc.Node{Node: doc.Root.Node}
	for _, e := range doc.Root.Entries {
		switch {
		case e.Key == "conventions":
			if !e.Value.IsMap() && !e.Value.IsNull() {
				return Settings{}, wrong(doc.Name, e.Value, "conventions are a map")
			}
			s.Conventions, err = convention.NewOverrides(sheet, e.Value, doc.Name)
		case e.Key == "accepted":
			s.Accepted, err = readAccepted(doc.Name, e.Value)
		case e.Key == "valuesFiles":
			s.ValuesFiles, err = readValuesFiles(doc.Name, e.Value)
		case slices.Contains(convention.Fields(), e.Key):
			printed.Entries = append(printed.Entries, e)
		default:
			err = convention.UnknownKey(doc.Name, e, "", slices.Concat(keys, convention.Fields()))
		}
		if err != nil {
			return Settings{}, err
		}
	}
	if len(printed.Entries) > 0 {
		beside, err := convention.NewOverrides(sheet, printed, doc.Name)
		if err != nil {
			return Settings{}, err
		}
		s.Conventions = beside.Merge(s.Conventions)
	}
	return s, nil
}

// wrong is an error at a place of a file.
func wrong(file string, at *yamldoc.Node, format string, args ...any) error {
	return remedy.Errorf(help, "%s:%d:%d: %s", file, at.Line, at.Column, fmt.Sprintf(format, args...))
}

func readAccepted(path string, n *yamldoc.Node) ([]Accepted, error) {
	if n.IsNull() {
		return nil, nil
	}
	if !n.IsList() {
		return nil, wrong(path, n, "accepted is a list")
	}
	var out []Accepted
	for _, item := range n.Items {
		for _, e := range item.Entries {
			if known := []string{"finding", "path", "reason"}; !slices.Contains(known, e.Key) {
				return nil, convention.UnknownKey(path, e, "accepted", known)
			}
		}
		finding := cmp.Or(item.Get("finding").Str(), item.Get("path").Str())
		reason := item.Get("reason").Str()
		if finding == "" || reason == "" {
			return nil, wrong(path, item, "an accepted difference needs both finding and reason")
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
		return nil, wrong(path, n, "valuesFiles is a list")
	}
	out := make([]string, 0, n.Len())
	for _, item := range n.Items {
		file := filepath.FromSlash(item.Str())
		if file == "" {
			return nil, wrong(path, item, "a values file is a path")
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
