package main

import (
	"strings"

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
	case isDigit(s[len(s)-1]): // an octal one stays octal
		return s[:len(s)-1] + "1234567666"[s[len(s)-1]-'0':][:1]
	case isDigit(s[0]):
		rest := strings.TrimLeft(s, "0123456789")
		return otherText(strings.TrimSuffix(s, rest)) + rest
	case strings.Contains(s, "%"): // a format: its verbs stay
		return "mutated-" + s
	}
	return s + "-mutated"
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// otherDefault gives another value of the same type, for empty maps and lists as well.
func otherDefault(s string) string {
	switch {
	case s == "{}":
		return "{mutated: mutated}"
	case s == "[]":
		return "[{name: mutated}]"
	case s[0] == '[' && !strings.ContainsAny(s[1:], "[{"):
		return strings.TrimSuffix(s, "]") + ", mutated]"
	case strings.ContainsAny(s[:1], "{[|>&*!"): // no scalar on one line
		return s
	}
	return otherScalar(s)
}

// inQuotes writes a string that has no quotes in some.
func inQuotes(s string) string {
	if yamldoc.IsReserved(s) {
		return s
	}
	return `"` + s + `"`
}
