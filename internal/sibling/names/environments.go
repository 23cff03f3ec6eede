package names

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// environment is one stage of a repository ("prod") with the values files of a chart for it.
type environment struct {
	name string
	// file is the chart's own file, from its folder with slashes; {name} stands for the chart. It is "" where the files
	// are for all charts of the stage.
	file string
	// block says that the file has the chart's values below its name.
	block bool
	// layers are the files, the chart's own first.
	layers []layer
	facts  int // how many canonical keys they name
}

// readEnvironments reads the values files around the chart. One that cannot be read says nothing.
func (s *Chart) readEnvironments(around *Surroundings) {
	if around == nil {
		return
	}
	home := s.home()
	for _, c := range around.candidates(home, s.Name) {
		if filepath.Base(c.path) == s.file && s.StandIn {
			continue // these are the chart's values
		}
		doc, err := yamldoc.ReadValues(c.path)
		if err != nil || !doc.Root.IsMap() {
			continue
		}
		s.addEnvironment(c, doc, home)
	}
	for i := range s.environments {
		e := &s.environments[i]
		for _, l := range e.layers {
			e.facts += len(newScan(s.Sheet, l.values(), s.Name, s.Others).detect())
		}
	}
	slices.SortStableFunc(s.environments, func(a, b environment) int { return a.rank() - b.rank() })
	for _, e := range s.environments {
		for _, l := range e.layers {
			s.Values = fill(s.Values, l.values())
			s.Given = fill(s.Given, l.values())
		}
	}
}

// with adds what the values of stages name to what the chart's own do. Those of a chart that says nothing of its image
// are read as one with the others.
func (s *scan) with(more *scan) *scan {
	if _, ok := s.facts["image.repository"]; !ok {
		return more
	}
	for key, at := range more.facts {
		own, isKnown := s.facts[key]
		isOpen := isKnown && slices.Equal(own.path, at.path) && isBlank(s.root.Get(yamldoc.JoinPath(own.path...)))
		if !isKnown || isOpen {
			s.facts[key] = at
		}
	}
	s.root, s.route = more.root, cmp.Or(s.route, more.route)
	if !s.host.exists() {
		s.host = more.host
	}
	if s.references == nil {
		s.references = more.references
	}
	return s
}

// rank puts the stage first whose values say most of what a new chart needs: the live one, if it says anything.
func (e environment) rank() int {
	rank := -e.facts
	if e.facts > 0 && liveWord.MatchString(e.name) {
		rank -= 1000
	}
	return rank
}

// addEnvironment adds a file to those of its stage.
func (s *Chart) addEnvironment(c candidate, doc *yamldoc.Doc, home string) {
	file := fromFolder(home, c.path)
	l := layer{doc: doc, shown: s.Shown + "/" + file} // not made shorter: a lock names it from the chart
	key := ""
	if i := slices.IndexFunc(doc.Root.Entries, func(e yamldoc.Entry) bool {
		return convention.SameName(e.Key, s.Name) && e.Value.IsMap()
	}); i >= 0 && s.Own.Child(doc.Root.Entries[i].Key) == nil {
		key = doc.Root.Entries[i].Key
	}
	isFor := c.isNamed || key != ""
	isObject := doc.Root.Child("apiVersion") != nil && doc.Root.Child("kind") != nil
	isSure := key != "" || isFor && (c.isCalledValues || len(s.Own.Entries) == 0)
	if isObject || !isSure && !s.shares(doc.Root) {
		return
	}
	if key != "" {
		l.prefix = yamldoc.Path{key}
	}
	if s.Wrapped != nil && doc.Root.Get(l.prefix.String()).Child(s.Wrapped.Key()) != nil {
		l.prefix = append(l.prefix, s.Wrapped.Key())
	}
	i := slices.IndexFunc(s.environments, func(e environment) bool { return e.name == c.stage })
	if i < 0 {
		i, s.environments = len(s.environments), append(s.environments, environment{name: c.stage})
	}
	e := &s.environments[i]
	if isFor && e.file == "" {
		if c.stage != "" {
			e.file, e.block = s.filePattern(file), key != ""
		}
		e.layers = slices.Insert(e.layers, 0, l)
		return
	}
	e.layers = append(e.layers, l)
}

// shares reports whether values for all charts of a stage have a block that this chart reads.
func (s *Chart) shares(root *yamldoc.Node) bool {
	return slices.ContainsFunc(root.Entries, func(e yamldoc.Entry) bool {
		if e.Key == "global" {
			return true
		}
		return s.Own.Child(e.Key) != nil
	})
}

// filePattern puts {name} for the chart's name in the path of a values file.
func (s *Chart) filePattern(file string) string {
	segments := strings.Split(file, "/")
	for i, segment := range segments {
		ext := ""
		if i == len(segments)-1 {
			ext = path.Ext(segment)
		}
		words := strings.Split(strings.TrimSuffix(segment, ext), ".")
		for w := range words {
			words[w] = WithName(words[w], s.Name)
		}
		segments[i] = strings.Join(words, ".") + ext
	}
	return strings.Join(segments, "/")
}

