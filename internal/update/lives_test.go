package update

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

var (
	sequences = flag.Int("sequences", 1, "lives of a chart in each convention")
	steps     = flag.Int("steps", 8, "steps of a life")
	seed      = flag.Uint64("seed", 1, "of what is random")
)

// The lives of charts in many conventions: random edits of a user and random updates, after each of which the chart
// renders, nothing of the user's is lost, and the report says what a release sees.
func TestLives(t *testing.T) {
	archives, err := filepath.Glob("../sibling/testdata/*.txtar")
	if err != nil || len(archives) < 10 {
		t.Fatal("too few conventions", err)
	}
	for i, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		for n := range *sequences {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				t.Parallel()
				l := &life{t: t, random: rand.New(rand.NewPCG(*seed, uint64(i*100_000+n)))}
				l.begin(archive, archives[(i+1+n)%len(archives)])
				for range *steps {
					l.step()
				}
			})
		}
	}
}

// life is a chart with what its user has done to it.
type life struct {
	t        *testing.T
	random   *rand.Rand
	root     string // of the repository
	dir      string // of the chart
	siblings []string
	log      []string // of steps, for a failure
	count    int
	// marks are texts that have to be there, by file of the chart, "" for any file; gone are files that stay away.
	marks map[string][]string
	own   map[string]string // whole files of the user's
	gone  []string
}

func (l *life) failf(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("%s\nafter:\n  %s", fmt.Sprintf(format, args...), strings.Join(l.log, "\n  "))
}

func (l *life) did(format string, args ...any) { l.log = append(l.log, fmt.Sprintf(format, args...)) }

