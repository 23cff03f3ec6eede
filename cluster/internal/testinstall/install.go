package testinstall

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/diagnose"
)

// install installs the chart and waits until its pods are ready. Ports that
// others took meanwhile are moved.
func (t *installTest) install(ctx context.Context, res *checkResult) {
	started := time.Now()
	t.progress("installing %s as release %s", t.Chart, t.Release)
	err := t.upgradeInstall(ctx)
	for range 3 {
		if !t.retake(ctx, err) {
			break
		}
		err = t.installAnew(ctx)
	}
	if err != nil {
		t.explain(ctx, res, err)
		return
	}
	if t.release, err = t.readRelease(ctx); err != nil {
		res.failErr(err)
		return
	}
	res.pass("Helm %s installed release %s: all is ready after %s", t.helm.version, t.Release,
		time.Since(started).Round(100*time.Millisecond))
}

// installAnew removes what a failed attempt has made and installs once more. Helm compares an upgrade with the release
// before, also where that has failed halfway: after two attempts the Deployment would keep a port of the first one.
func (t *installTest) installAnew(ctx context.Context) error {
	_, err := t.helm.run(ctx, "uninstall", t.Release, "--wait", "--timeout", t.Timeout.Duration.String())
	if err != nil {
		return err
	}
	return t.upgradeInstall(ctx)
}

// upgradeInstall runs Helm, tells of the pods meanwhile, and stops where waiting
// longer is of no use.
func (t *installTest) upgradeInstall(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		t.watch(ctx, cancel)
	}()
	args := []string{"upgrade", "--install", t.Release, t.Chart, "--wait",
		"--timeout", t.Timeout.Duration.String()}
	_, err := t.helm.run(ctx, append(args, t.values()...)...)
	var hopeless *hopelessError
	if errors.As(context.Cause(ctx), &hopeless) {
		err = hopeless
	}
	cancel(nil)
	<-watched
	return err
}

// hopelessError ends a wait that nothing could come of.
type hopelessError struct{ findings []diagnose.Finding }

func (e *hopelessError) Error() string { return "waiting longer would not help" }

// watch tells of the pods as they change, and calls off the wait when the same
// finding that time does not mend is made twice, some time apart.
func (t *installTest) watch(ctx context.Context, callOff context.CancelCauseFunc) {
	const beat, patience = time.Second, 6 * time.Second
	last := ""
	seen := map[string]time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(beat):
		}
		if now := t.podLine(ctx); now != last && now != "" {
			t.progress("%s", now)
			last = now
		}
		findings, err := diagnose.Namespace(ctx, t.client, t.Namespace)
		if err != nil {
			continue
		}
		final := slices.DeleteFunc(slices.Clone(findings), func(f diagnose.Finding) bool { return !f.Final })
		still := map[string]time.Time{}
		for _, f := range final {
			since, ok := seen[f.Name]
			if !ok {
				since = time.Now()
			}
			still[f.Name] = since
			if time.Since(since) >= patience {
				callOff(&hopelessError{findings})
				return
			}
		}
		seen = still
	}
}

// explain says why the chart did not come up.
func (t *installTest) explain(ctx context.Context, res *checkResult, err error) {
	var hopeless *hopelessError
	var said *helmError
	var findings []diagnose.Finding
	switch {
	case errors.As(err, &hopeless):
		findings = hopeless.findings
	case errors.As(err, &said):
		said.text = t.clean(ctx, said.text)
		findings = diagnose.Helm(said.text)
	}
	if len(findings) == 0 {
		var lookErr error
		if findings, lookErr = diagnose.Namespace(ctx, t.client, t.Namespace); lookErr != nil {
			res.fail("", "why is not known: %v", lookErr)
		}
	}
	for _, f := range findings {
		res.fail(f.Remedy, "%s", f)
	}
	if len(findings) == 0 || said != nil {
		res.fail("see kubectl -n "+t.Namespace+" describe pods; --keep keeps them for debugging", "%v", err)
	}
}

// clean takes values of Secrets out of what Helm printed. Where Secrets may not be read
// the text stays: Helm could not have printed them either.
func (t *installTest) clean(ctx context.Context, text string) string {
	if cleaned := diagnose.Cleaner(ctx, t.client, t.Namespace)(text); cleaned != "" {
		return cleaned
	}
	return text
}

// allocated is what the API server says of a NodePort that another Service has.
var allocated = regexp.MustCompile(`nodePort: Invalid value: (\d+): provided port is already allocated`)

// retake chooses ports once more, after Helm failed at one that another Service has. It
// need not be seen: the number is taken before the Service is there, and free only after it is gone.
func (t *installTest) retake(ctx context.Context, failed error) bool {
	if failed == nil {
		return false
	}
	refused := allocated.FindAllStringSubmatch(failed.Error(), -1)
	if len(refused) == 0 {
		return false
	}
	for _, r := range refused {
		number, _ := strconv.ParseInt(r[1], 10, 32)
		t.refused = append(t.refused, nodePort{number: int32(number), of: "another Service"})
	}
	res := &checkResult{}
	t.freePorts(ctx, res)
	return len(res.failures) == 0
}
