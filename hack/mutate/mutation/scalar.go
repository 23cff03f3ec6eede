package mutation

import (
	"regexp"
	"strings"
)

// otherWords has, for words that Kubernetes knows, one that it knows as well.
var otherWords = map[string]string{
	"TCP": "UDP", "UDP": "TCP", "true": "false", "false": "true",
	"ClusterIP": "NodePort", "NodePort": "LoadBalancer", "LoadBalancer": "ClusterIP",
	"Recreate": "RollingUpdate", "RollingUpdate": "Recreate", "Always": "Never", "Never": "Always",
	"IfNotPresent": "Always", "Prefix": "Exact", "Ingress": "Egress", "Egress": "Ingress",
	"Local": "Cluster", "Opaque": "Mutated", "ReadWriteOnce": "ReadWriteMany",
	"HostNetwork": "ClusterIP", "http": "https", "info": "debug",
}

var (
	wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)
	startsDigit = regexp.MustCompile(`^[0-9]+`)
	plainText   = regexp.MustCompile(`^[A-Za-z0-9_./$][A-Za-z0-9_./ :$()=+-]*$`)
	otherType   = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|y|n|null|~|[-+.]?[0-9._][0-9a-fx_.:e+-]*|\.inf|\.nan)$`)
)

// otherScalar gives another value of the same type for what is written as a
// scalar, quotes included.
func otherScalar(s string) string {
	if len(s) >= 2 && strings.ContainsRune("\"'`", rune(s[0])) && s[len(s)-1] == s[0] {
		inner := s[1 : len(s)-1]
		return s[:1] + otherText(inner) + s[len(s)-1:]
	}
	return otherText(s)
}

func otherText(s string) string {
	if word, ok := otherWords[s]; ok {
		return word
	}
	switch {
	case s == "":
		return "mutated"
	case endsInDigit(s):
		return s[:len(s)-1] + otherDigit(s)
	case startsDigit.MatchString(s):
		digits := startsDigit.FindString(s)
		return digits[:len(digits)-1] + otherDigit(digits) + s[len(digits):]
	case strings.Contains(s, "%"): // a format: its verbs stay
		return "mutated-" + s
	}
	return s + "-mutated"
}

func endsInDigit(s string) bool { return s[len(s)-1] >= '0' && s[len(s)-1] <= '9' }

// otherDigit gives another digit for the last one; one that is octal stays so.
func otherDigit(s string) string {
	if d := s[len(s)-1]; d < '7' {
		return string(rune(d + 1))
	}
	return "6"
}

// isPlainString reports whether a scalar is a string without quotes that reads
// the same with them.
func isPlainString(s string) bool {
	return plainText.MatchString(s) && !otherType.MatchString(s) && !strings.Contains(s, ": ") && !strings.HasSuffix(s, ":") && !strings.Contains(s, "{{")
}

// isScalar reports whether a value is one scalar, written down as it is.
func isScalar(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1], "[{|>&*!") && !strings.Contains(s, "{{")
}
