package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options are what a call needs. What is empty or zero is left to the command.
type Options struct {
	// URLs are the addresses of signalling (ws, wss); participants take them in turn.
	URLs []string
	// PortForward is NAMESPACE/SERVICE_OR_POD:PORT for signalling, in the place of
	// URLs; the cluster is that of KUBECONFIG and HELM_KUBECONTEXT.
	PortForward string
	// TURNTLSForward is the like for TURN over TLS.
	TURNTLSForward string
	// Key and Secret go to the command by its environment.
	Key, Secret string
	Room        string
	// Media are ways of media, a call for each: auto, udp, tcp, turn-udp, turn-tls.
	Media []string
	// ExpectAddresses and ExpectPorts are where media must arrive; ports as
	// "7882", "7882/udp" or "50000-60000/udp".
	ExpectAddresses, ExpectPorts []string
	Participants                 int
	Timeout                      time.Duration // of each call, the hold aside
	Hold, MaxGap                 time.Duration
	NodesDiffer                  bool
	CAFile                       string
	Insecure                     bool
	// TURNTLSAddress and TCPAddress (host:port) replace what the server tells.
	TURNTLSAddress, TCPAddress string
	// Progress gets a line of text for each step; nil for none.
	Progress io.Writer
}

// closing is how long the command may take to leave the room when ctx ends.
const closing = 15 * time.Second

// The exit codes of the command that come with a result.
const (
	proven   = 0
	unproven = 2
)

// Run makes the calls with the command in the file binary. That a path is not proven
// is in the result, not an error. When ctx ends, the command leaves the room first;
// what it found until then is given beside ctx's error.
func Run(ctx context.Context, binary string, o Options) (Result, error) {
	cmd := exec.CommandContext(ctx, binary, o.arguments()...)
	cmd.Env = append(os.Environ(), "LIVEKIT_API_KEY="+o.Key, "LIVEKIT_API_SECRET="+o.Secret)
	var stdout bytes.Buffer
	last := &tail{to: o.Progress}
	cmd.Stdout, cmd.Stderr = &stdout, last
	cmd.WaitDelay = closing
	cmd.Cancel = func() error { return interrupt(cmd.Process) }

	err := cmd.Run()
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	var r Result
	if code == proven || code == unproven {
		if bad := json.Unmarshal(stdout.Bytes(), &r); bad != nil {
			return Result{}, remedy.Errorf("it may be of another version than the plugin: "+install, "%s: its result cannot be read: %w", binary, bad)
		}
	}
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("the call was ended: %w", ctx.Err())
	case code == proven || code == unproven:
		return r, nil
	case cmd.ProcessState == nil:
		return r, remedy.Errorf(install, "%s cannot be started: %w", binary, err)
	}
	failed, step := last.message()
	if failed == "" {
		failed = err.Error()
	}
	return r, remedy.Errorf(step, "%s: %s", name, failed)
}

// interrupt asks a process to end; where that cannot be asked, it is ended.
func interrupt(p *os.Process) error {
	if runtime.GOOS == "windows" {
		return p.Kill()
	}
	return p.Signal(os.Interrupt)
}

func (o Options) arguments() []string {
	args := []string{"-o", "json"}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag, value)
		}
	}
	duration := func(flag string, d time.Duration) {
		if d > 0 {
			add(flag, d.String())
		}
	}
	for _, url := range o.URLs {
		add("--url", url)
	}
	add("--port-forward", o.PortForward)
	add("--turn-tls-forward", o.TURNTLSForward)
	add("--room", o.Room)
	add("--media", strings.Join(o.Media, ","))
	add("--expect-address", strings.Join(o.ExpectAddresses, ","))
	add("--expect-ports", strings.Join(o.ExpectPorts, ","))
	if o.Participants > 0 {
		add("--participants", strconv.Itoa(o.Participants))
	}
	duration("--timeout", o.Timeout)
	duration("--hold", o.Hold)
	duration("--max-gap", o.MaxGap)
	add("--ca-file", o.CAFile)
	add("--turn-tls-address", o.TURNTLSAddress)
	add("--tcp-address", o.TCPAddress)
	for flag, set := range map[string]bool{"--nodes-differ": o.NodesDiffer, "--insecure": o.Insecure} {
		if set {
			args = append(args, flag)
		}
	}
	return args
}

// tail hands text on and keeps its end.
type tail struct {
	to   io.Writer
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const enough = 4096
	t.kept = append(t.kept, p...)
	if len(t.kept) > enough {
		t.kept = t.kept[len(t.kept)-enough:]
	}
	if t.to == nil {
		return len(p), nil
	}
	return t.to.Write(p)
}

// message gives the error that the command printed, and its next step.
func (t *tail) message() (failed, step string) {
	text := strings.TrimSpace(string(t.kept))
	if i := strings.LastIndex(text, "Error: "); i >= 0 {
		text = text[i+len("Error: "):]
	}
	failed, step, _ = strings.Cut(text, "\n")
	return failed, strings.TrimSpace(step)
}

// ErrUnproven says that a path was not proven; Err gives it for a result.
var ErrUnproven = errors.New("a call did not go through")

// Err is nil when the result is good, else an error that names the paths that
// failed, with the first one's remedy.
func (r Result) Err() error {
	if r.OK {
		return nil
	}
	if r.API.Error != "" {
		return remedy.Errorf(r.API.Remedy, "%w: %s", ErrUnproven, r.API.Error)
	}
	var failed []string
	step := ""
	for _, p := range r.Paths {
		if !p.OK {
			failed = append(failed, p.Media+": "+p.Error)
			if step == "" {
				step = p.Remedy
			}
		}
	}
	return remedy.Errorf(step, "%w: %s", ErrUnproven, strings.Join(failed, "; "))
}
