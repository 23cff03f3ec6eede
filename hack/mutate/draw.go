package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// deck gives mutations of all kinds and both sides in turn, none twice.
type deck struct {
	piles [][]mutation   // one for each kind and side
	found map[string]int // by kind
	next  int
}

// newDeck shuffles the mutations of each kind. The order follows from the seed.
func newDeck(charts map[side]chart, o options) *deck {
	d, seen := &deck{found: map[string]int{}}, map[string]bool{}
	for i, k := range o.kinds {
		for j, s := range o.sides {
			var pile []mutation
			for _, m := range findMutations(charts[s], k) {
				d.found[k.name]++
				if key := string(s) + m.ID; !seen[key] {
					seen[key] = true
					m.Side = s
					pile = append(pile, m)
				}
			}
			shuffle(pile, rand.New(rand.NewPCG(o.seed, uint64(i*len(o.sides)+j))))
			d.piles = append(d.piles, pile)
		}
	}
	return d
}

// shuffle puts mutations in a random order in which each file has its turn.
func shuffle(all []mutation, random *rand.Rand) {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	turns, turn := map[string]int{}, map[string]int{}
	for _, m := range all {
		turns[m.File]++
		turn[m.ID] = turns[m.File]
	}
	slices.SortStableFunc(all, func(a, b mutation) int { return turn[a.ID] - turn[b.ID] })
}

// draw gives up to n mutations.
func (d *deck) draw(n int) []mutation {
	var out []mutation
	for empty := 0; len(out) < n && empty < len(d.piles); d.next++ {
		pile := &d.piles[d.next%len(d.piles)]
		if empty++; len(*pile) > 0 {
			empty = 0
			out = append(out, (*pile)[0])
			*pile = (*pile)[1:]
		}
	}
	return out
}

// find gives the mutation of that ID.
func (d *deck) find(id string) ([]mutation, error) {
	for _, pile := range d.piles {
		for _, m := range pile {
			if m.ID == id {
				return []mutation{m}, nil
			}
		}
	}
	return nil, fmt.Errorf(
		"no mutation of these charts has the ID %s: they may have changed since, or the side or kinds leave it out", id)
}
