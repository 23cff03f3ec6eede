package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
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

// check is one row of the table of checks. A new check is a function, a row
// here and one in docs/verify.md.
type check struct {
	name  string
	needs need
	run   func(*input, *result)
}

// checks lists what is checked. What makes the rest pointless comes first.
func checks() []check {
	return []check{
		{"lint", needsNothing, checkLint},
		{"render", needsNothing, checkRender},
		{"kubernetes-types", needsObjects, checkTypes},
		{"values-read", needsTemplates, checkValuesRead},
		{"values-declared", needsTemplates, checkValuesDeclared},
		{"workload", needsObjects, checkWorkload},
		{"config", needsServer, eachServer(checkConfig)},
		{"flags", needsServer, eachServer(checkFlags)},
		{"env", needsServer, eachServer(checkEnv)},
		{"keys", needsServer, eachServer(checkKeys)},
		{"secrets-in-configmap", needsObjects, checkOpenSecrets},
		{"redis", needsServer, eachServer(checkRedis)},
		{"service", needsServer, checkServices},
		{"ports", needsServer, eachServer(checkPorts)},
		{"media", needsServer, eachServer(checkMedia)},
		{"node-ip", needsServer, eachServer(checkNodeIP)},
		{"servers", needsServer, eachServer(checkSeveral)},
		{"turn", needsServer, eachServer(checkTURN)},
		{"dns", needsServer, eachServer(checkDNS)},
		{"ingress", needsServer, checkIngress},
		{"service-links", needsServer, eachServer(checkServiceLinks)},
		{"persistence", needsObjects, checkPersistence},
		{"image-tags", needsObjects, checkImageTags},
		{"probes", needsServer, eachServer(checkProbes)},
		{"security", needsServer, eachServer(checkSecurity)},
		{"grace-period", needsServer, eachServer(checkGracePeriod)},
		{"rollout", needsServer, eachServer(checkRollout)},
		{"checksum", needsServer, eachServer(checkChecksum)},
		{"test-hook", needsObjects, checkTestHook},
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
	out := &result{}
	if why := in.lacks(c.needs); why != "" {
		out.skip("%s", why)
	} else {
		c.run(in, out)
	}
	return out.check(c.name)
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
func (r *result) fail(step, format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
	r.remedy(step)
}

func (r *result) warn(step, format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
	r.remedy(step)
}

func (r *result) remedy(step string) {
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

func (r *result) check(name string) Check {
	findings := strings.Join(append(r.failures, r.warnings...), "\n")
	c := Check{Name: name, Detail: findings, Remedy: strings.Join(r.remedies, "\n")}
	switch {
	case len(r.failures) > 0:
		c.Status = Fail
	case len(r.warnings) > 0:
		c.Status = Warn
	case r.passed != "" || r.skipped == "":
		c.Status, c.Detail = Pass, r.passed
	default:
		c.Status, c.Detail = Skip, r.skipped
	}
	return c
}