func (l *life) begin(archives ...string) {
	l.root = l.t.TempDir()
	l.marks, l.own = map[string][]string{}, map[string]string{}
	for i, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			l.t.Fatal(err)
		}
		for _, f := range a.Files {
			file := filepath.Join(l.root, fmt.Sprintf("side%d", i), f.Name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				l.t.Fatal(err)
			}
			if err := os.WriteFile(file, f.Data, 0o644); err != nil {
				l.t.Fatal(err)
			}
			if filepath.Base(file) == "Chart.yaml" && !strings.Contains(string(f.Data), "type: library") {
				l.siblings = append(l.siblings, filepath.Dir(file))
			}
		}
	}
	l.dir = filepath.Join(l.root, "side0", "apps", "livekit")
	result, err := scaffolding.Run(context.Background(), scaffolding.RunOptions{
		Dir: l.dir, Like: l.siblings[:1], ToolVersion: "test",
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.did("scaffold %v like %s", result.Chart.Components, l.siblings[0])
}

func (l *life) step() {
	edits := []func(){
		l.changeValue,
		l.changeValue,
		l.changeValue,
		l.comment,
		l.comment,
		l.addKey,
		l.addTemplate,
		l.editTemplate,
		l.editReadme,
		l.deleteFile,
		l.renameKey,
		l.moveFolder,
		l.addValuesFile,
	}
	for range 1 + l.random.IntN(3) {
		edits[l.random.IntN(len(edits))]()
	}
	updates := []func() Options{
		l.with,
		l.with,
		l.without,
		l.anotherLiveKit,
		l.anotherSibling,
		l.newerTemplate,
		l.newerTemplate,
	}
	l.update(updates[l.random.IntN(len(updates))]())
}

func pick[T any](l *life, list []T) T { return list[l.random.IntN(len(list))] }

func (l *life) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

func (l *life) read(name string) string {
	data, err := os.ReadFile(l.path(name))
	if err != nil {
		l.failf("%v", err)
	}
	return string(data)
}

func (l *life) write(name, text string) {
	if err := os.WriteFile(l.path(name), []byte(text), 0o644); err != nil {
		l.failf("%v", err)
	}
}

func (l *life) mark(file, what string) string {
	l.count++
	mark := fmt.Sprintf("%s-%d-of-the-user", what, l.count)
	l.marks[file] = append(l.marks[file], mark)
	return mark
}

// edits are values that any chart goes on with, by canonical key, as text.
var edits = map[string][]string{
	"persistence.size":              {"7Gi", "9Gi"},
	"terminationGracePeriodSeconds": {"1234", "4321"},
	"image.pullPolicy":              {"Always"},
	"nodeSelector":                  {"{disk: ssd}"},
	"podAnnotations":                {"{team: media}"},
	"resources":                     {"{limits: {memory: 3Gi}}"},
	"service.annotations":           {"{a: b}"},
	"redis.image.tag":               {"7.2.9-alpine"},
	"config.rtc.tcp_port":           {"30991"},
	"env":                           {"[]", "{}"},
	"ingress.enabled":               {"false"},
	"persistence.accessMode":        {"ReadWriteOncePod"},
}

// paths are where the chart has its values, by the lock.
func (l *life) paths() *scaffolding.Paths {
	lock, err := chartdir.ReadLock(l.dir)
	if err != nil || lock == nil {
		l.failf("lock: %v", err)
	}
	sheet, err := scaffolding.SheetOf(lock)
	if err != nil {
		l.failf("%v", err)
	}
	paths, err := scaffolding.PathsOf(sheet, lock)
	if err != nil {
		l.failf("%v", err)
	}
	return paths
}

// changeValue changes a value that stands on a line of its own.
func (l *life) changeValue() {
	keys := []string{}
	for key := range edits {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	key := pick(l, keys)
	path, err := l.paths().PathOf(key)
	if err != nil {
		return
	}
	text := l.read("values.yaml")
	doc, err := yamldoc.Parse("values.yaml", []byte(text))
	if err != nil {
		l.failf("%v", err)
	}
	line := doc.Root.LineOf(path.String())
	if node := doc.Root.Get(
		path.String(),
	); node == nil || line == 0 ||
		node.IsList() != (edits[key][0][0] == '[') && node.Len() > 0 {
		return
	}
	lines := strings.Split(text, "\n")
	at := strings.Index(lines[line-1], ":")
	if at < 0 || strings.TrimSpace(lines[line-1][at+1:]) == "" || strings.Contains(lines[line-1], "of-the-user") {
		return // a block, or one's own
	}
	value := pick(l, edits[key])
	if strings.TrimSpace(lines[line-1][at+1:]) == value {
		return // no edit
	}
	if strings.HasPrefix(strings.TrimSpace(lines[line-1][at+1:]), "[") != (value[0] == '[') && key == "env" {
		return // the other shape
	}
	lines[line-1] = lines[line-1][:at+1] + " " + value + " # " + l.mark("values.yaml", "value")
	if key != "env" && key != "persistence.accessMode" { // which a chart may write in another shape
		marks := l.marks["values.yaml"]
		marks[len(marks)-1] = value + " # " + marks[len(marks)-1]
	}
	l.write("values.yaml", strings.Join(lines, "\n"))
	l.did("%s is %s", path, lines[line-1])
}

// comment writes one above a key of values.yaml.
func (l *life) comment() {
	lines := strings.Split(l.read("values.yaml"), "\n")
	var keys []int
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if trimmed != "" && trimmed[0] != '#' && trimmed[0] != '-' && strings.Contains(line, ":") {
			keys = append(keys, i)
		}
	}
	i := pick(l, keys)
	indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " "))]
	lines = slices.Insert(lines, i, indent+"# "+l.mark("values.yaml", "comment"))
	l.write("values.yaml", strings.Join(lines, "\n"))
	l.did("comment above line %d, %s", i+1, lines[i+1])
}

func (l *life) addKey() {
	mark := l.mark("values.yaml", "key")
	l.write("values.yaml", strings.TrimRight(l.read("values.yaml"), "\n")+"\n\n"+mark+":\n  deep: [1, 2]\n")
	l.did("key %s", mark)
}

