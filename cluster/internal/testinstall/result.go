package testinstall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// checkResult collects what a step finds.
type checkResult struct {
	failures, warnings, facts []string
	remedies                  []string
	skipped                   string
}

func (res *checkResult) fail(step, format string, args ...any) {
	res.failures = append(res.failures, fmt.Sprintf(format, args...))
	res.addRemedy(step)
}

func (res *checkResult) failErr(err error) { res.fail(remedy.Step(err), "%v", err) }

func (res *checkResult) warn(step, format string, args ...any) {
	res.warnings = append(res.warnings, fmt.Sprintf(format, args...))
	res.addRemedy(step)
}

// pass notes what is right.
func (res *checkResult) pass(format string, args ...any) {
	res.facts = append(res.facts, fmt.Sprintf(format, args...))
}

// skip says why there is nothing to judge; anything else wins over it.
func (res *checkResult) skip(format string, args ...any) { res.skipped = fmt.Sprintf(format, args...) }

func (res *checkResult) addRemedy(step string) {
	if step != "" && !slices.Contains(res.remedies, step) {
		res.remedies = append(res.remedies, step)
	}
}

// check gives the result as a check. Facts are told beside findings: what works
// narrows down what does not.
func (res *checkResult) check(name string) cluster.Check {
	c := cluster.Check{Name: name, Detail: strings.Join(slices.Concat(res.failures, res.warnings, res.facts), "\n"),
		Remedy: strings.Join(res.remedies, "\n")}
	switch {
	case len(res.failures) > 0:
		c.Status = cluster.Fail
	case len(res.warnings) > 0:
		c.Status = cluster.Warn
	case len(res.facts) > 0 || res.skipped == "":
		c.Status = cluster.Pass
	default:
		c.Status, c.Detail = cluster.Skip, res.skipped
	}
	return c
}
