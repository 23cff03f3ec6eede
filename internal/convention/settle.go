package convention

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// reserved are blocks of the chart's own that no sibling's key may move into:
// LiveKit's configuration is strict about its keys, the others keep their names.
var reserved = []string{"config", "extraConfig", "keys", "media", "turn", "redis", "metrics", "extraObjects", "tests"}

// families are canonical keys whose unnamed members follow the named ones into
// their block.
var families = []string{"service", "autoscaling", "serviceAccount", "podDisruptionBudget", "httpRoute"}

// Fit makes a convention whole that was written or changed by hand. Places that
// it names must not collide; keys that it does not name give way to them. The
// result passes Validate, and fitting it again changes nothing.
func (c *Convention) Fit() error {
	if err := c.validatePlaces(slices.Sorted(maps.Keys(c.Values))); err != nil {
		return err
	}
	if err := c.Complete(); err != nil {
		return err
	}
	return c.Validate()
}

// Complete makes the convention whole: keys that no sibling names get the place
// that the repository would give them, and no two keys share one.
func (c *Convention) Complete() error {
	keys, err := canonicalKeys()
	if err != nil {
		return err
	}
	c.dropCollisions(keys)
	c.placeSilent(keys)
	delete(c.Values, "ingress")
	delete(c.Values, "persistence")
	c.dropCollisions(keys)
	c.moveAside(keys)
	return nil
}

// canonicalKeys gives the canonical keys that have a value, in the table's order.
func canonicalKeys() ([]string, error) {
	table, err := canonical.Load()
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, v := range table.Values {
		if !v.IsHeading() {
			keys = append(keys, v.Key)
		}
	}
	return keys, nil
}

// PathOf gives the place of a canonical key: the convention's, or the key
// itself. It is "" for a key that has none, as the tag of an image in one string,
// or the domain of hosts where the repository does not keep it apart.
func (c *Convention) PathOf(key string) string {
	shape := c.Values["image.repository"].Shape
	if key == "image.registry" && shape != ImageRegistry || key == "image.tag" && shape == ImageString {
		return ""
	}
	if v, ok := c.Values[key]; ok {
		return v.Path
	}
	if key == "ingress.domain" {
		return ""
	}
	return key
}

// placed is a key at its place.
type placed struct {
	key  string
	path []string
}

// collides gives the key that is already at, above or below a path.
func collides(taken []placed, key string, path []string) (string, bool) {
	for _, t := range taken {
		if !HasPrefix(t.path, path) && !HasPrefix(path, t.path) {
			continue
		}
		// The class may be one of the annotations.
		pair := []string{t.key, key}
		if slices.Contains(pair, "ingress.className") && slices.Contains(pair, "ingress.annotations") && len(t.path) != len(path) {
			continue
		}
		return t.key, true
	}
	return "", false
}

// dropCollisions takes back what a sibling seems to say where it cannot be: two
// keys at one place, or a key in a block that is not the sibling's to name. The
// key that comes first in the canonical order stays.
func (c *Convention) dropCollisions(keys []string) {
	taken := c.reservedPlaces()
	for _, key := range keys {
		v, ok := c.Values[key]
		if !ok || isReserved(key) || c.PathOf(key) == "" {
			continue
		}
		path := yamldoc.SplitPath(v.Path)
		if _, clash := collides(taken, key, path); clash || len(path) == 0 {
			delete(c.Values, key)
			continue
		}
		taken = append(taken, placed{key, path})
	}
	if c.Values["image.repository"].Shape == ImageString {
		delete(c.Values, "image.tag")
		delete(c.Values, "image.registry")
	}
}

func isReserved(key string) bool {
	root, _, _ := strings.Cut(key, ".")
	return slices.Contains(reserved, root)
}

func (c *Convention) reservedPlaces() []placed {
	var out []placed
	for _, key := range reserved {
		out = append(out, placed{key, yamldoc.SplitPath(c.PathOf(key))})
	}
	return out
}

// placeSilent gives keys that no sibling names a place beside their relatives.
func (c *Convention) placeSilent(keys []string) {
	c.placeImage()
	for _, block := range []string{"ingress", "persistence"} {
		if at, ok := c.Values[block]; ok {
			c.placeFamily(keys, block, at.Path, at.Shape)
		} else if base, ok := c.base(block); ok {
			c.placeFamily(keys, block, base, "")
		}
	}
	for _, family := range families {
		if base, ok := c.base(family); ok {
			c.placeFamily(keys, family, base, "")
		}
	}
	if port := c.Values["service.port"].Path; strings.Contains(port, "ports") && strings.HasSuffix(port, ".port") {
		// Ports with settings of their own have the target port there.
		if v := c.Values["service.targetPort"]; v.Confidence == Default || v.Path == "" {
			c.place("service.targetPort", strings.TrimSuffix(port, "port")+"targetPort", "", "service.port")
		}
	}
	c.placePod()
	c.placeInBlock(keys)
}