func (l *life) addTemplate() {
	mark := l.mark("", "template")
	name := "templates/" + mark + ".yaml"
	l.own[name] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + mark + "\ndata:\n  a: {{ .Release.Name }}\n"
	l.write(name, l.own[name])
	l.did("template %s", mark)
}

// editTemplate puts a comment between two lines of a template.
func (l *life) editTemplate() {
	files, _ := filepath.Glob(l.path("templates/*.y*ml"))
	files = slices.DeleteFunc(files, func(f string) bool { return strings.Contains(f, "of-the-user") })
	if len(files) == 0 {
		return // they lie in folders
	}
	name := "templates/" + filepath.Base(pick(l, files))
	lines := strings.Split(l.read(name), "\n")
	var places []int
	for i, line := range lines {
		if strings.HasPrefix(line, "spec:") || strings.HasPrefix(line, "metadata:") ||
			strings.HasPrefix(line, "kind:") {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return
	}
	i := pick(l, places)
	lines = slices.Insert(lines, i, "# "+l.mark(name, "line"))
	l.write(name, strings.Join(lines, "\n"))
	l.did("line %d of %s", i+1, name)
}

func (l *life) editReadme() {
	if _, err := os.Stat(l.path("README.md")); err == nil {
		l.write("README.md", l.read("README.md")+"\n"+l.mark("README.md", "readme")+"\n")
		l.did("README")
	}
}

func (l *life) deleteFile() {
	name := pick(l, []string{"templates/NOTES.txt", "README.md"})
	if _, err := os.Stat(l.path(name)); err != nil {
		return
	}
	if err := os.Remove(l.path(name)); err != nil {
		l.failf("%v", err)
	}
	l.gone = append(l.gone, name)
	delete(l.marks, name)
	l.did("removed %s", name)
}

// renameKey gives a key of the root another name, in values.yaml, the schema and the templates.
func (l *life) renameKey() {
	path, err := l.paths().PathOf(pick(l, []string{"affinity", "tolerations", "nodeSelector"}))
	if err != nil || len(path) != 1 {
		return
	}
	key, text := path[0], l.read("values.yaml")
	if !strings.Contains(text, "\n"+key+":") {
		return // it has another name already
	}
	l.count++
	name := fmt.Sprintf("%sOfTheUser%d", key, l.count)
	l.marks["values.yaml"] = append(l.marks["values.yaml"], name)
	l.write("values.yaml", strings.Replace(text, "\n"+key+":", "\n"+name+":", 1))
	l.write("values.schema.json", strings.ReplaceAll(l.read("values.schema.json"), "\""+key+"\"", "\""+name+"\""))
	files, _ := filepath.Glob(l.path("templates/*"))
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			continue
		}
		below := "templates/" + filepath.Base(file)
		l.write(below, strings.ReplaceAll(l.read(below), ".Values."+key+" ", ".Values."+name+" "))
	}
	l.did("%s is called %s", key, name)
}

func (l *life) moveFolder() {
	l.count++
	to := filepath.Join(l.root, fmt.Sprintf("moved-%d", l.count), "chart")
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		l.failf("%v", err)
	}
	if err := os.Rename(l.dir, to); err != nil {
		l.failf("%v", err)
	}
	l.dir = to
	l.did("moved to %s", to)
}

func (l *life) addValuesFile() {
	path, err := l.paths().PathOf("terminationGracePeriodSeconds")
	if err != nil || strings.Contains(path.String(), "[") {
		return
	}
	mark := l.mark("", "values")
	values := map[string]any{}
	yamldoc.Set(values, path, 77)
	text, err := yamldoc.Dump(values, yamldoc.Style{})
	if err != nil {
		l.failf("%v", err)
	}
	name := "values-" + mark + ".yaml"
	l.marks[name] = []string{mark, "77"}
	l.write(name, "# "+mark+"\n"+string(text))
	l.did("values file with %s", path)
}

