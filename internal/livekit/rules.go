package livekit

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinSecret is how long Config.ValidateKeys of the server wants a secret to be.
const MinSecret = 32

// turnDomain is the server's own test of turn.domain (service.IsValidDomain).
var turnDomain = regexp.MustCompile(`^(?i)[a-z0-9-]+(\.[a-z0-9-]+)+\.?$`)

// checkRules holds a configuration against what the server does with it after
// parsing. A value of a wrong type is the schema's business and skipped here.
func checkRules(release Release, config map[string]any) []Problem {
	r := ruleChecker{release: release, config: config}
	r.settings()
	r.formats()
	r.bounds()
	r.roomConfigurations()
	r.rtcPorts()
	r.nodeIP()
	r.redis()
	r.turnServers()
	r.secrets()
	r.samePort()
	return r.problems
}

type ruleChecker struct {
	release  Release
	config   map[string]any
	problems []Problem
}

func (r *ruleChecker) report(path, message, suggestion string) {
	r.problems = append(r.problems, Problem{Path: path, Message: message, Suggestion: suggestion})
}

func (r *ruleChecker) get(path string) any     { return Lookup(r.config, path) }
func (r *ruleChecker) set(path string) bool    { return isSet(r.config, path) }
func (r *ruleChecker) text(path string) string { return text(r.get(path)) }

// settings are keys that need or shut out others. The rules follow rtcconfig.NewWebRTCConfig, service.NewTurnServer,
// the end of config.NewConfig, createWebhookNotifier and Config.ValidateKeys. Keys may also come from a file or the
// environment; only a set that the configuration itself holds is searched for the webhook's.
func (r *ruleChecker) settings() {
	turn, domain := r.set("turn.enabled"), r.text("turn.domain")
	overTLS := turn && r.set("turn.tls_port")
	metricsUser, metricsPassword := r.set("prometheus.username"), r.set("prometheus.password")
	hooks, hookKey := r.set("webhook.urls"), r.text("webhook.api_key")
	byRegion := r.text("node_selector.kind") == "regionaware"
	keys, _ := r.get("keys").(map[string]any)
	_, isHookKey := keys[hookKey]
	knowsKeys := len(keys) > 0 && !r.set("key_file")
	isEmpty := func(key string) bool { return r.get(key) != nil && !r.set(key) }
	hasCertificate := r.set("webtransport.tls_cert_file") && r.set("webtransport.tls_key_file")
	for _, rule := range []struct {
		isBroken                  bool
		path, message, suggestion string
	}{
		{isEmpty("port"), "port", "is 0: the server takes any free port", "a port from 1 to 65535"},
		{isEmpty("bind_addresses"), "bind_addresses", "is an empty list: the server listens nowhere", "leave it out"},
		{overTLS && r.set("turn.proxy_protocol") && isEmpty("turn.proxy_protocol_trusted_cidrs"), "turn.proxy_protocol",
			"trusts no proxy: turn.proxy_protocol_trusted_cidrs is an empty list", "list the networks of the proxies"},
		{r.set("webtransport.port") && !hasCertificate && !r.set("development"), "webtransport.port",
			"needs webtransport.tls_cert_file and webtransport.tls_key_file", "set both"},
		{r.set("rtc.force_tcp") && isEmpty("rtc.tcp_port"), "rtc.force_tcp",
			"needs rtc.tcp_port: the server does not start without it", "set rtc.tcp_port"},
		{r.set("redis.sentinel_addresses") && !r.set("redis.sentinel_master_name"), "redis.sentinel_addresses",
			"is taken for Redis itself without redis.sentinel_master_name", "set redis.sentinel_master_name"},
		{turn && !overTLS && !r.set("turn.udp_port"), "turn.enabled",
			"is true without a port: the server does not start",
			"set turn.udp_port, or turn.tls_port with turn.domain"},
		{overTLS && !r.set("turn.domain"), "turn.tls_port",
			"needs turn.domain: the server does not start without it", "set turn.domain"},
		{overTLS && domain != "" && !turnDomain.MatchString(domain), "turn.domain",
			"is not a domain name with a dot: the server does not start", "such as turn.example.com"},
		{metricsUser && !metricsPassword, "prometheus.username",
			"is ignored without prometheus.password: metrics are open to all", "set prometheus.password"},
		{metricsPassword && !metricsUser, "prometheus.password",
			"is ignored without prometheus.username: metrics are open to all", "set prometheus.username"},
		{hooks && !r.set("webhook.api_key"), "webhook.urls",
			"needs webhook.api_key: the server does not start without it",
			"set webhook.api_key to one of the API keys"},
		{hooks && hookKey != "" && knowsKeys && !isHookKey, "webhook.api_key",
			"is none of the API keys under keys: the server does not start", "name one of the API keys"},
		{byRegion && !r.set("region"), "node_selector.kind",
			"needs region: the server does not start without it", "set region to one of node_selector.regions"},
		{byRegion && r.isUnlisted(r.text("region")), "region",
			"is not among node_selector.regions: the server does not start", "name one of them"},
		{len(keys) > 0 && r.set("key_file"), "keys", "is ignored: key_file replaces it", "keep one of the two"},
	} {
		if rule.isBroken {
			r.report(rule.path, rule.message, rule.suggestion)
		}
	}
	if turn {
		const instead = "the server falls back to its default range"
		r.portRange(relayStartKey, relayEndKey, instead, instead)
		r.relayFamilies()
		r.clashes("turn.bind_addresses")
	}
	r.clashes("bind_addresses")
}

