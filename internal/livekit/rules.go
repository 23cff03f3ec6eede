package livekit

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
)

// minSecretLength is what Config.ValidateKeys of the server asks for.
const minSecretLength = 32

// turnDomain is the server's own test of turn.domain (service.IsValidDomain).
var turnDomain = regexp.MustCompile(`^(?i)[a-z0-9-]+(\.[a-z0-9-]+)+\.?$`)

// checkRules holds a configuration against what the server does with it after
// parsing. A value of a wrong type is the schema's business and skipped here.
func checkRules(config map[string]any) []Problem {
	r := ruleChecker{config: config}
	r.httpPort()
	r.rtcPorts()
	r.forceTCP()
	r.nodeIP()
	r.redis()
	r.turn()
	r.turnServers()
	r.prometheus()
	r.webhook()
	r.keys()
	r.samePort()
	return r.problems
}

type ruleChecker struct {
	config   map[string]any
	problems []Problem
}

func (r *ruleChecker) report(path, message, suggestion string) {
	r.problems = append(r.problems, Problem{Path: path, Message: message, Suggestion: suggestion})
}

func (r *ruleChecker) set(path string) bool { return isSet(r.config, path) }

// httpPort: the server listens on whatever port.
func (r *ruleChecker) httpPort() {
	if port, err := portNumber(r.config, "port"); err == nil && port == 0 && Lookup(r.config, "port") != nil {
		r.report("port", "is 0: the server takes any free port", "a port from 1 to 65535")
	}
}

// rtcPorts follows rtcconfig.RTCConfig.Validate and NewWebRTCConfig.
func (r *ruleChecker) rtcPorts() {
	const startKey, endKey = "rtc.port_range_start", "rtc.port_range_end"
	start, startErr := portNumber(r.config, startKey)
	end, endErr := portNumber(r.config, endKey)
	udpFrom, _, udpErr := udpPorts(Lookup(r.config, "rtc.udp_port"))
	if udpErr != nil {
		r.report("rtc.udp_port", "is not a range of ports from low to high, up to 65535", `such as "7882-7892"`)
	}
	if startErr != nil || endErr != nil {
		return
	}
	udp := udpErr == nil && udpFrom != 0
	switch {
	case start != 0 && end != 0 && end < start:
		r.report(endKey, "is below rtc.port_range_start", "swap the two")
	case start != 0 && end != 0 && udp:
		r.report("rtc.udp_port", "is ignored: rtc.port_range_start and rtc.port_range_end win", "keep udp_port or the range, not both")
	case start != 0 && end == 0 && udp:
		r.report(startKey, "is ignored without rtc.port_range_end: rtc.udp_port is used", "remove it")
	case start != 0 && end == 0:
		r.report(startKey, "is ignored without rtc.port_range_end: the server takes any free port", "set rtc.port_range_end")
	case start == 0 && end != 0 && udp:
		r.report(endKey, "is ignored without rtc.port_range_start: rtc.udp_port is used", "remove it")
	case start == 0 && end != 0:
		r.report(endKey, "is ignored without rtc.port_range_start: the server falls back to its default ports", "set rtc.port_range_start")
	}
}

// forceTCP follows the end of rtcconfig.NewWebRTCConfig.
func (r *ruleChecker) forceTCP() {
	if port := Lookup(r.config, "rtc.tcp_port"); r.set("rtc.force_tcp") && port != nil && !isNonZero(port) {
		r.report("rtc.force_tcp", "needs rtc.tcp_port: the server does not start without it", "set rtc.tcp_port")
	}
}

// nodeIP follows rtcconfig.NodeIP.UnmarshalString and NewWebRTCConfig.
func (r *ruleChecker) nodeIP() {
	const key = "rtc.node_ip"
	value, ok := Lookup(r.config, key).(string)
	if !ok || value == "" {
		return
	}
	families := map[bool]bool{}
	for part := range strings.SplitSeq(value, ",") {
		ip := net.ParseIP(strings.Trim(part, " "))
		if ip == nil {
			r.report(key, fmt.Sprintf("holds %q, which is no IP address", part), `such as "203.0.113.5" or "203.0.113.5,2001:db8::5"`)
			return
		}
		isV4 := ip.To4() != nil
		if families[isV4] {
			r.report(key, "holds two addresses of one family", "at most one IPv4 and one IPv6 address")
			return
		}
		families[isV4] = true
	}
	if r.set("rtc.use_external_ip") {
		r.report(key, "is not advertised: with rtc.use_external_ip, STUN finds the address", "keep one of the two")
	}
}

