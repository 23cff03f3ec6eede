package diagnose

import "strings"

// logSigns are lines of logs: the texts are those of LiveKit's server (1.9 to 1.13), of
// Redis (6 to 8) and of go-redis.
var logSigns = compile([]sign{
	{"config-key", `field (\S+) not found in type config\.(\S+)`,
		"LiveKit does not know the key $1 in its configuration ($2)",
		"correct or remove the key in the chart's config; helm livekit verify names it before anything is installed"},
	{"config-value", "cannot unmarshal (\\S+ `[^`]*`) into (\\S+)",
		"LiveKit's configuration has $1 where it wants $2",
		"correct the value in the chart's config; helm livekit verify names it before anything is installed"},
	{"config-yaml", `could not parse config: (yaml: .*)`,
		"LiveKit's configuration is no YAML: $1",
		"correct the chart's config"},
	{"no-keys", `one of key-file or keys must be provided`,
		"LiveKit was given no API keys",
		"give keys.values or keys.existingSecret, or let the chart make a pair"},
	{"keys-format", `Could not parse keys`,
		"LiveKit cannot read its API keys",
		"write them as KEY: SECRET, a space after the colon"},
	{"key-file-mode", `key file others permissions must be set to 0`,
		"others may read LiveKit's file of keys, which it refuses",
		"mount it with defaultMode 0640, or 0600 and fsGroup"},
	{"service-links", `environment variable "(LIVEKIT_\w+)".*parsing "tcp://`,
		"Kubernetes set $1 for a Service that is called livekit, and LiveKit takes it for a setting",
		"set enableServiceLinks: false in the pod's spec, or rename the Service"},
	{"service-links",
		`could not parse "tcp://[^"]*" as \w+ value from environment variable "(LIVEKIT_\w+)"`,
		"Kubernetes set $1 for a Service that is called livekit, and LiveKit takes it for a setting",
		"set enableServiceLinks: false in the pod's spec, or rename the Service"},
	{"redis-password", `(WRONGPASS [^"\n]*|NOAUTH [^"\n]*|ERR (?:AUTH|invalid password)[^"\n]*)`,
		"Redis refuses LiveKit: $1",
		"give LiveKit Redis' password (redis.external.existingSecret, or config.redis), the one that Redis has"},
	{"redis-tls",
		`(?i)redis.*(tls: first record does not look like a TLS handshake|x509: [^"\n]*|tls: [^"\n]*)`,
		"LiveKit and Redis do not agree on TLS: $1",
		"switch TLS on or off for both (redis.external), and give LiveKit the CA of Redis' certificate"},
	{"redis-unreachable", `unable to connect to redis: (context deadline exceeded)`,
		"Redis does not answer LiveKit: $1. A Redis without TLS does that to connections with TLS",
		"see whether Redis speaks TLS (redis.external.tls), and that no NetworkPolicy is between"},
	{"redis-unreachable", `unable to connect to redis: ([^"\n]*EOF[^"\n]*)`,
		"Redis ended LiveKit's connection: $1. A Redis that speaks TLS alone does that to plain connections",
		"switch TLS on (redis.external), or look at Redis' log"},
	{"redis-unreachable", `unable to connect to redis: ([^"\n]*)`,
		"LiveKit does not reach Redis: $1",
		"check Redis' address and port (redis.external, config.redis.address), that Redis runs, and that no " +
			"NetworkPolicy is between"},
	{portTaken, `listen (\w+) (\S+): bind: address already in use`,
		"the port $2 ($1) is taken on its network already",
		"choose another port (config.port, config.rtc.udp_port, config.rtc.tcp_port), or leave the node's network " +
			"(media.type NodePort)"},
	{portTaken, `Could not create server TCP listening socket (\S+): bind: Address already in use`,
		"Redis cannot listen at $1: the port is taken on its network already",
		"choose another port (redis.port), or leave the node's network (media.type NodePort)"},
	{"redis-setting", `FATAL CONFIG FILE ERROR[^\n]*\n[^\n]*\n>>> '([^'\n]*)'\n([^\n]*)`,
		"Redis refuses its setting $1: $2",
		"correct the setting of Redis"},
	{"missing-file", `Can't open or create append-only dir (\S+): No such file or directory`,
		"Redis wants the folder $1, which is not there",
		"mount the volume where Redis has its data (persistence.mountPath)"},
	{"turn-certificate", `TURN tls cert required: ([^"\n]*)`,
		"TURN over TLS has no certificate: $1",
		"give turn.existingSecret or turn.certificate, or end TLS before it (config.turn.external_tls)"},
	{"turn-domain", `TURN domain required`,
		"TURN over TLS has no domain",
		"set config.turn.domain to the name that its certificate is for"},
	{"webhook-key", `api_key is required to use webhooks`,
		"webhooks are on, and their api_key is none of LiveKit's keys",
		"set config.webhook.api_key to one of the keys"},
	{"flag-unknown", `flag provided but not defined: (\S+)`,
		"LiveKit does not know the flag $1",
		"correct extraArgs"},
	{"missing-file", `(?m)^(?:open|stat) (\S+): no such file or directory`,
		"LiveKit wants the file $1, which is not there",
		"mount it, or correct the path"},
	{"file-permission",
		`(?i)((?:can't open|failed opening|error opening|open)[^\n]*(?:permission denied|read-only file system))`,
		"it may not write or read: $1",
		"set podSecurityContext.fsGroup to the container's group, or give it a volume that it may write to"},
	{"no-external-address", `(?i)could not (?:resolve|get|determine) external IP[^\n]*`,
		"LiveKit asks STUN servers for its address and gets no answer",
		"allow egress to them (UDP 19302 and 3478), or set media.address to host or to an address, and " +
			"config.rtc.use_external_ip to false"},
})

// fromLog adds the finding of the first sign that a log has. ended says that the
// container did, often that it did so more than once.
func (in *inspector) fromLog(object, log string, ended, often bool) bool {
	f, ok := match(logSigns, log)
	if !ok {
		return false
	}
	// Redis may be on its way; what is wrong with settings stays so.
	f.Object, f.Final = object, ended && (often || !strings.HasPrefix(f.Name, "redis-"))
	in.add(f)
	return true
}
