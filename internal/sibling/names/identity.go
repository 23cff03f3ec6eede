package names

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// NewLabels puts together what a workload is labeled with, what it selects by, and what a Service selects by: the first
// that finds pods with the given labels. It fails where nothing is left that a workload can select by.
func NewLabels(own, selector, pods []convention.Label, services [][]convention.Label) (convention.Labels, bool) {
	selector = slices.DeleteFunc(selector, changesWithVersion)
	if len(selector) == 0 {
		return convention.Labels{}, false
	}
	out := convention.Labels{Selector: selector, Set: selector}
	if len(own) > 0 {
		out.Set = agreeWith(own, selector)
	}
	if pods == nil {
		pods = slices.Concat(selector, out.Set)
	}
	// A Service that finds nothing is a mistake, and not a habit to follow.
	misses := func(l convention.Label) bool { return !slices.Contains(pods, l) || changesWithVersion(l) }
	i := slices.IndexFunc(services, func(by []convention.Label) bool {
		return len(by) > 0 && !slices.ContainsFunc(by, misses)
	})
	if i >= 0 && !slices.Equal(services[i], selector) {
		out.ServiceSelector = services[i]
	}
	out.Scheme = labelScheme(out)
	return out, true
}

// changesWithVersion tells labels that cannot select: the selector of a workload is for ever.
func changesWithVersion(l convention.Label) bool {
	return strings.Contains(l.Value, "{version}") || strings.Contains(l.Value, "{chart}")
}

// agreeWith gives labels the value that the selector has for them: a chart may
// label the Deployment itself otherwise than its pods.
func agreeWith(set, selector []convention.Label) []convention.Label {
	out := slices.Clone(set)
	for i, l := range out {
		if at := slices.IndexFunc(selector, func(by convention.Label) bool { return by.Name == l.Name }); at >= 0 {
			out[i] = selector[at]
		}
	}
	return out
}

// labelScheme gives the scheme's name for Labels.Scheme.
func labelScheme(l convention.Labels) string {
	names := " "
	for _, label := range slices.Concat(l.Set, l.Selector) {
		names += label.Name + " "
	}
	switch {
	case strings.Contains(names, " app.kubernetes.io/"):
		return convention.SchemeRecommended
	case !strings.Contains(names, " app "):
		return convention.SchemeCustom
	case strings.Contains(names, " release "):
		return convention.SchemeClassic
	}
	return convention.SchemeApp
}

// NewNaming says how objects are named: the workload of some kind after a pattern, and with which suffixes it and the
// objects beside it of which the names follow the same pattern. split gives pattern and suffix of the application's
// object of a kind.
func NewNaming(workload string, split func(kind string) (base, suffix string, ok bool)) (convention.Naming, bool) {
	base, suffix, ok := split(workload)
	if !ok {
		return convention.Naming{}, false
	}
	suffixes := map[string]string{workload: suffix}
	for _, kind := range convention.NamedKinds {
		if b, suffix, ok := split(kind); ok && b == base && !slices.Contains(convention.WorkloadKinds, kind) {
			suffixes[kind] = suffix
		}
	}
	maps.DeleteFunc(suffixes, func(_, suffix string) bool { return suffix == "" })
	n := convention.Naming{Fullname: base, HelperPrefix: "{name}"}
	prefix, isPrefixed := strings.CutSuffix(base, convention.FullnameChart)
	if isPrefixed && isPrefix.MatchString(prefix) {
		n.Fullname, n.Prefix = convention.FullnameChart, prefix
	}
	if len(suffixes) > 0 {
		n.Suffixes = suffixes
	}
	if b, suffix, ok := split("PersistentVolumeClaim"); ok && b == base {
		n.Claim = "{fullname}" + suffix
	}
	return n, true
}

// WithName puts {name} for the chart's name where a text has it between dashes: as a whole, at the beginning, or else
// the first time in the middle.
func WithName(text, name string) string {
	if name == "" {
		return text
	}
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return text
		}
		i += at
		before, rest := text[:i], text[i+len(name):]
		if (before == "" || strings.HasSuffix(before, "-")) && (rest == "" || rest[0] == '-') {
			return before + "{name}" + rest
		}
		at = i + 1
	}
}

// isPrefix matches a project's name before the application's.
var isPrefix = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?-$`)

// SplitName splits the pattern of an object's name into one of the Fullname patterns and what is appended to it. The
// chart's name alone may have a prefix.
func SplitName(pattern string) (base, suffix string) {
	for _, base := range []string{
		convention.FullnameReleaseChart, convention.FullnameChartRelease,
		convention.FullnameChart, convention.FullnameRelease,
	} {
		if suffix, found := strings.CutPrefix(pattern, base); found {
			return base, suffix
		}
	}
	prefix, suffix, found := strings.Cut(pattern, convention.FullnameChart)
	if found && isPrefix.MatchString(prefix) {
		return prefix + convention.FullnameChart, suffix
	}
	return "", ""
}

var plainSuffix = regexp.MustCompile(`^$|^-(deployment|deploy|statefulset|sts|daemonset|service|svc|ingress|ing|` +
	`ingress-?route|http-?route|route|gateway|gateway-routes?|configmap|config|cm|secrets?|pvc|pv-claim|claim|volume|` +
	`data|storage|web|app|server|main|backend|api|core)$`)

// IsPlainSuffix reports whether the suffix of an object's name, if there is one,
// says what the object is, and not what it is for.
func IsPlainSuffix(suffix string) bool { return plainSuffix.MatchString(suffix) }

// neutralWords may stand in the name of a Secret's or ConfigMap's file beside the kind: they say nothing of what is in
// it.
var neutralWords = []string{
	"", "app", "application", "main", "server", "env", "envs", "environment", "keys", "key", "api", "credentials",
	"common", "default", "map",
}

// IsFileFor reports whether the name of a file says that it is for a kind of object, so that it is a habit and not what
// one chart happens to need: a Secret for a database, or one with a certificate.
func (t Templates) IsFileFor(kind, file string) bool {
	base := convention.NormalizeName(path.Base(file))
	words := convention.FileWords[kind]
	isFor := slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(base, word) || strings.HasSuffix(word, ".") && NamedLike(file, word)
	})
	if kind != "Secret" && kind != "ConfigMap" {
		return isFor
	}
	name := strings.TrimSuffix(t.ChartPath(path.Base(file)), path.Ext(file))
	return isFor && !slices.ContainsFunc(wordBreak.Split(name, -1), func(word string) bool {
		word = strings.ToLower(word)
		isKind := slices.ContainsFunc(words, func(of string) bool { return strings.HasPrefix(word, of) })
		return !isKind && word != "{name}" && !slices.Contains(neutralWords, word)
	})
}

var wordBreak = regexp.MustCompile(`[-_.]`)

// NamedLike reports whether a file, its extension aside, is called like something.
func NamedLike(file, name string) bool {
	return convention.SameName(strings.TrimSuffix(path.Base(file), path.Ext(file)), name)
}
