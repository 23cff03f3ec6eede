// Package architecture holds what the code as a whole keeps to: which packages know
// which, and how large they may become.
package architecture

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/helm-livekit/helm-livekit/"
	root   = "../.."
)

// layers are the packages from top to bottom. A package imports packages of lower
// layers alone: those of one layer do not know each other.
var layers = [][]string{
	{"cluster/helm-livekit-cluster"},
	{"cluster/internal/testinstall"},
	{"cluster/internal/call", "cluster/internal/diagnose", "cluster/internal/forward"},
	{"cluster/internal/kube", "cluster/internal/peer"},
	{"cluster/internal/media", "cluster/internal/signal"},
	{"cluster/internal/netfault"},
	{"internal/cli"},
	{"internal/report"},
	{"internal/update"},
	{"internal/drift/comparison"},
	{"internal/drift/patch"},
	{"internal/drift", "internal/explain"},
	{"internal/drift/rendered"},
	{
		"internal/convert", "internal/drift/branches", "internal/drift/changes",
		"internal/drift/pairing", "internal/drift/redact", "internal/drift/rulepath", "internal/drift/source",
	},
	{"internal/scaffolding", "internal/publish", "internal/verify", "internal/doctor", "internal/selftest"},
	{"internal/sibling"},
	{"internal/sibling/experiment"},
	{
		"internal/cluster", "internal/registration", "internal/roundtrip", "internal/settings",
		"internal/sibling/names", "internal/upstream",
	},
	{"internal/convention", "internal/sibling/library"},
	{"internal/chartdir", "internal/factsheet", "internal/lineage", "internal/merge"},
	{"internal/helmchart", "internal/livekit"},
	{"internal/helmcache", "internal/manifest", "internal/oci", "internal/yamldoc"},
	{"internal/remedy", "scaffold"},
}

func layerOf(name string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, name) })
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// Each big dependency has one door, and packages know only those below them.
func TestDoors(t *testing.T) {
	for _, p := range goList(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "helm.sh/helm/") && name != "internal/helmchart" {
				t.Errorf("%s imports %s: the door to Helm is internal/helmchart", name, i)
			}
			if strings.HasPrefix(i, "github.com/google/go-containerregistry/") && name != "internal/oci" {
				t.Errorf("%s imports %s: the door to registries is internal/oci", name, i)
			}
			ours, isOurs := strings.CutPrefix(i, module)
			if isOurs && strings.Contains(name, "internal/") && layerOf(ours) <= layerOf(name) {
				t.Errorf("%s imports %s, which is not below it", name, ours)
			}
		}
	}
}

// Helm's cost 50 MB of binary and 50 ms of every start. WebRTC and LiveKit's protocol
// are for helm-livekit-cluster, which has the same go.mod.
func TestHeavyPackagesStayOut(t *testing.T) {
	heavy := []string{"action", "cli", "kube", "repo", "getter", "downloader", "registry"}
	for _, p := range goList(t, "-deps", ".") {
		if rest, ok := strings.CutPrefix(p.ImportPath, "helm.sh/helm/v3/pkg/"); ok && slices.Contains(heavy, rest) {
			t.Errorf("the binary has %s", p.ImportPath)
		}
		if strings.HasPrefix(p.ImportPath, "github.com/livekit/") || strings.HasPrefix(p.ImportPath,
			"github.com/pion/") {
			t.Errorf("the plugin has %s, which is for helm-livekit-cluster", p.ImportPath)
		}
	}
}
