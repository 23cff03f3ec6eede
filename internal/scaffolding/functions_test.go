package scaffolding

import (
	"context"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

func TestOperand(t *testing.T) {
	for expression, want := range map[string]string{
		`.Values.ingress.tls`:                     `.Values.ingress.tls`,
		`(index .Values "web-service").port`:      `(index .Values "web-service").port`,
		`or .Values.a .Values.b`:                  `(or .Values.a .Values.b)`,
		`include "livekit.tls" . | fromYamlArray`: `(include "livekit.tls" . | fromYamlArray)`,
	} {
		if got := operand(expression); got != want {
			t.Errorf("operand(%q) is %q, want %q", expression, got, want)
		}
	}
}

// A chart whose convention needs no helper for hosts has no file for them.
func TestHostsAreNormalizedWhereTheyNeedIt(t *testing.T) {
	for name, apply := range map[string]func(*convention.Convention){
		"a list of objects": func(*convention.Convention) {},
		"strings":           at("ingress.hosts", "ingress.hosts", convention.HostsStrings),
		"TLS by a switch":   at("ingress.tls", "ingress.tls", convention.TLSBool),
		"a domain apart":    at("ingress.domain", "global.domain", ""),
	} {
		conv := canonical()
		apply(conv)
		chart, err := Generate(context.Background(), conv, Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, hasHelpers := chart.Files["templates/_hosts.tpl"]
		if want := name != "a list of objects"; hasHelpers != want {
			t.Errorf("%s: _hosts.tpl is there: %v, want %v", name, hasHelpers, want)
		}
	}
}

// The notes say ws where the Ingress has no TLS, in each shape that can say so.
func TestNotesWithoutTLS(t *testing.T) {
	for shape, tls := range map[string]string{
		convention.TLSList: "[]", convention.TLSHosts: "[]", convention.TLSSecret: "''",
		convention.TLSSecrets: "[]", convention.TLSBool: "false", convention.TLSMap: "{enabled: false}",
	} {
		conv := canonical()
		at("ingress.tls", "ingress.tls", shape)(conv)
		chart, err := Generate(context.Background(), conv, Options{Host: "live.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		text := notes(t, write(t, chart), "ingress: {enabled: true, tls: "+tls+"}")
		if !strings.Contains(text, " ws://live.example.com") {
			t.Errorf("%s: the notes are\n%s", shape, text)
		}
	}
}
