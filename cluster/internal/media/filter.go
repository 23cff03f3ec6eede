package media

import (
	"strings"
)

// Filter decides what of the server's offers may be used for a call.
type Filter struct {
	Kind   Kind
	Expect Expect
}

// Skip says why a candidate must not be used, or "".
//
// Behind a relay the server's own address is between the TURN server and itself,
// which says nothing about what clients can reach: there any UDP candidate will do.
func (f Filter) Skip(c Candidate) string {
	switch {
	case f.Kind == UDP && c.Protocol != "udp":
		return "not UDP"
	case f.Kind == TCP && c.Protocol != "tcp":
		return "not TCP"
	case f.Kind.Relayed() && c.Protocol != "udp":
		return "a TURN server relays to UDP alone"
	case f.Kind.Relayed():
		return ""
	case f.Kind != Auto && c.Type == "relay":
		return "relayed"
	case !f.Expect.Address(c.Address):
		return "address not expected"
	case !f.Expect.Port(c.Port, c.Protocol):
		return "port not expected"
	}
	return ""
}

// SplitCandidates takes the candidates out of a session description, so that
// each can be asked for separately.
func SplitCandidates(sdp string) (rest string, candidates []string) {
	var kept strings.Builder
	seen := map[string]bool{}
	for line := range strings.SplitAfterSeq(sdp, "\n") {
		candidate, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:")
		switch {
		case !ok:
			kept.WriteString(line)
		case !seen[candidate]:
			seen[candidate] = true
			candidates = append(candidates, "candidate:"+candidate)
		}
	}
	return kept.String(), candidates
}