// clashes finds an address that another one takes along: "::" and the empty one stand for all of both families.
func (r *ruleChecker) clashes(key string) {
	list, _ := r.get(key).([]any)
	var seen []netip.Addr
	for i, item := range list {
		address, err := netip.ParseAddr(cmp.Or(text(item), "::"))
		if err != nil || item == nil {
			continue
		}
		all := netip.IPv6Unspecified()
		for _, other := range seen {
			isFamily := address.Is4() == other.Is4() && (address.IsUnspecified() || other.IsUnspecified())
			if address == other || address == all || other == all || isFamily {
				message := fmt.Sprintf("is %s, which %s has taken already: the server does not start", address, other)
				r.report(fmt.Sprintf("%s[%d]", key, i), message, `"::" alone stands for all addresses of both families`)
			}
		}
		seen = append(seen, address)
	}
}

// isUnlisted reports whether there are regions, and a region is none of them.
func (r *ruleChecker) isUnlisted(region string) bool {
	regions, _ := r.get("node_selector.regions").([]any)
	return region != "" && len(regions) > 0 && !slices.ContainsFunc(regions, func(listed any) bool {
		m, _ := listed.(map[string]any)
		return text(m["name"]) == region
	})
}

// relayFamilies: for each address that TURN binds, 0.0.0.0 by default, NewTurnServer wants a node's address of that
// family.
func (r *ruleChecker) relayFamilies() {
	if _, isKnown := r.release.byPath()["turn.bind_addresses"]; !isKnown { // older ones ask for no family
		return
	}
	turn, _ := r.get("turn").(map[string]any)
	if _, isGiven := turn["bind_addresses"]; isGiven && !r.set("turn.bind_addresses") { // null is none either
		r.report("turn.bind_addresses", "is an empty list: the server does not start", "leave it out")
		return
	}
	families := map[bool]bool{}
	for part := range strings.SplitSeq(r.text("rtc.node_ip"), ",") {
		ip, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil || r.set("rtc.use_external_ip") {
			return
		}
		families[ip.Is4()] = true
	}
	bound, _ := r.get("turn.bind_addresses").([]any)
	if len(bound) == 0 {
		bound = []any{"0.0.0.0"}
	}
	for _, address := range bound {
		if ip, err := netip.ParseAddr(text(address)); err == nil && !families[ip.Is4()] {
			r.report("turn.enabled", "needs an address in rtc.node_ip of the family of "+text(address)+
				", which TURN binds: the server does not start", "add one to rtc.node_ip, or set turn.bind_addresses")
		}
	}
}

