package trial

import (
	"context"
	"slices"
	"strings"
)

// upgrade installs the same once more, which must change nothing, and then with
// another configuration, which must bring a new pod with the same keys.
func (t *trial) upgrade(ctx context.Context, v *verdict) {
	first, err := t.podUIDs(ctx)
	if err != nil {
		v.failed(err)
		return
	}
	t.progress("upgrading with the same values")
	if !t.again(ctx, v) {
		return
	}
	if same, err := t.podUIDs(ctx); err != nil {
		v.failed(err)
	} else if !slices.Equal(first, same) {
		v.fail("find what the templates render anew each time (see checksum in helm livekit verify)", "an upgrade with the same values rolled the pods")
	} else {
		v.saw("An upgrade with the same values left the pod as it was")
	}
	t.keysStay(v)
	t.changeConfig(ctx, first, v)
}

// changeConfig changes how much LiveKit logs, which a pod takes notice of only when
// it starts.
func (t *trial) changeConfig(ctx context.Context, first []string, v *verdict) {
	if t.Places.LogLevel == nil {
		v.saw("No changed configuration was tried: the chart has no value for logging.level that is known")
		return
	}
	if err := t.set(t.Places.LogLevel, "debug"); err != nil {
		v.failed(err)
		return
	}
	t.progress("upgrading with %s=debug", t.Places.LogLevel)
	if !t.again(ctx, v) {
		return
	}
	now, err := t.podUIDs(ctx)
	if err != nil {
		v.failed(err)
		return
	}
	if slices.ContainsFunc(now, func(uid string) bool { return slices.Contains(first, uid) }) {
		v.fail("add a checksum of the configuration to the pod's annotations", "a changed configuration (%s=debug) did not roll the pod", t.Places.LogLevel)
		return
	}
	v.saw("A changed configuration (%s=debug) rolled the pod", t.Places.LogLevel)
	t.keysStay(v)
	pods := &verdict{}
	t.lookAtPods(ctx, pods)
	for i, failure := range pods.failures {
		v.fail(pods.remedies[min(i, len(pods.remedies)-1)], "after it: %s", failure)
	}
}

// again upgrades and reads the server anew.
func (t *trial) again(ctx context.Context, v *verdict) bool {
	if err := t.upgradeInstall(ctx); err != nil {
		t.explain(ctx, v, err)
		return false
	}
	server, err := t.findServer(ctx)
	if err != nil {
		v.failed(err)
		return false
	}
	t.server = server
	return true
}

// keysStay looks whether the API keys are those of the first install.
func (t *trial) keysStay(v *verdict) {
	const same = "The API key stayed the same"
	switch {
	case t.server.fingerprint() != t.keys:
		v.fail("keep generated keys by lookup, or use an existing Secret", "the upgrade changed the API key: every client would be locked out")
	case !slices.Contains(v.facts, same):
		v.saw(same)
	}
}

// podUIDs identify the server's pods.
func (t *trial) podUIDs(ctx context.Context) ([]string, error) {
	pods, err := t.pods(ctx, t.server.workload)
	var out []string
	for _, p := range pods {
		out = append(out, string(p.UID))
	}
	slices.Sort(out)
	return out, err
}

// helmTest runs the chart's own test.
func (t *trial) helmTest(ctx context.Context, v *verdict) {
	hooks, err := t.helm.run(ctx, "get", "hooks", t.Release)
	if err != nil {
		v.failed(err)
		return
	}
	if !strings.Contains(hooks, "helm.sh/hook") || !strings.Contains(hooks, "test") {
		v.skip("The chart has no test")
		return
	}
	t.progress("helm test")
	if _, err := t.helm.run(ctx, "test", t.Release, "--timeout", "2m"); err != nil {
		v.fail("see kubectl -n "+t.Namespace+" logs of the test's pod; --keep keeps it", "%s", t.clean(ctx, err.Error()))
		return
	}
	v.saw("helm test passed")
}
