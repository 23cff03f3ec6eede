package experiment

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

func TestWhatKeysMoveIsUnderstood(t *testing.T) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range sheet.Keys {
		if _, err := targetsOf(k); err != nil {
			t.Error(err)
		}
	}
}

func TestTargets(t *testing.T) {
	claim := []string{"spec", "storageClassName"}
	for text, want := range map[string][]target{
		"Service":                  {{kind: "Service"}},
		"container image before=:": {{kind: "workload", field: []string{"image"}, inContainer: true, before: ":"}},
		"Ingress spec.tls tree switch": {{kind: "Ingress", field: []string{"spec", "tls"}, isTree: true,
			isSwitch: true}},
		"claim storageClassName": {
			{kind: "PersistentVolumeClaim", field: claim},
			{kind: "workload", field: append([]string{"spec", "volumeClaimTemplates", "[*]"}, claim...)},
		},
		`Ingress metadata.annotations."a.b/c" anywhere`: {
			{kind: "Ingress", field: []string{"metadata", "annotations", "a.b/c"}, isAnywhere: true},
		},
	} {
		got, err := targetsOf(factsheet.Key{Key: "x", Siblings: factsheet.Siblings{Moves: []string{text}}})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "Service spec.type trees"} {
		if got, err := targetsOf(factsheet.Key{Key: "x",
			Siblings: factsheet.Siblings{Moves: []string{text}}}); err == nil {
			t.Errorf("%q is understood as %+v", text, got)
		}
	}
}
