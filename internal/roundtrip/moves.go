package roundtrip

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// View says which of a chart's rendered objects are the application's.
type View struct {
	Workload  lineage.Ref
	Container int // its index in the pod
	// IsOther reports whether an object belongs to another workload; nil where there is one workload alone.
	IsOther func(lineage.Ref) bool
}

// Trial gives what a key was seen to move, with all keys below it. The key has a path of so many segments, and isBelow
// recognizes the paths that begin with it.
func (v View) Trial(r *lineage.Result, path string, isBelow func(way []string) bool) Trial {
	t := Trial{Path: path}
	depth := len(yamldoc.SplitPath(path))
	isDeclared := false
	for _, f := range r.Findings {
		if !isBelow(f.Path) {
			continue
		}
		isDeclared = isDeclared || f.IsDeclared
		t.Type = cmp.Or(typeOf(r, f, depth), t.Type)
		for _, reach := range f.Reaches {
			reach.Field = withoutEntry(reach.Field, f.Path[min(depth, len(f.Path)):])
			move := v.move(r, reach)
			if len(f.Path) > depth && strings.HasPrefix(move, "container env.") {
				move = "container env" // it is the key that holds them all
			}
			if move != "" && isTold(reach, t.Type) {
				t.Moves = append(t.Moves, move)
			}
		}
	}
	slices.Sort(t.Moves)
	t.Moves = slices.Compact(t.Moves)
	t.IsOptional = !isDeclared && strings.Contains(path, "[")
	return t
}

// isTold leaves out fields that change without showing the value, as they do where a text is compared with others.
func isTold(r lineage.Reach, valueType string) bool {
	return r.Effect != lineage.Switch || len(r.Field) == 0 || valueType == typeBool
}

// Types of values.
const (
	typeText   = "text"
	typeNumber = "number"
	typeBool   = "bool"
	typeMap    = "map"
	typeList   = "list"
)

// typeOf gives the type of the value that is depth segments deep, "" where the chart does not declare it.
func typeOf(r *lineage.Result, f lineage.Finding, depth int) string {
	if len(f.Path) > depth {
		if _, isElement := yamldoc.Index(f.Path[depth]); isElement {
			return typeList
		}
		return typeMap
	}
	value, _ := yamldoc.Lookup(r.Base, f.Path)
	if !f.IsDeclared || lineage.IsMade(fmt.Sprint(value)) {
		return ""
	}
	switch value.(type) {
	case string:
		return typeText
	case bool:
		return typeBool
	case map[string]any:
		return typeMap
	case []any:
		return typeList
	case nil:
		return ""
	}
	return typeNumber
}

var claimTemplates = yamldoc.Path{"spec", "volumeClaimTemplates"}

// Parts of the workload, by the words of the fact sheet.
var parts = []struct {
	prefix yamldoc.Path
	word   string
}{
	{yamldoc.Path{"spec", "template", "spec", "containers"}, "container"},
	{yamldoc.Path{"spec", "template", "spec"}, "pod"},
	{yamldoc.Path{"spec", "volumeClaimTemplates", "[*]", "spec"}, "claim"},
	{nil, "workload"},
}

// labelField is a field that holds labels: names and labels have facts of their own.
var labelField = regexp.MustCompile(`^(spec\.template\.)?metadata\.labels\b|^spec\.selector\b`)

// aside are kinds of object that a chart of one server has no like of: other runs of the image, and rights.
var aside = []string{"Job", "CronJob", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}

// move names a field by its role, in the words in which the fact sheet says what a key moves: "container image",
// "Ingress spec.rules[*].host"; the object's alone where it comes and goes. It is "" for what is not the application's.
func (v View) move(r *lineage.Result, reach lineage.Reach) string {
	kind := reach.Object.Kind
	isOther := v.IsOther != nil && v.IsOther(reach.Object) ||
		slices.Contains(convention.WorkloadKinds, kind) && reach.Object != v.Workload || slices.Contains(aside, kind)
	if isOther || labelField.MatchString(reach.Field.String()) {
		return ""
	}
	field := plain(reach.Field)
	if reach.Object != v.Workload {
		if kind == "PersistentVolumeClaim" {
			kind, field = "claim", trimmed(field, "spec")
		}
		return written(kind, field)
	}
	if reach.Effect == lineage.Switch && claimTemplates.Contains(field) {
		return "claim"
	}
	for _, part := range parts {
		if !part.prefix.Contains(field) {
			continue
		}
		field = field[len(part.prefix):]
		switch part.word {
		case "container":
			return v.containerField(r, reach, field)
		case "pod":
			if len(field) > 0 && field[0] == "initContainers" {
				return ""
			}
			field = field[:min(1, len(field))]
		}
		return written(part.word, field)
	}
	return ""
}

// containerField names a field of the application's container, variables by their names.
func (v View) containerField(r *lineage.Result, reach lineage.Reach, field yamldoc.Path) string {
	if len(field) < 2 || reach.Field[4] != yamldoc.Element(v.Container) {
		return "" // another container's
	}
	field = field[1:]
	if field[0] != "env" || len(reach.Field) < 7 {
		return written("container", field[:1])
	}
	i := slices.Index(r.Refs, reach.Object)
	name := ""
	if i >= 0 {
		index, _ := yamldoc.Index(reach.Field[6])
		name = r.Objects[i].Text("spec", "template", "spec", "containers", strconv.Itoa(v.Container), "env",
			strconv.Itoa(index), "name")
	}
	if name == "" || lineage.IsMade(name) {
		return "container env"
	}
	return "container env." + name
}

// withoutEntry takes the name off an entry of a map that is a value as a whole: any other would do.
func withoutEntry(field, below yamldoc.Path) yamldoc.Path {
	if len(below) == 0 || len(field) == 0 || field[len(field)-1] != below[len(below)-1] {
		return field
	}
	if _, isElement := yamldoc.Index(below[0]); isElement {
		return field
	}
	return append(slices.Clone(field[:len(field)-1]), "*")
}

// plain puts [*] for the elements of lists, and ends where an experiment has made up a name.
func plain(field yamldoc.Path) yamldoc.Path {
	var out yamldoc.Path
	for _, segment := range field {
		if lineage.IsMark(segment) {
			return append(out, "*")
		}
		if _, isElement := yamldoc.Index(segment); isElement {
			segment = "[*]"
		}
		out = append(out, segment)
	}
	return out
}

// written puts an object and a field into words as the fact sheet has them.
func written(object string, field yamldoc.Path) string {
	return strings.TrimSpace(object + " " + strings.ReplaceAll(field.String(), `."[*]"`, "[*]"))
}

func trimmed(field yamldoc.Path, first string) yamldoc.Path {
	if len(field) > 0 && field[0] == first {
		return field[1:]
	}
	return field
}

// Labels gives the labels of the workload and its pods that are values: by their names, where the values are.
func (v View) Labels(r *lineage.Result) map[string]string {
	out := map[string]string{}
	for _, f := range r.Findings {
		for _, reach := range f.Reaches {
			n := len(reach.Field)
			if reach.Object == v.Workload && reach.Effect == lineage.Direct && n > 1 &&
				reach.Field[n-2] == "labels" && f.IsDeclared {
				out[reach.Field[n-1]] = f.Path.String()
			}
		}
	}
	return out
}
