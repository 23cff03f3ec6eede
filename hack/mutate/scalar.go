package main

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// otherWords has, for words that Kubernetes and templates know, one that they know as well.
var otherWords = map[string]string{
	"TCP": "UDP", "UDP": "TCP", "true": "false", "false": "true",
	"ClusterIP": "NodePort", "NodePort": "LoadBalancer", "LoadBalancer": "ClusterIP",
	"Recreate": "RollingUpdate", "RollingUpdate": "Recreate", "Always": "Never", "Never": "Always",
	"IfNotPresent": "Always", "Prefix": "Exact", "Ingress": "Egress", "Egress": "Ingress",
	"Local": "Cluster", "Opaque": "Mutated", "ReadWriteOnce": "ReadWriteMany",
	"HostNetwork": "ClusterIP", "http": "https", "info": "debug",
	"Deployment": "StatefulSet", "ConfigMap": "Secret", "Secret": "ConfigMap", "ServiceMonitor": "PodMonitor",
	"eq": "ne", "ne": "eq", "and": "or", "or": "and", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt",
	"first": "last", "last": "first",
}

// otherScalar gives another value of the same type for what is written as a scalar, quotes included.
func otherScalar(s string) string {
	if len(s) >= 2 && strings.ContainsRune("\"'`", rune(s[0])) && s[len(s)-1] == s[0] {
		return s[:1] + otherText(s[1:len(s)-1]) + s[len(s)-1:]
	}
	return otherText(s)
}

func otherText(s string) string {
	switch {
	case otherWords[s] != "":
		return otherWords[s]
	case s == "":
		return "mutated"
	case s[len(s)-1] >= '0' && s[len(s)-1] <= '9':
		return s[:len(s)-1] + otherDigit(s[len(s)-1])
	case s[0] >= '0' && s[0] <= '9':
		rest := strings.TrimLeft(s, "0123456789")
		return otherText(strings.TrimSuffix(s, rest)) + rest
	case strings.Contains(s, "%"): // a format: its verbs stay
		return "mutated-" + s
	}
	return s + "-mutated"
}

// otherDigit gives another digit, of which an octal one stays octal.
func otherDigit(d byte) string {
	if d < '7' {
		return string(rune(d + 1))
	}
	return "6"
}

// otherDefault gives another value of the same type, for empty maps and lists as well.
func otherDefault(s string) string {
	switch {
	case s == "{}":
		return "{mutated: mutated}"
	case s == "[]":
		return "[{name: mutated}]"
	case s[0] == '[' && !strings.ContainsAny(s[1:], "[{"):
		return strings.TrimSuffix(s, "]") + ", mutated]"
	case readScalar(s) != nil:
		return otherScalar(s)
	}
	return s
}

func otherType(s string) string {
	scalar := readScalar(s)
	switch {
	case scalar == nil:
		return s
	case !scalar.IsString():
		return `"` + s + `"`
	case scalar.Style == 0 || scalar.Value == "":
		return "0"
	}
	return s
}

// otherQuotes writes a string with other quotes, or with some at all.
func otherQuotes(s string) string {
	scalar := readScalar(s)
	switch {
	case scalar == nil || !scalar.IsString() || strings.ContainsAny(scalar.Value, `"'\{`):
		return s
	case scalar.Style == yaml.DoubleQuotedStyle:
		return "'" + scalar.Value + "'"
	}
	return `"` + scalar.Value + `"`
}

func withBackquotes(s string) string { return "`" + strings.Trim(s, `"`) + "`" }

// readScalar parses what is written as one scalar on a line; nil for all else.
func readScalar(s string) *yamldoc.Node {
	doc, err := yamldoc.Parse("value", []byte("v: "+s+"\n"))
	if err != nil || strings.Contains(s, "{{") || strings.ContainsAny(s[:1], "&*!") {
		return nil
	}
	v := doc.Root.Child("v")
	if v == nil || v.Kind != yamldoc.Scalar || v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return nil
	}
	return v
}
