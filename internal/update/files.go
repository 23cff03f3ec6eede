package update

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/merge"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// merged are the files of a chart as they will be.
type merged struct {
	files []File
	// texts are the files that are to be there, of those that were or are generated; read is what they are now.
	texts, read map[string][]byte
	values      []*valuesFile
}

// merge merges all files that were or would be generated.
func (t *target) merge() (*merged, error) {
	names := slices.Sorted(maps.Keys(t.base))
	for name := range t.chart.Files {
		if _, ok := t.base[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	read, err := chartdir.ReadFiles(t.dir, names)
	if err != nil {
		return nil, err
	}
	m := &merged{texts: map[string][]byte{}, read: read}
	for _, name := range names {
		f, text, err := t.mergeFile(name, read)
		if err != nil {
			return nil, err
		}
		if text != nil {
			m.texts[name] = text
		}
		if f.Action != "" {
			m.files = append(m.files, f)
		}
	}
	return m, nil
}

// mergeFile gives what becomes of a file, and its text, nil where there is none. The action is empty for a file that
// the user has removed and that is generated as before.
func (t *target) mergeFile(name string, read map[string][]byte) (File, []byte, error) {
	was, wasThere := t.base[name]
	is, isThere := read[name]
	will, stays := t.chart.Files[name]
	base, ours, theirs := plain(was), plain(is), plain(will)
	one := func(action Action, text []byte, notes ...string) (File, []byte, error) {
		return File{Path: name, Action: action, notes: notes}, text, nil
	}
	switch {
	case !isThere && !wasThere:
		return one(Created, will)
	case !isThere && !stays:
		return File{}, nil, nil
	case !isThere && base != theirs:
		return one(
			Kept,
			nil,
			"you removed this file, and it stays so; what is generated now is another text than it was",
		)
	case !isThere:
		return one(Kept, nil)
	case !stays && base == ours:
		return one(Removed, nil)
	case !stays:
		return t.inConflict(name, is, "was changed here, and is not among the files that are generated now")
	case ours == theirs:
		return one(Unchanged, is)
	case base == ours && wasThere:
		return one(Updated, ending(is, theirs))
	case !wasThere && isStage(name):
		return one(Kept, is) // the repository's way of calling such files, followed before this tool did
	case !wasThere:
		return t.inConflict(name, is, "is a file of yours, and one of this name is generated now")
	}
	if line := merge.HasMarkers(ours); line > 0 {
		return File{}, nil, remedy.Errorf("resolve the conflict", "%s/%s:%d: there is a conflict of an earlier update",
			t.shown, name, line)
	}
	result, err := t.mergeTexts(name, base, ours, theirs)
	if err != nil {
		return File{}, nil, remedy.Errorf("mend the file; nothing was written", "%s: %w", t.shown, err)
	}
	f := File{Path: name, Action: Merged, notes: result.Notes}
	for _, c := range result.Conflicts {
		f.Action = Conflict
		f.Conflicts = append(f.Conflicts, Place{c.Line, c.Path, c.Says})
	}
	if result.Text == ours && f.Action == Merged {
		f.Action = Kept
	}
	return f, ending(is, result.Text), nil
}

func (t *target) inConflict(name string, text []byte, says string) (File, []byte, error) {
	return File{Path: name, Action: Conflict, Conflicts: []Place{{Says: says}}}, text, nil
}

func (t *target) mergeTexts(name, base, ours, theirs string) (merge.Result, error) {
	labels := t.options.labels()
	switch {
	case name == "values.yaml", name == helmchart.DefaultsFile, isStage(name):
		return merge.YAML(name, base, ours, theirs,
			merge.Options{Moves: t.moves, Asked: t.asked(name), Labels: labels})
	case name == "Chart.yaml":
		return merge.YAML(name, base, ours, theirs, merge.Options{Asked: t.asked(name), Labels: labels})
	case strings.HasSuffix(name, ".json"):
		return merge.JSON(name, base, ours, theirs, labels)
	}
	return merge.Lines(base, ours, theirs, labels), nil
}

// isStage reports whether a file of the chart has the values of a stage.
func isStage(name string) bool { return len(chartdir.ValuesFiles(map[string]bool{name: true})) > 0 }

// plain is a text with LF alone at the ends of lines.
func plain(text []byte) string { return strings.ReplaceAll(string(text), "\r\n", "\n") }

// ending gives a text the ends of lines that another has.
func ending(like []byte, text string) []byte {
	if bytes.Contains(like, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

// plan prepares writing the merged files.
func (t *target) plan(m *merged) (*chartdir.Plan, error) {
	generated := map[string][]byte{}
	maps.Copy(generated, t.chart.Files)
	return chartdir.NewPlan(t.dir, m.texts, t.newLock, &chartdir.Update{Generated: generated, Read: m.read})
}

// diff adds the values files to the diff of the chart.
func (m *merged) diff(chart string) string {
	for _, v := range m.values {
		chart += v.diff()
	}
	return chart
}