// redis follows GetRedisClient of the protocol: sentinel wins over cluster,
// cluster over a single address. The addresses go to the redis client as they
// are. They may hold a password when somebody wrote a URL, so they are never
// printed.
func (r *ruleChecker) redis() {
	if address := text(Lookup(r.config, "redis.address")); address != "" {
		r.redisAddress("redis.address", address)
	}
	for _, key := range []string{"redis.sentinel_addresses", "redis.cluster_addresses"} {
		addresses, _ := Lookup(r.config, key).([]any)
		for i, address := range addresses {
			r.redisAddress(fmt.Sprintf("%s[%d]", key, i), text(address))
		}
	}
	if r.set("redis.sentinel_addresses") && !r.set("redis.sentinel_master_name") {
		r.report("redis.sentinel_addresses", "is taken for Redis itself without redis.sentinel_master_name", "set redis.sentinel_master_name")
	}
	r.redisModes()
}

func (r *ruleChecker) redisModes() {
	winner := ""
	for _, key := range []string{"redis.sentinel_addresses", "redis.cluster_addresses", "redis.address"} {
		switch {
		case !r.set(key):
		case winner == "":
			winner = key
		default:
			r.report(key, "is ignored: "+winner+" wins", "keep one of the two")
		}
	}
}

func (r *ruleChecker) redisAddress(path, address string) {
	if strings.Contains(address, "://") {
		r.report(path, "has a scheme, expected host:port", "host:port; user, password and TLS have keys of their own")
		return
	}
	if strings.HasPrefix(address, "/") { // a Unix socket to the client
		return
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		r.report(path, "has no port, expected host:port", "host:6379")
	}
}

// turn follows service.NewTurnServer and the end of config.NewConfig.
func (r *ruleChecker) turn() {
	if !r.set("turn.enabled") {
		return
	}
	domain := text(Lookup(r.config, "turn.domain"))
	switch {
	case !r.set("turn.tls_port") && !r.set("turn.udp_port"):
		r.report("turn.enabled", "is true without a port: the server does not start", "set turn.udp_port, or turn.tls_port with turn.domain")
	case r.set("turn.tls_port") && domain == "":
		r.report("turn.tls_port", "needs turn.domain: the server does not start without it", "set turn.domain")
	case r.set("turn.tls_port") && !turnDomain.MatchString(domain):
		r.report("turn.domain", "is not a domain name with a dot: the server does not start", "such as turn.example.com")
	}
	r.turnUDPPort()
	r.relayRange()
}

// turnUDPPort: TURN and the muxed ports of media are opened at the start, so
// they cannot be the same. The ports of a range are opened call by call, past
// those that are taken.
func (r *ruleChecker) turnUDPPort() {
	const key = "turn.udp_port"
	turn, err := portNumber(r.config, key)
	from, to := r.muxedPorts()
	switch {
	case err != nil || from == 0:
	case from <= turn && turn <= to:
		r.report(key, fmt.Sprintf("is %d, a port that rtc.udp_port has already", turn), "a port of its own")
	case turn == stunPort && r.set("rtc.use_stun_port_as_ice"):
		r.report(key, fmt.Sprintf("is %d, the port that rtc.use_stun_port_as_ice opens already", turn), "a port of its own")
	}
}

// muxedPorts gives the ports that carry the media of all calls, 0, 0 when each
// call takes ports of a range.
func (r *ruleChecker) muxedPorts() (from, to int) {
	hasStart := r.set("rtc.port_range_start")
	if r.set("rtc.force_tcp") || hasStart && r.set("rtc.port_range_end") {
		return 0, 0
	}
	from, to, err := udpPorts(Lookup(r.config, "rtc.udp_port"))
	if err != nil {
		return 0, 0
	}
	if from == 0 && !hasStart && r.set("development") {
		return defaultDevUDPPort, defaultDevUDPPort
	}
	return from, to
}

