package library

import (
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// Every row can be read, is about canonical keys in shapes that these have, and says where it was read.
func TestTable(t *testing.T) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if !strings.HasPrefix(l.Source, "https://") || len(l.Repositories) == 0 {
			t.Errorf("%s: source %q, repositories %q", l.Name, l.Source, l.Repositories)
		}
		if _, err := semver.NewConstraint(l.Versions); l.Versions != "" && err != nil {
			t.Errorf("%s: versions %q: %v", l.Name, l.Versions, err)
		}
		for key, paths := range l.Values {
			k := sheet.Of(key)
			if k.Key == "" {
				t.Errorf("%s: %s is no canonical key", l.Name, key)
			}
			shapes := k.Shapes
			if shapes == nil {
				shapes = sheet.Of(k.Block()).Shapes
			}
			for _, p := range paths {
				if p.Shape != "" && !slices.Contains(shapes, p.Shape) {
					t.Errorf("%s: %s has the shape %q, want one of %q", l.Name, key, p.Shape, shapes)
				}
			}
		}
	}
}

// A dependency is known by its name, its repository and the version that it begins with.
func TestFind(t *testing.T) {
	const bjws, bitnami = "https://bjw-s-labs.github.io/helm-charts", "oci://registry-1.docker.io/bitnamicharts"
	for _, tt := range []struct {
		name, repository, version string
		want                      string
		isRoot                    bool
	}{
		{"app-template", bjws, "1.5.1", "bjw-s common 1", false},
		{"app-template", bjws, "2.x.x", "bjw-s common 2", false},
		{"app-template", "oci://ghcr.io/bjw-s/helm", "^3.1", "bjw-s common 3", false},
		{"app-template", "", "4.0.1", "bjw-s common 4", false},
		{"app-template", "", "", "bjw-s common 4", false},
		{"app-template", "", ">=2.4 <4", "bjw-s common 2", false},
		{"app-template", "https://charts.example.org", "2.0.0", "", false},
		{"common", bjws, "3.0.4", "bjw-s common 3", true},
		{"common", "https://k8s-at-home.com/charts/", "4.5.2", "k8s-at-home common", true},
		{"common", "https://library-charts.k8s-at-home.com", "2.0.4", "k8s-at-home common 2", true},
		{"common", "https://library-charts.truecharts.org", "17.2.0", "TrueCharts common", true},
		{"common", "https://library-charts.truecharts.org", "11.1.2", "TrueCharts common before 12", true},
		{"common", bitnami, "2.x.x", "bitnami common", true},
		{"common", "", "2.0.0", "", false},
		{"dendrite", "https://k8s-at-home.com/charts/", "6.3.1", "a chart of k8s-at-home", false},
		{"application", "https://stakater.github.io/stakater-charts", "2.0.0", "stakater application 2", false},
		{"application", "https://stakater.github.io/stakater-charts", "6.2.1", "stakater application", false},
		{"generic-service", "https://ministryofjustice.github.io/hmpps-helm-charts", "3.17", "generic-service", false},
		{"postgresql", "https://charts.example.org", "12", "", false},
	} {
		got, isRoot := Find(tt.name, tt.repository, tt.version)
		name := ""
		if got != nil {
			name = got.Name
		}
		if name != tt.want || isRoot != tt.isRoot {
			t.Errorf("%s %s from %q is %q at the root %v, want %q, %v", tt.name, tt.version, tt.repository, name,
				isRoot, tt.want, tt.isRoot)
		}
	}
}