// fromFolder names a file, which is absolute and free of links, from a folder, with slashes.
func fromFolder(folder, file string) string {
	real, err := filepath.Abs(folder)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err == nil {
		if rel, err := filepath.Rel(real, file); err == nil {
			file = rel
		}
	}
	return filepath.ToSlash(file)
}

// values are those of a layer below its prefix, with what is global for all charts beside them.
func (l layer) values() *yamldoc.Node {
	if len(l.prefix) == 0 {
		return l.doc.Root
	}
	values := l.doc.Root.Get(l.prefix.String())
	global := l.doc.Root.Entry("global")
	if global == nil || values != nil && !values.IsMap() || values.Entry("global") != nil {
		return values
	}
	out := yamldoc.Node{Node: l.doc.Root.Node}
	if values != nil {
		out.Entries = values.Entries
	}
	out.Entries = append(slices.Clone(out.Entries), *global)
	return &out
}

// AddEnvironments says what holds in the stages that have a values file of the chart's own. It is to be called once all
// else of f is known.
func (s *Chart) AddEnvironments(f *Facts) {
	f.Defaults.Environments = nil
	for _, e := range s.environments {
		if e.file == "" {
			continue
		}
		env := s.inStage(e, f)
		if convention.IsValuesFile(env.File) && (isStage(e.name) || env.Differs(f.Defaults)) {
			f.Defaults.Environments = append(f.Defaults.Environments, env)
		}
	}
	slices.SortFunc(f.Defaults.Environments, func(a, b convention.Environment) int {
		return cmp.Compare(a.File, b.File)
	})
}

// inStage gives the example values of a stage: what the chart's file for it says, else the chart's own values, else
// what f has. What files for all charts of the stage say holds for a new chart as well.
func (s *Chart) inStage(e environment, f *Facts) convention.Environment {
	of := speaker{Chart: s, layers: e.layers[:1], seen: f.Values}
	all := speaker{Chart: s, layers: slices.Concat(e.layers[:1], s.over, s.layers[:1]), seen: f.Values}
	env := convention.EnvironmentOf(f.Defaults)
	env.Stage, env.File, env.InBlock = e.name, e.file, e.block
	host := of.firstHost()
	if domain := of.at("ingress.domain").Str(); host == "" && domain != "" && !IsPlaceholder(domain) {
		env.Domain = domain
		before, isBelow := strings.CutSuffix(env.HostPattern, f.Defaults.Domain)
		if !isBelow || f.Defaults.Domain == "" {
			before = "{name}."
		}
		env.HostPattern = before + domain
	}
	if host != "" {
		env.HostPattern, env.Domain = s.stageHost(host)
	}
	env.TLSSecretPattern = cmp.Or(of.tlsSecret(host), env.TLSSecretPattern)
	var d convention.Defaults
	d.IngressAnnotations = map[string]string{}
	of.readAnnotations(&d)
	env.ClusterIssuer = cmp.Or(d.ClusterIssuer, env.ClusterIssuer)
	if class := all.allAt("ingress.className"); len(class) > 0 {
		env.IngressClass = class[0].Str()
	}
	env.IngressClass = cmp.Or(d.IngressClass, env.IngressClass)
	if len(all.allAt("persistence.storageClass")) > 0 {
		env.StorageClass = all.storageClass()
	}
	return env
}

// stageHost is HostPattern for a host whose first part may name the stage beside the application (shop-dev).
func (s *Chart) stageHost(host string) (pattern, domain string) {
	first, rest, _ := strings.Cut(host, ".")
	for _, alias := range s.aliases() {
		named := WithName(first, alias)
		before, after, found := strings.Cut(named, "{name}")
		if found && isStage(strings.Trim(before+after, "-")) {
			return named + "." + rest, rest
		}
	}
	return s.HostPattern(host)
}

// fill lays values over others as overlay does, but what is empty in them gives way.
func fill(over, base *yamldoc.Node) *yamldoc.Node {
	if base == nil || over.IsMap() && len(over.Entries) > 0 && !base.IsMap() {
		return over
	}
	if isBlank(over) {
		return base
	}
	if !over.IsMap() || !base.IsMap() {
		return over
	}
	out := *over
	out.Entries = slices.Clone(over.Entries)
	for i, e := range out.Entries {
		out.Entries[i].Value = fill(e.Value, base.Child(e.Key))
	}
	for _, e := range base.Entries {
		if over.Entry(e.Key) == nil {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

// isBlank reports whether a value says nothing: null, an empty text, list or map.
func isBlank(n *yamldoc.Node) bool {
	switch {
	case n == nil, n.IsNull():
		return true
	case n.IsScalar():
		return n.IsString() && n.Str() == ""
	}
	return n.Len() == 0
}
