package livekit

import (
	"cmp"
	"fmt"
	"math"
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
	// Name is one of http, rtc-tcp, rtc-udp, rtc-stun, turn-tls, turn-udp,
	// turn-relay, metrics and debug. rtc-stun is a second port for media, of
	// rtc.use_stun_port_as_ice. Of a range in rtc.udp_port the server opens the
	// first ones, one for each processor.
	Name string
	// Protocol is TCP or UDP.
	Protocol string
	// From and To are the first and the last port, equal for a single one.
	From, To int
}

// Has reports whether a port is this one, or in this range.
func (p Port) Has(number int32, protocol string) bool {
	return p.Protocol == protocol && int(number) >= p.From && int(number) <= p.To
}

// String spells the port: 7880/TCP, 50000-60000/UDP.
func (p Port) String() string {
	if p.From == p.To {
		return fmt.Sprintf("%d/%s", p.From, p.Protocol)
	}
	return fmt.Sprintf("%d-%d/%s", p.From, p.To, p.Protocol)
}

// Ports gives the ports of a server with this configuration, in the order of
// the names at Port. Ports that are switched off are left out, and so is port: 0,
// which makes the server take any free port. A value that is no port gives an
// error with its key.
func Ports(config map[string]any) ([]Port, error) {
	p := portReader{config: config}
	p.single("http", "TCP", p.orDefault("port", defaultHTTPPort))
	p.single("rtc-tcp", "TCP", p.orDefault("rtc.tcp_port", defaultRTCTCPPort))
	p.rtcUDP()
	if isSet(config, "turn.enabled") {
		p.single("turn-tls", "TCP", p.number("turn.tls_port"))
		p.single("turn-udp", "UDP", p.number("turn.udp_port"))
		p.turnRelay()
	}
	p.metrics()
	p.single("debug", "TCP", p.number("debug_handler.port"))
	return p.ports, p.err
}

// portReader collects ports until the first error.
type portReader struct {
	config map[string]any
	ports  []Port
	err    error
}

func (p *portReader) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *portReader) number(path string) int {
	n, err := portNumber(p.config, path)
	p.fail(err)
	return n
}

// orDefault tells unset from 0.
func (p *portReader) orDefault(path string, otherwise int) int {
	if Lookup(p.config, path) == nil {
		return otherwise
	}
	return p.number(path)
}

func (p *portReader) single(name, protocol string, port int) {
	p.span(name, protocol, port, port)
}

func (p *portReader) span(name, protocol string, from, to int) {
	if p.err != nil {
		p.ports = nil
	} else if from != 0 {
		p.ports = append(p.ports, Port{Name: name, Protocol: protocol, From: from, To: to})
	}
}

// wholeRange takes a range that has both ends, and reports whether it has.
func (p *portReader) wholeRange(name, startKey, endKey string) bool {
	start, end := p.number(startKey), p.number(endKey)
	if start == 0 || end == 0 {
		return false
	}
	if end < start {
		p.fail(fmt.Errorf("%s %d is below %s %d", endKey, end, startKey, start))
	}
	p.span(name, "UDP", start, end)
	return true
}

// rtcUDP: a full range wins over udp_port, udp_port over half a range.
func (p *portReader) rtcUDP() {
	start := p.number(startKey)
	p.number(endKey) // a port even where it is not used
	from, to, err := udpPorts(Lookup(p.config, "rtc.udp_port"))
	p.fail(err)
	switch {
	case isSet(p.config, "rtc.force_tcp"):
	case p.wholeRange("rtc-udp", startKey, endKey):
	case from != 0:
		p.span("rtc-udp", "UDP", from, to)
		p.stunAsICE()
	case start != 0:
		// Without an end the server sets no range: any free port.
		p.span("rtc-udp", "UDP", 1, maxPort)
	case isSet(p.config, "development"):
		p.single("rtc-udp", "UDP", defaultDevUDPPort)
		p.stunAsICE()
	default:
		p.span("rtc-udp", "UDP", defaultRTCRangeStart, defaultRTCRangeEnd)
	}
}

// stunAsICE: the server opens this port only beside a muxed one.
func (p *portReader) stunAsICE() {
	if isSet(p.config, "rtc.use_stun_port_as_ice") {
		p.single("rtc-stun", "UDP", stunPort)
	}
}

// turnRelay: one end alone counts as none.
func (p *portReader) turnRelay() {
	switch {
	case p.wholeRange("turn-relay", relayStartKey, relayEndKey):
	case isSet(p.config, "development"):
		p.span("turn-relay", "UDP", defaultRelayStart, defaultDevRelayEnd)
	default:
		p.span("turn-relay", "UDP", defaultRelayStart, defaultRelayEnd)
	}
}

// metrics: the deprecated key wins over the new one.
func (p *portReader) metrics() {
	port := p.number("prometheus.port")
	p.single("metrics", "TCP", cmp.Or(p.number("prometheus_port"), port))
}

// udpPorts reads rtc.udp_port, an integer, its text, or "first-last", as
// rtcconfig.PortRange does. Unset gives 0, 0.
func udpPorts(value any) (from, to int, err error) {
	bad := fmt.Errorf(`rtc.udp_port is neither a port nor a range: expected 7882 or "7882-7892"`)
	if number, ok := toFloat(value); ok {
		if number != math.Trunc(number) || number < 0 || number > maxPort {
			return 0, 0, bad
		}
		return int(number), int(number), nil
	}
	written, ok := value.(string)
	if !ok && value != nil {
		return 0, 0, bad
	}
	if written == "" {
		return 0, 0, nil
	}
	first, last, isRange := strings.Cut(written, "-")
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
		return 0, 0, fmt.Errorf("rtc.udp_port %q ends at or before its start", written)
	}
	return from, to, nil
}
