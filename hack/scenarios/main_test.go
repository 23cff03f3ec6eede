package main

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// The same seed gives the same files, another one others.
func TestSeedDecides(t *testing.T) {
	s, err := readSamples()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.scenarios(3, 20), s.scenarios(3, 20)) {
		t.Error("the same seed gives other files")
	}
	if reflect.DeepEqual(s.scenarios(3, 20)[0].Values, s.scenarios(4, 20)[0].Values) {
		t.Error("another seed gives the same files")
	}
}

// Every key of upstream's that the fact sheet has is among the samples.
func TestSamplesHaveEveryKey(t *testing.T) {
	s, err := readSamples()
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range sheet.Mappings() {
		found := false
		for key := range s.Each {
			found = found || strings.HasPrefix(key+".", row.Key+".")
		}
		for _, group := range s.Groups {
			for _, values := range group {
				_, has := yamldoc.Lookup(values, strings.Split(row.Key, "."))
				found = found || has
			}
		}
		if !found {
			t.Errorf("no sample has %s", row.Key)
		}
	}
}

func TestRun(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-seed", "5", "-count", "6"}, &out, &out); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if n := strings.Count(out.String(), "drift in 0 of 6 files"); n != 2 {
		t.Errorf("two charts are compared: %s", &out)
	}
}
