package verify

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkConfig holds the configuration against the server's own rules. What
// other checks report (keys, redis, node-ip, ports) is left to them.
func checkConfig(s *server, out *result) {
	source := s.configSource
	switch {
	case source.missing:
		out.fail("Let --config name a mounted file, or give the configuration in LIVEKIT_CONFIG: "+s.field("args"),
			"%s: the configuration comes from %s", s, source.from)
		return
	case s.configErr != nil:
		out.fail("Fix the YAML of "+source.from, "The configuration (%s) is no YAML: %v", source.from, s.configErr)
		return
	case source.text != "" && strings.TrimSpace(comments.ReplaceAllString(source.text, "")) == "":
		out.fail("Write {} where nothing is to be set: "+source.from,
			"The configuration (%s) has nothing but comments or blanks: the server does not start", source.from)
	case !s.isConfigured:
		s.findForgotten(out)
	case !source.isKnown:
		s.skipUnseen(out)
	}
	s.reportProblems(out, "config")
	// In its file the server expands no variables but in key_file.
	for _, leaf := range manifest.Leaves(s.config) {
		path, text := leaf.Path.String(), fmt.Sprint(leaf.Value)
		if ref := variable.FindString(text); ref != "" && path != "key_file" {
			out.fail(fmt.Sprintf("Give the value in the variable %s instead: %s", livekit.EnvOf(path), s.field("env")),
				"%s holds %s, which the server does not expand", path, ref)
		}
	}
	s.checkQuoted(out)
	s.checkReadable(out, "The configuration", source, s.configMode)
	s.checkFiles(out)
	if s.isConfigSeen() {
		out.pass("livekit-server %s takes the configuration", s.judgedBy())
	}
}

// ofLayers are mappings whose keys the server reads as numbers; quoted is such a key as toYaml writes it.
var (
	ofLayers = regexp.MustCompile(`^video\.stream_tracker.*\.(bitrate_report_interval|\w+_tracker)\.`)
	quoted   = regexp.MustCompile(`(?m)^\s*["']\d+["']:`)
)

func (s *server) checkQuoted(out *result) {
	for _, leaf := range manifest.Leaves(s.config) {
		if path := leaf.Path.String(); ofLayers.MatchString(path) && quoted.MatchString(s.configSource.text) {
			out.fail("Let the template write the number without quotes, which toYaml does not: "+s.where(path),
				"%s is below a number in quotes, and the server takes numbers alone: it does not start", path)
			return
		}
	}
}

// checkFiles looks for the files that the server reads at its start. Those of API keys and of TURN have checks of
// their own.
func (s *server) checkFiles(out *result) {
	for _, leaf := range manifest.Leaves(s.config) {
		path, name := leaf.Path.String(), fmt.Sprint(leaf.Value)
		isRead := strings.HasPrefix(path, "rtc.turn_servers") || strings.HasPrefix(path, "webtransport.") ||
			strings.HasPrefix(path, "redis.tls.") && s.isOn("redis.tls.enabled")
		if !isRead || !strings.HasSuffix(path, "_file") || leaf.Value == nil || name == "" {
			continue
		}
		switch content, mode := s.file(name); {
		case content.missing:
			out.fail("Mount the file there, or correct the path: "+s.where(path),
				"%s is %s, %s: the server does not start", path, name, content.from)
		case strings.HasPrefix(path, "rtc.") && mode&0o007 != 0:
			out.fail("Set defaultMode to 0440, with fsGroup: "+s.spec("volumes"),
				"%s (%s) has mode %04o: the server ends unless others may not read it", path, content.from, mode)
		default:
			s.checkReadable(out, path, content, mode)
		}
	}
}

// checkReadable finds a volume's file that the server may not read.
func (s *server) checkReadable(out *result, what string, content setting, mode int32) {
	if mode != 0 && !s.mayRead(mode) {
		out.fail("Set fsGroup, with defaultMode 0440: "+s.spec("securityContext"),
			"%s (%s) has mode %04o and is root's, and the server runs as another user and group: "+
				"it may not read the file and does not start", what, content.from, mode)
	}
}

