package mutation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// source gives the mutations of one kind on one side, one after the other.
type source struct {
	side  Side
	queue []Mutation
}

// deck draws mutations of all kinds and both sides in turn, no result twice.
type deck struct {
	files   map[Side][]helmchart.File
	sources []*source
	seen    map[string]bool
	next    int
}

// drawn is a mutation with where it was drawn.
type drawn struct {
	Mutation
	side Side
	from *source
}

// newDeck shuffles the mutations of each kind, even over files. The order
// follows from the seed.
func newDeck(files map[Side][]helmchart.File, sides []Side, kinds []Kind, seed uint64) *deck {
	d := &deck{files: files, seen: map[string]bool{}}
	found := map[Side]map[string][]Mutation{}
	for _, side := range sides {
		found[side] = Find(files[side], kinds)
	}
	for i, k := range kinds {
		for j, side := range sides {
			random := rand.New(rand.NewPCG(seed, uint64(i*len(sides)+j)))
			if queue := evenly(found[side][k.Name], random); len(queue) > 0 {
				d.sources = append(d.sources, &source{side, queue})
			}
		}
	}
	return d
}

// evenly shuffles mutations so that each file has its turn.
func evenly(all []Mutation, random *rand.Rand) []Mutation {
	byFile := map[string][]Mutation{}
	for _, m := range all {
		byFile[m.File] = append(byFile[m.File], m)
	}
	names := slices.Sorted(maps.Keys(byFile))
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		list := byFile[name]
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	out := make([]Mutation, 0, len(all))
	for n := 0; len(out) < len(all); n++ {
		for _, name := range names {
			if n < len(byFile[name]) {
				out = append(out, byFile[name][n])
			}
		}
	}
	return out
}

// draw gives the next mutation; from, where it is not nil and has one left, is
// where it is taken.
func (d *deck) draw(from *source) (drawn, bool) {
	if from != nil {
		if m, ok := d.take(from); ok {
			return m, true
		}
	}
	for range d.sources {
		s := d.sources[d.next%len(d.sources)]
		d.next++
		if m, ok := d.take(s); ok {
			return m, true
		}
	}
	return drawn{}, false
}

// take gives the first of a source whose result was not drawn yet.
func (d *deck) take(s *source) (drawn, bool) {
	for len(s.queue) > 0 {
		m := s.queue[0]
		s.queue = s.queue[1:]
		if key := string(s.side) + m.result(d.files[s.side]); !d.seen[key] {
			d.seen[key] = true
			return drawn{m, s.side, s}, true
		}
	}
	return drawn{}, false
}

// find gives the mutation of that ID.
func (d *deck) find(id string) (drawn, error) {
	for _, s := range d.sources {
		for _, m := range s.queue {
			if m.ID == id {
				return drawn{m, s.side, s}, nil
			}
		}
	}
	return drawn{}, fmt.Errorf("no mutation of these charts has the ID %s: they may have changed since, or the side or kinds leave it out", id)
}
