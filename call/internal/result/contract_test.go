package result

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// The plugin has these types a second time, in a module of its own: both are held
// against one file.
func TestContract(t *testing.T) {
	data, err := os.ReadFile("../../../internal/call/testdata/result.json")
	if os.IsNotExist(err) {
		t.Skip("this module stands alone: the plugin's file is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	var r Result
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if json.Unmarshal(again, &got) != nil || json.Unmarshal(data, &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", again, data)
	}
}
