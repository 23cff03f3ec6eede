package convert

import (
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
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
	for _, p := range c.release.CheckConfig(config) {
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
