package testinstall

import (
	"context"
	"slices"
	"strings"
)

// upgrade installs the same once more, which must change nothing, and then with
// another configuration, which must bring a new pod with the same keys.
func (t *installTest) upgrade(ctx context.Context, res *checkResult) {
	first, err := t.podUIDs(ctx)
	if err != nil {
		res.failErr(err)
		return
	}
	t.progress("upgrading with the same values")
	if !t.again(ctx, res) {
		return
	}
	if same, err := t.podUIDs(ctx); err != nil {
		res.failErr(err)
	} else if !slices.Equal(first, same) {
		res.fail("find what the templates render anew each time (see checksum in helm livekit verify)",
			"an upgrade with the same values rolled the pods")
	} else {
		res.pass("An upgrade with the same values left the pod as it was")
	}
	t.keysStay(res)
	t.changeConfig(ctx, first, res)
}

// changeConfig changes how much LiveKit logs, which a pod takes notice of only when
// it starts.
func (t *installTest) changeConfig(ctx context.Context, first []string, res *checkResult) {
	if t.Values.LogLevel == nil {
		res.pass("No changed configuration was tried: the chart has no value for logging.level that is known")
		return
	}
	if err := t.set(t.Values.LogLevel, "debug"); err != nil {
		res.failErr(err)
		return
	}
	t.progress("upgrading with %s=debug", t.Values.LogLevel)
	if !t.again(ctx, res) {
		return
	}
	now, err := t.podUIDs(ctx)
	if err != nil {
		res.failErr(err)
		return
	}
	if slices.ContainsFunc(now, func(uid string) bool { return slices.Contains(first, uid) }) {
		res.fail("add a checksum of the configuration to the pod's annotations",
			"a changed configuration (%s=debug) did not roll the pod", t.Values.LogLevel)
		return
	}
	res.pass("A changed configuration (%s=debug) rolled the pod", t.Values.LogLevel)
	t.keysStay(res)
	pods := &checkResult{}
	t.checkPods(ctx, pods)
	for i, failure := range pods.failures {
		res.fail(pods.remedies[min(i, len(pods.remedies)-1)], "after it: %s", failure)
	}
}

// again upgrades and reads the server anew.
func (t *installTest) again(ctx context.Context, res *checkResult) bool {
	if err := t.upgradeInstall(ctx); err != nil {
		t.explain(ctx, res, err)
		return false
	}
	server, err := t.findServer(ctx)
	if err != nil {
		res.failErr(err)
		return false
	}
	t.server = server
	return true
}

// keysStay looks whether the API keys are those of the first install.
func (t *installTest) keysStay(res *checkResult) {
	const same = "The API key stayed the same"
	switch {
	case t.server.fingerprint() != t.keys:
		res.fail("keep generated keys by lookup, or use an existing Secret",
			"the upgrade changed the API key: every client would be locked out")
	case !slices.Contains(res.facts, same):
		res.pass(same)
	}
}

// podUIDs identify the server's pods.
func (t *installTest) podUIDs(ctx context.Context) ([]string, error) {
	pods, err := t.pods(ctx, t.server.workload)
	var out []string
	for _, p := range pods {
		out = append(out, string(p.UID))
	}
	slices.Sort(out)
	return out, err
}

// helmTest runs the chart's own test.
func (t *installTest) helmTest(ctx context.Context, res *checkResult) {
	hooks, err := t.helm.run(ctx, "get", "hooks", t.Release)
	if err != nil {
		res.failErr(err)
		return
	}
	if !strings.Contains(hooks, "helm.sh/hook") || !strings.Contains(hooks, "test") {
		res.skip("The chart has no test")
		return
	}
	t.progress("helm test")
	if _, err := t.helm.run(ctx, "test", t.Release, "--timeout", "2m"); err != nil {
		res.fail("see kubectl -n "+t.Namespace+" logs of the test's pod; --keep keeps it",
			"%s", t.clean(ctx, err.Error()))
		return
	}
	res.pass("helm test passed")
}
