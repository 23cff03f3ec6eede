package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// soonElsewhere makes Kubernetes replace a server five seconds after it knows that its node
// is lost. It waits five minutes by itself.
const soonElsewhere = `
tolerations:
  - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
  - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5}
`

// A node goes away without a word. The call on another node does not notice; the one on the
// lost node goes on in another server once its participants have joined anew.
func TestLostNode(t *testing.T) {
	b := placeAlone(t, "nodes: a node is lost during calls")
	program := os.Getenv("E2E_NODE")
	if program == "" {
		b.Skip("E2E_NODE names no program that takes a node away (see docs/e2e.md)")
	}
	nodes := b.needNodes(3)
	gone := nodes[len(nodes)-1]
	if gone.needed {
		b.Skip("each node runs an API server or cluster DNS, so none is to be lost")
	}
	b.makeNamespace()
	b.apply(redisOn(nodes[0]))
	b.waitForObjects()
	stays, lost := b.serversOn(nodes, nodes[0], gone)
	flags := []string{"--url", b.signalling(nodes[0]), "--media", "udp", "--hold", "90s"}
	other := b.callAt(stays.Status.HostIP, flags...)
	cut := b.callAt(lost.Status.HostIP, flags...)

	b.loseNode(program, gone.name)
	began := time.Now()
	b.servers(1) // by now Kubernetes knows
	known := time.Since(began)
	b.servers(2)
	replaced := time.Since(began)
	b.mustStay(other)
	b.waitUntilDone(cut)
	if cut.err != nil || cut.result.Hold == nil || cut.result.Hold.Rejoined < 2 {
		b.Fatalf("the call on the lost node did not come back: %v, %+v\n%s", cut.err, cut.result.Hold, cut.stderr)
	}
	silence := time.Duration(cut.result.Hold.LongestGapMS) * time.Millisecond
	if silence > 75*time.Second {
		b.Errorf("the call on the lost node was silent for %s", silence)
	}
	b.row.call += fmt.Sprintf("; on the lost node silent for %.0f s, known as lost after %.0f s, replaced after %.0f s",
		silence.Seconds(), known.Seconds(), replaced.Seconds())
}

// serversOn installs the chart with a server on each of two nodes, and gives their pods.
func (b *bench) serversOn(all []node, first, second node) (core.Pod, core.Pod) {
	b.Helper()
	for _, n := range all {
		if n != first && n != second {
			uncordon := b.cordon(n.name)
			defer uncordon()
		}
	}
	b.install(b.scaffold(false), append(hostPorts(24041), "--set", "service.type=NodePort", "-f",
		b.values("replicaCount: 2\nmedia: {type: HostNetwork}\n"+externalRedis("")+soonElsewhere))...)
	pods := b.servers(2)
	if pods[0].Spec.NodeName != first.name {
		slices.Reverse(pods)
	}
	return pods[0], pods[1]
}

// loseNode takes a node away, and brings it back when the case is over.
func (b *bench) loseNode(program, name string) {
	b.Helper()
	b.Cleanup(func() {
		if out, err := exec.Command(program, "up", name).CombinedOutput(); err != nil {
			b.Errorf("%s up %s: %v\n%s", program, name, err, out)
		}
		for range 120 {
			n, err := s.cluster.CoreV1().Nodes().Get(context.Background(), name, meta.GetOptions{})
			if err == nil && nodeIsReady(n) && takesPods(n) {
				return
			}
			time.Sleep(time.Second)
		}
		b.Errorf("node %s does not come back", name)
	})
	if out, err := exec.Command(program, "down", name).CombinedOutput(); err != nil {
		b.Fatalf("%s down %s: %v\n%s", program, name, err, out)
	}
}
