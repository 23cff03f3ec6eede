package convention

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Fit makes a convention whole that was written or changed by hand. Paths that it names must not conflict; keys that it
// does not name give way to them. The result passes Validate, and fitting it again changes nothing.
func (c *Convention) Fit() error {
	if err := c.validatePaths(slices.Sorted(maps.Keys(c.Values))); err != nil {
		return err
	}
	return c.Complete()
}

// Complete makes the convention whole: keys that no sibling names get the path that the repository would give them, and
// no two keys share one. The result passes Validate.
func (c *Convention) Complete() error {
	keys := c.Sheet.Values()
	c.dropConflicts(keys)
	c.addMissing(keys)
	delete(c.Values, "ingress")
	delete(c.Values, "persistence")
	c.moveSilent(keys, c.dropConflicts(keys))
	return c.Validate()
}

// dropConflicts takes back what a sibling seems to say where it cannot be: two keys at one path, or a key in a block
// that is not the sibling's to name. The key that comes first in the canonical order stays. It gives the paths of those
// that do.
func (c *Convention) dropConflicts(keys []string) (taken []keyPath) {
	taken = c.reservedPaths()
	for at := range c.paths(keys) {
		if _, named := c.Values[at.key]; !named {
			continue
		}
		if _, found := conflict(taken, at); found || len(at.path) == 0 {
			delete(c.Values, at.key)
			continue
		}
		taken = append(taken, at)
	}
	if c.Values["image.repository"].Shape == ImageString {
		delete(c.Values, "image.tag")
		delete(c.Values, "image.registry")
	}
	return taken
}

// moveSilent finds another path for keys that no sibling names and whose canonical path a sibling's key has taken.
func (c *Convention) moveSilent(keys []string, taken []keyPath) {
	for at := range c.paths(keys) {
		if _, named := c.Values[at.key]; named {
			continue
		}
		if other, found := conflict(taken, at); found {
			at.path = c.freePath(taken, at.key)
			c.Values[at.key] = Value{Path: at.path.String(), Fact: Fact{
				Evidence: fmt.Sprintf("%s is taken by %s", at.key, other), Confidence: Default,
			}}
		}
		taken = append(taken, at)
	}
}

// addMissing gives keys that no sibling names a path beside their relatives.
func (c *Convention) addMissing(keys []string) {
	c.addImage()
	for _, k := range c.Sheet.Keys {
		if k.Follow {
			c.addBlock(keys, k.Key)
		}
	}
	if port := c.Values["service.port"].Path; strings.Contains(port, "ports") && strings.HasSuffix(port, ".port") {
		// Ports with settings of their own have the target port there.
		if v := c.Values["service.targetPort"]; v.Confidence == Default || v.Path == "" {
			c.add("service.targetPort", strings.TrimSuffix(port, "port")+"targetPort", "", "service.port")
		}
	}
	c.addPod()
	c.addToWorkload(keys)
}

// add gives a key that no sibling names a path, unless it is the canonical one.
func (c *Convention) add(key, path, shape, beside string) {
	if v, ok := c.Values[key]; ok && v.Confidence != Default {
		return
	}
	if path == key {
		delete(c.Values, key)
		return
	}
	c.Values[key] = Value{Path: path, Shape: shape, Fact: Fact{Evidence: "beside " + beside, Confidence: Default}}
}

// addImage puts tag and policy beside the repository: into its block, or, for
// a flat image, under names that begin with "image".
func (c *Convention) addImage() {
	v, ok := c.Values["image.repository"]
	if !ok {
		return
	}
	path := yamldoc.SplitPath(v.Path)
	parent, last := path[:len(path)-1], path[len(path)-1]
	for _, key := range []string{"tag", "pullPolicy"} {
		name := key
		if strings.Contains(NormalizeName(last), "image") {
			name = "image" + capitalized(key)
		}
		if key != "tag" || v.Shape != ImageString {
			c.add("image."+key, yamldoc.JoinPath(append(slices.Clone(parent), name)...), "", "image.repository")
		}
	}
}

func capitalized(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// addBlock puts the missing keys of a block into it, where the repository has it.
// Keys of a block inside the block follow as they are.
func (c *Convention) addBlock(keys []string, block string) {
	own := c.Values[block] // a reader names some blocks themselves
	if own.Path == "" {
		own.Path, own.Shape = c.pathOfBlock(block), ""
	}
	if own.Path == "" {
		return
	}
	for _, key := range keys {
		leaf, ok := strings.CutPrefix(key, block+".")
		if !ok || c.PathOf(key) == "" {
			continue
		}
		shape := own.Shape
		if c.Sheet.Of(key).Shapes != nil {
			shape = ""
		}
		c.add(key, own.Path+"."+leaf, shape, own.Path)
	}
}

// pathOfBlock gives the path below which most named keys of a block lie. Keys that often lie elsewhere have no vote.
func (c *Convention) pathOfBlock(block string) string {
	var parents []string
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		leaf, ok := strings.CutPrefix(key, block+".")
		v := c.Values[key]
		if !ok || strings.Contains(leaf, ".") || v.Confidence == Default || c.Sheet.Of(key).Astray {
			continue
		}
		if parent, ok := parentOf(v.Path); ok {
			parents = append(parents, parent)
		}
	}
	best := MostFrequent(parents)
	if port := c.Values["service.port"].Path; best == "" && block == "service" && strings.HasPrefix(port, "service.") {
		// Named services show their ports and nothing else.
		if before, _, found := strings.Cut(port, ".ports"); found {
			return before
		}
		best, _ = parentOf(port)
	}
	return best
}