// PodBlocks are names of blocks for settings of pods, as NormalizeName has them.
var PodBlocks = []string{"pod", "podspec", "podoptions", "defaultpodoptions"}

// workloadKeys are keys, or the families of keys, that belong to one workload.
var workloadKeys = []string{
	"replicaCount", "imagePullSecrets", "env", "envFrom", "extraArgs", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle",
	"terminationGracePeriodSeconds", "strategy", "podAnnotations", "podLabels", "podSecurityContext", "securityContext", "nodeSelector", "tolerations",
	"affinity", "topologySpreadConstraints", "priorityClassName", "runtimeClassName", "extraVolumes", "extraVolumeMounts", "initContainers",
	"extraContainers", "annotations", "service", "ingress", "persistence", "autoscaling", "podDisruptionBudget", "serviceAccount",
}

// placeInBlock puts the silent settings of the workload into the block that is
// called like the chart, where the repository has the image and most of what it
// names there.
func (c *Convention) placeInBlock(keys []string) {
	const block = "{name}"
	inside, outside := 0, 0
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		family, _, _ := strings.Cut(key, ".")
		switch v := c.Values[key]; {
		case v.Confidence == Default || !slices.Contains(workloadKeys, family):
		case strings.HasPrefix(v.Path, block+"."):
			inside++
		default:
			outside++
		}
	}
	if !strings.HasPrefix(c.Values["image.repository"].Path, block+".") || inside <= outside {
		return
	}
	for _, key := range keys {
		family, _, _ := strings.Cut(key, ".")
		if _, known := c.Values[key]; !known && slices.Contains(workloadKeys, family) && !isReserved(key) {
			c.place(key, block+"."+key, "", "image.repository")
		}
	}
}

// place notes a place for a silent key, unless it is the canonical one.
func (c *Convention) place(key, path, shape, beside string) {
	if v, ok := c.Values[key]; ok && v.Confidence != Default {
		return
	}
	if path == key {
		delete(c.Values, key)
		return
	}
	c.Values[key] = Value{Path: path, Shape: shape, Fact: Fact{Evidence: "beside " + beside, Confidence: Default}}
}

// placeImage puts tag and policy beside the repository: into its block, or, for
// a flat image, under names that begin with "image".
func (c *Convention) placeImage() {
	v, ok := c.Values["image.repository"]
	if !ok {
		return
	}
	path := yamldoc.SplitPath(v.Path)
	parent, last := path[:len(path)-1], path[len(path)-1]
	for _, key := range []string{"tag", "pullPolicy"} {
		name := key
		if strings.Contains(NormalizeName(last), "image") {
			name = "image" + strings.ToUpper(key[:1]) + key[1:]
		}
		if key != "tag" || v.Shape != ImageString {
			c.place("image."+key, yamldoc.JoinPath(append(slices.Clone(parent), name)...), "", "image.repository")
		}
	}
}

// placeFamily puts the silent keys of a block into it. Keys of a block inside
// the block follow as they are.
func (c *Convention) placeFamily(keys []string, family, base, shape string) {
	for _, key := range keys {
		leaf, ok := strings.CutPrefix(key, family+".")
		if !ok || c.PathOf(key) == "" {
			continue
		}
		s := shape
		if key == "persistence.accessMode" {
			s = ""
		}
		c.place(key, base+"."+leaf, s, base)
	}
}

// base gives the block in which most named keys of a family lie. Keys that often
// lie elsewhere than their family have no vote.
func (c *Convention) base(family string) (string, bool) {
	votes := map[string]int{}
	best := ""
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		leaf, ok := strings.CutPrefix(key, family+".")
		v := c.Values[key]
		if !ok || strings.Contains(leaf, ".") || v.Confidence == Default || key == "service.port" || key == "service.targetPort" || key == "ingress.domain" {
			continue
		}
		i := strings.LastIndexByte(v.Path, '.')
		if i <= 0 {
			continue
		}
		if votes[v.Path[:i]]++; best == "" || votes[v.Path[:i]] > votes[best] {
			best = v.Path[:i]
		}
	}
	if best == "" && family == "service" {
		// Named services show their ports and nothing else.
		if port := c.Values["service.port"].Path; strings.HasPrefix(port, "service.") {
			if i := strings.Index(port, ".ports"); i > 0 {
				return port[:i], true
			}
			if i := strings.LastIndexByte(port, '.'); i > 0 {
				return port[:i], true
			}
		}
	}
	return best, best != ""
}

