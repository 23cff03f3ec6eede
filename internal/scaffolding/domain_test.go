package scaffolding

import (
	"context"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// apartFrom is a repository that has the domain of its hosts at a place of its own.
func apartFrom(place string, more ...func(*convention.Convention)) *convention.Convention {
	conv := canonical()
	conv.Defaults.Domain, conv.Defaults.HostPattern = "example.org", "{name}.example.org"
	at("ingress.domain", place, "")(conv)
	all(more...)(conv)
	return conv
}

func TestDomainIsPutBehindHosts(t *testing.T) {
	route := func(kind string) func(*convention.Convention) {
		return func(c *convention.Convention) { c.Kinds.Route = kind }
	}
	for name, c := range map[string]struct {
		conv   *convention.Convention
		values string
		object string
		path   []string
		want   string
	}{
		"a host": {apartFrom("global.domain"), "", "Ingress/rel-livekit",
			[]string{"spec", "rules", "0", "host"}, "livekit.example.org"},
		"its certificate": {apartFrom("global.domain"), "", "Ingress/rel-livekit",
			[]string{"spec", "tls", "0", "hosts"}, "- livekit.example.org"},
		"another domain": {apartFrom("global.domain"), "global: {domain: a.test}", "Ingress/rel-livekit",
			[]string{"spec", "rules", "0", "host"}, "livekit.a.test"},
		"no domain": {apartFrom("global.domain"), "global: {domain: ''}", "Ingress/rel-livekit",
			[]string{"spec", "rules", "0", "host"}, "livekit"},
		"domain unset": {apartFrom("global.domain"), "global: {domain: null}", "Ingress/rel-livekit",
			[]string{"spec", "tls", "0", "hosts"}, "- livekit"},
		"a host with a dot": {apartFrom("global.domain"), "ingress: {hosts: [{host: a.test}, {host: b}]}",
			"Ingress/rel-livekit", []string{"spec", "rules"}, ""},
		"an empty host": {apartFrom("global.domain"), "ingress: {hosts: [{host: ''}]}", "Ingress/rel-livekit",
			[]string{"spec", "rules", "0", "host"}, `""`},
		"one host": {apartFrom("domain", at("ingress.hosts", "ingress.host", "host"),
			at("ingress.tls", "ingress.tls", "bool")), "", "Ingress/rel-livekit", []string{"spec", "tls", "0", "hosts"},
			"- livekit.example.org"},
		"names": {apartFrom("domain", at("ingress.hosts", "ingress.hosts", "named")), "",
			"Ingress/rel-livekit", []string{"spec", "rules", "0", "host"}, "livekit.example.org"},
		"certificates by host": {apartFrom("domain", at("ingress.tls", "ingress.tls", "hosts")), "",
			"Ingress/rel-livekit", []string{"spec", "tls", "0", "hosts"}, "- livekit.example.org"},
		"an IngressRoute": {apartFrom("global.domain", route(convention.RouteIngressRoute)), "",
			"IngressRoute/rel-livekit", []string{"spec", "routes", "0", "match"}, "Host(`livekit.example.org`)"},
		"an HTTPRoute": {apartFrom("global.domain", route(convention.RouteHTTPRoute)),
			"httpRoute: {hostnames: [livekit, a.test]}", "HTTPRoute/rel-livekit", []string{"spec", "hostnames"},
			"- livekit.example.org\n- a.test"},
	} {
		t.Run(name, func(t *testing.T) {
			chart, err := Generate(context.Background(), c.conv, Options{})
			if err != nil {
				t.Fatal(err)
			}
			dir := write(t, chart)
			o := rendered(t, dir, c.values)
			got := field(t, o, c.object, c.path...)
			if c.want == "" {
				if !strings.Contains(got, "host: a.test") || !strings.Contains(got, "host: b.example.org") {
					t.Errorf("%s %s is\n%s", c.object, strings.Join(c.path, "."), got)
				}
			} else if got != c.want {
				t.Errorf("%s %s is\n%s\nwant\n%s", c.object, strings.Join(c.path, "."), got, c.want)
			}
			if text := notes(t, dir, c.values); strings.Contains(c.want, "livekit.example.org") &&
				!strings.Contains(text, "://livekit.example.org\n") {
				t.Errorf("the notes name another host:\n%s", text)
			}
		})
	}
}

// values.yaml has the host without its domain where the two make it up again.
func TestDomainInValues(t *testing.T) {
	for name, c := range map[string]struct {
		host, pattern, domain string
		want, of              string
	}{
		"the repository's":         {"", "{name}.example.org", "example.org", "livekit", "example.org"},
		"nobody says":              {"", "", "", "livekit", "example.com"},
		"a host of that domain":    {"rtc.example.org", "", "example.org", "rtc", "example.org"},
		"a host of another":        {"rtc.a.test", "", "example.org", "rtc.a.test", "example.org"},
		"a host below a subdomain": {"rtc.eu.example.org", "", "example.org", "rtc.eu.example.org", "example.org"},
		"a host alone":             {"rtc.a.test", "", "", "rtc", "a.test"},
		"a host without a dot":     {"rtc", "", "example.org", "rtc", "example.org"},
	} {
		conv := apartFrom("global.domain")
		conv.Defaults.HostPattern, conv.Defaults.Domain = c.pattern, c.domain
		conv.Defaults.TLSSecretPattern = "{host}-tls"
		chart, err := Generate(context.Background(), conv, Options{Host: c.host})
		if err != nil {
			t.Fatal(err)
		}
		values := parse(t, string(chart.Files["values.yaml"]))
		host := values["ingress"].(map[string]any)["hosts"].([]any)[0].(map[string]any)["host"]
		domain := values["global"].(map[string]any)["domain"]
		if host != c.want || domain != c.of {
			t.Errorf("%s: host %v of %v, want %s of %s", name, host, domain, c.want, c.of)
		}
		// What is named after the host is named after the whole of it.
		whole := c.want
		if !strings.Contains(whole, ".") {
			whole += "." + c.of
		}
		secret := values["ingress"].(map[string]any)["tls"].([]any)[0].(map[string]any)["secretName"]
		if secret != whole+"-tls" {
			t.Errorf("%s: the certificate is in %v, want %s-tls", name, secret, whole)
		}
	}
}

// A chart has a domain only where the repository has one, and not because the
// other keys of its route have moved.
func TestDomainNeedsAPlace(t *testing.T) {
	conv := canonical()
	all(at("ingress.hosts", "web.ingress.hosts", "strings"), at("ingress.enabled", "web.ingress.enabled", ""))(conv)
	chart, err := Generate(context.Background(), conv, Options{With: []string{"all"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range chart.Files {
		if strings.Contains(string(data), "domain:") && name == "values.yaml" ||
			strings.Contains(string(data), `"livekit.host"`) {
			t.Errorf("%s speaks of a domain:\n%s", name, data)
		}
	}
	// A domain that charts share does not take the route's keys along.
	conv = apartFrom("global.domain", at("ingress.className", "web.class", ""))
	chart, err = Generate(context.Background(), conv, Options{})
	if err != nil {
		t.Fatal(err)
	}
	values := parse(t, string(chart.Files["values.yaml"]))
	if global := values["global"].(map[string]any); len(global) != 1 {
		t.Errorf("global has %v", global)
	}
	// Parent charts have more in global than this one knows.
	rendered(t, write(t, chart), "global: {storageClass: fast}")
}
