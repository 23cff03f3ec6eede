package media

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Expect is where media is to arrive. Empty lists allow everything.
type Expect struct {
	Addresses []netip.Addr
	Ports     []Ports
}

// Ports is a range of ports of a protocol, "udp", "tcp" or "" for both.
type Ports struct {
	First, Last uint16
	Protocol    string
}

// ParseExpect reads --expect-address (IP[,IP]) and --expect-ports
// (PORT[-PORT][/udp|/tcp][,...]).
func ParseExpect(addresses, ports string) (Expect, error) {
	var e Expect
	for _, word := range words(addresses) {
		address, err := netip.ParseAddr(word)
		if err != nil {
			return e, remedy.Errorf("give addresses, several with commas between them: 192.0.2.1,2001:db8::1",
				"--expect-address: %q is not an IP address", word)
		}
		e.Addresses = append(e.Addresses, address.Unmap())
	}
	for _, word := range words(ports) {
		p, ok := parsePorts(word)
		if !ok {
			return e, remedy.Errorf("give ports as 7882, 7882/udp or 50000-60000/udp, several with commas between them",
				"--expect-ports: %q is not a port", word)
		}
		e.Ports = append(e.Ports, p)
	}
	return e, nil
}

// Address says whether an address is one of those expected.
func (e Expect) Address(address netip.Addr) bool {
	return len(e.Addresses) == 0 || slices.Contains(e.Addresses, address.Unmap())
}

// Port says whether a port of a protocol ("udp" or "tcp") is one of those
// expected. Ports that are given for the other protocol alone say nothing.
func (e Expect) Port(port uint16, protocol string) bool {
	said := false
	for _, p := range e.Ports {
		if p.Protocol != "" && p.Protocol != protocol {
			continue
		}
		said = true
		if p.First <= port && port <= p.Last {
			return true
		}
	}
	return !said
}

func parsePorts(word string) (Ports, bool) {
	numbers, protocol, named := strings.Cut(word, "/")
	if named && protocol != "udp" && protocol != "tcp" {
		return Ports{}, false
	}
	from, to, isRange := strings.Cut(numbers, "-")
	if !isRange {
		to = from
	}
	first, err1 := strconv.ParseUint(from, 10, 16)
	last, err2 := strconv.ParseUint(to, 10, 16)
	ok := err1 == nil && err2 == nil && first > 0 && first <= last
	return Ports{First: uint16(first), Last: uint16(last), Protocol: protocol}, ok
}

func words(text string) []string {
	var list []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, word)
		}
	}
	return list
}
