package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// install installs a chart in the case's namespace and waits for it.
func (b *bench) install(chart string, flags ...string) {
	b.Helper()
	args := append([]string{"upgrade", "--install", "livekit", chart, "--namespace", b.namespace, "--wait",
		"--timeout", "2m"}, flags...)
	if out, err := b.command(b.Context(), b.helm, args...).CombinedOutput(); err != nil {
		b.Fatalf("helm upgrade --install: %v\n%s", err, out)
	}
}

// callResult is what helm-livekit-cluster call prints.
type callResult struct {
	OK    bool
	API   struct{ Error string }
	Paths []struct {
		OK    bool
		Media string
		Error string
		Pairs []struct{ Participant, Remote string }

		DurationMS int64
	}
	Participants []struct{ URL, Node, SignalNode string }
	Hold         *struct {
		Seconds                 float64
		LongestGapMS            int64
		Resumed, Rejoined       int
		AudioPackets, AudioLost int
	}
}

// liveCall is a call that goes on in the background.
type liveCall struct {
	up   chan struct{} // closed when everybody hears everybody
	done chan struct{} // closed when it is over

	result callResult
	err    error
	stderr string

	progress func() string // what it has said so far
	end      func()        // ends it before its time
}

// watcher tells when a call is up.
type watcher struct {
	mu   sync.Mutex
	text bytes.Buffer
	up   chan struct{}
	once sync.Once
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if strings.Contains(w.text.String(), "holding the call") {
		w.once.Do(func() { close(w.up) })
	}
	return len(p), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// call makes a call with the chart's generated key; it returns at once.
func (b *bench) call(flags ...string) *liveCall {
	b.Helper()
	c := &liveCall{up: make(chan struct{}), done: make(chan struct{})}
	cmd := b.command(b.Context(), s.companion, append([]string{"call", "-o", "json"}, flags...)...)
	cmd.Env = append(cmd.Env, "LIVEKIT_API_KEY="+b.secretEntry("livekit-keys", "LIVEKIT_API_KEY"),
		"LIVEKIT_API_SECRET="+b.secretEntry("livekit-keys", "LIVEKIT_API_SECRET"))
	var stdout bytes.Buffer
	w := &watcher{up: c.up}
	cmd.Stdout, cmd.Stderr = &stdout, w
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	c.progress = w.String
	c.end = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-c.done
	}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
		_ = json.Unmarshal(stdout.Bytes(), &c.result)
		c.stderr = w.String() + c.result.API.Error
	}()
	return c
}

func (b *bench) waitUntilUp(c *liveCall) {
	b.Helper()
	select {
	case <-c.up:
	case <-c.done:
		b.Fatalf("the call did not come up: %v\n%s", c.err, c.stderr)
	case <-time.After(time.Minute):
		b.Fatal("the call did not come up within a minute")
	}
}

func (b *bench) waitUntilDone(c *liveCall) {
	b.Helper()
	select {
	case <-c.done:
	case <-time.After(3 * time.Minute):
		b.Fatal("the call does not end")
	}
}

// mustGoOn waits for the end of a call, whose media must not have been away for more than two seconds; signalling may.
func (b *bench) mustGoOn(c *liveCall) {
	b.Helper()
	b.waitUntilDone(c)
	if len(c.result.Paths) != 1 || !c.result.Paths[0].OK || c.result.Hold == nil {
		b.Fatalf("the call was cut: %v, %+v\n%s", c.err, c.result, c.stderr)
	}
	if gap := time.Duration(c.result.Hold.LongestGapMS) * time.Millisecond; gap > 2*time.Second {
		b.Errorf("silence of %s", gap)
	}
	b.row.call = fmt.Sprintf("%s, longest gap %d ms, %d of %d packets lost", b.pathsOf(c), c.result.Hold.LongestGapMS,
		c.result.Hold.AudioLost, c.result.Hold.AudioPackets)
}

func (b *bench) pathsOf(c *liveCall) string {
	var out []string
	for _, p := range c.result.Paths {
		if p.OK {
			out = append(out, p.Media)
		}
	}
	return strings.Join(out, ", ")
}

