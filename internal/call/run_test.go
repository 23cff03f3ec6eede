package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

const fakeVariable = "TEST_FAKE_CALL"

// The test binary stands in for helm-livekit-call when the variable is set.
func TestMain(m *testing.M) {
	if os.Getenv(fakeVariable) != "" {
		os.Exit(fake(os.Getenv(fakeVariable)))
	}
	os.Exit(m.Run())
}

func fake(kind string) int {
	good, err := os.ReadFile("testdata/result.json")
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "udp: joining")
	switch kind {
	case "good":
		os.Stdout.Write(good)
		return 0
	case "unproven":
		os.Stdout.Write(bytes.Replace(good, []byte(`"ok": true`), []byte(`"ok": false`), 1))
		return 2
	case "error":
		fmt.Fprintf(os.Stderr, "Error: --url: no host\ngive it as ws://HOST:PORT\n")
		return 1
	case "gibberish":
		fmt.Println("Segmentation fault")
		return 0
	case "echo":
		line, _ := json.Marshal(append(os.Args[1:], os.Getenv("LIVEKIT_API_KEY"), os.Getenv("LIVEKIT_API_SECRET")))
		fmt.Printf(`{"ok": true, "room": %q}`, line)
		return 0
	case "patient": // ends when it is asked to, and says what it found
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, os.Interrupt)
		fmt.Fprintln(os.Stderr, "ready")
		<-asked
		os.Stdout.Write(good)
		return 2
	}
	return 3
}

func self(t *testing.T, kind string) string {
	t.Helper()
	t.Setenv(fakeVariable, kind)
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRun(t *testing.T) {
	var progress strings.Builder
	r, err := Run(t.Context(), self(t, "good"), Options{Progress: &progress})
	if err != nil || !r.OK || r.Err() != nil || len(r.Paths) == 0 || r.Server.Version == "" || progress.String() != "udp: joining\n" {
		t.Errorf("%+v, %v, progress %q", r, err, &progress)
	}
	r, err = Run(t.Context(), self(t, "unproven"), Options{})
	if err != nil || r.OK || !errors.Is(r.Err(), ErrUnproven) {
		t.Errorf("unproven: %+v, %v", r, err)
	}
}

// Everything reaches the command, the secret by the environment alone.
func TestArguments(t *testing.T) {
	o := Options{
		URLs: []string{"ws://a", "ws://b"}, PortForward: "ns/svc:7880", TURNTLSForward: "ns/svc:5349", Key: "the-key", Secret: "the-secret", Room: "r",
		Media: []string{"udp", "tcp"}, ExpectAddresses: []string{"192.0.2.1"}, ExpectPorts: []string{"1/udp", "2"},
		Participants: 3, Timeout: time.Second, Hold: time.Minute, MaxGap: 2 * time.Second, NodesDiffer: true, CAFile: "ca", TURNTLSAddress: "t:1", TCPAddress: "c:2",
	}
	r, err := Run(t.Context(), self(t, "echo"), o)
	if err != nil {
		t.Fatal(err)
	}
	want := `["-o","json","--url","ws://a","--url","ws://b","--port-forward","ns/svc:7880","--turn-tls-forward","ns/svc:5349","--room","r","--media","udp,tcp",` +
		`"--expect-address","192.0.2.1","--expect-ports","1/udp,2","--participants","3","--timeout","1s","--hold","1m0s","--max-gap","2s",` +
		`"--ca-file","ca","--turn-tls-address","t:1","--tcp-address","c:2","--nodes-differ","the-key","the-secret"]`
	if r.Room != want {
		t.Errorf("got  %s\nwant %s", r.Room, want)
	}
	if strings.Contains(strings.Join(o.arguments(), " "), "the-secret") {
		t.Error("the secret is an argument")
	}
}

func TestFailures(t *testing.T) {
	_, err := Run(t.Context(), self(t, "error"), Options{})
	if err == nil || !strings.Contains(err.Error(), "no host") || remedy.Step(err) != "give it as ws://HOST:PORT" {
		t.Errorf("%v; %q", err, remedy.Step(err))
	}
	if _, err = Run(t.Context(), self(t, "gibberish"), Options{}); err == nil || !strings.Contains(remedy.Step(err), "version") {
		t.Errorf("gibberish: %v", err)
	}
	if _, err = Run(t.Context(), self(t, "crash"), Options{}); err == nil {
		t.Error("an unknown exit code is no error")
	}
	if _, err = Run(t.Context(), filepath.Join(t.TempDir(), "none"), Options{}); err == nil || !strings.Contains(remedy.Step(err), "go install") {
		t.Errorf("no binary: %v", err)
	}
}

// readiness cancels once the command says that it runs.
type readiness struct{ cancel context.CancelFunc }

func (r readiness) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "ready") {
		r.cancel()
	}
	return len(p), nil
}

// The command is asked to end, so that it can leave the room, and not killed.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Run(ctx, self(t, "patient"), Options{Progress: readiness{cancel}})
	if !errors.Is(err, context.Canceled) || len(r.Paths) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// The types hold everything that the command prints.
func TestContract(t *testing.T) {
	data, err := os.ReadFile("testdata/result.json")
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

func TestFind(t *testing.T) {
	dir := t.TempDir()
	make := func(folder string) string {
		file := filepath.Join(dir, folder, name)
		if os.MkdirAll(filepath.Dir(file), 0o755) != nil || os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755) != nil {
			t.Fatal(file)
		}
		return file
	}
	t.Setenv("PATH", filepath.Join(dir, "path"))
	t.Setenv(Variable, "")
	if file, err := Find(); err == nil || !strings.Contains(remedy.Step(err), "go install") || !strings.Contains(remedy.Step(err), "make call") {
		t.Errorf("found %s, %v", file, err)
	}
	onPath := make("path")
	if file, err := Find(); err != nil || file != onPath {
		t.Errorf("on the path: %s, %v", file, err)
	}
	named := make("named")
	t.Setenv(Variable, named)
	if file, err := Find(); err != nil || file != named {
		t.Errorf("by the variable: %s, %v", file, err)
	}
	t.Setenv(Variable, filepath.Join(dir, "none"))
	if _, err := Find(); err == nil {
		t.Error("a variable that leads nowhere is passed over")
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "path", "helm-livekit"), link); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "path", "helm-livekit"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if file := beside(link); !strings.HasSuffix(file, filepath.Join("path", name)) {
		t.Errorf("beside the program that a link leads to: %s", file)
	}
}
