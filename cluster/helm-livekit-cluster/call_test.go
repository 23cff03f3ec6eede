package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/cluster/internal/call"
)

const secret = "0123456789abcdef0123456789abcdef"

func environment(name string) string {
	return map[string]string{"LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": secret}[name]
}

func command(t *testing.T, getenv func(string) string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	code = run(t.Context(), append([]string{"call"}, args...), getenv, nil, &out, &errors)
	if strings.Contains(out.String()+errors.String(), secret) {
		t.Errorf("%q shows the secret", args)
	}
	return code, out.String(), errors.String()
}

// What cannot be meant is an error with a next step, and exit code 1.
func TestWrongSettings(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"", "no server is named"},
		{"--url livekit", "no scheme"},
		{"--url ws://a --port-forward a/b:1", "both"},
		{"--port-forward b:1", "NAMESPACE/SERVICE_OR_POD"},
		{"--url ws://a --media sctp", "sctp"},
		{"--url ws://a --expect-address a", "no"},
		{"--url ws://a --expect-ports a", "not a port"},
		{"--url ws://a --participants 1", "nobody"},
		{"--url ws://a --timeout 0s", "no time"},
		{"--url ws://a --hold 1s --media udp,tcp", "--hold"},
		{"--url ws://a --max-gap 1s", "--hold"},
		{"--url ws://a --nodes-differ", "two addresses"},
		{"--url ws://a --ca-file " + noPEM, "no certificate"},
		{"--url ws://a --tcp-address a", "127.0.0.1:7881"},
		{"--url ws://a -o yaml", "yaml"},
		{"--url ws://a more", "more"},
	} {
		code, stdout, stderr := command(t, environment, strings.Fields(c.args)...)
		if code != exitError || stdout != "" || !strings.HasPrefix(stderr, "Error: ") ||
			!strings.Contains(stderr, c.says) {
			t.Errorf("%q: %d, %q, %q; want an error about %q", c.args, code, stdout, stderr, c.says)
		}
	}
	code, _, stderr := command(t, func(string) string { return "" }, "--url", "ws://a")
	if code != exitError || !strings.Contains(stderr, "LIVEKIT_API_SECRET") {
		t.Errorf("without a key: %d, %q", code, stderr)
	}
}

func TestHelpAndVersion(t *testing.T) {
	code, _, stderr := command(t, environment, "--help")
	if code != exitOK || !strings.Contains(stderr, "Exit codes:") || !strings.Contains(stderr, "-expect-address") {
		t.Errorf("help: %d, %q", code, stderr)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"version"}, environment, nil, &out, &out); code != exitOK ||
		out.String() != version+"\n" {
		t.Errorf("version: %d, %q", code, out.String())
	}
	out.Reset()
	if code := run(t.Context(), []string{"dance"}, environment, nil, &out, &out); code != exitError ||
		!strings.Contains(out.String(), `"dance" is no command`) {
		t.Errorf("an unknown command: %d, %q", code, out.String())
	}
	out.Reset()
	if code := run(t.Context(), []string{"trial"}, environment, strings.NewReader("{}{"), &out,
		&out); code != exitError || !strings.Contains(out.String(), "Error: ") {
		t.Errorf("an empty plan without a cluster: %d, %q", code, out.String())
	}
}

// A server that refuses is a finding: exit code 2, and one JSON object.
func TestUnproven(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "invalid API key: key", http.StatusUnauthorized)
	}))
	defer server.Close()
	code, stdout, _ := command(t, environment, "--url", server.URL, "-o", "json")
	var r call.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != exitFailed || r.OK ||
		strings.Count(stdout, "\n") != 1 {
		t.Fatalf("%d, %v, %q", code, err, stdout)
	}
	if !strings.Contains(r.API.Error, "invalid API key") || r.Paths == nil || r.Server.Nodes == nil {
		t.Errorf("%+v", r)
	}
	code, stdout, _ = command(t, environment, "--url", server.URL)
	if code != exitFailed || !strings.Contains(stdout, "FAIL  API: ") || !strings.Contains(stdout, "LIVEKIT_API_KEY") {
		t.Errorf("%d, %q", code, stdout)
	}
}

// With a hold, the text ends in one line of JSON.
func TestText(t *testing.T) {
	var out strings.Builder
	err := write(&out, call.Result{
		Room: "r", API: call.API{OK: true, Deleted: true}, Server: call.Server{Version: "1", Nodes: []string{"ND_1"}},
		Paths: []call.Path{
			{Media: "udp", OK: true, Local: "a:1", Remote: "b:2", AudioPackets: 7, RTT: 1.25},
			{Media: "tcp", Error: "ICE failed", Remedy: "open the port",
				Advertised: []call.Advertised{{Address: "tcp b:3", Tried: true},
					{Address: "udp b:2", Skipped: "not TCP"}}},
		},
		Hold: &call.Hold{LongestGapMS: 21},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ok    udp: a:1 to b:2, 7 audio packets", "FAIL  tcp: ICE failed\n        open " +
		"the port\n", "tcp b:3: tried", "udp b:2: not TCP"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var h call.Hold
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &h); err != nil || h.LongestGapMS != 21 {
		t.Errorf("the last line: %v", err)
	}
}
