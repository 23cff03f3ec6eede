package media

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
)

// Candidate is an address that the server told its clients to send media to.
type Candidate struct {
	Address  netip.Addr
	Port     uint16
	Protocol string // udp or tcp
	Type     string // host, srflx, prflx or relay
	Line     string // as the server wrote it
}

// ParseCandidate reads a candidate as a trickle message or an SDP line
// (without "a=") has it. A name in the place of the address is an error.
func ParseCandidate(line string) (Candidate, error) {
	raw, err := ice.UnmarshalCandidate(line)
	if err != nil {
		return Candidate{}, fmt.Errorf("candidate %q: %w", line, err)
	}
	address, err := netip.ParseAddr(raw.Address())
	if err != nil {
		return Candidate{}, fmt.Errorf("candidate %q: %q is not an IP address", line, raw.Address())
	}
	return Candidate{
		Address: address.Unmap(), Port: uint16(raw.Port()), Protocol: raw.NetworkType().NetworkShort(),
		Type: raw.Type().String(), Line: line,
	}, nil
}

// String gives the candidate as reports name it: "udp 192.0.2.1:7882".
func (c Candidate) String() string {
	text := c.Protocol + " " + c.HostPort()
	if c.Type != "host" {
		text += " (" + c.Type + ")"
	}
	return text
}

// HostPort gives the candidate's address as ip:port.
func (c Candidate) HostPort() string {
	return net.JoinHostPort(c.Address.String(), strconv.Itoa(int(c.Port)))
}

// WithAddress gives the candidate at another address: the server is reached
// there, whatever it says, as through a port-forward. Only candidates of hosts
// can be moved.
func (c Candidate) WithAddress(to netip.AddrPort) Candidate {
	fields := strings.Fields(c.Line)
	const address, port = 4, 5 // RFC 8839: foundation, component, transport, priority, address, port
	if len(fields) > port {
		fields[address], fields[port] = to.Addr().String(), strconv.Itoa(int(to.Port()))
	}
	c.Address, c.Port, c.Line = to.Addr(), to.Port(), strings.Join(fields, " ")
	return c
}
