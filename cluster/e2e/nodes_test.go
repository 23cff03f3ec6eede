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
	policy "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// node is one that takes pods.
type node struct {
	name, address string
	needed        bool // by the cluster itself: it runs an API server or DNS
}

// needNodes gives the nodes that take pods, and skips the case where they are fewer than it
// needs. Those that the cluster itself depends on come first.
func (b *bench) needNodes(least int) []node {
	b.Helper()
	list, err := s.cluster.CoreV1().Nodes().List(b.Context(), meta.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	needed := append(b.endpoints("default", "kubernetes"), b.endpoints("kube-system", "kube-dns")...)
	var nodes []node
	for _, n := range list.Items {
		i := slices.IndexFunc(n.Status.Addresses, func(a core.NodeAddress) bool {
			return a.Type == core.NodeInternalIP
		})
		if i < 0 || !nodeIsReady(&n) || !takesPods(&n) {
			continue
		}
		found := node{name: n.Name, address: n.Status.Addresses[i].Address}
		found.needed = slices.Contains(needed, found.address) || slices.Contains(needed, found.name)
		if found.needed {
			nodes = slices.Insert(nodes, 0, found)
		} else {
			nodes = append(nodes, found)
		}
	}
	if len(nodes) < least {
		b.Skipf("this needs %d nodes that take pods, and the cluster has %d", least, len(nodes))
	}
	return nodes
}

func nodeIsReady(n *core.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c core.NodeCondition) bool {
		return c.Type == core.NodeReady && c.Status == core.ConditionTrue
	})
}

func takesPods(n *core.Node) bool {
	return !n.Spec.Unschedulable && !slices.ContainsFunc(n.Spec.Taints, func(t core.Taint) bool {
		return t.Effect != core.TaintEffectPreferNoSchedule
	})
}

// endpoints gives the addresses behind a Service, and the names of their nodes.
func (b *bench) endpoints(namespace, service string) []string {
	b.Helper()
	list, err := s.cluster.DiscoveryV1().EndpointSlices(namespace).List(b.Context(),
		meta.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			out = append(out, e.Addresses...)
			if e.NodeName != nil {
				out = append(out, *e.NodeName)
			}
		}
	}
	return out
}

// redisOn is a Redis on one node.
func redisOn(n node) string {
	return redisPod("      nodeSelector: {kubernetes.io/hostname: " + n.name + "}")
}