func (l *life) components() (has, lacks []string) {
	lock, err := chartdir.ReadLock(l.dir)
	if err != nil {
		l.failf("%v", err)
	}
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		l.failf("%v", err)
	}
	for _, c := range sheet.Components {
		if slices.Contains(lock.Components, c.Name) {
			has = append(has, c.Name)
		} else {
			lacks = append(lacks, c.Name)
		}
	}
	return has, lacks
}

func (l *life) with() Options {
	_, lacks := l.components()
	if len(lacks) == 0 {
		return Options{}
	}
	return Options{With: []string{pick(l, lacks)}}
}

func (l *life) without() Options {
	has, _ := l.components()
	name := pick(l, has)
	if name == factsheet.Core || name == "redis" {
		return Options{}
	}
	return Options{Without: []string{name}}
}

func (l *life) anotherLiveKit() Options {
	return Options{AppVersion: pick(l, []string{"v1.9.12", "1.12.0", "v1.13.5", "1.13.11"})}
}

func (l *life) anotherSibling() Options { return Options{Like: []string{pick(l, l.siblings)}} }

// newerTemplate makes the chart one that an older template wrote: lines that are there now were not then, others were
// otherwise. The update brings them.
func (l *life) newerTemplate() Options {
	lock, err := chartdir.ReadLock(l.dir)
	if err != nil {
		l.failf("%v", err)
	}
	generated, err := lock.Pristine()
	if err != nil {
		l.failf("%v", err)
	}
	now := map[string][]byte{}
	for name, text := range generated {
		if data, err := os.ReadFile(l.path(name)); err == nil {
			now[name] = data
		}
		if !strings.HasPrefix(name, "templates/") || !strings.Contains(name, ".y") || l.random.IntN(3) > 0 {
			continue
		}
		lines := strings.SplitAfter(string(text), "\n")
		i := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), "# ") })
		if i < 0 || strings.Count(string(now[name]), lines[i]) != 1 {
			continue
		}
		old := strings.Replace(lines[i], "# ", "# Once, ", 1)
		generated[name] = []byte(strings.Replace(string(text), lines[i], old, 1))
		now[name] = []byte(strings.Replace(string(now[name]), lines[i], old, 1))
	}
	plan, err := chartdir.NewPlan(l.dir, now, lock, &chartdir.Update{Generated: generated, Read: l.texts(now)})
	if err == nil {
		err = plan.Apply(context.Background())
	}
	if err != nil {
		l.failf("an older template: %v", err)
	}
	l.did("an older template")
	return Options{}
}

// texts are the files of those names as they are.
func (l *life) texts(names map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name := range names {
		if data, err := os.ReadFile(l.path(name)); err == nil {
			out[name] = data
		}
	}
	return out
}

// update runs an update and holds it against the laws.
func (l *life) update(o Options) {
	o.Dir, o.ToolVersion = l.dir, "test"
	before := l.all()
	beforeObjects, berr := l.render()
	l.did("update %+v", o)
	result, err := Run(context.Background(), o)
	if result != nil && err != nil && len(result.Breaking) > 0 {
		l.unchanged(before, "a refused update")
		o.AllowBreaking = true
		l.did("update --allow-breaking")
		result, err = Run(context.Background(), o)
	}
	if err != nil {
		l.unchanged(before, "a refused update")
		l.isFair(result, err)
		return
	}
	l.holds()
	afterObjects, err := l.render()
	if err != nil {
		l.failf("the chart no longer renders: %v", err)
	}
	if berr == nil && !result.IsUpToDate() {
		l.isTold(result, beforeObjects, afterObjects)
	}
	after := l.all()
	again, err := Run(context.Background(), Options{Dir: l.dir, ToolVersion: "test"})
	if err != nil || !again.IsUpToDate() {
		l.failf("a second update: %v %+v", err, again)
	}
	l.unchanged(after, "a second update")
}

