package convert

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

const block = "livekit." // of upstream's values: the server's configuration and a little more

// config makes LiveKit's own configuration of what is left of the block livekit.
func (c *converter) config() {
	config := helmchart.Merge(table(c.all, "livekit"), nil)
	moved := map[string]string{}
	for _, m := range c.sheet.Mappings() {
		old, isInBlock := strings.CutPrefix(m.Key, block)
		if !isInBlock {
			continue
		}
		if m.How != factsheet.Config { // another rule answers it
			yamldoc.Delete(config, strings.Split(old, "."))
		} else if now := strings.TrimPrefix(m.To[0], "config."); now != old {
			c.rename(config, old, now, moved)
		}
	}
	c.dropUnknown(config)
	if redis := table(config, "redis"); redis != nil && len(redis) == 0 {
		delete(config, "redis")
	}
	c.checkRange(config)
	c.add(scaffolding.Setting{Key: "config", Value: config, IsWhole: true, From: []string{"livekit"}, Moved: moved})
}

// rename moves a key of the server to the one that replaced it.
func (c *converter) rename(config map[string]any, old, now string, moved map[string]string) {
	value := yamldoc.Delete(config, strings.Split(old, "."))
	if !yamldoc.IsSet(value) {
		return
	}
	// The server lets the old key win (config.NewConfig of its source).
	if other := get(config, strings.Split(now, ".")...); other != nil && fmt.Sprint(other) != fmt.Sprint(value) {
		c.note(block+now, fmt.Sprintf("is %v, and the server takes the older %s, which is %v", other, block+old, value))
	}
	yamldoc.Set(config, strings.Split(now, "."), value)
	moved[now] = block + old
}

// dropUnknown removes what the server does not know: upstream's chart tells it
// to pass over such keys, this one does not.
func (c *converter) dropUnknown(config map[string]any) {
	for _, p := range cmp.Or(c.options.Release, livekit.Newest()).CheckConfig(config) {
		if !p.IsUnknown || strings.Contains(p.Path, "[") {
			continue
		}
		yamldoc.Delete(config, strings.Split(p.Path, "."))
		reason := "the server has no such key and passes it over"
		switch {
		case p.Suggestion != "":
			reason += fmt.Sprintf(" (%s?)", p.Suggestion)
		case p.KnownIn != "":
			reason = fmt.Sprintf("the server of the chart has no such key, it is known %s", p.KnownIn)
		}
		c.lose("livekit."+p.Path, reason+"; a key of a newer server goes into extraConfig")
	}
}

// checkRange settles a UDP port beside a range: the server takes the range.
func (c *converter) checkRange(config map[string]any) {
	rtc := table(config, "rtc")
	if !yamldoc.IsSet(rtc["udp_port"]) || !yamldoc.IsSet(rtc["port_range_start"]) {
		return
	}
	delete(rtc, "udp_port")
	c.lose("livekit.rtc.udp_port",
		"the server prefers the range of port_range_start and port_range_end, which upstream's "+
			"defaults set; set both to null if one port is meant")
}

