package drift

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

func TestConfigKey(t *testing.T) {
	const text = "log_level: info\nport: 7880\nrtc:\n  port: 7881\n  servers:\n  - host: a\nredis:\n  use_tls: true\n"
	for before, want := range map[string]string{
		"port: ": "port", "log_level: info\nport: ": "port", "rtc:\n  port: ": "rtc.port",
		"  - host: ":          "rtc.servers[0].host",
		"redis:\n  use_tls: ": "redis.tls.enabled", "log_level: ": "logging.level", "gone: ": "", "no key": "", "": "",
	} {
		if got := configKey(text, before); got != want {
			t.Errorf("behind %q: %q, expected %q", before, got, want)
		}
	}
	if got := configKey("{{", "port: "); got != "" {
		t.Errorf("a key in what is no YAML: %q", got)
	}
}

func TestChoose(t *testing.T) {
	own := factsheet.Scenario{Name: "defaults", About: "my own"}
	all, err := choose(sheet(t), Input{Scenarios: []factsheet.Scenario{own, {Name: "mine"}}})
	if err != nil || all[0].About != "my own" || all[len(all)-1].Name != "mine" {
		t.Errorf("the user's scenarios do not stand over those that are built in: %v", err)
	}
	some, err := choose(sheet(t), Input{Scenarios: []factsheet.Scenario{own}, Only: []string{"image", "defaults"}})
	if err != nil || len(some) != 2 || some[0].Name != "image" || some[1].About != "my own" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := choose(sheet(t), Input{Only: []string{"gone"}}); err == nil {
		t.Error("a scenario that is not there is compared")
	}
}

// Old keys of a configuration say what new ones do, and values are put where maps lead.
func TestLookupPutRemove(t *testing.T) {
	values := map[string]any{"a": map[string]any{"b": 1}, "s": "text", "n": nil}
	for _, c := range []struct {
		path  []string
		value any
		found bool
	}{
		{[]string{"a", "b"}, 1, true}, {[]string{"n"}, nil, true}, {[]string{"a", "c"}, nil, false},
		{[]string{"s", "x"}, nil, false},
	} {
		if value, found := yamldoc.Lookup(values, c.path); value != c.value || found != c.found {
			t.Errorf("%v: %v, %v", c.path, value, found)
		}
	}
	yamldoc.Set(values, []string{"s", "x", "y"}, 2)
	yamldoc.Delete(values, []string{"a", "b"})
	yamldoc.Delete(values, []string{"gone", "b"})
	if value, _ := yamldoc.Lookup(values, []string{"s", "x", "y"}); value != 2 {
		t.Errorf("%v", values)
	}
	if _, found := yamldoc.Lookup(values, []string{"a", "b"}); found {
		t.Errorf("%v", values)
	}
}
