package e2e

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

// While a call goes on in the old server, the new one takes new rooms at once. Each
// new server has the ports that the one before it has not.
func TestDraining(t *testing.T) {
	b := place(t, "disruption: draining, with new rooms at once")
	chart := b.scaffold(false, "draining")
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	values := b.values(externalRedis("") + "\ndraining: {enabled: true, tcpPort: 31443, udpPort: 31444}\n" +
		"config: {rtc: {tcp_port: 31441, udp_port: 31442}}\n")
	b.install(chart, "-f", values)
	old := b.waitForPod("app=livekit", "")
	b.install(chart, "-f", values)
	if same := b.waitForPod("app=livekit", ""); same.Name != old.Name {
		t.Fatalf("an upgrade that changes nothing made pod %s out of %s", same.Name, old.Name)
	}

	first := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "40s")
	b.waitUntilUp(first)
	began := time.Now()
	b.install(chart, "-f", values, "--set", "config.logging.level=debug") // waits for the new pod
	second := b.call("--url", "ws://"+b.newPod(old.Name).Status.PodIP+":7880", "--media", "udp,tcp")
	b.waitUntilDone(second)
	if second.err != nil || !second.result.OK {
		t.Fatalf("no call while the old server drains: %v\n%s", second.err, second.stderr)
	}
	took := time.Since(began)
	select {
	case <-first.done:
		t.Fatalf("the first call is over already: %v\n%s", first.err, first.stderr)
	default:
	}
	b.waitUntilDone(first)
	if first.err != nil || !first.result.OK || first.result.Hold == nil || first.result.Hold.Seconds < 39 ||
		first.result.Hold.Rejoined > 0 {
		t.Fatalf("the first call was cut: %v, %+v\n%s", first.err, first.result.Hold, first.stderr)
	}
	if gap := time.Duration(first.result.Hold.LongestGapMS) * time.Millisecond; gap > time.Second {
		t.Errorf("silence of %s in the first call", gap)
	}
	b.row.call = fmt.Sprintf("%s, new rooms after %.0f s, longest gap %d ms", b.pathsOf(second), took.Seconds(),
		first.result.Hold.LongestGapMS)

	now := b.newPod(old.Name)
	if got := now.Labels[cluster.PortSetLabel]; old.Labels[cluster.PortSetLabel] != "first" || got != "second" {
		t.Errorf("the pods have the %s and the %s ports, want first and second", old.Labels[cluster.PortSetLabel], got)
	}
	b.install(chart, "-f", values, "--set", "config.logging.level=warn")
	if last := b.newPod(now.Name); last.Labels[cluster.PortSetLabel] != "first" {
		t.Errorf("the third server has the %s ports, want first", last.Labels[cluster.PortSetLabel])
	}
}

// newPod gives the server's pod that is not ending, and not the one of that name.
func (b *bench) newPod(old string) core.Pod {
	b.Helper()
	for range 120 {
		pods, err := s.cluster.CoreV1().Pods(b.namespace).List(b.Context(),
			meta.ListOptions{LabelSelector: "app=livekit"})
		if err != nil {
			b.Fatal(err)
		}
		for _, pod := range pods.Items {
			if pod.Name != old && pod.DeletionTimestamp == nil && pod.Status.PodIP != "" {
				return pod
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.Fatalf("no pod after %s", old)
	return core.Pod{}
}

// The test's pod gets none of a call's media: it is an endpoint of no Service.
func TestHelmTestDuringACall(t *testing.T) {
	b := place(t, "disruption: helm test during a call")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.install(chart, "--set", "config.rtc.tcp_port=31451", "--set", "config.rtc.udp_port=31452")
	pod := b.waitForPod("app=livekit", "")
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "20s")
	b.waitUntilUp(c)
	ctx, cancel := context.WithCancel(b.Context())
	others := make(chan []string, 1)
	go func() { others <- b.endpointsBeside(ctx, pod.Name) }()
	if out, err := b.command(b.Context(), b.helm, "test", "livekit", "--namespace", b.namespace).
		CombinedOutput(); err != nil {
		t.Errorf("helm test: %v\n%s", err, out)
	}
	cancel()
	if names := <-others; len(names) > 0 {
		t.Errorf("the chart's Services led to %s as well", strings.Join(names, ", "))
	}
	b.waitUntilDone(c)
	if c.err != nil || c.result.Hold == nil || c.result.Hold.LongestGapMS > 1000 || c.result.Hold.Rejoined > 0 {
		t.Fatalf("the call was disturbed: %v, %+v\n%s", c.err, c.result.Hold, c.stderr)
	}
	b.row.call = b.pathsOf(c) + fmt.Sprintf(", longest gap %d ms", c.result.Hold.LongestGapMS)
}

// endpointsBeside watches the chart's Services until ctx ends, and gives the pods that
// any of them led to beside the one of that name.
func (b *bench) endpointsBeside(ctx context.Context, pod string) []string {
	var others []string
	for ctx.Err() == nil {
		list, err := s.cluster.DiscoveryV1().EndpointSlices(b.namespace).List(b.Context(), meta.ListOptions{})
		if err != nil {
			return append(others, err.Error())
		}
		for _, slice := range list.Items {
			for _, e := range slice.Endpoints {
				if e.TargetRef != nil && e.TargetRef.Name != pod && !slices.Contains(others, e.TargetRef.Name) {
					others = append(others, e.TargetRef.Name)
				}
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return others
}

// Media does not depend on readiness: with Redis away for a minute a call goes on, and a
// flow of media that is new in that minute gets through.
func TestMediaWithoutRedis(t *testing.T) {
	b := place(t, "disruption: Redis away for a minute")
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	b.install(chart, "-f", b.values(externalRedis("")), "--set", "config.rtc.tcp_port=31461", "--set",
		"config.rtc.udp_port=31462")
	pod := b.waitForPod("app=livekit", "")
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "75s")
	b.waitUntilUp(c)
	b.scaleRedis(0)
	time.Sleep(45 * time.Second)
	now, err := s.cluster.CoreV1().Pods(b.namespace).Get(b.Context(), pod.Name, meta.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if isReady(now) {
		t.Error("the server is ready without Redis, so nothing is shown")
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(now.Status.HostIP, "31461"), 5*time.Second)
	if err != nil {
		t.Errorf("a new flow of media does not get through: %v", err)
	} else {
		conn.Close()
	}
	b.scaleRedis(1)
	b.mustGoOn(c)
}

func isReady(pod *core.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c core.PodCondition) bool {
		return c.Type == core.PodReady && c.Status == core.ConditionTrue
	})
}

func (b *bench) scaleRedis(replicas int32) {
	b.Helper()
	scale, err := s.cluster.AppsV1().Deployments(b.namespace).GetScale(b.Context(), "redis", meta.GetOptions{})
	if err == nil {
		scale.Spec.Replicas = replicas
		_, err = s.cluster.AppsV1().Deployments(b.namespace).UpdateScale(b.Context(), "redis", scale,
			meta.UpdateOptions{})
	}
	if err != nil {
		b.Fatal(err)
	}
}
