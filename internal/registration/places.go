package registration

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// release-please's files.
const (
	releasePlease   = "release-please-config.json"
	releaseManifest = ".release-please-manifest.json"
)

// document is a YAML document that registers a sibling.
type document struct {
	file, kind string
	text       string // of the document
	whole      string // of the file
	sibling    Chart
	isAlone    bool // in its file
}

// addYAML finds the registrations in a YAML file: lists with an entry a chart, and documents about one chart each.
func (f *finder) addYAML(rel, text string) {
	parts := strings.Split(text, "\n---\n")
	line := 0
	lines := strings.Split(text, "\n")
	for _, part := range parts {
		doc, err := yamldoc.Parse(rel, []byte(part))
		if err != nil {
			return
		}
		if kind, p := documentPath(doc.Root); kind != "" {
			f.addDocument(rel, kind, p, text, part, len(parts) == 1)
		}
		for kind, list := range listsOf(rel, doc.Root) {
			f.addToList(rel, kind, text, lines, line, list)
		}
		line += strings.Count(part, "\n") + 2
	}
}

// documentPath gives what kind of registration a document is, and the folder that it names.
func documentPath(n *yamldoc.Node) (kind, p string) {
	api := n.Child("apiVersion").Str()
	switch n.Child("kind").Str() {
	case "Application":
		p = n.Get("spec.source.path").Str()
		if sources := n.Get("spec.sources"); p == "" && sources.IsList() && len(sources.Items) > 0 {
			p = sources.Items[0].Child("path").Str()
		}
		kind = "Argo CD Application"
	case "HelmRelease":
		kind, p = "Flux HelmRelease", n.Get("spec.chart.spec.chart").Str()
	case "Kustomization":
		if strings.HasPrefix(api, "kustomize.toolkit.fluxcd.io/") {
			kind, p = "Flux Kustomization", n.Get("spec.path").Str()
		}
	}
	if p == "" {
		return "", ""
	}
	return kind, p
}

func (f *finder) addDocument(rel, kind, p, whole, text string, isAlone bool) {
	if f.documents == nil {
		f.documents = map[string][]document{}
	}
	group := kind + "\x00" + path.Dir(rel)
	if isPath(p, f.chart.Dir, rel) {
		f.documents[group] = append(f.documents[group], document{kind: ""}) // it is registered
		return
	}
	for _, s := range f.siblings {
		if isPath(p, s.Dir, rel) {
			f.documents[group] = append(f.documents[group], document{rel, kind, text, whole, s, isAlone})
			return
		}
	}
}

// addDocuments makes a document in each folder that has some: a file of its own where the one that it is made after is
// called like its chart, else one more behind it.
func (f *finder) addDocuments() {
	for _, group := range f.documents {
		if slices.ContainsFunc(group, func(d document) bool { return d.kind == "" }) {
			continue
		}
		model := slices.MinFunc(group, func(a, b document) int { return compare(a.sibling, b.sibling, a.text, b.text) })
		text := f.renamed(model.text, model.sibling)
		name := path.Join(path.Dir(model.file), f.renamed(path.Base(model.file), model.sibling))
		isThere := false
		if _, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(name))); err == nil {
			isThere = true
		}
		switch {
		case model.isAlone && name != model.file && !isThere:
			f.add(name, model.kind, model.sibling.Dir, "", text)
		case !model.isAlone:
			after := strings.TrimRight(model.whole, "\n") + "\n---\n" + strings.TrimSpace(text) + "\n"
			f.add(model.file, model.kind, model.sibling.Dir, model.whole, after)
		}
	}
}

// listsOf gives the lists in a document that have an entry for each chart, by what they are.
func listsOf(rel string, n *yamldoc.Node) map[string]*yamldoc.Node {
	base, kind := path.Base(rel), n.Child("kind").Str()
	out := map[string]*yamldoc.Node{}
	switch {
	case base == "Chart.yaml":
		out["dependency of the umbrella chart"] = n.Child("dependencies")
	case kind == "ApplicationSet":
		generators := n.Get("spec.generators")
		if generators.IsList() {
			for _, g := range generators.Items {
				out["element of the Argo CD ApplicationSet"] = g.Get("list.elements")
			}
		}
	case kind == "Kustomization", strings.HasPrefix(base, "kustomization."):
		out["resource of the kustomization"] = n.Child("resources")
	case strings.HasPrefix(base, "helmfile"), path.Base(path.Dir(rel)) == "helmfile.d":
		out["release of the helmfile"] = n.Child("releases")
	}
	for kind, list := range out {
		if !list.IsList() || len(list.Items) == 0 {
			delete(out, kind)
		}
	}
	return out
}