// A rolling upgrade lets a call that goes on end first: the pod that has it gets no
// participants any more, and stays.
func TestUpgradeDuringACall(t *testing.T) {
	b := place(t, "disruption: an upgrade during a call")
	chart := b.scaffold(false)
	b.makeNamespace()
	ports := []string{"--set", "config.rtc.tcp_port=31401", "--set", "config.rtc.udp_port=31402"}
	b.install(chart, ports...)
	old := b.waitForPod("app=livekit", "")
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "25s")
	b.waitUntilUp(c)
	args := append([]string{"upgrade", "livekit", chart, "--namespace", b.namespace, "--set",
		"config.logging.level=debug"}, ports...)
	if out, err := b.command(b.Context(), b.helm, args...).CombinedOutput(); err != nil {
		b.Fatalf("helm upgrade: %v\n%s", err, out)
	}
	time.Sleep(12 * time.Second) // the preStop hook is over, and the server was told to end
	there, err := s.cluster.CoreV1().Pods(b.namespace).Get(b.Context(), old.Name, meta.GetOptions{})
	if err != nil {
		b.Fatalf("the pod with the call is gone: %v", err)
	}
	if there.DeletionTimestamp == nil {
		b.Error("the pod with the call is not ending: the upgrade did not roll it")
	}
	b.waitUntilDone(c)
	b.row.call = b.pathsOf(c)
	if c.err != nil || !c.result.OK || c.result.Hold == nil || c.result.Hold.Seconds < 24 {
		b.Fatalf("the call was cut: %v, %+v\n%s", c.err, c.result.Hold, c.stderr)
	}
	if gap := time.Duration(c.result.Hold.LongestGapMS) * time.Millisecond; gap > 2*time.Second ||
		c.result.Hold.Rejoined > 0 {
		b.Errorf("silence of %s, rejoined %d times", gap, c.result.Hold.Rejoined)
	}
	b.row.call += fmt.Sprintf(", longest gap %d ms", c.result.Hold.LongestGapMS)
	now := b.waitForPod("app=livekit", old.Name)
	b.row.restarts = int(now.Status.ContainerStatuses[0].RestartCount)
}

// A call goes on while Redis is restarted, and the server takes rooms again afterwards.
func TestRedisRestartsDuringACall(t *testing.T) {
	b := place(t, "disruption: Redis restarted during a call")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	b.install(chart, "-f", b.values(externalRedis("")), "--set", "config.rtc.tcp_port=31411", "--set",
		"config.rtc.udp_port=31412")
	pod := b.waitForPod("app=livekit", "")
	// The node may hear of a new Service late, and keeps a flow of UDP that came before the way that it has.
	if err := dialWithin(30*time.Second, net.JoinHostPort(pod.Status.HostIP, "31411")); err != nil {
		t.Fatal(err)
	}
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "20s")
	b.waitUntilUp(c)
	old := b.waitForPod("app=redis", "")
	if err := s.cluster.CoreV1().Pods(b.namespace).Delete(b.Context(), old.Name, meta.DeleteOptions{}); err != nil {
		b.Fatal(err)
	}
	b.waitForPod("app=redis", old.Name)
	b.mustGoOn(c)
	again := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp")
	b.waitUntilDone(again)
	if again.err != nil {
		b.Errorf("no call afterwards: %v\n%s", again.err, again.stderr)
	}
	now, err := s.cluster.CoreV1().Pods(b.namespace).Get(b.Context(), pod.Name, meta.GetOptions{})
	if err != nil {
		b.Fatalf("the server's pod is gone: %v", err)
	}
	if b.row.restarts = int(now.Status.ContainerStatuses[0].RestartCount); b.row.restarts > 0 {
		b.Errorf("the server restarted %d times", b.row.restarts)
	}
}

// Participants of one room come in by two nodes of LiveKit, and hear each other.
func TestTwoReplicas(t *testing.T) {
	b := place(t, "replicas: one room on two servers")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	b.install(chart, "-f", b.values("replicaCount: 2\nmedia: {type: ClusterIP}\npersistence: {enabled: "+
		"false}\n"+externalRedis("")))
	first := b.waitForPod("app=livekit", "")
	second := b.waitForPod("app=livekit", first.Name)
	c := b.call("--url", fmt.Sprintf("ws://%s:7880", first.Status.PodIP),
		"--url", fmt.Sprintf("ws://%s:7880", second.Status.PodIP), "--nodes-differ", "--media", "udp,tcp")
	b.waitUntilDone(c)
	b.row.call = b.pathsOf(c)
	if c.err != nil || !c.result.OK {
		b.Fatalf("%v\n%s", c.err, c.stderr)
	}
	nodes := map[string]bool{}
	for _, p := range c.result.Participants {
		nodes[p.SignalNode] = true
	}
	if len(nodes) != 2 {
		b.Errorf("participants came in by %v, want two servers", nodes)
	}
}

// Whenever an install is interrupted, nothing is left.
func TestInterrupted(t *testing.T) {
	for _, after := range []time.Duration{time.Second, 4 * time.Second, 9 * time.Second, 15 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			b := place(t, "interrupted after "+after.String())
			chart := b.scaffold(false)
			ctx, cancel := context.WithTimeout(b.Context(), after)
			defer cancel()
			cmd := b.command(ctx, s.plugin, "verify", chart, "--install", "--call", "--test-namespace", b.namespace)
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "Error: interrupted") {
				b.Errorf("%v\n%s", err, out)
			}
			b.mustBeGone()
		})
	}
}

// An install whose plugin is killed ends by itself, and cleans up.
func TestKilled(t *testing.T) {
	b := place(t, "killed in the middle")
	chart := b.scaffold(false)
	cmd := b.command(b.Context(), s.plugin, "verify", chart, "--install", "--test-namespace", b.namespace)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	if err := cmd.Process.Kill(); err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait()
	for range 60 {
		if _, err := s.cluster.CoreV1().Namespaces().Get(b.Context(), b.namespace,
			meta.GetOptions{}); apierrors.IsNotFound(err) {
			return
		}
		time.Sleep(time.Second)
	}
	b.mustBeGone()
}

