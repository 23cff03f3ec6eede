package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A release of the first stage's chart is updated and upgraded while a call goes on: selectors, claim and keys stay,
// and the call lasts to its end in the old pod, as the update says.
func TestUpdateOfTheFirstStage(t *testing.T) {
	b := place(t, "disruption: update and upgrade of a release of the first stage")
	chart := filepath.Join(b.dir, "apps/livekit")
	archive, err := txtar.ParseFile(filepath.Join(s.root, "internal/update/testdata/first-stage.txtar"))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range archive.Files {
		file := filepath.Join(chart, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.makeNamespace()
	ports := []string{"--set", "config.rtc.tcp_port=31461", "--set", "config.rtc.udp_port=31462"}
	b.install(chart, ports...)
	old := b.waitForPod("app=livekit", "")
	before := b.identity()
	c := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp", "--hold", "25s")
	b.waitUntilUp(c)
	out, err := b.command(b.Context(), s.plugin, "update", chart).CombinedOutput()
	if err != nil {
		b.Fatalf("update: %v\n%s", err, out)
	}
	args := append([]string{"upgrade", "livekit", chart, "--namespace", b.namespace}, ports...)
	if out, err := b.command(b.Context(), b.helm, args...).CombinedOutput(); err != nil {
		b.Fatalf("helm upgrade: %v\n%s", err, out)
	}
	b.waitUntilDone(c)
	if c.err != nil || !c.result.OK || c.result.Hold == nil || c.result.Hold.Seconds < 24 ||
		c.result.Hold.Rejoined > 0 {
		b.Fatalf("the call was cut: %v, %+v\n%s", c.err, c.result.Hold, c.stderr)
	}
	b.row.call = b.pathsOf(c) + fmt.Sprintf(", longest gap %d ms", c.result.Hold.LongestGapMS)
	now := b.waitForPod("app=livekit", old.Name)
	b.row.restarts = int(now.Status.ContainerStatuses[0].RestartCount)
	if after := b.identity(); after != before {
		b.Errorf("the release was %s, and is %s", before, after)
	}
	second := b.call("--port-forward", b.namespace+"/livekit:7880", "--media", "udp,tcp")
	b.waitUntilDone(second)
	if second.err != nil || !second.result.OK {
		b.Errorf("no call on the upgraded release: %v\n%s", second.err, second.stderr)
	}
	if gap := time.Duration(c.result.Hold.LongestGapMS) * time.Millisecond; gap > 2*time.Second {
		b.Errorf("silence of %s", gap)
	}
}

// identity is what an upgrade of a release must not change: the workload's selector, its claim and its keys.
func (b *bench) identity() string {
	b.Helper()
	deployment, err := s.cluster.AppsV1().Deployments(b.namespace).Get(b.Context(), "livekit", meta.GetOptions{})
	if err != nil {
		b.Fatal(err)
	}
	claims, err := s.cluster.CoreV1().PersistentVolumeClaims(b.namespace).List(b.Context(), meta.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	secrets, err := s.cluster.CoreV1().Secrets(b.namespace).List(b.Context(), meta.ListOptions{})
	if err != nil {
		b.Fatal(err)
	}
	text := fmt.Sprint(deployment.UID, deployment.Spec.Selector.MatchLabels)
	for _, claim := range claims.Items {
		text += fmt.Sprint(" ", claim.Name, claim.UID, claim.Spec.Resources.Requests.Storage())
	}
	for _, secret := range secrets.Items {
		if secret.Type == core.SecretTypeOpaque {
			for _, name := range []string{"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"} {
				text += fmt.Sprintf(" %s %x", secret.Name, sha256.Sum256(secret.Data[name]))
			}
		}
	}
	return text
}
