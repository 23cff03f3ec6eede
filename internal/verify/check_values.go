package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// checkValuesRead finds keys that do nothing: in values.yaml, and in what the user gives.
func checkValuesRead(in *input, out *result) {
	if in.reading.Everything {
		out.skip("A template hands on all values at once, so any key may be read")
		return
	}
	elsewhere := in.valuesOfDependencies()
	for _, path := range in.unread(nil, in.chart.Values(), elsewhere) {
		out.warn("Remove the key from values.yaml, or let a template read it",
			"%s in values.yaml is read by no template", path)
	}
	var found []givenKey
	for _, source := range in.given {
		for _, path := range in.unread(nil, source.Values, append(elsewhere, "enabled", "common")) {
			if !strings.HasPrefix(path, "x-") { // free for YAML's anchors
				value, _ := yamldoc.Lookup(source.Values, yamldoc.SplitPath(path))
				found = append(found, givenKey{path: path, source: source.Name, value: value})
			}
		}
	}
	in.reportGiven(out, found)
}

// givenKey is a key that the user gives, and the component that would read it.
type givenKey struct {
	path, source, component string
	value                   any
}

// unread gives the keys that nothing reads, of a map of which nothing is read the map alone.
func (in *input) unread(at yamldoc.Path, values map[string]any, elsewhere []string) []string {
	var out []string
	for _, key := range sortedKeys(values) {
		path := append(slices.Clone(at), key)
		alone := map[string]any{}
		yamldoc.Set(alone, path, true)
		below, _ := values[key].(map[string]any)
		switch {
		case slices.Contains(elsewhere, path.String()):
		case len(in.reading.Unread(alone)) > 0, len(at) == 0 && below == nil && in.reading.IsOnlyTested(key):
			out = append(out, path.String())
		default:
			out = append(out, in.unread(path, below, elsewhere)...)
		}
	}
	return out
}

// reportGiven says why keys of the user's do nothing, as far as that is known: in a chart of this tool, a key may be of
// a component that the chart does not have, or of upstream's chart.
func (in *input) reportGiven(out *result, found []givenKey) {
	const nothing = "%s in %s does nothing: "
	lock, err := chartdir.ReadLock(in.dir)
	sheet, sheetErr := factsheet.Load(factsheet.Server)
	if err != nil || sheetErr != nil || lock == nil {
		lock, sheet = &chartdir.Lock{}, &factsheet.Sheet{}
	}
	var with []string
	isSet := func(leaf manifest.Leaf) bool { return yamldoc.IsSet(leaf.Value) }
	var lacks []givenKey
	for _, key := range found {
		path := yamldoc.SplitPath(key.path)
		isAbout := func(known string) bool {
			p := yamldoc.SplitPath(known)
			return p.Contains(path) || path.Contains(p)
		}
		isUpstreams := func(m factsheet.Mapping) bool { return isAbout(m.Key) }
		isLacking := func(k factsheet.Key) bool {
			return isAbout(k.Key) && !k.IsHeading() && !slices.Contains(lock.Components, k.Component)
		}
		switch lacking := first(sheet.Keys, isLacking); {
		case lacking != nil && !slices.ContainsFunc(manifest.Leaves(key.value), isSet):
			// It is as well that nothing reads what is off.
		case lacking != nil:
			if !slices.Contains(with, lacking.Component) {
				with = append(with, lacking.Component)
			}
			key.component = lacking.Component
			lacks = append(lacks, key)
		case slices.ContainsFunc(sheet.Mappings(), isUpstreams):
			out.fail("Convert upstream's values: helm livekit convert-values FILE "+in.dir,
				nothing+"it is a key of LiveKit's own chart", key.path, key.source)
		default:
			out.warn(fmt.Sprintf("Correct the key%s, or remove it: `helm show values %s` shows those that there are",
				in.meant(path), in.dir), "%s in %s is read by no template", key.path, key.source)
		}
	}
	for _, key := range lacks {
		report := out.fail
		if m, _ := key.value.(map[string]any); m["enabled"] == false {
			report = out.warn
		}
		report(fmt.Sprintf("Add it: helm livekit update %s --with %s",
			in.dir, strings.Join(with, ",")),
			nothing+"the chart was written without the component %s", key.path, key.source, key.component)
	}
}

// meant asks for the key that an unknown one may mean, beside the first part of its path that is unknown.
func (in *input) meant(path yamldoc.Path) string {
	beside := in.chart.Values()
	for _, segment := range path {
		if _, isKnown := beside[segment]; !isKnown {
			if question := remedy.DidYouMean(sortedKeys(beside), segment); question != "" {
				return " (" + question + ")"
			}
			return ""
		}
		beside, _ = beside[segment].(map[string]any)
	}
	return ""
}

// schemaFault is a place of Helm's messages about a schema, with the keys that must not be there.
var schemaFault = regexp.MustCompile(`at '/([^']*)'(?:: additional propert(?:y|ies) '([^']+)')?`)

// givenBy names the flags that gave the values in such a message, "" for the chart's own.
func (in *input) givenBy(message string) string {
	var out []string
	for _, m := range schemaFault.FindAllStringSubmatch(message, -1) {
		path := yamldoc.Path(strings.Split(m[1], "/"))
		if m[2] != "" {
			path = append(path, m[2])
		}
		for _, source := range slices.Backward(in.given) {
			if _, isGiven := yamldoc.Lookup(source.Values, path); isGiven {
				out = append(out, fmt.Sprintf("\n%s is given by %s", path, source.Name))
				break
			}
		}
	}
	return strings.Join(out, "")
}

// valuesOfDependencies gives the keys that are not for the chart's own
// templates: those that Helm hands to dependencies or reads itself.
func (in *input) valuesOfDependencies() []string {
	out := []string{"global", "tags"}
	var meta struct {
		Dependencies []struct{ Name, Alias, Condition string }
	}
	data, err := os.ReadFile(filepath.Join(in.dir, "Chart.yaml"))
	if err == nil {
		_ = yaml.Unmarshal(data, &meta) // the chart has loaded: it is YAML
	}
	for _, d := range meta.Dependencies {
		out = append(out, d.Name, d.Alias)
		out = append(out, strings.Split(d.Condition, ",")...)
	}
	for _, d := range in.chart.Dependencies() {
		out = append(out, d.Name())
	}
	return out
}

// checkValuesDeclared finds keys that users cannot know of. Keys below a map
// that is free to be filled are not asked for.
func checkValuesDeclared(in *input, out *result) {
	elsewhere := in.valuesOfDependencies()
	for _, read := range in.reading.Undeclared(in.chart.Values()) {
		top, _, _ := strings.Cut(read.Path, ".")
		if !read.IsOpen && !slices.Contains(elsewhere, top) {
			out.warn("Add the key to values.yaml with its default (null or \"\" where there is none)",
				"%s is read by %s:%d and is not in values.yaml", read.Path, read.File, read.Line)
		}
	}
}
