package lineage

import (
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

func rendered(text string) *snapshot {
	return take([]helmchart.File{{Name: "x.yaml", Data: []byte(text)}})
}

func TestSnapshotLeavesHooksOutAndNumbersObjects(t *testing.T) {
	s := rendered("kind: Pod\n---\nkind: Pod\nmetadata: {annotations: {helm.sh/hook: test}}\n---\nkind: Pod\n---\n{")
	want := []Ref{{File: "x.yaml", Kind: "Pod"}, {File: "x.yaml", Kind: "Pod", N: 2}}
	if !slices.Equal(s.refs, want) {
		t.Errorf("got %v, want %v", s.refs, want)
	}
	if got := want[1].String(); got != "Pod (x.yaml, no. 3)" {
		t.Errorf("named %s", got)
	}
}

func TestDifferences(t *testing.T) {
	a := rendered("kind: Pod\nspec: {same: 1, other: a, gone: x, empty: {}, list: []}\n")
	b := rendered("kind: Pod\nspec: {same: 1, other: b, new: x, empty: [], list: []}\n")
	var got []string
	for _, address := range a.differences(b, map[string]bool{address(a.refs[0], []string{"spec", "new"}): true}) {
		got = append(got, address[strings.LastIndex(address, "\x00")+1:])
	}
	if want := []string{"empty", "gone", "other"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSnapshotCovers(t *testing.T) {
	base := rendered("kind: Pod\nspec: {a: 1, b: ''}\n")
	for text, want := range map[string]bool{
		"kind: Pod\nspec: {a: 2}\n":       true, // of another value
		"kind: Pod\nspec: {a: 1, c: 1}\n": true,
		"kind: Pod\nspec: {a: ''}\n":      false,
		"kind: Pod\nspec: {b: 1}\n":       false,
	} {
		if got := rendered(text).covers(base); got != want {
			t.Errorf("%q covers the base: %t", text, got)
		}
	}
	if got := base.weight(); got != 2 { // kind and a
		t.Errorf("weight %d", got)
	}
}

func TestPattern(t *testing.T) {
	for text, want := range map[string]string{
		"zqrelease-zqchart": "{release}-{name}",
		"zqchart-7.3.91":    "{chart}",
		"6.2.84":            "{version}",
		"zqspace":           "{namespace}",
		"Helm":              "{service}",
		"whoami":            "whoami",
	} {
		if got := pattern(text, ReleaseName); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestMarksAreKnown(t *testing.T) {
	for segment, want := range map[string]bool{"zq0001x": true, "zqkey": true, "name": false, "": false} {
		if IsMark(segment) != want {
			t.Errorf("%q is a mark: %t", segment, !want)
		}
	}
	for text, want := range map[string]bool{"a zq0001x b": true, "zqrelease-app": true, "app": false} {
		if IsMade(text) != want {
			t.Errorf("%q is made up: %t", text, !want)
		}
	}
}
