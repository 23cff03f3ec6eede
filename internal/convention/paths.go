package convention

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// PathOf gives the path of a canonical key: the convention's, or the key itself. It is "" for a key that has none, as
// the tag of an image in one string, or the domain of hosts where the repository does not keep it apart.
func (c *Convention) PathOf(key string) string {
	shape := c.Values["image.repository"].Shape
	isPart := key == "image.tag" || key == "image.digest"
	if key == "image.registry" && shape != ImageRegistry || isPart && shape == ImageString {
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

// PlainShapes are the shapes of the canonical
var PlainShapes = map[string]string{
	"image.repository":       ImageSplit,
	"env":                    EnvList,
	"ingress.hosts":          HostsObjects,
	"ingress.tls":            TLSList,
	"httpRoute.hostnames":    HostsStrings,
	"persistence.accessMode": AccessModeString,
	"service.targetPort":     PortName,
}

// keyPath is a key with its path.
type keyPath struct {
	key  string
	path yamldoc.Path
}

// paths gives the keys that have a path and may lie elsewhere than in their
// canonical place, each as it is when its turn comes.
func (c *Convention) paths(keys []string) iter.Seq[keyPath] {
	return func(yield func(keyPath) bool) {
		for _, key := range keys {
			path := c.PathOf(key)
			if path != "" && !c.Sheet.IsReserved(key) && !yield(keyPath{key, yamldoc.SplitPath(path)}) {
				return
			}
		}
	}
}

func (c *Convention) reservedPaths() []keyPath {
	var out []keyPath
	for _, key := range c.Sheet.ReservedBlocks() {
		out = append(out, keyPath{key, yamldoc.SplitPath(c.PathOf(key))})
	}
	return out
}

// conflict gives the key whose path is the same, or lies above or below it.
func conflict(taken []keyPath, at keyPath) (string, bool) {
	for _, t := range taken {
		// The class may be one of the annotations.
		pair := []string{t.key, at.key}
		isClass := slices.Contains(pair, "ingress.className") && slices.Contains(pair, "ingress.annotations")
		if isClass && len(t.path) != len(at.path) {
			continue
		}
		if t.path.Contains(at.path) || at.path.Contains(t.path) {
			return t.key, true
		}
	}
	return "", false
}

// ForChart gives the convention for a chart of that name: {name} in the paths of values, suffixes and files is filled
// in. Patterns of names, labels and hosts stay.
func (c *Convention) ForChart(name string) *Convention {
	fill := func(texts map[string]string) map[string]string {
		texts = maps.Clone(texts)
		for key, text := range texts {
			texts[key] = strings.ReplaceAll(text, "{name}", name)
		}
		return texts
	}
	out := *c
	out.Values = make(map[string]Value, len(c.Values))
	for key, v := range c.Values {
		v.Path = strings.ReplaceAll(v.Path, "{name}", name)
		out.Values[key] = v
	}
	out.Naming.Suffixes, out.Files.Templates = fill(c.Naming.Suffixes), fill(c.Files.Templates)
	return &out
}
