// Package pairing finds keys of two charts that do the same, by the fields that both affect.
package pairing

import (
	"maps"
	"slices"
	"strings"
)

// Match is the key of the chart that does what one of upstream's does.
type Match struct {
	Key string
	// How says how that is known.
	How string
}

// Keys finds for each key of upstream's the key of the chart that moves most of the same fields; of several the
// one of the same name, or else the one that moves least beside them. A key that is the same as another one
// of upstream's, by its name, does not stand for this one by what comes and goes with it.
func Keys(upstream, chart map[string][]string, isSame func(key string) bool) map[string]Match {
	out := map[string]Match{}
	for up, fields := range upstream {
		best, most := "", 0
		for _, key := range slices.Sorted(maps.Keys(chart)) {
			own := chart[key]
			n, onlySwitches := 0, true
			for _, f := range own {
				if slices.Contains(fields, f) {
					n += weight(f)
					onlySwitches = onlySwitches && weight(f) == 1
				}
			}
			alike := lastName(up) == lastName(key)
			if onlySwitches && (!(isSwitch(up) && isSwitch(key)) && !alike || key != up && isSame(key)) {
				continue // many values make an object come or go in passing
			}
			wasAlike := lastName(best) == lastName(up)
			isNearer := alike && !wasAlike || alike == wasAlike && len(own) < len(chart[best])
			if n > most || n == most && n > 0 && isNearer {
				best, most = key, n
			}
		}
		if best != "" {
			shared := slices.IndexFunc(fields, func(f string) bool { return slices.Contains(chart[best], f) })
			out[up] = Match{best, "by probing: both move " + fields[shared]}
		}
	}
	return out
}

// isSwitch reports whether a key is called what switches are.
func isSwitch(key string) bool {
	last := lastName(key)
	return strings.Contains(last, "hostnetwork") ||
		slices.Contains([]string{"enable", "enabled", "create", "created"}, last)
}

// weight tells values that become a field from those that switch one.
func weight(field string) int {
	if strings.HasSuffix(field, "(is there)") {
		return 1
	}
	return 3
}

// lastName is the last part of a key, however it is written: tcp_port is tcpPort.
func lastName(key string) string {
	return strings.ToLower(strings.ReplaceAll(key[strings.LastIndexByte(key, '.')+1:], "_", ""))
}