// mayRead reports whether the server may read a volume's file, which is root's and of its group, or fsGroup's: then
// the kubelet lets the group read it, whatever the mode. A cluster that assigns the user, as OpenShift does, assigns
// fsGroup as well.
func (s *server) mayRead(mode int32) bool {
	pod := ptr.Deref(s.pod.SecurityContext, corev1.PodSecurityContext{})
	own := ptr.Deref(s.container.SecurityContext, corev1.SecurityContext{})
	isInGroup := ptr.Deref(cmp.Or(own.RunAsGroup, pod.RunAsGroup), 0) == 0
	isAssigned := cmp.Or(own.RunAsUser, pod.RunAsUser) == nil
	return s.runsAsRoot() || isAssigned || pod.FSGroup != nil || mode&0o004 != 0 || mode&0o040 != 0 && isInGroup
}

var comments = regexp.MustCompile(`(?m)^\s*#.*$`)

// reportedBy names the check that reports what is wrong with a key of the configuration.
func reportedBy(path string) string {
	switch {
	case path == "keys" || strings.HasPrefix(path, "keys."):
		return "keys"
	case strings.HasPrefix(path, "redis.") && strings.Contains(path, "address"):
		return "redis"
	case path == "rtc.node_ip":
		return "node-ip"
	}
	return "config"
}

// skipUnseen is the result of what can be told by the whole configuration alone.
func (s *server) skipUnseen(out *result) {
	out.skip("The configuration is not the chart's own: %s", s.configSource.from)
}

// judgedBy names the release of the server, and says why it is another one than the image's tag.
func (s *server) judgedBy() string {
	if s.judge.Why == "" {
		return string(s.judge.Release)
	}
	return fmt.Sprintf("%s (%s)", s.judge.Release, s.judge.Why)
}

// reportProblems reports what a check has to say of the configuration's keys, and whether that is anything.
func (s *server) reportProblems(out *result, check string) bool {
	found := filter(s.problems, func(p livekit.Problem) bool { return reportedBy(p.Path) == check })
	for _, p := range found {
		step := strings.TrimSuffix("Fix "+s.where(p.Path)+": "+p.Suggestion, ": ")
		if p.KnownIn != "" {
			step = "Remove it, or set the image's tag to a release that knows it: " + s.where(p.Path)
		}
		switch {
		case p.IsUnknown && s.judge.MayKnow(p):
			out.warn("Look whether the server of the image knows it, or remove it: "+s.where(p.Path),
				"%s %s: the server of the image, which is judged by %s, may know it", p.Path, p.Message, s.judgedBy())
		case p.IsUnknown && s.flag("disable-strict-config") != nil:
			out.warn(step, "%s %s, and --disable-strict-config lets the server drop it silently", p.Path, p.Message)
		case p.IsUnknown:
			out.fail(step, "%s %s: the server does not start", p.Path, p.Message)
		default:
			out.fail(step, "%s %s", p.Path, p.Message)
		}
	}
	return len(found) > 0
}

// findForgotten looks for a configuration that is mounted and never named.
func (s *server) findForgotten(out *result) {
	for _, volume := range s.pod.Volumes {
		mounts := s.mounts(volume.Name)[s.container.Name]
		if volume.ConfigMap == nil || len(mounts) == 0 {
			continue
		}
		entries := s.in.dataOf("ConfigMap", volume.ConfigMap.Name)
		for _, key := range sortedKeys(entries) {
			config, err := parseYAML(entries[key])
			if err == nil && (config["rtc"] != nil || config["port"] != nil || config["keys"] != nil) {
				path := strings.TrimSuffix(mounts[0].MountPath, "/") + "/" + key
				out.fail(fmt.Sprintf("Add --config=%s: %s", path, s.field("args")),
					"%s mounts ConfigMap %s, but neither --config nor LIVEKIT_CONFIG names it: "+
						"the server runs with its defaults", s, volume.ConfigMap.Name)
			}
		}
	}
}

