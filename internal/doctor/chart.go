package doctor

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

// lock looks at the lock of a chart, and at what was edited since it was written.
func (e *examination) lock(context.Context) {
	const name = "lock"
	if e.chart == nil {
		e.add(name, cluster.Skip, "There is no chart", "")
		return
	}
	lock, err := chartdir.ReadLock(e.Dir)
	if err != nil {
		e.addError(name, cluster.Fail, err, "")
		return
	}
	if lock == nil {
		e.add(name, cluster.Warn, "There is no "+chartdir.LockName+": the chart counts as written by hand",
			"Take it back from version control; update needs it")
		return
	}
	pristine, err := lock.Pristine()
	if err != nil {
		e.addError(name, cluster.Fail, err, "take it back from version control")
		return
	}
	detail := fmt.Sprintf("Written by %s; %s", lock.Tool, e.edits(pristine))
	switch order := helmchart.CompareVersions(lock.Tool, e.ToolVersion); {
	case order > 0:
		e.add(name, cluster.Warn, detail, "Install a plugin that is as new: this one is "+e.ToolVersion)
	case order < 0:
		e.add(name, cluster.Warn, detail, "Bring the chart up to date: helm livekit update "+filepath.ToSlash(e.Dir))
	default:
		e.add(name, cluster.Pass, detail, "")
	}
}

// edits names the files that are not as they were generated.
func (e *examination) edits(pristine map[string][]byte) string {
	var edited, missing []string
	for _, name := range slices.Sorted(maps.Keys(pristine)) {
		now, err := os.ReadFile(filepath.Join(e.Dir, filepath.FromSlash(name)))
		switch {
		case err != nil:
			missing = append(missing, name)
		case !bytes.Equal(lines(now), lines(pristine[name])):
			edited = append(edited, name)
		}
	}
	var parts []string
	if len(edited) > 0 {
		parts = append(parts, "edited since: "+strings.Join(edited, ", "))
	}
	if len(missing) > 0 {
		parts = append(parts, "no longer there: "+strings.Join(missing, ", "))
	}
	if parts == nil {
		return "no file was edited since"
	}
	return strings.Join(parts, "; ")
}

// lines is a text with plain ends of lines.
func lines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// settings reads the settings that hold for the chart, and looks for the values files that they name.
func (e *examination) settings(context.Context) {
	const name = "settings"
	own, err := e.loadSettings()
	if err != nil {
		e.addError(name, cluster.Fail, err, "helm livekit config init writes a file with all that can stand there")
		return
	}
	var missing []string
	for _, file := range own.ValuesFiles {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, file)
		}
	}
	switch {
	case missing != nil:
		e.add(name, cluster.Fail, "valuesFiles that are not there: "+strings.Join(missing, ", "),
			"Correct the paths: they are relative to the settings file")
	case own.Conventions.IsEmpty() && own.Accepted == nil && own.ValuesFiles == nil:
		e.add(name, cluster.Pass, "No "+settings.File+" has any settings", "")
	default:
		e.add(name, cluster.Pass, fmt.Sprintf("Valid: %d accepted differences, %d values files", len(own.Accepted),
			len(own.ValuesFiles)), "")
	}
}

func (e *examination) loadSettings() (settings.Settings, error) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return settings.Settings{}, err
	}
	target, err := chartdir.ResolveTarget(e.Dir)
	if err != nil {
		return settings.Settings{}, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return settings.Settings{}, err
	}
	return settings.Load(sheet, tree, target)
}
