// Package media says which way media may take: kinds of paths, and the
// filter that lets only the wanted candidates and TURN servers through.
package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Kind is a way of media to the server.
type Kind string

// The kinds of paths. Auto takes any, as an ordinary client does.
const (
	Auto    Kind = "auto"
	UDP     Kind = "udp"
	TCP     Kind = "tcp"
	TURNUDP Kind = "turn-udp"
	TURNTLS Kind = "turn-tls"
)

var kinds = []Kind{Auto, UDP, TCP, TURNUDP, TURNTLS}

// Relayed says whether media goes through a TURN server.
func (k Kind) Relayed() bool { return k == TURNUDP || k == TURNTLS }

// ParseKinds reads a list such as "udp,tcp": one call each, in this order.
func ParseKinds(text string) ([]Kind, error) {
	var list []Kind
	for word := range strings.SplitSeq(text, ",") {
		kind := Kind(strings.TrimSpace(word))
		if !slices.Contains(kinds, kind) {
			return nil, remedy.Errorf("choose from auto, udp, tcp, turn-udp and turn-tls, several with commas "+
				"between them",
				"--media: %q is no way of media", word)
		}
		if slices.Contains(list, kind) {
			return nil, fmt.Errorf("--media: %s is there twice", kind)
		}
		list = append(list, kind)
	}
	return list, nil
}
