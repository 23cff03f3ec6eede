//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.yaml.in/yaml/v4"
)

// outcome is the server's word for a configuration.
type outcome struct {
	Runs bool
	Says string // at which address it answers, or its last line
	Log  string
}

// settled is how long a server runs that has answered, before it is said to run: what it does beside answering may
// still end it.
const settled = 400 * time.Millisecond

// patience is how long a server may take to answer after it has said that it starts.
const patience = 3 * time.Second

// try starts the server of a pod, and looks whether it answers.
func (s *sandbox) try(ctx context.Context, p *pod, server string, wait time.Duration) (outcome, error) {
	if p.refusal != "" {
		return outcome{Says: "the container is not made: " + p.refusal}, nil
	}
	if err := s.layOut(p, server); err != nil {
		return outcome{}, err
	}
	if err := s.provide(ctx, p.configuration()); err != nil {
		return outcome{}, err
	}
	words := p.command()
	cmd := exec.CommandContext(ctx, words[0])
	cmd.Path, cmd.Args, cmd.Err = words[0], words, nil // the path counts in the server's root
	cmd.Dir, cmd.Env = "/", []string{"PATH=/", "HOSTNAME=livekit-0", "KUBERNETES_SERVICE_HOST=10.96.0.1"}
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Credential: p.credential()}
	log := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return outcome{}, fmt.Errorf("start the server: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	w := watcher{hosts: []string{"127.0.0.1", address4, "::1", address6}, wait: wait}
	w.port = cmp.Or(p.env["LIVEKIT_PORT"], text(p.configuration()["port"]), "7880")
	out := w.watch(ctx, log, ended)
	_ = cmd.Process.Kill()
	out.Log = log.String()
	return out, nil
}

// watcher knows where a server should answer, and in which time.
type watcher struct {
	hosts []string
	port  string // where the server does not say which one it has
	wait  time.Duration
}

// watch waits until the server answers and goes on, or ends.
func (w watcher) watch(ctx context.Context, log *lockedBuffer, ended <-chan struct{}) outcome {
	deadline, isNear := time.After(w.wait), false
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ended:
			return outcome{Says: log.lastLine()}
		case <-deadline:
			return outcome{Says: "does not answer: " + log.lastLine()}
		case <-poll.C:
		}
		if !isNear && strings.Contains(log.String(), "starting LiveKit server") {
			deadline, isNear = time.After(patience), true
		}
		where := w.answers(ctx, cmp.Or(log.port(), w.port))
		if where == "" {
			continue
		}
		select {
		case <-ended:
			return outcome{Says: "answers, and ends: " + log.lastLine()}
		case <-time.After(settled):
			return outcome{Runs: true, Says: "answers at " + where}
		}
	}
}

var client = http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// answers gives the address at which a server speaks HTTP, whatever it says there.
func (w watcher) answers(ctx context.Context, port string) string {
	for _, host := range w.hosts {
		at := net.JoinHostPort(host, port)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/", nil)
		if err != nil {
			return ""
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			return at
		}
	}
	return ""
}

// layOut puts what the pod's volumes hold into the servers' root, in place of what the pod before had there.
func (s *sandbox) layOut(p *pod, server string) error {
	old, err := os.ReadDir(s.root)
	if err != nil {
		return err
	}
	for _, entry := range old {
		switch path := filepath.Join(s.root, entry.Name()); entry.Name() {
		case "proc", "run", "tmp", "servers":
		case "etc":
			err = errors.Join(err, os.RemoveAll(filepath.Join(path, "livekit")))
		default:
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	group := -1
	if p.fsGroup() != nil {
		group = int(*p.fsGroup())
	}
	for _, f := range p.files {
		path := filepath.Join(s.root, f.path)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(f.text), 0o600),
			os.Chmod(path, f.mode), os.Chown(path, -1, group))
	}
	kept := filepath.Join(s.root, "servers", filepath.Base(server))
	if _, statErr := os.Stat(kept); statErr != nil {
		err = errors.Join(err, os.MkdirAll(filepath.Dir(kept), 0o755), install(server, kept))
	}
	return errors.Join(err, os.Link(kept, filepath.Join(s.root, "livekit-server")), p.allowPorts())
}

// allowPorts: container runtimes let any user open the ports below 1024 of a pod's own network. The node's is as
// Linux has it.
func (p *pod) allowPorts() error {
	first := "0"
	if p.spec.HostNetwork {
		first = "1024"
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte(first), 0o644)
}

// configuration reads what the server will work with, as far as the world around it depends on that.
func (p *pod) configuration() map[string]any {
	config := map[string]any{}
	source := p.env["LIVEKIT_CONFIG"]
	for _, f := range p.files {
		isNamed := strings.Contains(strings.Join(p.command(), " ")+" ", f.path+" ")
		if source == "" && isNamed && !strings.Contains(f.path, "keys") {
			source = f.text
		}
	}
	if yaml.Unmarshal([]byte(source), &config) != nil || config == nil { // then it does not matter
		config = map[string]any{}
	}
	redis, isMap := config["redis"].(map[string]any)
	if !isMap {
		redis = map[string]any{}
	}
	for variable, key := range map[string]string{
		"REDIS_HOST": "address", "REDIS_PASSWORD": "password", "LIVEKIT_REDIS_ADDRESS": "address",
		"LIVEKIT_REDIS_PASSWORD": "password", "LIVEKIT_REDIS_USERNAME": "username",
	} {
		if value, isSet := p.env[variable]; isSet {
			redis[key] = value
		}
	}
	config["redis"] = redis
	return config
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// lockedBuffer is a log that is read as it is written.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

var loggedPort = regexp.MustCompile(`"portHttp": ?(\d+)`)

// port is the one that the server says it has, "" where it says none.
func (b *lockedBuffer) port() string {
	if m := loggedPort.FindStringSubmatch(b.String()); m != nil && m[1] != "0" {
		return m[1]
	}
	return ""
}

var panicLine = regexp.MustCompile(`(?m)^panic: .*`)

// lastLine is the panic that ended the server, or else its last message, which may have some lines.
func (b *lockedBuffer) lastLine() string {
	log := strings.TrimSpace(b.String())
	if line := panicLine.FindString(log); line != "" {
		return line
	}
	lines := strings.Split(log, "\n")
	from := len(lines) - 1
	for from > 0 && (lines[from] == "" || lines[from][0] == ' ') {
		from--
	}
	return strings.Join(lines[from:], " ")
}
