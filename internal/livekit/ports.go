package livekit

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What the server takes where the configuration is silent: config.DefaultConfig,
// RTCConfig.Validate and NewConfig of its source.
const (
	defaultHTTPPort      = 7880
	defaultRTCTCPPort    = 7881
	defaultDevUDPPort    = 7882
	defaultRTCRangeStart = 50000
	defaultRTCRangeEnd   = 60000
	defaultRelayStart    = 30000
	defaultRelayEnd      = 40000
	defaultDevRelayEnd   = 30002
	stunPort             = 3478 // of rtc.use_stun_port_as_ice
	maxPort              = 65535
)

// The two ranges of ports, for media and for what TURN relays.
const (
	startKey, endKey           = "rtc.port_range_start", "rtc.port_range_end"
	relayStartKey, relayEndKey = "turn.relay_range_start", "turn.relay_range_end"
)

// Port is a port, or a range of ports, that the server listens on.
type Port struct {
	// Name is one of http, rtc-tcp, rtc-udp, rtc-stun, turn-tls, turn-udp, turn-relay, metrics and debug. rtc-stun is
	// a second port for media, of rtc.use_stun_port_as_ice. Of a range in rtc.udp_port the server opens the first
	// ones, one for each processor.
	Name string
	// Protocol is TCP or UDP.
	Protocol string
	// From and To are the first and the last port, equal for a single one.
	From, To int

	// key is the one that gives the port, "" for a range that the server opens call by call, past ports that are taken.
	key string
}

// Has reports whether a port is this one, or in this range.
func (p Port) Has(number int32, protocol string) bool {
	return p.Protocol == protocol && int(number) >= p.From && int(number) <= p.To
}

// Overlaps reports whether two ports or ranges have a port in common.
func (p Port) Overlaps(q Port) bool {
	return p.Protocol == q.Protocol && p.From <= q.To && q.From <= p.To
}

// IsPicked reports whether the server looks for a free port in the range, call by call.
func (p Port) IsPicked() bool { return p.key == "" }

// String spells the port: 7880/TCP, 50000-60000/UDP.
func (p Port) String() string {
	if p.From == p.To {
		return fmt.Sprintf("%d/%s", p.From, p.Protocol)
	}
	return fmt.Sprintf("%d-%d/%s", p.From, p.To, p.Protocol)
}

// Ports gives the ports of a server with this configuration, in the order of the names at Port. Ports that are
// switched off are left out, and so is port: 0, which makes the server take any free port. A value that is no port
// gives an error with its key.
func Ports(config map[string]any) ([]Port, error) {
	p := portReader{config: config}
	p.single("http", "TCP", "port", defaultHTTPPort)
	p.single("rtc-tcp", "TCP", "rtc.tcp_port", defaultRTCTCPPort)
	p.rtcUDP()
	if isSet(config, "turn.enabled") {
		p.single("turn-tls", "TCP", "turn.tls_port", 0)
		p.single("turn-udp", "UDP", "turn.udp_port", 0)
		switch { // one end alone counts as none
		case p.wholeRange("turn-relay", relayStartKey, relayEndKey):
		case isSet(config, "development"):
			p.add("turn-relay", "UDP", "", defaultRelayStart, defaultDevRelayEnd)
		default:
			p.add("turn-relay", "UDP", "", defaultRelayStart, defaultRelayEnd)
		}
	}
	metrics := cmp.Or(p.number("prometheus_port", 0), p.number("prometheus.port", 0)) // the deprecated key wins
	p.add("metrics", "TCP", "prometheus.port", metrics, metrics)
	p.single("debug", "TCP", "debug_handler.port", 0)
	if p.err != nil {
		return nil, p.err
	}
	return p.ports, nil
}

// portReader collects ports, and keeps the first error.
type portReader struct {
	config map[string]any
	ports  []Port
	err    error
}

// number tells a port that is not given from 0.
func (p *portReader) number(key string, otherwise int) int {
	if Lookup(p.config, key) == nil {
		return otherwise
	}
	n, err := portNumber(p.config, key)
	p.err = cmp.Or(p.err, err)
	return n
}

func (p *portReader) single(name, protocol, key string, otherwise int) {
	n := p.number(key, otherwise)
	p.add(name, protocol, key, n, n)
}

func (p *portReader) add(name, protocol, key string, from, to int) {
	if from != 0 {
		p.ports = append(p.ports, Port{Name: name, Protocol: protocol, From: from, To: to, key: key})
	}
}

// wholeRange takes a range that has both ends, and reports whether it has.
func (p *portReader) wholeRange(name, startKey, endKey string) bool {
	start, end := p.number(startKey, 0), p.number(endKey, 0)
	if start == 0 || end == 0 {
		return false
	}
	if end < start {
		p.err = cmp.Or(p.err, fmt.Errorf("%s %d is below %s %d", endKey, end, startKey, start))
	}
	p.add(name, "UDP", "", start, end)
	return true
}

// rtcUDP: a full range wins over udp_port, udp_port over half a range.
func (p *portReader) rtcUDP() {
	start := p.number(startKey, 0)
	p.number(endKey, 0) // a port even where it is not used
	from, to, err := udpPorts(Lookup(p.config, "rtc.udp_port"))
	p.err = cmp.Or(p.err, err)
	if from == 0 && start == 0 && isSet(p.config, "development") {
		from, to = defaultDevUDPPort, defaultDevUDPPort
	}
	switch {
	case isSet(p.config, "rtc.force_tcp"):
	case p.wholeRange("rtc-udp", startKey, endKey):
	case from != 0:
		p.add("rtc-udp", "UDP", "rtc.udp_port", from, to)
		if isSet(p.config, "rtc.use_stun_port_as_ice") { // only beside such a port
			p.add("rtc-stun", "UDP", "rtc.use_stun_port_as_ice", stunPort, stunPort)
		}
	case start != 0:
		// Without an end the server sets no range: any free port.
		p.add("rtc-udp", "UDP", "", 1, maxPort)
	default:
		p.add("rtc-udp", "UDP", "", defaultRTCRangeStart, defaultRTCRangeEnd)
	}
}

// udpPorts reads rtc.udp_port, an integer, its text, or "first-last", as rtcconfig.PortRange does. Unset gives 0, 0.
func udpPorts(value any) (from, to int, err error) {
	bad := errors.New(`rtc.udp_port is neither a port nor a range: expected 7882 or "7882-7892"`)
	if value == nil || value == Given || value == "" {
		return 0, 0, nil
	}
	if number, ok := toFloat(value); ok {
		value = number
	}
	first, last, isRange := strings.Cut(text(value), "-")
	if !isRange {
		last = first
	} else {
		first, last = strings.Trim(first, " "), strings.Trim(last, " ")
	}
	from, errFrom := strconv.Atoi(first)
	to, errTo := strconv.Atoi(last)
	switch {
	case errFrom != nil || errTo != nil || from < 0 || to > maxPort:
		return 0, 0, bad
	case isRange && to <= from:
		return 0, 0, fmt.Errorf("rtc.udp_port %q ends at or before its start", value)
	}
	return from, to, nil
}
