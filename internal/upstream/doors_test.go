package upstream

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Helm's own packages for this cost 50 MB of binary and 50 ms of every start.
func TestHeavyPackagesStayOut(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	heavy := []string{"repo", "getter", "downloader", "action", "cli", "kube", "registry", "pusher"}
	for _, path := range strings.Fields(string(out)) {
		if name, ok := strings.CutPrefix(path, "helm.sh/helm/v3/pkg/"); ok && slices.Contains(heavy, name) {
			t.Errorf("it needs %s", path)
		}
		if strings.Contains(path, "helm-livekit/internal/publish") {
			t.Errorf("it knows %s", path)
		}
	}
}