// isFair holds a refusal against what both sides did.
func (l *life) isFair(result *Result, err error) {
	if result == nil {
		// The components do not go together, or a sibling cannot be followed.
		if remedy.Step(err) == "" {
			l.failf("refused without a next step: %v", err)
		}
		return
	}
	lock, lerr := chartdir.ReadLock(l.dir)
	base, perr := lock.Pristine()
	if errors.Join(lerr, perr) != nil {
		l.failf("%v", errors.Join(lerr, perr))
	}
	conflicts := 0
	for _, f := range result.Files {
		for _, c := range f.Conflicts {
			conflicts++
			ours := l.read(f.Path)
			if string(base[f.Path]) == ours {
				l.failf("%s is in conflict, and unchanged here", f.Path)
			}
			if c.Key == "" || f.Path != "values.yaml" {
				continue
			}
			was, _ := yamldoc.Parse("base", base[f.Path])
			is, _ := yamldoc.Parse("ours", []byte(ours))
			key := yamldoc.SplitPath(c.Key)
			a, b := was.Root.Get(key.String()), is.Root.Get(key.String())
			if a != nil && b != nil && helmchart.Equal(a.Decode(), b.Decode()) && !strings.Contains(ours, "comment-") {
				l.failf("%s is in conflict, and unchanged here", c.Key)
			}
		}
	}
	if conflicts == 0 && !strings.Contains(err.Error(), "would fail") &&
		!strings.Contains(err.Error(), "would not render") {
		l.failf("refused without a conflict: %v", err)
	}
	l.did("refused: %v", err)
}

// all are the texts of all files of the chart, the lock's too.
func (l *life) all() map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(l.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		l.failf("%v", err)
	}
	return out
}

func (l *life) unchanged(before map[string]string, what string) {
	if diff := cmp.Diff(before, l.all()); diff != "" {
		l.failf("%s changed files: %s", what, diff)
	}
}

// holds looks for all that the user has done.
func (l *life) holds() {
	for name, marks := range l.marks {
		if name == "" {
			continue
		}
		text, err := os.ReadFile(l.path(name))
		if err != nil {
			// A template that goes with its component would be in conflict.
			l.failf("%s is gone with %v", name, marks)
		}
		for _, mark := range marks {
			if !strings.Contains(string(text), mark) {
				l.failf("%s is no longer in %s:\n%s", mark, name, text)
			}
		}
	}
	for name, text := range l.own {
		if l.read(name) != text {
			l.failf("%s has changed", name)
		}
	}
	for _, name := range l.gone {
		if _, err := os.Stat(l.path(name)); err == nil {
			l.failf("%s is back", name)
		}
	}
}

// render gives the objects of the chart by kind and name, as text.
func (l *life) render() (map[string]string, error) {
	chart, err := helmchart.Load(l.dir)
	if err != nil {
		return nil, err
	}
	objects, err := (&comparison{name: chart.Name()}).render(context.Background(), chart, nil, false)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for id, o := range objects {
		if o.Kind() == "Secret" {
			delete(o.Fields, "data") // made anew with each render
			delete(o.Fields, "stringData")
		}
		text, err := yamldoc.Dump(o.Fields, yamldoc.Style{})
		if err != nil {
			return nil, err
		}
		out[id] = string(text)
	}
	return out, nil
}

// isTold holds what the report says of a release against the objects themselves.
func (l *life) isTold(result *Result, before, after map[string]string) {
	told := map[string]bool{}
	for _, c := range result.Release {
		if slices.Contains(c.Scenarios, "values.yaml") {
			told[c.Object] = true
		}
	}
	for _, id := range union(before, after) {
		if (before[id] != after[id]) != told[id] && !strings.HasPrefix(id, "Secret/") {
			l.failf("%s: told %v, and the difference is %s", id, told[id], cmp.Diff(before[id], after[id]))
		}
	}
}
