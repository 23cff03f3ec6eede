//go:build linux

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

func TestDecide(t *testing.T) {
	traps := []trap{
		{Check: "keys", pattern: regexp.MustCompile(`has \d+ characters`)},
		{Check: "config", pattern: regexp.MustCompile(`is no IP address`), Ends: true},
	}
	for _, test := range []struct {
		name     string
		runs     bool
		failures []string
		c        testCase
		want     verdict
	}{
		{"both run", true, nil, testCase{}, runs},
		{"both end", false, []string{"config: port is 0"}, testCase{}, ends},
		{"false alarm", true, []string{"config: port is 0"}, testCase{}, falseAlarm},
		{"miss", false, nil, testCase{}, missed},
		{"not visible", false, nil, testCase{Unseen: "why"}, unseen},
		{"trap", true, []string{"keys: has 6 characters"}, testCase{}, trapped},
		{"trap of another check", true, []string{"config: has 6 characters"}, testCase{}, falseAlarm},
		{"trap and more", true, []string{"keys: has 6 characters", "config: port is 0"}, testCase{}, falseAlarm},
		{"a trap hides a miss", false, []string{"keys: has 6 characters"}, testCase{}, missed},
		{"trap that may end", false, []string{"config: is no IP address"}, testCase{}, ends},
		{"chart that refuses", false, []string{"render: has 6 characters"}, testCase{}, ends},
		{"log that shows it", true, nil, testCase{Shows: `a.c`}, runs},
		{"log that does not", true, nil, testCase{Shows: `a.d`}, wrongClaim},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := result{Failures: test.failures}
			r.decide(test.c, outcome{Runs: test.runs, Log: "abc"}, traps)
			if r.Verdict != test.want {
				t.Errorf("got %s, want %s", r.Verdict, test.want)
			}
		})
	}
}

// The lists can be read, and every release gets cases; random ones follow from the seed.
func TestCases(t *testing.T) {
	if _, err := readTraps(); err != nil {
		t.Error(err)
	}
	names := func(release livekit.Release, seed uint64) []string {
		cases, err := casesFor(release, options{seed: seed, count: 200, values: 50})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range cases {
			names = append(names, c.Name)
		}
		return names
	}
	for _, release := range livekit.Releases() {
		all := names(release, 1)
		if len(all) < 450 {
			t.Errorf("%s has %d cases", release, len(all))
		}
		slices.Sort(all)
		if doubles := len(all) - len(slices.Compact(all)); doubles > 0 {
			t.Errorf("%s has %d names twice", release, doubles)
		}
	}
	if !slices.Equal(names("v1.13.5", 1), names("v1.13.5", 1)) {
		t.Error("one seed gives different cases")
	}
	if slices.Equal(names("v1.13.5", 1), names("v1.13.5", 2)) {
		t.Error("two seeds give the same cases")
	}
}

func TestPod(t *testing.T) {
	const text = `
apiVersion: v1
kind: Secret
metadata: {name: s}
data: {a: aGVsbG8=}
---
apiVersion: v1
kind: Service
metadata: {name: livekit}
spec: {ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: w}
spec:
  template:
    spec:
      securityContext: {runAsUser: 5, fsGroup: 7}
      containers:
        - name: c
          image: livekit/livekit-server:v1
          args: [--x, $(A), $$(A), $(NONE)]
          env:
            - {name: A, valueFrom: {secretKeyRef: {name: s, key: a}}}
            - {name: B, value: $(A)!}
            - {name: IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
          volumeMounts:
            - {name: v, mountPath: /f}
            - {name: v, mountPath: /g, subPath: b}
      volumes:
        - name: v
          secret: {secretName: s, defaultMode: 0400, items: [{key: a, path: b}]}
`
	objects, err := manifest.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPod(objects, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(p.command(), p.env["B"], " ", p.env["IP"], " ", p.env["LIVEKIT_PORT"], p.files, *p.credential())
	want := "[/livekit-server --x hello $(A) $(NONE)]hello! " + address4 + " tcp://10.96.0.9:80" +
		"[{/f/b hello 288} {/g hello 288}] {5 0 [7] false}" // 0440
	if got != want || p.refusal != "" {
		t.Errorf("got\n%s %s\nwant\n%s", got, p.refusal, want)
	}
	objects[0].Fields["metadata"] = map[string]any{"name": "other"}
	if p, _ := newPod(objects, nil); !strings.Contains(p.refusal, "s") {
		t.Error("a pod without its Secret is made")
	}
	if p, _ := newPod(objects, map[string]map[string]string{"s": {"a": "b"}}); p.refusal != "" {
		t.Error(p.refusal)
	}
}

func TestWatch(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	never, ended := make(chan struct{}), make(chan struct{})
	close(ended)
	log := &lockedBuffer{}
	fmt.Fprint(log, "first\ncould not parse config:\n  line 1\n")
	for _, test := range []struct {
		name  string
		ended chan struct{}
		port  string
		want  outcome
	}{
		{"answers", never, port, outcome{Runs: true, Says: "answers at 127.0.0.1:" + port}},
		{"ends", ended, "1", outcome{Says: "could not parse config:   line 1"}},
		{"hangs", never, "1", outcome{Says: "does not answer: could not parse config:   line 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := watcher{hosts: []string{"127.0.0.1"}, port: test.port, wait: 200 * time.Millisecond}
			if got := w.watch(t.Context(), log, test.ended); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	fmt.Fprint(log, "panic: no\n\ngoroutine 1\n{\"portHttp\": 81}")
	if log.lastLine() != "panic: no" || log.port() != "81" {
		t.Errorf("got %q, %q", log.lastLine(), log.port())
	}
}

// A server that answers, and ends at once, does not run.
func TestWatchSeesALateEnd(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	ended := make(chan struct{})
	time.AfterFunc(settled/2, func() { close(ended) })
	w := watcher{hosts: []string{"127.0.0.1"}, port: port, wait: time.Minute}
	if got := w.watch(t.Context(), &lockedBuffer{}, ended); got.Runs {
		t.Errorf("got %+v", got)
	}
}

func TestSplitLeavesOutWhatHelmAdds(t *testing.T) {
	got := split("render", "render chart livekit: execution error at (livekit/a.yaml:1:4):\n\na is b\nc is d")
	if want := []string{"render: a is b", "render: c is d"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{}, {"-server", "a", "b"}, {"-server", "a", "-jobs", "0"}, {"-none"}} {
		if _, err := parseArgs(args, os.Stderr); err == nil {
			t.Errorf("%v passes", args)
		}
	}
	if o, err := parseArgs([]string{"-server", "a", "-server", "b", "-build", "v1,v2"}, os.Stderr); err != nil ||
		len(o.servers) != 2 || len(o.builds) != 2 {
		t.Errorf("got %+v, %v", o, err)
	}
}
