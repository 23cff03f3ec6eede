package e2e

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// client is a pod that looks which ports it reaches.
type client struct {
	namespace string
	labels    map[string]string
	password  string // Secret with that of Redis: then it asks Redis, too
}

// look prints each HOST:PORT of its arguments that it reaches, and whether it may use Redis.
const look = `for target in "$@"; do
  if nc -w 3 "${target%:*}" "${target##*:}" </dev/null >/dev/null 2>&1; then echo "$target"; fi
done
if [ -n "$REDISCLI_AUTH" ]; then redis-cli -h livekit-redis ping 2>/dev/null; fi
true`

// reaches gives those of the targets that a client reaches. Each is HOST:PORT.
func (b *bench) reaches(c client, targets ...string) []string {
	b.Helper()
	return b.seen(b.sendOut(c, targets...))
}

// sendOut starts a client, which looks which of the targets it reaches.
func (b *bench) sendOut(c client, targets ...string) *core.Pod {
	b.Helper()
	container := core.Container{Name: "client", Image: redisImage, Command: append([]string{"sh", "-c", look, "sh"},
		targets...)}
	if c.password != "" {
		entry := &core.SecretKeySelector{Key: "redis-password"}
		entry.Name = c.password
		container.Env = []core.EnvVar{{Name: "REDISCLI_AUTH", ValueFrom: &core.EnvVarSource{SecretKeyRef: entry}}}
	}
	pod, err := s.cluster.CoreV1().Pods(c.namespace).Create(b.Context(), &core.Pod{
		ObjectMeta: meta.ObjectMeta{GenerateName: "client-", Labels: c.labels},
		Spec:       core.PodSpec{RestartPolicy: core.RestartPolicyNever, Containers: []core.Container{container}},
	}, meta.CreateOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return pod
}

// seen gives what a client has reached, once it is done.
func (b *bench) seen(pod *core.Pod) []string {
	b.Helper()
	pods := s.cluster.CoreV1().Pods(pod.Namespace)
	for range 120 {
		now, err := pods.Get(b.Context(), pod.Name, meta.GetOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if now.Status.Phase == core.PodSucceeded {
			log, err := pods.GetLogs(pod.Name, &core.PodLogOptions{}).DoRaw(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			return strings.Fields(string(log))
		}
		time.Sleep(500 * time.Millisecond)
	}
	b.Fatalf("after a minute client %s is not done", pod.Name)
	return nil
}

const denyAll = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny-all}\n" +
	"spec: {podSelector: {matchLabels: {app: redis}}, policyTypes: [Ingress]}\n"

// needPolicies skips the case where nobody enforces NetworkPolicies. The API does not tell, so
// a Redis that is reached is shut off.
func (b *bench) needPolicies() {
	b.Helper()
	b.apply(redisObjects())
	b.waitForObjects()
	stranger := client{namespace: b.namespace}
	// The node of the client may hear of a new Service late.
	for began := time.Now(); len(b.reaches(stranger, "redis:6379")) == 0; {
		if time.Since(began) > 30*time.Second {
			b.Fatal("a pod does not reach another one for 30 s, and no policy says so")
		}
	}
	b.apply(denyAll)
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		if len(b.reaches(stranger, "redis:6379")) == 0 {
			if err := s.cluster.NetworkingV1().NetworkPolicies(b.namespace).Delete(b.Context(), "deny-all",
				meta.DeleteOptions{}); err != nil {
				b.Fatal(err)
			}
			return
		}
	}
	b.Skip("this cluster does not enforce NetworkPolicies: one that lets nobody in changed nothing for 20 s")
}

// The chart's NetworkPolicy lets calls, and those that it names, pass, and nobody else. All
// of it is open before.
func TestNetworkPolicy(t *testing.T) {
	b := place(t, "policy: NetworkPolicy, enforced")
	b.makeNamespace()
	b.needPolicies()
	elsewhere := b.otherNamespace("monitoring")
	chart := b.scaffold(false, "networkpolicy", "metrics", "redis-service", "turn")
	flags := []string{"-f", b.values(fmt.Sprintf(`
persistence: {enabled: false}
redis: {service: {enabled: true}}
config:
  rtc: {tcp_port: 31481, udp_port: 31482}
  turn: {enabled: true, domain: turn.example.com, udp_port: 31483, allow_restricted_peer_cidrs: [0.0.0.0/0]}
  debug_handler: {port: 6061}
networkPolicy:
  signallingFrom: [{podSelector: {matchLabels: {app: web}}}]
  metricsFrom:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}
      podSelector: {matchLabels: {app: prometheus}}
`, elsewhere))}
	b.install(chart, flags...)
	ip := b.waitForPod("app=livekit", "").Status.PodIP
	signalling, metrics, debug, redis := ip+":7880", ip+":6789", ip+":6061", "livekit-redis."+b.namespace+":6379"
	media := ip + ":31481"
	all := []string{signalling, media, metrics, debug, redis}
	stranger := client{namespace: b.namespace}
	if got := b.reaches(stranger, all...); !slices.Equal(got, all) {
		t.Fatalf("without a policy a pod reaches %v, want %v", got, all)
	}

	b.install(chart, append(flags, "--set", "networkPolicy.enabled=true")...)
	b.waitUntilShut(stranger, debug)
	prometheus := map[string]string{"app": "prometheus"}
	redisClient := map[string]string{"livekit-redis-client": "true"}
	clients := []struct {
		name string
		client
		want []string
	}{
		{"a pod", stranger, []string{media}},
		{"a pod with the password of Redis", client{namespace: b.namespace, password: "livekit-redis"},
			[]string{media}},
		{"the website", client{namespace: b.namespace, labels: map[string]string{"app": "web"}},
			[]string{signalling, media}},
		{"a client of Redis", client{b.namespace, redisClient, "livekit-redis"}, []string{media, redis, "PONG"}},
		{"Prometheus", client{namespace: elsewhere, labels: prometheus}, []string{media, metrics}},
		{"a pod beside Prometheus", client{namespace: elsewhere}, []string{media}},
		{"a Prometheus in another namespace", client{namespace: b.namespace, labels: prometheus}, []string{media}},
	}
	pods := make([]*core.Pod, len(clients))
	for i, c := range clients {
		pods[i] = b.sendOut(c.client, all...)
	}
	for i, c := range clients {
		got := b.seen(pods[i])
		if !slices.Equal(got, c.want) { // the address of a pod may not be known yet to who enforces the policy
			got = b.reaches(c.client, all...)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s reaches %v, want %v", c.name, got, c.want)
		}
	}
	if out, err := b.command(b.Context(), b.helm, "test", "livekit", "--namespace", b.namespace).
		CombinedOutput(); err != nil {
		t.Errorf("helm test: %v\n%s", err, out)
	}
	call := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp,tcp,turn-udp")
	b.waitUntilDone(call)
	b.row.call = b.pathsOf(call)
	if call.err != nil || !call.result.OK {
		t.Errorf("%v\n%s", call.err, call.stderr)
	}
}

// While a server drains, the policy lets media through to it and to the new one.
func TestNetworkPolicyWhileDraining(t *testing.T) {
	b := place(t, "policy: NetworkPolicy while a server drains")
	b.makeNamespace()
	b.needPolicies()
	chart := b.scaffold(false, "networkpolicy", "draining")
	flags := []string{"-f", b.values(externalRedis("") + "\nnetworkPolicy: {enabled: true}\n" +
		"draining: {enabled: true, tcpPort: 31493, udpPort: 31494}\n" +
		"config: {rtc: {tcp_port: 31491, udp_port: 31492}}\n")}
	b.install(chart, flags...)
	old := b.waitForPod("app=livekit", "")
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "30s")
	b.waitUntilUp(c)
	b.install(chart, append(flags, "--set", "config.logging.level=debug")...)
	for address, server := range map[string]string{
		net.JoinHostPort(old.Status.HostIP, "31491"):                "the old server",
		net.JoinHostPort(b.newPod(old.Name).Status.HostIP, "31493"): "the new server",
	} {
		if err := dialWithin(30*time.Second, address); err != nil {
			t.Errorf("a new flow of media to %s does not get through: %v", server, err)
		}
	}
	b.mustStay(c)
}

// dialWithin dials an address until it answers: a server that has just got its address does not listen yet, and
// the rules for its Services may not have reached the node.
func dialWithin(limit time.Duration, address string) error {
	for began := time.Now(); ; time.Sleep(500 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err == nil {
			return conn.Close()
		}
		if time.Since(began) > limit {
			return err
		}
	}
}

// waitUntilShut waits until a policy that was just made holds.
func (b *bench) waitUntilShut(c client, target string) {
	b.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		if len(b.reaches(c, target)) == 0 {
			return
		}
	}
	b.Fatalf("%s is still open 30 s after the policy was made", target)
}

// otherNamespace makes a second namespace for the case.
func (b *bench) otherNamespace(name string) string {
	b.Helper()
	other := &bench{T: b.T, namespace: b.namespace + "-" + name}
	other.makeNamespace()
	b.Cleanup(other.removeNamespace)
	return other.namespace
}