var scheme = regexp.MustCompile(`(?i)^(stuns?|turns?):.*\D|://`)

const hasScheme = "has a scheme, which the server puts before it: no client can join"

func isNoNetwork(s string) bool { _, _, err := net.ParseCIDR(s); return err != nil }
func isNoAddress(s string) bool { return net.ParseIP(s) == nil }

func isNoHost(s string) bool {
	_, err := netip.ParseAddr(s)
	return err != nil && s != "" && s != "localhost"
}

// isNoTraceURL follows jaeger.Configure of the protocol, which panics or sends nothing.
func isNoTraceURL(s string) bool {
	if !strings.HasPrefix(s, "http") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	return err != nil || strings.HasSuffix(u.Host, ":") || u.Host == ""
}

// logLevel is what zap reads as a level; the server passes over anything else.
var logLevel = regexp.MustCompile(`(?i)^(debug|info|warn(ing)?|error|dpanic|panic|fatal)$`)

func isNoLevel(s string) bool { return !logLevel.MatchString(s) }

// formats looks at texts, and at each text of a list.
func (r *ruleChecker) formats() {
	const network, asCIDR = "is no network: the server does not start", "such as 10.0.0.0/8"
	const level, asLevel = "is no level: the server logs from info on", "debug, info, warn or error"
	const passedOver = "is no network: the server passes it over, and releases from v1.13.6 on do not start"
	for _, f := range []struct {
		path                string
		isWrong             func(string) bool
		message, suggestion string
	}{
		{"rtc.stun_servers", scheme.MatchString, hasScheme, "host:port"},
		{"rtc.ips.includes", isNoNetwork, network, asCIDR},
		{"rtc.ips.excludes", isNoNetwork, network, asCIDR},
		{"turn.allow_restricted_peer_cidrs", isNoNetwork, passedOver, asCIDR},
		{"turn.deny_peer_cidrs", isNoNetwork, passedOver, asCIDR},
		{"turn.proxy_protocol_trusted_cidrs", isNoNetwork, network, asCIDR},
		{"turn.bind_addresses", isNoAddress, "is no IP address: the server does not start", "such as 0.0.0.0"},
		{"bind_addresses", isNoHost, "is no IP address: the server does not start, unless it is a name of its own",
			"the address alone, without the port"},
		{"trace.jaeger_url", isNoTraceURL, "is no HTTP URL: the server does not start, or sends no traces",
			"such as http://jaeger:4318"},
		{"logging.level", isNoLevel, level, asLevel},
		{"logging.pion_level", isNoLevel, level, asLevel},
		{"log_level", isNoLevel, level, asLevel},
	} {
		if strings.HasPrefix(f.path, "turn.") && !r.set("turn.enabled") {
			continue
		}
		items, isList := r.get(f.path).([]any)
		for i, item := range items {
			if item != nil && f.isWrong(text(item)) { // the server leaves out what is null
				r.report(fmt.Sprintf("%s[%d]", f.path, i), f.message, f.suggestion)
			}
		}
		if value := r.text(f.path); !isList && value != "" && f.isWrong(value) {
			r.report(f.path, f.message, f.suggestion)
		}
	}
}

