//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The addresses of the pod and its node, and the names that lead to a Redis there. All of them are the sandbox.
const (
	address4 = "10.0.0.5"
	address6 = "fd00::5"
)

var redisHosts = []string{"redis", "redis.data.svc", "redis.data.svc.cluster.local", "redis.example.com"}

// sandbox is where a worker runs its servers: a network, a root directory, and Redis as a configuration wants it.
type sandbox struct {
	root    string // of the servers
	program string // Redis'
	redis   map[string]*redis
}

// redis is one that runs, by its port, or by its socket.
type redis struct {
	args []string
	cmd  *exec.Cmd
}

// network is the worker's own: loopback, and one interface such as a node has.
const network = `set -e
ip link set lo up
ip link add eth0 type veth peer name peer0
ip addr add ` + address4 + `/24 dev eth0
ip addr add ` + address6 + `/64 dev eth0 nodad
ip link set peer0 up
ip link set eth0 up`

func newSandbox(ctx context.Context, dir, program string) (*sandbox, error) {
	s := &sandbox{root: filepath.Join(dir, "root"), program: program, redis: map[string]*redis{}}
	// What is mounted here is for this process and its children alone.
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return nil, fmt.Errorf("keep mounts to itself: %w", err)
	}
	if out, err := exec.CommandContext(ctx, "sh", "-c", network).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make a network: %w\n%s", err, out)
	}
	for _, name := range []string{"proc", "etc", "run", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.root, name), 0o755); err != nil {
			return nil, err
		}
	}
	if err := unix.Mount("proc", filepath.Join(s.root, "proc"), "proc", 0, ""); err != nil {
		return nil, fmt.Errorf("mount proc: %w", err)
	}
	hosts := fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", address4, strings.Join(redisHosts, " "))
	return s, os.WriteFile(filepath.Join(s.root, "etc/hosts"), []byte(hosts), 0o644)
}

func (s *sandbox) close() {
	for _, r := range s.redis {
		r.stop()
	}
}

func (r *redis) stop() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// provide starts what Redis a configuration names, with the credentials that it has.
func (s *sandbox) provide(ctx context.Context, config map[string]any) error {
	settings, _ := config["redis"].(map[string]any)
	login := []string{}
	if user, password := settings["username"], settings["password"]; user != nil && password != nil {
		login = append(login, "--user", fmt.Sprint(user), "on", ">"+fmt.Sprint(password), "~*", "&*", "+@all")
	} else if password != nil && fmt.Sprint(password) != "" {
		login = append(login, "--requirepass", fmt.Sprint(password))
	}
	var errs []error
	for _, a := range texts(settings["address"]) {
		if strings.HasPrefix(a, "/") {
			socket := filepath.Join(s.root, a)
			errs = append(errs, s.start(ctx, a, slices.Concat(login, []string{
				"--port", "0", "--unixsocket", socket, "--unixsocketperm", "777",
			})))
		} else if port := portOf(a); port != "" {
			errs = append(errs, s.start(ctx, port, slices.Concat(login, []string{"--port", port})))
		}
	}
	for _, a := range texts(settings["sentinel_addresses"]) {
		if port := portOf(a); port != "" {
			errs = append(errs, s.start(ctx, "6379", slices.Concat(login, []string{"--port", "6379"})),
				s.startSentinel(ctx, port, fmt.Sprint(settings["sentinel_master_name"])))
		}
	}
	for _, a := range texts(settings["cluster_addresses"]) {
		if port := portOf(a); port != "" {
			errs = append(errs, s.start(ctx, port, slices.Concat(login, []string{
				"--port", port, "--cluster-enabled", "yes",
				"--cluster-config-file", filepath.Join(s.root, "..", "nodes-"+port),
				"--cluster-port", "17999", "--cluster-announce-ip", "127.0.0.1",
			})), s.makeCluster(ctx, port))
		}
	}
	return errors.Join(errs...)
}

// portOf gives the port of an address that is well formed, and leads to the sandbox.
func portOf(address string) string {
	host, port, err := net.SplitHostPort(address)
	n, numberErr := strconv.ParseUint(port, 10, 16)
	known := append([]string{"", "127.0.0.1", "localhost", "::1", address4, address6}, redisHosts...)
	if err != nil || numberErr != nil || n == 0 || !slices.Contains(known, host) {
		return ""
	}
	return port
}

// makeCluster gives all of a cluster to one Redis, and waits until it takes commands.
func (s *sandbox) makeCluster(ctx context.Context, port string) error {
	_, err := s.ask(ctx, port, "CLUSTER ADDSLOTSRANGE 0 16383")
	for range 100 {
		if info, askErr := s.ask(ctx, port, "CLUSTER INFO"); askErr != nil || strings.Contains(info, "state:ok") {
			return errors.Join(err, askErr)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the Redis cluster does not come up")
}

func (s *sandbox) startSentinel(ctx context.Context, port, master string) error {
	file := filepath.Join(s.root, "..", "sentinel-"+port+"-"+url.PathEscape(master))
	text := fmt.Sprintf("port %s\nsentinel monitor %s 127.0.0.1 6379 1\n", port, master)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return s.start(ctx, port, []string{file, "--sentinel", "--loglevel", "warning"})
}

// start starts a Redis, unless it runs like that already. One that runs otherwise ends first.
func (s *sandbox) start(ctx context.Context, name string, args []string) error {
	if r := s.redis[name]; r != nil {
		if slices.Equal(r.args, args) {
			return nil
		}
		r.stop()
		delete(s.redis, name)
	}
	own := args
	if !slices.Contains(args, "--sentinel") {
		own = slices.Concat(args, []string{"--save", "", "--appendonly", "no", "--protected-mode", "no"})
	}
	r := &redis{args: args, cmd: exec.CommandContext(ctx, s.program, own...)}
	var log bytes.Buffer
	r.cmd.Stdout, r.cmd.Stderr = &log, &log
	if err := r.cmd.Start(); err != nil {
		return err
	}
	s.redis[name] = r
	for range 200 {
		if _, err := s.ask(ctx, name, "PING"); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("redis %v does not answer", args)
}

// ask sends a command, and gives the beginning of the answer.
func (s *sandbox) ask(ctx context.Context, name, command string) (string, error) {
	kind, address := "tcp", "127.0.0.1:"+name
	if strings.HasPrefix(name, "/") {
		kind, address = "unix", filepath.Join(s.root, name)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, kind, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	return string(answer[:n]), err
}

// texts gives a text, or the texts of a list.
func texts(value any) []string {
	switch v := value.(type) {
	case nil, map[string]any:
		return nil
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, texts(item)...)
		}
		return out
	default:
		return []string{fmt.Sprint(v)}
	}
}
