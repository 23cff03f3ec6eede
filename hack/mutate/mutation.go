package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// mutation is one change of a chart, in one place.
type mutation struct {
	ID   string // follows from what becomes of the files: mutations that do the same have the same one
	Kind string
	Side side
	File string // relative to the chart
	Line int    // the first that differs, from 1

	changes changes
}

// mutations gives every mutation of a kind in a chart.
func mutations(c chart, k kind, s side) []mutation {
	in := regexp.MustCompile(k.in)
	var out []mutation
	for _, file := range slices.Sorted(maps.Keys(c)) {
		if !in.MatchString(file) {
			continue
		}
		for _, ch := range k.find(c, file) {
			maps.DeleteFunc(ch, func(name, text string) bool { return c[name] == text })
			if len(ch) > 0 && ch.parse() {
				line := firstDifferentLine(c[file], ch[file])
				out = append(out, mutation{ID: ch.id(), Kind: k.name, Side: s, File: file, Line: line, changes: ch})
			}
		}
	}
	return out
}

// parse reports whether every template among the files is one.
func (c changes) parse() bool {
	for name, text := range c {
		if isTemplate(name) && !parses(text) {
			return false
		}
	}
	return true
}

func (c changes) id() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(h, "%s\x00%s\x00", name, c[name])
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:5])
}

func firstDifferentLine(a, b string) int {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	return strings.Count(a[:same], "\n") + 1
}

// arrange gives the mutations of both charts, none twice, in the order in which they are tried: all kinds and sides
// have their turn, and within them all files. It follows from the seed. found counts them by kind.
func arrange(charts map[side]chart, o options) (all []mutation, found map[string]int) {
	found = map[string]int{}
	seen := map[string]bool{}
	for i, k := range o.kinds {
		for j, s := range o.sides {
			pile := mutations(charts[s], k, s)
			found[k.name] += len(pile)
			pile = slices.DeleteFunc(pile, func(m mutation) bool {
				key := string(s) + m.ID
				again := seen[key]
				seen[key] = true
				return again
			})
			random := rand.New(rand.NewPCG(o.seed, uint64(i*len(o.sides)+j)))
			random.Shuffle(len(pile), func(i, j int) { pile[i], pile[j] = pile[j], pile[i] })
			all = append(all, takeTurns(pile, func(m mutation) string { return m.File })...)
		}
	}
	return takeTurns(all, func(m mutation) string { return string(m.Side) + m.Kind }), found
}

// takeTurns sorts mutations so that each group has its turn: the first one of each, then the second ones.
func takeTurns(all []mutation, group func(mutation) string) []mutation {
	var turns [][]mutation
	counts := map[string]int{}
	for _, m := range all {
		turn := counts[group(m)]
		counts[group(m)]++
		if turn == len(turns) {
			turns = append(turns, nil)
		}
		turns[turn] = append(turns[turn], m)
	}
	return slices.Concat(turns...)
}