// variable is one of a shell, or one that Kubernetes expands elsewhere and not in files.
var variable = regexp.MustCompile(`\$(\{[A-Za-z_]\w*\}|\([A-Za-z_]\w*\))`)

// checkFlags looks at the server's command line.
func checkFlags(s *server, out *result) {
	args := s.field("args")
	for _, f := range s.flags {
		_, _, portErr := net.SplitHostPort(f.value.text)
		switch {
		case s.option(f.name) == nil:
			out.fail("Remove it, or set the key in LiveKit's configuration: "+args,
				"%s: livekit-server has no flag --%s: it prints its help and ends", s, f.name)
		case f.name == "bind" && f.value.isKnown && portErr == nil:
			out.fail("Give the address alone; the port is the configuration's port: "+args,
				"%s: --bind takes an address without a port, not %s", s, f.value.text)
		case f.name == "disable-strict-config":
			out.warn("Remove it once the configuration has no unknown keys: "+args,
				"%s: --disable-strict-config hides mistyped keys", s)
		case f.name == "dev":
			out.warn("Remove it, and set API keys: "+args, "%s: --dev is for a developer's machine: "+
				"without keys the server listens on the loopback address alone", s)
		}
	}
	if s.subcommand != "" {
		out.fail("Remove it: "+args, "%s: livekit-server %s is another command, and ends", s, s.subcommand)
	}
	if _, hasText := s.env["LIVEKIT_CONFIG"]; hasText && s.flag("config") != nil {
		out.warn("Remove one of the two: "+args,
			"%s: LIVEKIT_CONFIG is set, so the file that --config names is not read", s)
	}
}

// checkEnv finds variables that the server does not read.
func checkEnv(s *server, out *result) {
	used := s.references()
	for _, name := range sortedKeys(s.env) {
		e := s.env[name]
		isKnown := slices.ContainsFunc(s.options, func(o livekit.Option) bool { return o.Env == name })
		switch {
		case e.missing && e.from != "":
			out.fail("Name an entry that is there: "+s.field("env"),
				"%s: %s takes %s, which is not there", s, name, e.from)
		case strings.HasPrefix(name, "LIVEKIT_") && !isKnown && !used[name] && name != cpuRequest:
			out.warn("Remove it, or use the key's own variable (LIVEKIT_ and the key in capitals): "+s.field("env"),
				"%s: livekit-server does not read %s", s, name)
		}
	}
	s.checkNanoseconds(out)
}

// checkNanoseconds: releases before v1.13.8 take durations of variables and flags as whole numbers alone.
func (s *server) checkNanoseconds(out *result) {
	for _, o := range s.options {
		given, origin := s.env[o.Env], "variable "+o.Env
		if f := s.flag(o.Flag); f != nil {
			given, origin = f.value, "--"+o.Flag
		}
		if _, err := strconv.ParseInt(given.text, 0, 64); err != nil && given.isKnown && o.Type == livekit.Duration {
			out.fail("Set "+o.Key+" in LiveKit's configuration instead: "+s.field(origin),
				"%s is %q: livekit-server %s takes whole nanoseconds there, and does not start",
				origin, given.text, s.judge.Release)
		}
	}
}

// cpuRequest is read by hwstats of LiveKit's protocol, for the processors that a pod without a limit may count on.
const cpuRequest = "LIVEKIT_CPU_REQUEST"

// anyReference is one of Kubernetes, or of a shell.
var anyReference = regexp.MustCompile(`\$[({]?(\w+)`)

// references gives the variables that args and other variables are made of.
func (s *server) references() map[string]bool {
	words := slices.Concat(s.container.Command, s.container.Args)
	for _, e := range s.container.Env {
		words = append(words, e.Value)
	}
	out := map[string]bool{}
	for _, found := range anyReference.FindAllStringSubmatch(strings.Join(words, " "), -1) {
		out[found[1]] = true
	}
	return out
}
