package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// observation is what renders of a sibling have shown: which value reaches what.
type observation struct {
	sibling  *names.Chart
	result   *lineage.Result
	workload lineage.Ref
	object   manifest.Object  // the workload as it is rendered
	own      lineage.Identity // the workload's, empty where it could not be told
	// container is the application's, by its index.
	container int
	// unrelated are the objects that belong to another workload.
	unrelated map[lineage.Ref]bool
	// driven are the labels whose text comes from a value, with its path.
	driven map[string]string
	// reached is the object that each probed key reaches.
	reached map[string]lineage.Ref
}

// observe finds the application's workload and container among what was rendered. It fails where there is none: a chart
// of jobs, or of custom resources.
func observe(s *names.Chart, r *lineage.Result, image convention.Value) (*observation, bool) {
	o := &observation{sibling: s, result: r, container: -1, reached: map[string]lineage.Ref{}}
	best := 0
	for i, ref := range r.Refs {
		if !isWorkload(ref) {
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
	if i := slices.IndexFunc(r.Identity, func(id lineage.Identity) bool { return id.Object == o.workload }); i >= 0 {
		o.own = r.Identity[i]
	}
	o.driven = o.drivenLabels()
	o.relate()
	return o, true
}

// judge prefers the container whose image the likely key reaches, then names.
func (o *observation) judge(ref lineage.Ref, container int, object manifest.Object, image convention.Value) int {
	field := containerField(container, "image")
	score := -container
	for _, f := range o.result.Findings {
		for _, r := range f.Reaches {
			if r.Object != ref || !slices.Equal(r.Field, field) || r.Effect == lineage.Switch {
				continue
			}
			score++
			if image.Path != "" && o.isBelow(f.Path, yamldoc.SplitPath(image.Path)) {
				score += 100
			}
		}
	}
	name := object.Text("spec", "template", "spec", "containers", strconv.Itoa(container), "name")
	has := func(text, word string) bool {
		return strings.Contains(convention.NormalizeName(text), convention.NormalizeName(word))
	}
	if own := o.sibling.Name; own != "" && (has(name, own) || has(ref.File, own)) {
		score += 10
	}
	words := []string{"server", "main", "app", "web", "backend", "controller"}
	if slices.ContainsFunc(words, func(w string) bool { return has(name, w) || has(object.Name(), w) }) {
		score += 3
	}
	return score
}

func containerField(container int, below ...string) []string {
	return append([]string{"spec", "template", "spec", "containers", "[" + strconv.Itoa(container) + "]"}, below...)
}

// isBelow reports whether a way into values begins with a convention's path, in
// which <volume> stands for any name and {name} for the chart's.
func (o *observation) isBelow(way, pattern []string) bool {
	if len(way) < len(pattern) {
		return false
	}
	for i, segment := range pattern {
		switch {
		case segment == way[i], segment == "<volume>":
		case segment == "{name}" && o.sibling.IsName(i, way[i]):
		default:
			return false
		}
	}
	return true
}

// located is a value's path that reaches what a canonical key stands for.
type located struct {
	way      []string
	shape    string
	declared bool
	reach    lineage.Reach
	finding  lineage.Finding
}

// promote makes facts of what was seen: those by name that are confirmed become probed, those that reach something else
// give way to what does, and what names did not tell is added.
func (o *observation) promote(f *names.Facts) {
	taken := map[string]bool{}
	var open []func()
	for _, r := range rules(f.Sheet) {
		found := o.find(r)
		v, known := f.Values[r.key]
		path := yamldoc.SplitPath(v.Path)
		at := slices.IndexFunc(found, func(at located) bool { return known && o.isBelow(at.way, path) })
		switch {
		case at >= 0:
			values := o.sibling.Values.Get(v.Path)
			isOpen := strings.HasPrefix(r.key, "ingress.") && values.IsList() && values.Len() == 0
			switch {
			case r.key == "env":
				v = o.confirmEnv(v, found[at])
			case isOpen && slices.Contains(shapedKeys, r.key):
				v.Shape = cmp.Or(found[at].shape, v.Shape) // the values alone only suggest one, or none
			}
			o.take(f, r.key, v, found[at])
			taken[v.Path] = true
		case known && o.switchAbove(v, found) >= 0:
			above := found[o.switchAbove(v, found)]
			v.Path = o.sibling.PathOf(above.way)
			o.take(f, r.key, v, above)
		case len(found) > 0 && r.tells:
			open = append(open, func() { o.discover(f, r.key, found, taken) })
		}
	}
	for _, discover := range open {
		discover()
	}
	o.resolveImage(f)
	o.noteIgnored(f)
}

// take makes a key's value one that was seen to reach its field.
func (o *observation) take(f *names.Facts, key string, v convention.Value, at located) {
	field := at.reach.Field
	if n := len(field); n > 0 && lineage.IsMark(field[n-1]) {
		field = field[:n-1]
	}
	what := "moves " + at.reach.Object.Kind + " " + yamldoc.JoinPath(field...)
	if len(field) == 0 {
		what = "switches " + at.reach.Object.Kind
	}
	evidence := o.sibling.EvidenceOf(yamldoc.SplitPath(v.Path))
	if path := o.sibling.PathOf(at.way); path != o.pathOf(at.way) {
		evidence = o.sibling.EvidenceOf(at.way) // of another component
	}
	v.Fact = convention.Fact{Evidence: evidence + ", " + what, Confidence: convention.Probed}
	f.Values[key] = v
	o.reached[key] = at.reach.Object
}

// discover takes the best path for a key that names did not find, or found wrongly.
func (o *observation) discover(f *names.Facts, key string, found []located, taken map[string]bool) {
	old, known := f.Values[key]
	// What was not tried has nothing known against it.
	if known && (len(o.tried(old)) == 0 || slices.Contains(shapedKeys, key) && o.moves(old)) {
		return
	}
	found = slices.DeleteFunc(found, func(at located) bool {
		return !o.mayBe(key, at) || !o.isOwn(f, key, at) || taken[o.pathOf(at.way)]
	})
	if len(found) == 0 {
		return
	}
	best := slices.MinFunc(found, func(a, b located) int { return o.rank(a, f) - o.rank(b, f) })
	path := o.pathOf(best.way)
	taken[path] = true
	o.take(f, key, convention.Value{Path: path, Shape: best.shape, Declared: best.declared}, best)
	if old.Confidence == convention.Library && old.Path != path {
		f.Notes = append(f.Notes, fmt.Sprintf("%s: %s was seen to move what %s is expected to move (%s). The render "+
			"is followed.", f.Shown, path, old.Path, old.Evidence))
	}
}

// mayBe leaves out paths that are not the application's to set.
func (o *observation) mayBe(key string, at located) bool {
	switch {
	case len(at.way) == 0, slices.Contains(o.sibling.Others, at.way[0]):
		return false
	case !at.declared && len(at.way) > 1 && o.sibling.Values.Child(at.way[0]) == nil && !o.sibling.Reads(at.way) &&
		len(o.sibling.Values.Keys()) > 0:
		return false // a block that nobody has, such as that of a library's own values
	}
	return at.way[0] != "global" || key == "ingress.hosts" // what is global is for all charts at once
}

// moves reports whether a value, or one below it, was seen to reach anything in a route.
func (o *observation) moves(v convention.Value) bool {
	return slices.ContainsFunc(o.tried(v), func(f lineage.Finding) bool {
		return slices.ContainsFunc(f.Reaches, func(r lineage.Reach) bool {
			return slices.Contains(routeKinds, r.Object.Kind)
		})
	})
}

// shapedKeys are those whose path says little without the shape that names tell.
var shapedKeys = []string{"ingress.hosts", "ingress.tls", "ingress.annotations"}

// tried gives what was found of a value and of what lies below it.
func (o *observation) tried(v convention.Value) []lineage.Finding {
	path := yamldoc.SplitPath(v.Path)
	return slices.DeleteFunc(slices.Clone(o.result.Findings), func(f lineage.Finding) bool {
		return !o.isBelow(f.Path, path)
	})
}

// rank prefers what the values declare, then the image's neighbors, then what lies near the root.
func (o *observation) rank(at located, f *names.Facts) int {
	score := 10 * len(at.way)
	if !at.declared {
		score += 100
	}
	image := yamldoc.SplitPath(f.Values["image.repository"].Path)
	if len(image) > 1 && len(at.way) > 1 && at.way[0] == image[0] {
		score -= 5
	}
	if at.reach.Effect == lineage.Inside {
		score += 3
	}
	if !isOwnFile(at.reach.Object) { // a further Ingress, or Service
		score += 2
	}
	return score
}

// resolveImage corrects the image's shape by what its parts were seen to do.
func (o *observation) resolveImage(f *names.Facts) {
	repository, ok := f.Values["image.repository"]
	if !ok || repository.Confidence != convention.Probed {
		return
	}
	isProbed := func(key string) bool {
		v, ok := f.Values[key]
		return ok && v.Confidence == convention.Probed && v.Path != repository.Path
	}
	switch {
	case isProbed("image.registry"):
		repository.Shape = convention.ImageRegistry
	case isProbed("image.tag"):
		repository.Shape = convention.ImageSplit
	case o.isWholeImage(repository):
		repository.Shape = convention.ImageString
		delete(f.Values, "image.tag")
	}
	f.Values["image.repository"] = repository
}

// isWholeImage reports whether the value is all of the image, its tag too.
func (o *observation) isWholeImage(v convention.Value) bool {
	image := containerField(o.container, "image")
	return slices.ContainsFunc(o.tried(v), func(f lineage.Finding) bool {
		return slices.ContainsFunc(f.Reaches, func(r lineage.Reach) bool {
			return r.Object == o.workload && r.Effect == lineage.Direct && slices.Equal(r.Field, image)
		})
	})
}

// noteIgnored says of keys that were tried and moved nothing that they are followed in their names alone.
func (o *observation) noteIgnored(f *names.Facts) {
	for key, v := range f.Values {
		isProbed := v.Confidence != convention.Name && v.Confidence != convention.Library
		if isProbed || key == "ingress" || key == "persistence" {
			continue
		}
		if len(o.tried(v)) > 0 && !o.moves(v) && o.result.Incomplete == "" {
			v.Evidence += " (the templates ignore it)"
			f.Values[key] = v
		}
	}
}
