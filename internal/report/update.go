package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/update"
)

// Update prints what an update did, or would do: the files, what a release will see, what the other LiveKit means.
func Update(w io.Writer, r *update.Result, diff bool) error {
	return fill(w, "update", updateFunctions(r, diff), r)
}

// UpdateMarkdown prints the same as the body of a pull request.
func UpdateMarkdown(w io.Writer, r *update.Result) error {
	return fill(w, "updatemarkdown", updateFunctions(r, false), r)
}

func updateFunctions(r *update.Result, diff bool) template.FuncMap {
	return template.FuncMap{
		"isUpToDate": r.IsUpToDate,
		"showsDiff":  func() bool { return diff },
		"headline":   func() string { return headline(r) },
		"objects":    func() []releaseObject { return releaseObjects(r) },
		"join":       func(list []string) string { return strings.Join(list, ", ") },
		"short":      func(v any) string { return valueText(v) },
		"told":       func(f update.File) bool { return f.Action != update.Unchanged },
		"code":       func(text string) string { return "`" + strings.ReplaceAll(text, "`", "'") + "`" },
		"cell":       func(text string) string { return strings.ReplaceAll(oneLine(text), "|", "\\|") },
	}
}

func headline(r *update.Result) string {
	var moves []string
	if r.From.AppVersion != r.To.AppVersion {
		moves = append(moves, fmt.Sprintf("LiveKit %s to %s", r.From.AppVersion, r.To.AppVersion))
	}
	if r.From.Tool != r.To.Tool {
		moves = append(moves, fmt.Sprintf("helm-livekit %s to %s", r.From.Tool, r.To.Tool))
	}
	if came := without(r.To.Components, r.From.Components); len(came) > 0 {
		moves = append(moves, "with "+strings.Join(came, ", "))
	}
	if went := without(r.From.Components, r.To.Components); len(went) > 0 {
		moves = append(moves, "without "+strings.Join(went, ", "))
	}
	if len(moves) == 0 {
		return ""
	}
	return " (" + strings.Join(moves, "; ") + ")"
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

// releaseObject is an object with its changes.
type releaseObject struct {
	Name    string
	Changes []update.Change
	// Presence says that it comes or goes, "" where it stays.
	Presence string
}

// manyObjects is from how many objects on one change of all of them is told once.
const manyObjects = 4

func releaseObjects(r *update.Result) []releaseObject {
	var out, common []releaseObject
	alike := map[string][]string{} // objects by a change of theirs
	change := func(c update.Change) string { return fmt.Sprintf("%s %v %v", c.Path, c.Before, c.After) }
	for _, c := range r.Release {
		if len(c.Path) > 0 {
			alike[change(c)] = append(alike[change(c)], c.Object)
		}
	}
	for _, c := range r.Release {
		if same := alike[change(c)]; len(same) >= manyObjects {
			if same[0] == c.Object {
				common = append(common, releaseObject{
					Name: fmt.Sprintf("%d objects", len(same)), Changes: []update.Change{c},
				})
			}
			continue
		}
		i := slices.IndexFunc(out, func(o releaseObject) bool { return o.Name == c.Object })
		if i < 0 {
			i = len(out)
			out = append(out, releaseObject{Name: c.Object})
		}
		switch {
		case len(c.Path) > 0:
			out[i].Changes = append(out[i].Changes, c)
		case c.Before == nil:
			out[i].Presence = "new"
		default:
			out[i].Presence = "gone"
		}
	}
	return append(out, common...)
}