// placePod puts silent settings of containers beside the image, where that lies
// in a container's block, and those of pods into the pod's block.
func (c *Convention) placePod() {
	image := yamldoc.SplitPath(c.Values["image.repository"].Path)
	i := slices.IndexFunc(image, func(s string) bool { return NormalizeName(s) == "containers" })
	if i >= 0 && i+1 < len(image)-1 {
		container := yamldoc.JoinPath(image[:i+2]...)
		for _, key := range []string{"env", "resources", "securityContext"} {
			c.place(key, container+"."+key, "", "image.repository")
		}
	}
	scheduling := []string{"nodeSelector", "tolerations", "affinity", "topologySpreadConstraints"}
	block, one := c.commonParent(append([]string{"podSecurityContext"}, scheduling...))
	if !one {
		return
	}
	last := yamldoc.SplitPath(block)
	for _, key := range scheduling {
		c.place(key, block+"."+key, "", block)
	}
	if slices.Contains(PodBlocks, NormalizeName(last[len(last)-1])) {
		for key, name := range map[string]string{
			"podAnnotations": "annotations", "podLabels": "labels", "podSecurityContext": "securityContext",
			"imagePullSecrets": "imagePullSecrets", "priorityClassName": "priorityClassName", "runtimeClassName": "runtimeClassName",
		} {
			c.place(key, block+"."+name, "", block)
		}
	}
}

// commonParent gives the block, other than the root, in which all named keys of
// a group lie.
func (c *Convention) commonParent(keys []string) (string, bool) {
	parent := ""
	for _, key := range keys {
		v, ok := c.Values[key]
		if !ok || v.Confidence == Default {
			continue
		}
		i := strings.LastIndexByte(v.Path, '.')
		if i <= 0 || parent != "" && parent != v.Path[:i] {
			return "", false
		}
		parent = v.Path[:i]
	}
	return parent, parent != ""
}

// moveAside finds another place for keys that no sibling names and whose
// canonical place a sibling's key has taken.
func (c *Convention) moveAside(keys []string) {
	taken := c.reservedPlaces()
	for _, named := range []bool{true, false} {
		for _, key := range keys {
			if _, ok := c.Values[key]; ok != named || isReserved(key) || c.PathOf(key) == "" {
				continue
			}
			path := yamldoc.SplitPath(c.PathOf(key))
			other, clash := collides(taken, key, path)
			if clash {
				path = c.elsewhere(taken, key)
				c.Values[key] = Value{Path: yamldoc.JoinPath(path...), Fact: Fact{
					Evidence: fmt.Sprintf("%s is taken by %s", key, other), Confidence: Default,
				}}
			}
			taken = append(taken, placed{key, path})
		}
	}
}

// elsewhere gives the first free place among those that a person might choose.
func (c *Convention) elsewhere(taken []placed, key string) []string {
	segments := strings.Split(key, ".")
	joined := segments[0]
	for _, s := range segments[1:] {
		joined += strings.ToUpper(s[:1]) + s[1:]
	}
	var options [][]string
	if image := yamldoc.SplitPath(c.Values["image.repository"].Path); len(image) > 1 && len(segments) == 1 {
		options = append(options, append(slices.Clone(image[:len(image)-1]), key))
	}
	options = append(options, []string{joined},
		[]string{"container" + strings.ToUpper(joined[:1]) + joined[1:]}, append([]string{"livekit"}, segments...))
	for _, o := range options {
		if _, clash := collides(taken, key, o); !clash {
			return o
		}
	}
	return append([]string{"own"}, segments...)
}

// ForChart gives the convention for a chart of that name: {name} in the paths
// of values, suffixes and files is filled in. Patterns of names, labels and hosts stay.
func (c *Convention) ForChart(name string) *Convention {
	out := *c
	out.Values = make(map[string]Value, len(c.Values))
	for key, v := range c.Values {
		v.Path = strings.ReplaceAll(v.Path, "{name}", name)
		out.Values[key] = v
	}
	if c.Naming.Suffixes != nil {
		out.Naming.Suffixes = make(map[string]string, len(c.Naming.Suffixes))
		for kind, suffix := range c.Naming.Suffixes {
			out.Naming.Suffixes[kind] = strings.ReplaceAll(suffix, "{name}", name)
		}
	}
	if c.Files.Templates != nil {
		out.Files.Templates = make(map[string]string, len(c.Files.Templates))
		for kind, file := range c.Files.Templates {
			out.Files.Templates[kind] = strings.ReplaceAll(file, "{name}", name)
		}
	}
	return &out
}