// addToList puts the new chart into a list; line is where its document begins.
func (f *finder) addToList(rel, kind, text string, lines []string, line int, list *yamldoc.Node) {
	var entries []entry
	for _, item := range list.Items {
		from := line + item.Line - 1
		if from < 0 || from >= len(lines) || !strings.HasPrefix(strings.TrimSpace(lines[from]), "-") {
			return // a list in brackets
		}
		if namesChart(item, f.chart, rel) {
			return
		}
		e := entry{from: from, to: endOf(lines, from), key: keyOf(item)}
		if i := slices.IndexFunc(f.siblings, func(s Chart) bool { return namesChart(item, s, rel) }); i >= 0 {
			e.sibling = &f.siblings[i]
		}
		entries = append(entries, e)
	}
	out, like := f.insert(lines, entries)
	if like == nil {
		return
	}
	if path.Base(rel) == "Chart.yaml" {
		f.setVersion(out, lines)
	}
	after := strings.Join(out, "\n")
	if _, err := yamldoc.Parse(rel, []byte(after)); err == nil || strings.Contains(text, "\n---\n") {
		f.add(rel, kind, like.Dir, text, after)
	}
}

// setVersion gives the dependency that was added the new chart's version.
func (f *finder) setVersion(out, before []string) {
	added := len(out) - len(before)
	at := 0
	for at < len(before) && out[at] == before[at] {
		at++
	}
	for i := at; i < min(at+added, len(out)); i++ {
		if key, _, isVersion := strings.Cut(out[i], "version:"); isVersion && f.chart.Version != "" {
			out[i] = key + "version: " + f.chart.Version
		}
	}
}

// namesChart reports whether an item of a list is about a chart: it is its folder or a file called like it, or a map
// with its folder or, for want of one, its name.
func namesChart(item *yamldoc.Node, c Chart, rel string) bool {
	base := path.Base(c.Dir)
	isNamed := func(text string) bool {
		name := strings.TrimPrefix(text, "./")
		return isPath(text, c.Dir, rel) || name == base || name == base+".yaml" || name == base+".yml"
	}
	if !item.IsMap() {
		return isNamed(item.Str())
	}
	var folders, names []string
	for _, e := range item.Entries {
		switch text := e.Value.Str(); {
		case strings.HasPrefix(text, "file://"), strings.HasPrefix(text, "."), strings.Contains(text, "/"):
			folders = append(folders, text)
		case e.Key == "name" || e.Key == "chart" || e.Key == "app" || e.Key == "path":
			names = append(names, text)
		}
	}
	if slices.ContainsFunc(folders, func(text string) bool { return isPath(text, c.Dir, rel) }) {
		return true
	}
	isName := func(text string) bool { return text == base || text == c.Name }
	return len(folders) == 0 && slices.ContainsFunc(names, isName)
}

// keyOf gives what the items of a list are ordered by, if by anything.
func keyOf(item *yamldoc.Node) string {
	if item.IsMap() {
		return item.Child("name").Str()
	}
	return item.Str()
}

// addOwners puts the new chart's line into a CODEOWNERS file.
func (f *finder) addOwners(rel, text string) {
	lines := strings.Split(text, "\n")
	var entries []entry
	for i, line := range lines {
		pattern, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		folder := strings.Trim(strings.TrimSuffix(pattern, "**"), "/")
		if folder == f.chart.Dir {
			return
		}
		for j, s := range f.siblings {
			if folder == s.Dir {
				entries = append(entries, entry{from: i, to: i + 1, key: pattern, sibling: &f.siblings[j]})
			}
		}
	}
	if len(entries) == 0 {
		return
	}
	if out, like := f.insert(lines, entries); like != nil {
		f.add(rel, "line of CODEOWNERS", like.Dir, text, strings.Join(out, "\n"))
	}
}

// addRelease puts the new chart into one of release-please's files.
func (f *finder) addRelease(rel, text string) {
	doc, err := yamldoc.Parse(rel, []byte(text)) // JSON is YAML
	if err != nil {
		return
	}
	packages := doc.Root
	if path.Base(rel) == releasePlease {
		packages = packages.Child("packages")
	}
	lines := strings.Split(text, "\n")
	var entries []entry
	for _, e := range packagesOf(packages) {
		from := e.Line - 1
		if e.Key == f.chart.Dir || len(entries) > 0 && from < entries[len(entries)-1].to {
			return // it is there, or all stands on one line
		}
		entry := entry{from: from, to: e.Value.Line, key: e.Key}
		if e.Value.IsMap() && e.Value.Len() > 0 {
			entry.to = endOf(lines, from) + 1 // the closing brace
		}
		if i := slices.IndexFunc(f.siblings, func(s Chart) bool { return s.Dir == e.Key }); i >= 0 {
			entry.sibling = &f.siblings[i]
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 {
		return
	}
	lines[entries[len(entries)-1].to-1] += "," // and away again from what is the last one then
	out, like := f.insert(lines, entries)
	if like == nil {
		return
	}
	if path.Base(rel) == releaseManifest {
		for i, line := range out {
			if key, _, ok := strings.Cut(line, ":"); ok && strings.Contains(key, `"`+f.chart.Dir+`"`) {
				out[i] = key + `: "` + f.chart.Version + `",`
			}
		}
	}
	last := entries[len(entries)-1].to - 1 + len(out) - len(lines)
	out[last] = strings.TrimSuffix(out[last], ",")
	if after := strings.Join(out, "\n"); isJSON(after) {
		f.add(rel, "package of release-please", like.Dir, text, after)
	}
}

func packagesOf(n *yamldoc.Node) []yamldoc.Entry {
	if !n.IsMap() {
		return nil
	}
	return n.Entries
}

func isJSON(text string) bool { return json.Valid([]byte(text)) }