// redis makes the settings for the Redis that upstream's chart expects elsewhere.
func (c *converter) redis() {
	c.add(scaffolding.Setting{Key: "redis.enabled", Value: false, Comment: "Upstream runs no Redis."})
	address := c.get("livekit.redis.address")
	useTLS := c.get("livekit.redis.use_tls")
	if yamldoc.IsSet(address) {
		c.add(scaffolding.Setting{Key: "redis.external.address", Value: address,
			From: []string{"livekit.redis.address"}, Else: "config.redis.address"})
		if yamldoc.IsSet(useTLS) {
			c.add(scaffolding.Setting{Key: "redis.external.tls", Value: useTLS, From: []string{"livekit.redis.use_tls"},
				Else: "config.redis.use_tls"})
		}
	} else if yamldoc.IsSet(useTLS) {
		c.set("config.redis.tls.enabled", useTLS, "livekit.redis.use_tls")
	}
	several := number(c.get("replicaCount")) > 1 && !c.has("autoscaling.enabled")
	if several && !yamldoc.IsSet(address) && !c.has("livekit.redis.sentinel_addresses") &&
		!c.has("livekit.redis.cluster_addresses") {
		c.note("replicaCount", "several servers without a Redis do not know each other's rooms: the chart refuses "+
			"them, set redis.external.address")
	}
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

// media says how clients reach audio and video.
func (c *converter) media() {
	kind, comment := "HostNetwork", "As upstream."
	if !c.has("podHostNetwork") {
		kind = "ClusterIP"
		comment = "Upstream has no Service for media; NodePort or LoadBalancer lead in from outside."
	}
	c.add(scaffolding.Setting{Key: "media.type", Value: kind, From: []string{"podHostNetwork"}, Comment: comment})
	address, from := any("auto"), "livekit.rtc.use_external_ip"
	if node := c.get("livekit.rtc.node_ip"); yamldoc.IsSet(node) {
		address, from = node, "livekit.rtc.node_ip"
		if _, ok := node.(string); !ok {
			c.lose("livekit.rtc.node_ip", "media.address takes one text, such as \"v4,v6\"")
			address = "auto"
		}
	} else if c.has("livekit.rtc.use_external_ip") {
		address = "stun"
	}
	c.add(scaffolding.Setting{Key: "media.address", Value: address, From: []string{from},
		Comment: "As upstream: the server asks a STUN server, or looks at its interfaces."})
}

// keys says where the API keys are.
func (c *converter) keys() {
	entry := text(c.all, "livekit", "key_file")
	own := table(c.all, "livekit", "keys")
	store := table(c.all, "storeKeysInSecret")
	secret := text(store, "existingSecret")
	switch {
	case yamldoc.IsSet(store["enabled"]) && secret != "":
		c.keysInSecret(secret, entry, own)
	case yamldoc.IsSet(store["enabled"]):
		keys := helmchart.Merge(own, table(store, "keys"))
		c.givenKeys(keys, "storeKeysInSecret.keys", "livekit.keys")
	default:
		if entry != "" {
			c.lose("livekit.key_file", "upstream's pod has no such file unless storeKeysInSecret.enabled is true")
		}
		c.lose("storeKeysInSecret.keys", "storeKeysInSecret.enabled is false")
		c.lose("storeKeysInSecret.existingSecret", "storeKeysInSecret.enabled is false")
		c.givenKeys(own, "livekit.keys")
	}
}

func (c *converter) keysInSecret(secret, entry string, own map[string]any) {
	if strings.Contains(secret, "{{") {
		c.lose("storeKeysInSecret.existingSecret",
			"it is a template: set keys.existingSecret to the name that comes of it")
		return
	}
	if entry == "" {
		entry = "keys.yaml"
		c.note("livekit.key_file", "it is not set, which upstream's chart cannot do without: "+
			"keys.fileEntry is keys.yaml")
	}
	if yamldoc.IsSet(own) {
		c.lose("livekit.keys", "the chart takes keys from one place: put them into the Secret "+secret)
	}
	c.lose("storeKeysInSecret.keys", "storeKeysInSecret.existingSecret is set, and upstream prefers it")
	c.set("keys.existingSecret", secret, "storeKeysInSecret.existingSecret")
	c.set("keys.fileEntry", entry, "livekit.key_file")
}

func (c *converter) givenKeys(keys map[string]any, from ...string) {
	if len(keys) == 0 {
		return
	}
	for name, secret := range keys {
		if len(fmt.Sprint(secret)) < 32 {
			c.note(from[0]+"."+name, "the secret has fewer than 32 characters, and the chart refuses it: make a new "+
				"one (openssl rand -base64 32)")
		}
	}
	c.replace("keys.values", keys, from...)
}

// turn makes the settings of TURN that are not the server's own.
func (c *converter) turn() {
	c.set("turn.service.enabled", c.has("turnLoadbalancer.enable"), "turnLoadbalancer.enable")
	for _, s := range []struct{ from, to string }{
		{"livekit.turn.secretName", "turn.existingSecret"},
		{"livekit.turn.serviceType", "turn.service.type"},
		{"livekit.turn.loadBalancerAnnotations", "turn.service.annotations"},
	} {
		if value := c.get(s.from); yamldoc.IsSet(value) {
			c.add(scaffolding.Setting{Key: s.to, Value: value, IsWhole: s.to == "turn.service.annotations",
				From: []string{s.from}})
		}
	}
}