// servers gives the servers' pods that are ready and not ending, once there are count of them.
func (b *bench) servers(count int) []core.Pod {
	b.Helper()
	var ready []core.Pod
	for range 180 {
		list, err := s.cluster.CoreV1().Pods(b.namespace).List(b.Context(),
			meta.ListOptions{LabelSelector: "app=livekit"})
		if err != nil {
			b.Fatal(err)
		}
		ready = slices.DeleteFunc(list.Items, func(p core.Pod) bool {
			return !isReady(&p) || p.DeletionTimestamp != nil
		})
		if len(ready) == count {
			return ready
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.Fatalf("%d servers are ready, want %d", len(ready), count)
	return nil
}

// signalling gives the address of the chart's Service at a node, once somebody answers there. The
// Service has to be one of type NodePort.
func (b *bench) signalling(at node) string {
	b.Helper()
	service, err := s.cluster.CoreV1().Services(b.namespace).Get(b.Context(), "livekit", meta.GetOptions{})
	if err != nil {
		b.Fatal(err)
	}
	address := net.JoinHostPort(at.address, fmt.Sprint(service.Spec.Ports[0].NodePort))
	for range 60 { // the node may not know yet that the servers are ready
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			conn.Close()
			return "ws://" + address
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.Fatalf("nobody answers at %s, the Service's port of node %s", address, at.name)
	return ""
}

// callAt makes a call whose room is on the node with the address. LiveKit chooses the server
// of a room by itself, so calls are made until one is there.
func (b *bench) callAt(address string, flags ...string) *liveCall {
	b.Helper()
	for range 20 {
		c := b.call(flags...)
		b.waitUntilUp(c)
		if c.address() == address {
			return c
		}
		c.end()
	}
	b.Fatalf("no room of twenty is on the server at %s", address)
	return nil
}

// Participants of one room come in by servers on different nodes, and hear each other. Their
// media goes to the node of the server that has the room.
func TestServersOverNodes(t *testing.T) {
	for _, c := range []struct {
		media string
		port  int // of signalling
		flags []string
	}{
		{"NodePort", 7880, []string{"--set", "config.rtc.tcp_port=31471", "--set", "config.rtc.udp_port=31472"}},
		{"HostNetwork", 24001, hostPorts(24001)},
	} {
		t.Run(c.media, func(t *testing.T) {
			b := place(t, "nodes: one room on three nodes, "+c.media)
			b.needNodes(3)
			chart := b.scaffold(false)
			b.makeNamespace()
			b.apply(redisObjects())
			b.waitForObjects()
			values := b.values("replicaCount: 3\nmedia: {type: " + c.media + "}\n" + externalRedis(""))
			b.install(chart, append(c.flags, "-f", values)...)
			nodeOf := map[string]string{} // address of the node of each server, by its URL
			flags := []string{"--nodes-differ", "--participants", "3", "--media", "udp,tcp"}
			for _, pod := range b.servers(3) {
				url := fmt.Sprintf("ws://%s:%d", pod.Status.PodIP, c.port)
				nodeOf[url] = pod.Status.HostIP
				flags = append(flags, "--url", url)
			}
			b.wantMediaAtTheRoom(b.call(flags...), nodeOf)
		})
	}
}

// wantMediaAtTheRoom wants each participant at a server of its own, and all media at the
// node of the server that has the room.
func (b *bench) wantMediaAtTheRoom(c *liveCall, nodeOf map[string]string) {
	b.Helper()
	b.waitUntilDone(c)
	b.row.call = b.pathsOf(c)
	if c.err != nil || !c.result.OK {
		b.Fatalf("%v\n%s", c.err, c.stderr)
	}
	address, used := map[string]string{}, map[string]bool{} // by the server's name
	for _, p := range c.result.Participants {
		address[p.SignalNode] = nodeOf[p.URL]
		used[nodeOf[p.URL]] = true
	}
	if len(address) != 3 || len(used) != 3 {
		b.Errorf("participants came in by %v, want three servers on three nodes", address)
	}
	want := address[c.result.Participants[0].Node]
	for _, path := range c.result.Paths {
		for _, pair := range path.Pairs {
			if host, _, _ := net.SplitHostPort(pair.Remote); host != want {
				b.Errorf("media of %s goes to %s, and the room is at %s", pair.Participant, pair.Remote, want)
			}
		}
	}
}

// Servers are replaced one by one. A call stays in its server to its end, and there is a
// server for new rooms at all times, also where each node has a server already.
func TestRolloutOverNodes(t *testing.T) {
	for _, c := range []struct {
		media    string
		replicas int
		flags    []string
	}{
		{"HostNetwork", 2, hostPorts(24011)},
		{"NodePort", 3, []string{"--set", "config.rtc.tcp_port=31473", "--set", "config.rtc.udp_port=31474"}},
	} {
		t.Run(c.media, func(t *testing.T) {
			b := place(t, fmt.Sprintf("nodes: a rollout of %d servers during a call, %s", c.replicas, c.media))
			nodes := b.needNodes(3)
			if c.replicas == 3 {
				for _, n := range nodes[3:] {
					b.cordon(n.name) // none is to be spare
				}
			}
			b.rollOver(nodes[0], c.replicas, append(c.flags, "--set", "service.type=NodePort", "--set",
				"media.type="+c.media))
		})
	}
}

func (b *bench) rollOver(door node, replicas int, flags []string) {
	b.Helper()
	chart := b.scaffold(false)
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	flags = append(flags, "-f", b.values(fmt.Sprintf("replicaCount: %d\n%s", replicas, externalRedis(""))))
	b.install(chart, flags...)
	old := b.servers(replicas)
	c := b.call("--url", b.signalling(door), "--media", "udp", "--hold", "35s")
	b.waitUntilUp(c)
	began := time.Now()
	b.upgrade(chart, append(flags, "--set", "config.logging.level=debug")...)
	rooms := b.newRoomsUntil(c, "--url", b.signalling(door))
	b.mustStay(c)
	b.waitUntilReplaced(old)
	b.row.call += fmt.Sprintf(", %s, all replaced after %.0f s", rooms, time.Since(began).Seconds())
}

// waitUntilReplaced waits until there are as many servers as before, and none of those.
func (b *bench) waitUntilReplaced(old []core.Pod) {
	b.Helper()
	for range 180 {
		if !slices.ContainsFunc(b.servers(len(old)), func(now core.Pod) bool {
			return slices.ContainsFunc(old, func(p core.Pod) bool { return p.Name == now.Name })
		}) {
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.Fatal("90 s after the call the servers are not replaced")
}

// upgrade upgrades the release and does not wait for its pods.
func (b *bench) upgrade(chart string, flags ...string) {
	b.Helper()
	args := append([]string{"upgrade", "livekit", chart, "--namespace", b.namespace}, flags...)
	if out, err := b.command(b.Context(), b.helm, args...).CombinedOutput(); err != nil {
		b.Fatalf("helm upgrade: %v\n%s", err, out)
	}
}

// mustStay waits for the end of a call that has to stay in its server.
func (b *bench) mustStay(c *liveCall) {
	b.Helper()
	b.mustGoOn(c)
	if c.result.Hold.Rejoined > 0 {
		b.Errorf("a participant joined anew: %+v", c.result.Hold)
	}
}

// newRooms are rooms that were made while another call went on.
type newRooms struct {
	at      map[string]int // how many, by the address of their media
	slowest time.Duration  // the longest time from joining one until everybody had heard everybody
}

func (r newRooms) String() string {
	return fmt.Sprintf("new rooms at %v, slowest %.1f s", r.at, r.slowest.Seconds())
}

// newRoomsUntil makes short calls, each in a new room, until another call ends. In none of them
// it may take 10 s until everybody has heard everybody. That its room is deleted does not matter:
// its server may be gone by then.
func (b *bench) newRoomsUntil(until *liveCall, flags ...string) newRooms {
	b.Helper()
	rooms := newRooms{at: map[string]int{}}
	for {
		select {
		case <-until.done:
			return rooms
		default:
		}
		c := b.call(append(flags, "--media", "udp", "--timeout", "10s")...)
		b.waitUntilDone(c)
		if len(c.result.Paths) != 1 || !c.result.Paths[0].OK {
			b.Errorf("no new room: %v\n%s", c.err, c.stderr)
			continue
		}
		rooms.at[c.address()]++
		rooms.slowest = max(rooms.slowest, time.Duration(c.result.Paths[0].DurationMS)*time.Millisecond)
	}
}

// With draining on the nodes' network, the new server takes another node, and new rooms at
// once, while the old call goes on.
func TestDrainingOverNodes(t *testing.T) {
	b := place(t, "nodes: draining, HostNetwork")
	nodes := b.needNodes(2)
	chart := b.scaffold(false, "draining")
	b.makeNamespace()
	b.apply(redisObjects())
	b.waitForObjects()
	flags := append(hostPorts(24021), "--set", "service.type=NodePort", "-f",
		b.values("media: {type: HostNetwork}\ndraining: {enabled: true}\n"+externalRedis("")))
	b.install(chart, flags...)
	old := b.waitForPod("app=livekit", "")
	c := b.call("--url", b.signalling(nodes[0]), "--media", "udp", "--hold", "35s")
	b.waitUntilUp(c)
	b.upgrade(chart, append(flags, "--set", "config.logging.level=debug")...)
	rooms := b.newRoomsUntil(c, "--url", b.signalling(nodes[0]))
	b.mustStay(c)
	now := b.newPod(old.Name)
	if now.Status.HostIP == old.Status.HostIP || c.address() != old.Status.HostIP || rooms.at[now.Status.HostIP] == 0 {
		b.Errorf("the call was at %s, with %s; the old server at %s, the new one at %s", c.address(), rooms,
			old.Status.HostIP, now.Status.HostIP)
	}
	b.row.call += fmt.Sprint(", ", rooms)
}

// Who drains a node waits for the calls of its server, and the budget spares the other one.
func TestEvictionDuringACall(t *testing.T) {
	b := placeAlone(t, "nodes: a node is drained during a call")
	nodes := b.needNodes(3)
	chart := b.scaffold(false, "pdb")
	b.makeNamespace()
	b.apply(redisOn(nodes[0]))
	b.waitForObjects()
	b.install(chart, append(hostPorts(24031), "--set", "service.type=NodePort", "-f",
		b.values("replicaCount: 2\nmedia: {type: HostNetwork}\npodDisruptionBudget: {enabled: true}\n"+
			externalRedis("")))...)
	pods := b.servers(2)
	c := b.callAt(pods[0].Status.HostIP, "--url", b.signalling(nodes[0]), "--media", "udp", "--hold", "30s")
	b.cordon(pods[0].Spec.NodeName)
	if err := b.evict(pods[0]); err != nil {
		b.Fatal(err)
	}
	if err := b.evict(pods[1]); !apierrors.IsTooManyRequests(err) {
		b.Errorf("the second server is evicted beside the first: %v", err)
	}
	b.servers(2) // on the third node
	select {
	case <-c.done:
		b.Fatalf("the call is over already: %v\n%s", c.err, c.stderr)
	default:
	}
	b.mustStay(c)
	ended := time.Now()
	for {
		_, err := s.cluster.CoreV1().Pods(b.namespace).Get(b.Context(), pods[0].Name, meta.GetOptions{})
		if apierrors.IsNotFound(err) {
			break
		}
		if time.Since(ended) > 30*time.Second {
			b.Fatalf("30 s after the call the evicted server is still there: %v", err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.row.call += fmt.Sprintf(", drained %.0f s after it", time.Since(ended).Seconds())
}

// cordon lets a node take no further pods until the case is over, or what it returns is called.
func (b *bench) cordon(name string) (uncordon func()) {
	b.Helper()
	set := func(closed bool) {
		patch := fmt.Appendf(nil, `{"spec": {"unschedulable": %t}}`, closed)
		if _, err := s.cluster.CoreV1().Nodes().Patch(context.Background(), name, types.StrategicMergePatchType, patch,
			meta.PatchOptions{}); err != nil {
			b.Errorf("node %s: %v", name, err)
		}
	}
	set(true)
	b.Cleanup(func() { set(false) })
	return func() { set(false) }
}

// evict asks for a pod to go, as kubectl drain does.
func (b *bench) evict(pod core.Pod) error {
	return s.cluster.PolicyV1().Evictions(b.namespace).Evict(b.Context(),
		&policy.Eviction{ObjectMeta: meta.ObjectMeta{Name: pod.Name, Namespace: b.namespace}})
}

// address gives the address that the media of a call goes to, once it is up.
func (c *liveCall) address() string {
	_, rest, _ := strings.Cut(c.progress(), "media goes both ways, ")
	line, _, _ := strings.Cut(rest, "\n")
	_, remote, _ := strings.Cut(line, " to ")
	host, _, _ := net.SplitHostPort(remote)
	return host
}
