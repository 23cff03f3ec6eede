package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/remedy"
)

// verdict collects what a step of the trial finds.
type verdict struct {
	failures, warnings, facts []string
	remedies                  []string
	skipped                   string
}

func (v *verdict) fail(step, format string, args ...any) {
	v.failures = append(v.failures, fmt.Sprintf(format, args...))
	v.remedy(step)
}

func (v *verdict) failed(err error) { v.fail(remedy.Step(err), "%v", err) }

func (v *verdict) warn(step, format string, args ...any) {
	v.warnings = append(v.warnings, fmt.Sprintf(format, args...))
	v.remedy(step)
}

// saw notes what is right.
func (v *verdict) saw(format string, args ...any) {
	v.facts = append(v.facts, fmt.Sprintf(format, args...))
}

// skip says why there is nothing to judge; anything else wins over it.
func (v *verdict) skip(format string, args ...any) { v.skipped = fmt.Sprintf(format, args...) }

func (v *verdict) remedy(step string) {
	if step != "" && !slices.Contains(v.remedies, step) {
		v.remedies = append(v.remedies, step)
	}
}

// check makes the verdict a check. Facts are told beside findings: what works
// narrows down what does not.
func (v *verdict) check(name string) Check {
	c := Check{Name: name, Detail: strings.Join(slices.Concat(v.failures, v.warnings, v.facts), "\n"), Remedy: strings.Join(v.remedies, "\n")}
	switch {
	case len(v.failures) > 0:
		c.Status = Fail
	case len(v.warnings) > 0:
		c.Status = Warn
	case len(v.facts) > 0 || v.skipped == "":
		c.Status = Pass
	default:
		c.Status, c.Detail = Skip, v.skipped
	}
	return c
}