// MostFrequent gives the text that comes most often, of several the one that has come so often first, "" for none.
func MostFrequent(texts []string) (best string) {
	count := map[string]int{}
	for _, t := range texts {
		if count[t]++; count[t] > count[best] {
			best = t
		}
	}
	return best
}

// parentOf cuts a path before its last segment.
func parentOf(path string) (parent string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], i > 0
}

// addPod puts missing settings of containers beside the image, where that lies
// in a container's block, and those of pods into the pod's block.
func (c *Convention) addPod() {
	image := yamldoc.SplitPath(c.Values["image.repository"].Path)
	i := slices.IndexFunc(image, func(s string) bool { return NormalizeName(s) == "containers" })
	if i >= 0 && i+1 < len(image)-1 {
		container := yamldoc.JoinPath(image[:i+2]...)
		for _, key := range []string{"env", "resources", "securityContext"} {
			c.add(key, container+"."+key, "", "image.repository")
		}
		if i > 0 && !slices.Contains(PodBlocks, NormalizeName(image[i-1])) {
			// They are those of a workload, such as controllers.main.
			workload := yamldoc.JoinPath(image[:i]...)
			c.add("replicaCount", workload+".replicas", "", workload)
		}
	}
	scheduling := []string{"nodeSelector", "tolerations", "affinity", "topologySpreadConstraints"}
	block, ok := c.commonParent(append([]string{"podSecurityContext"}, scheduling...))
	if !ok {
		return
	}
	for _, key := range scheduling {
		c.add(key, block+"."+key, "", block)
	}
	last := yamldoc.SplitPath(block)
	if !slices.Contains(PodBlocks, NormalizeName(last[len(last)-1])) {
		return
	}
	for _, k := range c.Sheet.Keys {
		if k.InPod != "" {
			c.add(k.Key, block+"."+k.InPod, "", block)
		}
	}
}

// PodBlocks are names of blocks for settings of pods, as NormalizeName has them.
var PodBlocks = []string{"pod", "podspec", "podoptions", "defaultpodoptions"}

// commonParent gives the block, other than the root, in which all named keys of a group lie.
func (c *Convention) commonParent(keys []string) (string, bool) {
	common := ""
	for _, key := range keys {
		v, ok := c.Values[key]
		if !ok || v.Confidence == Default {
			continue
		}
		parent, ok := parentOf(v.Path)
		if !ok || common != "" && common != parent {
			return "", false
		}
		common = parent
	}
	return common, common != ""
}

// addToWorkload puts the missing settings of the workload into the block that is called like the chart, where the
// repository has the image and most of what it names there.
func (c *Convention) addToWorkload(keys []string) {
	const block = "{name}"
	lead := 0 // of those inside
	for key, v := range c.Values {
		switch {
		case v.Confidence == Default || !c.isOfWorkload(key):
		case strings.HasPrefix(v.Path, block+"."):
			lead++
		default:
			lead--
		}
	}
	if !strings.HasPrefix(c.Values["image.repository"].Path, block+".") || lead <= 0 {
		return
	}
	for _, key := range keys {
		if _, known := c.Values[key]; !known && c.PathOf(key) != "" && c.isOfWorkload(key) && !c.Sheet.IsReserved(key) {
			c.add(key, block+"."+key, "", "image.repository")
		}
	}
}

// isOfWorkload tells settings that belong to one workload, by their block.
func (c *Convention) isOfWorkload(key string) bool {
	root, _, _ := strings.Cut(key, ".")
	k := c.Sheet.Of(root)
	return k.Key != "" && !k.OfChart
}

// freePath gives the first free path among those that a person might choose.
func (c *Convention) freePath(taken []keyPath, key string) []string {
	segments := strings.Split(key, ".")
	joined := segments[0]
	for _, s := range segments[1:] {
		joined += capitalized(s)
	}
	var options [][]string
	if image := yamldoc.SplitPath(c.Values["image.repository"].Path); len(image) > 1 && len(segments) == 1 {
		options = append(options, append(slices.Clone(image[:len(image)-1]), key))
	}
	options = append(options, []string{joined}, []string{"container" + capitalized(joined)},
		append([]string{"livekit"}, segments...))
	for _, o := range options {
		if _, found := conflict(taken, keyPath{key, o}); !found {
			return o
		}
	}
	return append([]string{"own"}, segments...)
}