// mustBeGone wants no namespace, and no volume of it.
func (b *bench) mustBeGone() {
	b.Helper()
	if _, err := s.cluster.CoreV1().Namespaces().Get(b.Context(), b.namespace,
		meta.GetOptions{}); !apierrors.IsNotFound(err) {
		b.Errorf("namespace %s is left (%v)", b.namespace, err)
	}
	volumes, err := s.cluster.CoreV1().PersistentVolumes().List(b.Context(), meta.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for _, v := range volumes.Items {
		if v.Spec.ClaimRef != nil && v.Spec.ClaimRef.Namespace == b.namespace && v.Status.Phase == "Bound" {
			b.Errorf("volume %s is left", v.Name)
		}
	}
}

// A namespace that was there is refused, or used and left.
func TestNamespaceThatIsThere(t *testing.T) {
	b := place(t, "a namespace that is there")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(secretObject("precious", "a", "b"))
	_, code, stderr := b.verify(chart)
	if code != 1 || !strings.Contains(stderr, "is there already") || !strings.Contains(stderr, "--reuse") {
		b.Errorf("exit code %d: %s", code, stderr)
	}
	b.mustPass(chart, direct, "--reuse")
	if b.secretEntry("precious", "a") != "b" {
		b.Error("the namespace's own Secret was changed")
	}
	list, err := exec.Command(b.helm, "list", "--short", "--namespace", b.namespace).Output()
	if err != nil || strings.TrimSpace(string(list)) != "" {
		b.Errorf("releases are left: %s, %v", list, err)
	}
	// A release of somebody else with the same name is not ours to change.
	b.install(chart, "--set", "config.rtc.tcp_port=31421", "--set", "config.rtc.udp_port=31422")
	_, code, stderr = b.verify(chart, "--reuse")
	if code != 1 || !strings.Contains(stderr, "release livekit is in namespace") {
		b.Errorf("exit code %d: %s", code, stderr)
	}
	b.waitForPod("app=livekit", "")
}

// Ports of the nodes that others have are moved for the test.
func TestPortsAreMoved(t *testing.T) {
	b := place(t, "media ports that are taken")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply("apiVersion: v1\nkind: Service\nmetadata: {name: squatter}\nspec: {type: NodePort, ports: [{name: a, " +
		"port: 1, nodePort: 31431, protocol: TCP}, {name: b, port: 2, nodePort: 31432, protocol: UDP}]}\n")
	r := b.mustPass(chart, direct, "--reuse", "-f", b.values("config: {rtc: {tcp_port: 31431, udp_port: 31432}}"))
	if status, detail := r.check("media-ports"); status != "pass" || !strings.Contains(detail,
		"config.rtc.udp_port is set to") || !strings.Contains(detail, "Service squatter") {
		b.Errorf("media-ports: %s, %s", status, detail)
	}
}

// Ports that Kubernetes refuses are chosen anew, also if it refuses the next ones: others may take them meanwhile.
func TestPortsAreRefusedTwice(t *testing.T) {
	b := place(t, "media ports that are refused twice")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply("apiVersion: v1\nkind: Service\nmetadata: {name: squatter}\nspec: {type: NodePort, ports: [{name: a, " +
		"port: 1, nodePort: 31434}, {name: b, port: 2, nodePort: 31435}]}\n")
	// A Helm whose first two installations want a port that is taken. It is
	// Helm 3: Helm 4 leaves merging to the server.
	b.helm = s.helms[0]
	b.row.helm = helmVersion(b.helm)
	wrapper := filepath.Join(t.TempDir(), "helm")
	script := fmt.Sprintf(`#!/bin/sh
if [ "$1" = upgrade ]; then
  if mkdir '%[1]s-1'; then set -- "$@" --set config.rtc.tcp_port=31434
  elif mkdir '%[1]s-2'; then set -- "$@" --set config.rtc.tcp_port=31435
  fi 2>/dev/null
fi
exec '%[2]s' "$@"
`, wrapper, b.helm)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	b.helm = wrapper
	b.mustPass(chart, direct, "--reuse", "-f", b.values("config: {rtc: {tcp_port: 31436, udp_port: 31437}}"))
	if _, err := os.Stat(wrapper + "-2"); err != nil {
		t.Errorf("there was no second refusal: %v", err)
	}
}

// What is to be kept is kept, and says how to remove it.
func TestKeep(t *testing.T) {
	b := place(t, "kept for a look")
	chart := b.scaffold(false)
	r, code, stderr := b.verify(chart, "--keep")
	if code != 0 {
		b.Fatalf("exit code %d: %s", code, stderr)
	}
	if _, detail := r.check("uninstall"); !strings.Contains(detail, "kubectl delete namespace "+b.namespace) {
		b.Errorf("uninstall: %s", detail)
	}
	b.waitForPod("app=livekit", "")
}
