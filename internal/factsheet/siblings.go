package factsheet

import (
	"cmp"
	"slices"
	"strings"
)

// Siblings is what is known of how repositories write one canonical key, or, where other keys begin with it, one block
// of them. Names of keys are in the form of convention.NormalizeName, the likeliest first.
type Siblings struct {
	// Names are what the key is called, in its block if it has one.
	Names []string `yaml:"names"`
	// Shaped are further names, by the shape that they tell.
	Shaped map[string][]string `yaml:"shaped"`
	// Loose are names that tell the key outside its block as well.
	Loose []string `yaml:"loose"`
	// InPod is its name in a block for the settings of pods.
	InPod string `yaml:"inPod"`
	// Value is what the key holds: "scalar", "number", "map" or "list", each of which may be null, "scalars" (one, or a
	// list), "items" (a list that is not null), "texts" (such a list of scalars), or "" for anything.
	Value string `yaml:"value"`
	// Shapes are the shapes that the value may have, beside none; those of a block are those of its keys that have none
	// of their own.
	Shapes []string `yaml:"shapes"`
	// Moves are the fields of rendered objects that the key sets. Each is
	//
	//	KIND [FIELD [tree | anywhere] [switch] [before=TEXT] [after=TEXT]]
	//
	// KIND is that of an object, "workload", "pod" and "container" for those of the application, or "claim" for a
	// PersistentVolumeClaim and a StatefulSet's template of one. Without a field, the key decides whether the object is
	// there. A tree has all below the field as well, anywhere says that the value may stand anywhere below it, and
	// switch that the field comes or goes. before and after are what the field's text has around the value, ^ for its
	// beginning and $ for its end.
	Moves []string `yaml:"moves"`
	// Tells says that moving these fields is enough to be the key. Otherwise its name has to suggest it as well.
	Tells bool `yaml:"tells"`
	// Hinted says that charts often have the key without naming it in values.yaml: a comment or a template may tell it.
	Hinted bool `yaml:"hinted"`
	// Anchor is, of a block, the key that decides for it in a vote: only charts with the most usual one have a say in
	// the rest.
	Anchor string `yaml:"anchor"`
	// Follow says of a block that keys which no sibling names follow the named ones into it.
	Follow bool `yaml:"follow"`
	// Astray says that the key often lies elsewhere than the rest of its block.
	Astray bool `yaml:"astray"`
	// Reserved says that no sibling's key may move into the block: LiveKit's configuration is strict about its keys,
	// the others keep their names.
	Reserved bool `yaml:"reserved"`
	// OfChart says that the key, or block, is not a setting of one workload.
	OfChart bool `yaml:"ofChart"`
}

// Block gives the block that a key is in, "" for a key of its own.
func (k Key) Block() string { return BlockOf(k.Key) }

// BlockOf gives the block that a canonical key is in, "" for a key of its own.
func BlockOf(key string) string { return key[:max(strings.IndexByte(key, '.'), 0)] }

// Of gives what is known of how repositories write a key or a block, nothing where the sheet does not say.
func (s *Sheet) Of(key string) Key {
	if k := s.Key(key); k != nil {
		return *k
	}
	return Key{}
}

// ReservedBlocks gives the blocks of the chart's own, in order.
func (s *Sheet) ReservedBlocks() []string {
	var out []string
	for _, k := range s.Keys {
		if k.Reserved {
			out = append(out, cmp.Or(k.Block(), k.Key))
		}
	}
	return out
}

// IsReserved reports whether a key is in one of the chart's own blocks.
func (s *Sheet) IsReserved(key string) bool {
	return slices.Contains(s.ReservedBlocks(), cmp.Or(BlockOf(key), key))
}
