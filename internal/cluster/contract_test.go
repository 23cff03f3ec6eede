package cluster

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// A plugin and a command of different builds still understand each other.
func TestContract(t *testing.T) {
	for file, into := range map[string]any{"testdata/plan.json": &Plan{}, "testdata/report.json": &Report{}} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := json.Marshal(into)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if json.Unmarshal(again, &got) != nil || json.Unmarshal(data, &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, again, data)
		}
	}
}
