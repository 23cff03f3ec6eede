package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// deck gives mutations of all kinds and both sides in turn, none twice.
type deck struct {
	piles []*pile
	found map[string]int // by kind
	next  int
}

// pile is the mutations of a kind on one side.
type pile struct {
	side      side
	mutations []mutation
}

// newDeck shuffles the mutations of each kind. The order follows from the seed.
func newDeck(charts map[side]chart, sides []side, kinds []kind, seed uint64) *deck {
	d := &deck{found: map[string]int{}}
	seen, found := map[string]bool{}, map[side]map[string][]mutation{}
	for _, s := range sides {
		found[s] = findMutations(charts[s], kinds)
	}
	for i, k := range kinds {
		for j, s := range sides {
			d.found[k.name] += len(found[s][k.name])
			random := rand.New(rand.NewPCG(seed, uint64(i*len(sides)+j)))
			mutations := slices.DeleteFunc(found[s][k.name], func(m mutation) bool {
				key := string(s) + m.ID
				known := seen[key]
				seen[key] = true
				return known
			})
			d.piles = append(d.piles, &pile{s, shuffle(mutations, random)})
		}
	}
	return d
}

// shuffle puts mutations in a random order in which each file has its turn.
func shuffle(all []mutation, random *rand.Rand) []mutation {
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	turns, turn := map[string]int{}, map[string]int{}
	for _, m := range all {
		turns[m.File]++
		turn[m.ID] = turns[m.File]
	}
	slices.SortStableFunc(all, func(a, b mutation) int { return turn[a.ID] - turn[b.ID] })
	return all
}

// draw gives up to n mutations.
func (d *deck) draw(n int) []drawn {
	var out []drawn
	for empty := 0; len(out) < n && empty < len(d.piles); d.next++ {
		p := d.piles[d.next%len(d.piles)]
		if empty++; len(p.mutations) > 0 {
			empty = 0
			out = append(out, drawn{p.mutations[0], p.side})
			p.mutations = p.mutations[1:]
		}
	}
	return out
}

// drawn is a mutation with the side that it is for.
type drawn struct {
	mutation
	Side side `json:"side"`
}

// find gives the mutation of that ID.
func (d *deck) find(id string) ([]drawn, error) {
	for _, p := range d.piles {
		if at := slices.IndexFunc(p.mutations, func(m mutation) bool { return m.ID == id }); at >= 0 {
			return []drawn{{p.mutations[at], p.side}}, nil
		}
	}
	return nil, fmt.Errorf(
		"no mutation of these charts has the ID %s: they may have changed since, or the side or kinds leave it out", id)
}
