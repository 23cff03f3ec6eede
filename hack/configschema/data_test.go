package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// TestDataRoundTrips: the file says of each release what was read of it, and
// nothing that was not.
func TestDataRoundTrips(t *testing.T) {
	committedText, err := os.ReadFile(releasesFile)
	if err != nil {
		t.Fatal(err)
	}
	text, err := committed(t).encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(committedText) {
		t.Error("the file is not as it would be written: run `go run . -all`")
	}
}

func TestSpans(t *testing.T) {
	releaseOf := func(keys ...key) release { return release{keys: keys} }
	port := key{Key: "some_port", Type: "port"}
	text := key{Key: "some_port", Type: "text"}
	gone := key{Key: "gone", Type: "text"}
	again := key{Key: "again", Type: "text", Default: "x"}
	want := data{
		"v1.8.0":   releaseOf(again, gone, port),
		"v1.9.9":   releaseOf(gone, port),
		"v1.9.10":  releaseOf(again, text),
		"v1.13.11": releaseOf(again, text),
	}
	written, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	const expected = `{
"releases": ["v1.8.0","v1.9.9","v1.9.10","v1.13.11"],
"traits": [

],
"options": [

],
"keys": [
{"key":"again","type":"text","default":"x","until":"v1.8.0"},
{"key":"again","type":"text","default":"x","since":"v1.9.10"},
{"key":"gone","type":"text","until":"v1.9.9"},
{"key":"some_port","type":"port","until":"v1.9.9"},
{"key":"some_port","type":"text","since":"v1.9.10"}
]
}
`
	if string(written) != expected {
		t.Errorf("got %s", written)
	}
	path := filepath.Join(t.TempDir(), "releases.json")
	if err := os.WriteFile(path, written, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readData(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// TestOptionsOfMain reads the flags of a main.go as releases have them: by the
// names of variables of urfave/cli 2 and of 3.
func TestOptionsOfMain(t *testing.T) {
	const source = `package main
var baseFlags = []cli.Flag{
	&cli.StringSliceFlag{Name: "bind", Usage: "IP address"},
	&cli.StringFlag{Name: "node-ip", EnvVars: []string{"NODE_IP"}},
	&cli.StringFlag{Name: "keys", Sources: cli.EnvVars("LIVEKIT_KEYS")},
	&cli.BoolFlag{Name: "dev"},
}
`
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := baseOptions(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []option{
		{"bind", "", "bind_addresses", "array"},
		{"node-ip", "NODE_IP", "rtc.node_ip", "string"},
		{"keys", "LIVEKIT_KEYS", "keys", "object"},
		{"dev", "", "development", "boolean"},
		{"help", "", "", "boolean"},
		{"version", "", "", "boolean"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
