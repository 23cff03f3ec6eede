package main

import (
	"math/rand/v2"
	"slices"
)

// arrange gives the mutations of both charts, none twice, in the order in which they are tried: all kinds and sides
// have their turn, and within them all files. It follows from the seed. found counts them by kind.
func arrange(charts map[side]chart, o options) (all []mutation, found map[string]int) {
	found = map[string]int{}
	seen := map[string]bool{}
	for i, k := range o.kinds {
		for j, s := range o.sides {
			var pile []mutation
			for _, m := range findMutations(charts[s], k) {
				found[k.name]++
				m.Side = s
				if key := string(s) + m.ID; !seen[key] {
					seen[key] = true
					pile = append(pile, m)
				}
			}
			random := rand.New(rand.NewPCG(o.seed, uint64(i*len(o.sides)+j)))
			random.Shuffle(len(pile), func(i, j int) { pile[i], pile[j] = pile[j], pile[i] })
			takeTurns(pile, func(m mutation) string { return m.File })
			all = append(all, pile...)
		}
	}
	takeTurns(all, func(m mutation) string { return string(m.Side) + m.Kind })
	return all, found
}

// takeTurns sorts mutations so that each group has its turn: the first one of each, then the second ones.
func takeTurns(all []mutation, group func(mutation) string) {
	counts, turn := map[string]int{}, map[string]int{}
	for _, m := range all {
		counts[group(m)]++
		turn[string(m.Side)+m.ID] = counts[group(m)]
	}
	slices.SortStableFunc(all, func(a, b mutation) int {
		return turn[string(a.Side)+a.ID] - turn[string(b.Side)+b.ID]
	})
}