func (r *ruleChecker) relayRange() {
	const startKey, endKey = "turn.relay_range_start", "turn.relay_range_end"
	start, startErr := portNumber(r.config, startKey)
	end, endErr := portNumber(r.config, endKey)
	switch {
	case startErr != nil || endErr != nil:
	case start != 0 && end == 0:
		r.report(startKey, "is ignored without turn.relay_range_end: the server falls back to its default range", "set turn.relay_range_end")
	case start == 0 && end != 0:
		r.report(endKey, "is ignored without turn.relay_range_start: the server falls back to its default range", "set turn.relay_range_start")
	case end < start:
		r.report(endKey, "is below turn.relay_range_start", "swap the two")
	}
}

// turnServers: the server makes a URL of host and port and passes it on to
// clients with the credentials, all unseen, and browsers refuse a TURN server
// that lacks one of them.
func (r *ruleChecker) turnServers() {
	servers, _ := Lookup(r.config, "rtc.turn_servers").([]any)
	for i, entry := range servers {
		server, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		path := fmt.Sprintf("rtc.turn_servers[%d]", i)
		if !isSet(server, "host") || !isSet(server, "port") {
			r.report(path, "lacks a host or a port, so clients get no address", "set host and port")
		}
		if isSet(server, "secret") || isSet(server, "secret_file") {
			continue
		}
		if !isSet(server, "username") || !isSet(server, "credential") {
			r.report(path, "has no credentials for clients", "set secret, secret_file, or username and credential")
		}
	}
}

// prometheus: the server asks for a login only when both halves are there.
func (r *ruleChecker) prometheus() {
	switch user, password := r.set("prometheus.username"), r.set("prometheus.password"); {
	case user && !password:
		r.report("prometheus.username", "is ignored without prometheus.password: metrics are open to all", "set prometheus.password")
	case password && !user:
		r.report("prometheus.password", "is ignored without prometheus.username: metrics are open to all", "set prometheus.username")
	}
}

// webhook follows createWebhookNotifier: an api_key without a secret is fatal.
// Keys may also come from a file or the environment; only a set that the
// configuration itself holds is searched.
func (r *ruleChecker) webhook() {
	if !r.set("webhook.urls") {
		return
	}
	apiKey := text(Lookup(r.config, "webhook.api_key"))
	if apiKey == "" {
		r.report("webhook.urls", "needs webhook.api_key: the server does not start without it", "set webhook.api_key to one of the API keys")
		return
	}
	keys, _ := Lookup(r.config, "keys").(map[string]any)
	if _, known := keys[apiKey]; len(keys) > 0 && !r.set("key_file") && !known {
		r.report("webhook.api_key", "is none of the API keys under keys: the server does not start", "name one of the API keys")
	}
}

// keys follows Config.ValidateKeys. Secrets are never printed.
func (r *ruleChecker) keys() {
	keys, _ := Lookup(r.config, "keys").(map[string]any)
	if len(keys) > 0 && r.set("key_file") {
		r.report("keys", "is ignored: key_file replaces it", "keep one of the two")
		return
	}
	if r.set("development") {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		switch secret := keys[name].(type) {
		case map[string]any, []any:
		default:
			if len(text(secret)) < minSecretLength {
				r.report("keys."+name, fmt.Sprintf("has a secret of fewer than %d characters", minSecretLength), "a random text of at least 32 characters")
			}
		}
	}
}

// samePort: the server opens its TCP listeners one after another and stops at
// the first that fails.
func (r *ruleChecker) samePort() {
	ports, err := Ports(r.config)
	if err != nil {
		return
	}
	taken := map[int]string{}
	for _, port := range ports {
		if port.Protocol != "TCP" {
			continue
		}
		if other, ok := taken[port.From]; ok {
			r.report(portKeys()[port.Name], fmt.Sprintf("is %d, the port that %s has already", port.From, portKeys()[other]), "a port of its own")
			continue
		}
		taken[port.From] = port.Name
	}
}

// portKeys maps the TCP names of Port to their keys.
func portKeys() map[string]string {
	return map[string]string{
		"http": "port", "rtc-tcp": "rtc.tcp_port", "turn-tls": "turn.tls_port",
		"metrics": "prometheus.port", "debug": "debug_handler.port",
	}
}