// bounds are of numbers that the server takes unseen, and does not survive.
func (r *ruleChecker) bounds() {
	const mostItems = 1 << 24 // of a channel; some times as many take all of a node's memory
	for _, key := range []string{"psrpc.buffer_size", "signal_relay.stream_buffer_size"} {
		if n, isNumber := toFloat(r.get(key)); isNumber && (n < 0 || n > mostItems) {
			r.report(key, "is below 0 or takes more memory than there is: the server does not start", "leave it out")
		}
	}
	interval, err := time.ParseDuration(r.text("node_stats.stats_update_interval"))
	if err == nil && interval < time.Millisecond {
		r.report("node_stats.stats_update_interval",
			"is below 1ms: the server does not start, or measures without a pause", "such as 2s")
	}
	r.forwardStats()
	ports, _ := Ports(r.config)
	isMux := slices.ContainsFunc(ports, func(p Port) bool { return p.key == "rtc.udp_port" })
	flush, _ := time.ParseDuration(r.text("rtc.batch_io.max_flush_interval"))
	if size, _ := toFloat(r.get("rtc.batch_io.batch_size")); isMux && size > 0 && flush <= 0 {
		r.report("rtc.batch_io.batch_size",
			"needs rtc.batch_io.max_flush_interval: the server does not start without it", "such as 2ms")
	}
}

// forwardStats are on where all of them are set (createForwardStats).
func (r *ruleChecker) forwardStats() {
	isNegative := ""
	for _, name := range []string{"report_window", "report_interval", "summary_interval"} {
		key := "rtc.forward_stats." + name
		switch d, err := time.ParseDuration(r.text(key)); {
		case err != nil || d == 0:
			return
		case d < 0:
			isNegative = key
		}
	}
	if isNegative != "" {
		r.report(isNegative, "is below 0: the server does not start, or counts nothing", "such as 5s")
	}
}

// roomConfigurations are messages of LiveKit's protocol, whose decoder takes no null for most fields.
func (r *ruleChecker) roomConfigurations() {
	known := r.release.byPath()
	configurations, _ := r.get("room.room_configurations").(map[string]any)
	for name, value := range configurations {
		fields, _ := value.(map[string]any)
		for field, value := range fields {
			isStrict := strings.HasPrefix(known["room.room_configurations.*."+field].Type, "message-")
			if value == nil && isStrict {
				path := "room.room_configurations." + name + "." + field
				r.report(path, "is null: the server does not start", "leave it out")
			}
		}
	}
}

// rtcPorts follows rtcconfig.RTCConfig.Validate and NewWebRTCConfig.
func (r *ruleChecker) rtcPorts() {
	from, _, err := udpPorts(r.get("rtc.udp_port"))
	if err != nil {
		r.report("rtc.udp_port", "is not a range of ports from low to high, up to 65535", `such as "7882-7892"`)
	}
	const used = "rtc.udp_port is used"
	switch {
	case from == 0:
		r.portRange(startKey, endKey, "the server takes any free port", "the server falls back to its default ports")
	case r.portRange(startKey, endKey, used, used):
		r.report("rtc.udp_port", "is ignored: rtc.port_range_start and rtc.port_range_end win",
			"keep udp_port or the range, not both")
	}
}

// portRange reports half a range, with what the server does instead, and one
// that is upside down. It is true for one that the server uses.
func (r *ruleChecker) portRange(startKey, endKey, withoutEnd, withoutStart string) bool {
	start, startErr := portNumber(r.config, startKey)
	end, endErr := portNumber(r.config, endKey)
	switch {
	case startErr != nil || endErr != nil || start == 0 && end == 0:
	case end == 0:
		r.report(startKey, "is ignored without "+endKey+": "+withoutEnd, "set "+endKey+", or remove it")
	case start == 0:
		r.report(endKey, "is ignored without "+startKey+": "+withoutStart, "set "+startKey+", or remove it")
	case end < start:
		r.report(endKey, "is below "+startKey, "swap the two")
	default:
		return true
	}
	return false
}

// nodeIP follows rtcconfig.NodeIP.UnmarshalString and NewWebRTCConfig.
func (r *ruleChecker) nodeIP() {
	const key = "rtc.node_ip"
	value, _ := r.get(key).(string)
	if value == "" {
		return
	}
	families := map[bool]int{}
	for part := range strings.SplitSeq(value, ",") {
		ip := net.ParseIP(strings.Trim(part, " "))
		families[ip.To4() != nil]++
		switch {
		case ip == nil:
			r.report(key, fmt.Sprintf("holds %q, which is no IP address", part),
				`such as "203.0.113.5" or "203.0.113.5,2001:db8::5"`)
			return
		case max(families[true], families[false]) > 1:
			r.report(key, "holds two addresses of one family", "at most one IPv4 and one IPv6 address")
			return
		}
	}
	if r.set("rtc.use_external_ip") {
		r.report(key, "is not advertised: with rtc.use_external_ip, STUN finds the address", "keep one of the two")
	}
}

