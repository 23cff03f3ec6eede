package convention

import (
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/probe"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// observation is what renders of a sibling have shown: which value reaches what.
type observation struct {
	sibling  *sibling
	result   *probe.Result
	workload probe.Ref
	object   manifest.Object // the workload as it is rendered
	// container is the application's, by its index.
	container int
	// related are the objects that belong to the workload.
	related map[probe.Ref]bool
	// reached is the object that each probed key reaches.
	reached map[string]probe.Ref
}

// observe finds the application's workload and container among what was
// rendered. It fails where there is none: a chart of jobs, or of custom
// resources.
func observe(s *sibling, r *probe.Result, image Value) (*observation, bool) {
	o := &observation{sibling: s, result: r, container: -1, reached: map[string]probe.Ref{}}
	best := 0
	for i, ref := range r.Refs {
		if !slices.Contains(workloadKinds, ref.Kind) {
			continue
		}
		for c := range r.Objects[i].List("spec", "template", "spec", "containers") {
			score := o.judge(ref, c, r.Objects[i], image)
			if o.container < 0 || score > best {
				best, o.workload, o.object, o.container = score, ref, r.Objects[i], c
			}
		}
	}
	if o.container < 0 {
		return nil, false
	}
	o.relate()
	return o, true
}

// judge prefers the container whose image the likely key reaches, then names.
func (o *observation) judge(ref probe.Ref, container int, object manifest.Object, image Value) int {
	field := containerField(container, "image")
	score := -container
	for _, f := range o.result.Findings {
		for _, r := range f.Reaches {
			if r.Object != ref || !slices.Equal(r.Field, field) || r.Effect == probe.Switch {
				continue
			}
			score++
			if image.Path != "" && o.isPath(f.Path, image.Path) {
				score += 100
			}
		}
	}
	name := object.Text("spec", "template", "spec", "containers", strconv.Itoa(container), "name")
	if o.sibling.name != "" && (strings.Contains(norm(name), norm(o.sibling.name)) || strings.Contains(norm(ref.File), norm(o.sibling.name))) {
		score += 10
	}
	for _, word := range []string{"server", "main", "app", "web", "backend", "controller"} {
		if strings.Contains(norm(name), word) || strings.Contains(norm(object.Name()), word) {
			score += 3
			break
		}
	}
	return score
}

func containerField(container int, below ...string) []string {
	return append([]string{"spec", "template", "spec", "containers", "[" + strconv.Itoa(container) + "]"}, below...)
}

// isPath compares a way into values with the path of a convention, in which
// <volume> stands for any name and {name} for the chart's.
func (o *observation) isPath(way []string, path string) bool {
	pattern := yamldoc.SplitPath(path)
	return len(way) == len(pattern) && o.isBelow(way, pattern)
}

// isBelow reports whether a way begins with a convention's path.
func (o *observation) isBelow(way, pattern []string) bool {
	if len(way) < len(pattern) {
		return false
	}
	for i, segment := range pattern {
		switch {
		case segment == way[i], segment == "<volume>":
		case segment == "{name}" && (sameName(way[i], o.sibling.name) || i == 0 && way[i] == o.sibling.component):
		default:
			return false
		}
	}
	return true
}

// located is a place in the values that reaches what a canonical key stands for.
type located struct {
	way      []string
	shape    string
	declared bool
	reach    probe.Reach
}

// raise makes facts of what was seen: those by name that are confirmed become
// probed, those that reach something else give way to what does, and what names
// did not tell is added.
func (o *observation) raise(f *facts) {
	taken := map[string]bool{}
	keys := make([]string, 0, len(rules))
	for _, r := range rules {
		found := o.find(r)
		v, known := f.values[r.key]
		if known {
			if at, ok := o.confirmed(v, found); ok {
				v.Fact = o.fact(v.Path, at)
				o.reached[r.key] = at.reach.Object
				f.values[r.key] = o.reshaped(r.key, v, at)
				taken[v.Path] = true
				continue
			}
		}
		if len(found) > 0 {
			keys = append(keys, r.key)
		}
	}
	for _, key := range keys {
		o.discover(f, key, taken)
	}
	o.settleImage(f)
	o.noteIgnored(f)
}

// confirmed finds the place among those that reach the right field which is the
// value's, or lies below it.
func (o *observation) confirmed(v Value, found []located) (located, bool) {
	for _, at := range found {
		if o.isBelow(at.way, yamldoc.SplitPath(v.Path)) {
			return at, true
		}
	}
	return located{}, false
}

func (o *observation) fact(path string, at located) Fact {
	field := at.reach.Field
	if n := len(field); n > 0 && probe.IsMark(field[n-1]) {
		field = field[:n-1]
	}
	what := "moves " + at.reach.Object.Kind + " " + yamldoc.JoinPath(field...)
	if len(field) == 0 {
		what = "switches " + at.reach.Object.Kind
	}
	return Fact{Evidence: o.sibling.evidenceOf(o.sibling.concrete(yamldoc.SplitPath(path))) + ", " + what, Confidence: Probed}
}

// discover takes the best place for a key that names did not find, or found
// wrongly.
func (o *observation) discover(f *facts, key string, taken map[string]bool) {
	old, known := f.values[key]
	if known && (o.couldNotTell(old) || slices.Contains(shapedKeys, key)) {
		return
	}
	var best *located
	for _, r := range rules {
		if r.key != key {
			continue
		}
		found := o.find(r)
		for i := range found {
			at := &found[i]
			if !r.mayDiscover || taken[o.sibling.pathOf(at.way)] || len(at.way) == 0 || slices.Contains(o.sibling.others, at.way[0]) {
				continue
			}
			if at.way[0] == "global" && key != "ingress.hosts" { // for all charts at once
				continue
			}
			if best == nil || o.rank(*at, f) < o.rank(*best, f) {
				best = at
			}
		}
	}
	if best == nil {
		return
	}
	path := o.sibling.pathOf(best.way)
	taken[path] = true
	v := Value{Path: path, Shape: best.shape}
	v.Fact = o.fact(path, *best)
	o.reached[key] = best.reach.Object
	f.values[key] = v
}

// shapedKeys are those whose place says little without the shape that names
// tell.
var shapedKeys = []string{"ingress.hosts", "ingress.tls", "ingress.annotations"}

// couldNotTell reports whether the experiment says nothing about a key: it is
// not among those that were tried, so that nothing is known against it.
func (o *observation) couldNotTell(v Value) bool {
	return !slices.ContainsFunc(o.result.Findings, func(f probe.Finding) bool {
		return o.isBelow(f.Path, yamldoc.SplitPath(v.Path))
	})
}

// rank prefers what the values declare, then the image's neighbours, then what
// lies near the root.
func (o *observation) rank(at located, f *facts) int {
	score := 10 * len(at.way)
	if !at.declared {
		score += 100
	}
	image := yamldoc.SplitPath(f.values["image.repository"].Path)
	if len(image) > 1 && len(at.way) > 1 && at.way[0] == image[0] {
		score -= 5
	}
	if at.reach.Effect == probe.Inside {
		score += 3
	}
	return score
}

// settleImage corrects the image's shape by what its parts were seen to do.
func (o *observation) settleImage(f *facts) {
	repository, ok := f.values["image.repository"]
	if !ok || repository.Confidence != Probed {
		return
	}
	isProbed := func(key string) bool {
		v, ok := f.values[key]
		return ok && v.Confidence == Probed && v.Path != repository.Path
	}
	switch {
	case isProbed("image.registry"):
		repository.Shape = ImageRegistry
	case isProbed("image.tag"):
		repository.Shape = ImageSplit
	case o.isWholeImage(repository):
		repository.Shape = ImageString
		delete(f.values, "image.tag")
	}
	f.values["image.repository"] = repository
}

// isWholeImage reports whether the value is all of the image, its tag too.
func (o *observation) isWholeImage(v Value) bool {
	image := containerField(o.container, "image")
	for _, f := range o.result.Findings {
		if !o.isPath(f.Path, v.Path) {
			continue
		}
		return slices.ContainsFunc(f.Reaches, func(r probe.Reach) bool {
			return r.Object == o.workload && r.Effect == probe.Direct && slices.Equal(r.Field, image)
		})
	}
	return false
}

// noteIgnored says of keys that were tried and moved nothing that they are
// followed in their names alone.
func (o *observation) noteIgnored(f *facts) {
	for key, v := range f.values {
		if v.Confidence != Name || key == "ingress" || key == "persistence" {
			continue
		}
		tried, moved := false, false
		for _, finding := range o.result.Findings {
			if o.isBelow(finding.Path, yamldoc.SplitPath(v.Path)) {
				tried = true
				moved = moved || len(finding.Reaches) > 0
			}
		}
		if tried && !moved && o.result.Incomplete == "" {
			v.Evidence += " (the templates ignore it)"
			f.values[key] = v
		}
	}
}

// reshaped corrects the shape that the values alone suggested.
func (o *observation) reshaped(key string, v Value, at located) Value {
	if key == "env" && at.shape != "" {
		v.Shape = at.shape
	}
	return v
}

// concrete is path with the chart's own name for {name}.
func (s *sibling) concrete(path []string) []string {
	out := slices.Clone(path)
	for i, segment := range out {
		if segment != "{name}" {
			continue
		}
		for _, key := range s.values.Get(yamldoc.JoinPath(out[:i]...)).Keys() {
			if sameName(key, s.name) || i == 0 && key == s.component {
				out[i] = key
			}
		}
	}
	return out
}

// find gives the places that reach a rule's field.
func (o *observation) find(r rule) []located {
	var out []located
	for _, f := range o.result.Findings {
		for _, reach := range f.Reaches {
			if at, ok := o.matches(r, f, reach); ok {
				out = append(out, at)
				break
			}
		}
	}
	return out
}

// matches tells whether a reach is what a rule looks for, and which part of the
// key's way then is the canonical key's.
func (o *observation) matches(r rule, f probe.Finding, reach probe.Reach) (located, bool) {
	at := located{way: f.Path, declared: f.IsDeclared, reach: reach}
	for _, target := range r.targets {
		if !o.isObject(target.kind, reach.Object) {
			continue
		}
		if target.field == nil { // the object itself
			if reach.Effect == probe.Switch && len(reach.Field) == 0 {
				return at, true
			}
			continue
		}
		field := target.field
		if target.inContainer {
			field = containerField(o.container, field...)
		}
		rest, ok := below(reach.Field, field)
		if !ok || reach.Effect == probe.Switch != target.isSwitch || !target.text.fits(reach) {
			continue
		}
		if len(rest) == 0 {
			at.way, at.shape = shapeOf(r.key, f)
			return at, true
		}
		if target.isAnywhere {
			return at, true
		}
		if !target.isTree {
			continue
		}
		way, shape, ok := o.parentOf(f, rest, reach)
		if r.key == "ingress.tls" {
			way, shape, ok = tlsShape(f, rest)
		}
		if ok {
			at.way, at.shape = way, shape
			return at, true
		}
	}
	return located{}, false
}

// shapeOf tells a list from a single value, by the way to what reaches the
// field.
func shapeOf(key string, f probe.Finding) ([]string, string) {
	way := f.Path
	n := len(way)
	isElement := n > 1 && strings.HasPrefix(way[n-1], "[")
	switch {
	case key == "persistence.accessMode" && isElement:
		return way[:n-1], AccessModeList
	case key == "persistence.accessMode":
		return way, AccessModeString
	case key == "imagePullSecrets" && isElement:
		return way[:n-1], ""
	case key != "ingress.hosts":
		return way, ""
	case n > 2 && strings.HasPrefix(way[n-2], "[") && way[n-1] == "name":
		return way[:n-2], HostsNamed
	case n > 2 && strings.HasPrefix(way[n-2], "["):
		return way[:n-2], HostsObjects
	case isElement:
		return way[:n-1], HostsStrings
	}
	return way, HostsSingle
}

// tlsShape tells how certificates are written, by what reaches them.
func tlsShape(f probe.Finding, rest []string) ([]string, string, bool) {
	way, last := f.Path, f.Path[len(f.Path)-1]
	n := len(way)
	switch {
	case n > 2 && strings.HasPrefix(way[n-2], "[") && last == "secretName":
		return way[:n-2], TLSList, true
	case n > 3 && strings.HasPrefix(last, "[") && way[n-2] == "hosts":
		return way[:n-3], TLSList, true
	case n > 1 && strings.HasPrefix(last, "["):
		return way[:n-1], TLSHosts, true
	case slices.Contains(rest, "secretName"):
		return way, TLSSecret, true
	}
	return nil, "", false
}

// parentOf goes up from a key in a tree of Kubernetes' own to the key of the
// whole: resources.limits.cpu reaches resources.limits.cpu.
func (o *observation) parentOf(f probe.Finding, rest []string, reach probe.Reach) ([]string, string, bool) {
	way := f.Path
	if slices.Contains(reach.Field, "env") && len(rest) <= 2 {
		return o.envParent(f, rest, reach)
	}
	up, left := way, rest
	for len(left) > 0 && len(up) > 0 && sameSegment(up[len(up)-1], left[len(left)-1]) {
		up, left = up[:len(up)-1], left[:len(left)-1]
	}
	if len(left) == 0 && len(up) > 0 {
		return up, "", true
	}
	fillsList := f.Filled == probe.FilledList || f.Filled == probe.FilledItems
	return way, "", probe.IsMark(rest[0]) || fillsList && strings.HasPrefix(rest[0], "[")
}

func sameSegment(a, b string) bool {
	return a == b || strings.HasPrefix(a, "[") && strings.HasPrefix(b, "[")
}

// envParent tells how variables are written: as Kubernetes has them, or as
// NAME: value.
func (o *observation) envParent(f probe.Finding, rest []string, reach probe.Reach) ([]string, string, bool) {
	way := f.Path
	last := way[len(way)-1]
	switch {
	case f.Filled == probe.FilledList || f.Filled == probe.FilledItems:
		return way, EnvList, true
	case f.Filled == probe.FilledMap && len(rest) == 2 && (rest[1] == "name" || rest[1] == "value"):
		return way, EnvMap, true
	case len(rest) == 1 && strings.HasPrefix(last, "["): // a sample item
		return way[:len(way)-1], EnvList, true
	case len(rest) == 2 && len(way) > 2 && strings.HasPrefix(way[len(way)-2], "[") && (last == "name" || last == "value"):
		return way[:len(way)-2], EnvList, true
	case len(rest) == 2 && rest[1] == "value" && last == "value" && len(way) > 2 && reach.Effect == probe.Direct:
		if sameVariable(o.variable(reach), way[len(way)-2]) { // NAME: {value: ...}
			return way[:len(way)-2], EnvMap, true
		}
	case len(rest) == 2 && rest[1] == "value" && len(way) > 1 && reach.Effect == probe.Direct:
		if sameVariable(o.variable(reach), last) {
			return way[:len(way)-1], EnvMap, true
		}
	}
	return nil, "", false
}

// variable gives the name of the variable whose value is reached.
func (o *observation) variable(reach probe.Reach) string {
	return o.object.Text(append(fieldPath(reach.Field[:len(reach.Field)-1]), "name")...)
}

// sameVariable compares a variable's name with the key that it was made of.
func sameVariable(name, key string) bool { return name != "" && norm(name) == norm(key) }

// fieldPath is a field as manifest.Object takes it: 0 for [0].
func fieldPath(field []string) []string {
	out := make([]string, len(field))
	for i, segment := range field {
		out[i] = strings.Trim(segment, "[]")
	}
	return out
}

// isObject compares a rule's kind of object; "workload" is the application's.
func (o *observation) isObject(kind string, ref probe.Ref) bool {
	if kind == "workload" {
		return ref == o.workload
	}
	return kind == ref.Kind && o.isRelated(ref)
}

// below gives what of a field lies below another, in which [*] is any element.
func below(field, above []string) ([]string, bool) {
	if len(field) < len(above) {
		return nil, false
	}
	for i, segment := range above {
		if segment != field[i] && (segment != "[*]" || !strings.HasPrefix(field[i], "[")) {
			return nil, false
		}
	}
	return field[len(above):], true
}
