package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/helm-livekit/helm-livekit/"

// below is what each package of ours may import of ours: arrows go down.
var below = map[string][]string{
	"internal/cli":         {"internal/canonical", "internal/drift", "internal/lineage", "internal/publish", "internal/remedy", "internal/report", "internal/scaffolding", "internal/transfer", "internal/upstream", "internal/verify"},
	"internal/report":      {"internal/convention", "internal/drift", "internal/publish", "internal/scaffolding", "internal/transfer", "internal/verify"},
	"internal/drift":       {"internal/canonical", "internal/chartdir", "internal/conversion", "internal/convention", "internal/drift/redact", "internal/helmchart", "internal/livekit", "internal/manifest", "internal/lineage", "internal/remedy", "internal/scaffolding", "internal/upstream", "internal/yamldoc"},
	"internal/transfer":    {"internal/chartdir", "internal/conversion", "internal/convention", "internal/helmchart", "internal/manifest", "internal/remedy", "internal/scaffolding", "internal/yamldoc"},
	"internal/scaffolding": {"internal/canonical", "internal/chartdir", "internal/conversion", "internal/convention", "internal/helmchart", "internal/livekit", "internal/manifest", "internal/remedy", "scaffold"},
	"internal/conversion":  {"internal/canonical", "internal/helmchart", "internal/livekit"},
	"internal/upstream":    {"internal/helmchart", "internal/remedy"},
	"internal/cluster":     {"internal/remedy"},
	"internal/publish":     {"internal/helmchart", "internal/manifest", "internal/remedy"},
	"internal/verify":      {"internal/cluster", "internal/helmchart", "internal/livekit", "internal/manifest", "internal/lineage", "internal/remedy"},
	"internal/convention":  {"internal/canonical", "internal/helmchart", "internal/manifest", "internal/lineage", "internal/remedy", "internal/yamldoc"},
	"internal/lineage":     {"internal/helmchart", "internal/manifest", "internal/remedy"},
	"internal/chartdir":    {"internal/remedy"},
	"internal/yamldoc":     {"internal/remedy"},

	"internal/drift/redact": {"internal/livekit", "internal/manifest"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...).Output()
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
			if strings.HasPrefix(i, "github.com/google/go-containerregistry/") && name != "internal/publish" && name != "internal/upstream" {
				t.Errorf("%s imports %s: the doors to registries are internal/publish and internal/upstream", name, i)
			}
			ours, isOurs := strings.CutPrefix(i, module)
			if isOurs && strings.HasPrefix(name, "internal/") && !slices.Contains(below[name], ours) {
				t.Errorf("%s imports %s, which is not below it", name, ours)
			}
		}
	}
}

// These cost 50 MB of binary and 50 ms of every start.
func TestHeavyPackagesStayOut(t *testing.T) {
	heavy := []string{"action", "cli", "kube", "repo", "getter", "downloader", "registry"}
	for _, p := range goList(t, "-deps", ".") {
		if rest, ok := strings.CutPrefix(p.ImportPath, "helm.sh/helm/v3/pkg/"); ok && slices.Contains(heavy, rest) {
			t.Errorf("the binary has %s", p.ImportPath)
		}
	}
}