// redis follows GetRedisClient of the protocol: sentinel wins over cluster, cluster over a single address. The
// addresses go to the redis client as they are. They may hold a password when somebody wrote a URL, so they are never
// printed.
func (r *ruleChecker) redis() {
	winner := ""
	for _, key := range []string{"redis.sentinel_addresses", "redis.cluster_addresses", "redis.address"} {
		addresses, _ := r.get(key).([]any)
		for i, address := range addresses {
			if address != nil { // the server leaves out what is null
				r.redisAddress(fmt.Sprintf("%s[%d]", key, i), text(address))
			}
		}
		if address := r.text(key); address != "" {
			r.redisAddress(key, address)
		}
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
	_, port, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(port, 10, 16)
	switch {
	case strings.Contains(address, "://"):
		r.report(path, "has a scheme, expected host:port", "host:port; user, password and TLS have keys of their own")
	case strings.HasPrefix(address, "/"): // a Unix socket to the client
	case err != nil || port == "":
		r.report(path, "has no port, expected host:port", "host:6379")
	case portErr != nil || number == 0:
		r.report(path, "has a port that is no number from 1 to 65535, expected host:port", "host:6379")
	}
}

// turnServers: the server makes a URL of host and port and passes it on to clients with the credentials, all unseen,
// and browsers refuse a TURN server that lacks one of them.
func (r *ruleChecker) turnServers() {
	servers, _ := r.get("rtc.turn_servers").([]any)
	for i, entry := range servers {
		server, isMap := entry.(map[string]any)
		path := fmt.Sprintf("rtc.turn_servers[%d]", i)
		if isMap && (!isSet(server, "host") || !isSet(server, "port")) {
			r.report(path, "lacks a host or a port, so clients get no address", "set host and port")
		}
		if scheme.MatchString(text(server["host"])) {
			r.report(path+".host", hasScheme, "the host alone")
		}
		hasSecret := isSet(server, "secret") || isSet(server, "secret_file") || isSet(server, "credentials_file")
		if isMap && !hasSecret && (!isSet(server, "username") || !isSet(server, "credential")) {
			r.report(path, "has no credentials for clients", "set secret, secret_file, or username and credential")
		}
	}
}

// secrets follows Config.ValidateKeys. Secrets are never printed.
func (r *ruleChecker) secrets() {
	if r.set("key_file") || r.set("development") {
		return
	}
	keys, _ := r.get("keys").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		switch secret := keys[name].(type) {
		case map[string]any, []any:
		default:
			if len(text(secret)) < MinSecret {
				r.report("keys."+name, fmt.Sprintf("has a secret of fewer than %d characters", MinSecret),
					"a random text of at least 32 characters")
			}
		}
	}
}

// samePort: the server opens its listeners one after another at the start and stops at the first that fails. The
// ports of a range are opened call by call, past those that are taken.
func (r *ruleChecker) samePort() {
	ports, err := Ports(r.config)
	if err != nil {
		return
	}
	var opened []Port
	for _, port := range ports {
		if port.key == "" {
			continue
		}
		isOwn := func(p Port) bool { return p.Has(int32(port.From), port.Protocol) }
		i := slices.IndexFunc(opened, isOwn)
		if i < 0 {
			opened = append(opened, port)
			continue
		}
		owner := opened[i].key + " has"
		if opened[i].Name == "rtc-stun" {
			owner = opened[i].key + " opens"
		}
		r.report(port.key, fmt.Sprintf("is %d, the port that %s already", port.From, owner), "a port of its own")
	}
}
