package verify

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// need is what a check cannot do without.
type need int

const (
	needsNothing   need = iota
	needsChart          // a chart that loads
	needsTemplates      // templates that parse
	needsObjects        // a chart that renders
	needsServer         // a container that runs livekit-server
)

// check is one row of the table of checks. A new check is a function, a row here and one in docs/verify.md.
type check struct {
	name  string
	needs need
	run   func(*input, *result)
	pass  string // what is right where run says nothing
}

// checks lists what is checked. What makes the rest pointless comes first.
func checks() []check {
	return []check{
		{"lint", needsNothing, checkLint, "helm lint --strict finds nothing"},
		{"render", needsNothing, checkRender, ""},
		{"kubernetes-types", needsObjects, checkTypes, ""},
		{"values-read", needsTemplates, checkValuesRead, "Templates read every key of values.yaml"},
		{"values-declared", needsTemplates, checkValuesDeclared, "values.yaml has every key that templates read"},
		{"workload", needsObjects, checkWorkload, ""},
		{"config", needsServer, eachServer(checkConfig), ""},
		{"flags", needsServer, eachServer(checkFlags), "livekit-server knows every flag"},
		{"env", needsServer, eachServer(checkEnv), "livekit-server reads every LIVEKIT_ variable"},
		{"keys", needsServer, eachServer(checkKeys), ""},
		{"secrets-in-configmap", needsObjects, checkOpenSecrets, "No credential is in a ConfigMap or plain in a pod"},
		{"redis", needsServer, eachServer(checkRedis), ""},
		{"service", needsServer, checkServices, ""},
		{"ports", needsServer, eachServer(checkPorts), ""},
		{"media", needsServer, eachServer(checkMedia), ""},
		{"node-ip", needsServer, eachServer(checkNodeIP), ""},
		{"servers", needsServer, eachServer(checkSeveral), "One server: every way of media leads to it"},
		{"turn", needsServer, eachServer(checkTURN), "Clients reach TURN at the ports that they are told"},
		{"dns", needsServer, eachServer(checkDNS), "The server finds what it needs by the names that it is given"},
		{"ingress", needsServer, checkIngress, ""},
		{"service-links", needsServer, eachServer(checkServiceLinks), "enableServiceLinks is false"},
		{"persistence", needsObjects, checkPersistence, "Every claim is there and mounted"},
		{"image-tags", needsObjects, checkImageTags, "Every image has a fixed tag or a digest"},
		{"probes", needsServer, eachServer(checkProbes), "Probes are set"},
		{"security", needsServer, eachServer(checkSecurity), "The server runs without privileges"},
		{"grace-period", needsServer, eachServer(checkGracePeriod), ""},
		{"rollout", needsServer, eachServer(checkRollout), "A rollout does not wait for itself"},
		{"checksum", needsServer, eachServer(checkChecksum), "A change of the configuration rolls the pod"},
		{"test-hook", needsObjects, checkTestHook, ""},
	}
}

func eachServer(run func(*server, *result)) func(*input, *result) {
	return func(in *input, out *result) {
		for _, s := range in.servers {
			run(s, out)
		}
	}
}

func (in *input) run(c check) Check {
	out, start := &result{}, time.Now()
	if why := in.lacks(c.needs); why != "" {
		out.skip("%s", why)
	} else {
		c.run(in, out)
	}
	done := out.check(c)
	slog.Debug("checked", "check", c.name, "status", done.Status, "took", time.Since(start))
	return done
}

// lacks says why a check with such a need cannot run, "" where it can.
func (in *input) lacks(n need) string {
	switch {
	case n >= needsChart && in.loadErr != nil:
		return "The chart does not load: see render"
	case n == needsTemplates && in.readingErr != nil:
		return "A template does not parse: see render"
	case n >= needsObjects && in.renderErr != nil:
		return "The chart does not render: see render"
	case n >= needsServer && len(in.servers) == 0:
		return "No container runs livekit-server: see workload"
	}
	return ""
}

// result collects what a check finds.
type result struct {
	failures, warnings []string
	remedies           []string
	passed, skipped    string
}

// fail and warn take the remedy of the finding first.
func (r *result) fail(step, format string, args ...any) { r.add(&r.failures, step, format, args) }
func (r *result) warn(step, format string, args ...any) { r.add(&r.warnings, step, format, args) }

func (r *result) add(to *[]string, step, format string, args []any) {
	*to = append(*to, fmt.Sprintf(format, args...))
	if !slices.Contains(r.remedies, step) {
		r.remedies = append(r.remedies, step)
	}
}

// pass says what is right; the first sentence is kept, findings win over it.
func (r *result) pass(format string, args ...any) {
	r.passed = cmp.Or(r.passed, fmt.Sprintf(format, args...))
}

// skip says why there is nothing to check; anything else wins over it.
func (r *result) skip(format string, args ...any) {
	r.skipped = cmp.Or(r.skipped, fmt.Sprintf(format, args...))
}

func (r *result) check(c check) Check {
	out := Check{Name: c.name, Remedy: strings.Join(r.remedies, "\n"), Failures: r.failures}
	out.Detail = strings.Join(append(r.failures, r.warnings...), "\n")
	switch {
	case len(r.failures) > 0:
		out.Status = Fail
	case len(r.warnings) > 0:
		out.Status = Warn
	case r.passed == "" && r.skipped != "":
		out.Status, out.Detail = Skip, r.skipped
	default:
		out.Status, out.Detail = Pass, cmp.Or(r.passed, c.pass)
	}
	return out
}
