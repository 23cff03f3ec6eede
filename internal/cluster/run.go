package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// The exit codes of the command that come with a report.
const (
	allPassed   = 0
	checkFailed = 2
)

// cleanupTimeout is how long the command may take to remove what it made, once it is
// to end: its own limit and some more.
const cleanupTimeout = 5 * time.Minute

// Run runs the plan with the command in the file binary; env are further variables for it (NAME=value), progress gets
// a line of text for each step. What is wrong with the chart is in the report. When ctx ends, the command removes
// what it made before Run returns ctx's error. The command also ends, and cleans up, when this process dies: its
// standard input ends then.
func Run(ctx context.Context, binary string, plan Plan, env []string, progress io.Writer) (*Report, error) {
	plan.Attached = true
	input, err := json.Marshal(plan)
	if err != nil {
		return nil, fmt.Errorf("the plan of the install: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, "trial")
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var stdout bytes.Buffer
	messages := &stderrReader{progress: progress}
	cmd.Stdout, cmd.Stderr = &stdout, messages
	cmd.WaitDelay = cleanupTimeout
	// Ending its input asks it to end. A signal would reach it a second time where a terminal sends one to all.
	cmd.Cancel = stdin.Close
	ownProcessGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, remedy.Errorf(install, "%s cannot be started: %w", binary, err)
	}
	_, writeErr := stdin.Write(append(input, '\n'))
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case writeErr != nil:
		return nil, fmt.Errorf("%s does not take the plan: %w", binary, writeErr)
	}
	if code := cmd.ProcessState.ExitCode(); code == allPassed || code == checkFailed {
		r := &Report{}
		if err := json.Unmarshal(stdout.Bytes(), r); err != nil {
			return nil, remedy.Errorf("it may be of another version than the plugin: "+install,
				"%s: its report cannot be read: %w", binary, err)
		}
		return r, nil
	}
	message, step := messages.failure()
	if message == "" {
		return nil, remedy.Errorf("see what it printed", "%s: %w", binary, err)
	}
	return nil, remedy.Errorf(step, "%s", message)
}

// stderrReader passes lines of progress on, and keeps the error after them, which becomes the caller's own.
type stderrReader struct {
	progress io.Writer    // nil for none
	line     []byte       // the beginning of an unfinished line
	errText  bytes.Buffer // what was printed from the error on
}

func (r *stderrReader) Write(p []byte) (int, error) {
	r.line = append(r.line, p...)
	for {
		i := bytes.IndexByte(r.line, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := r.line[:i+1]
		r.line = r.line[i+1:]
		if r.errText.Len() > 0 || bytes.HasPrefix(line, []byte(errorMark)) {
			r.errText.Write(line)
		} else if r.progress != nil {
			if _, err := r.progress.Write(line); err != nil {
				return 0, err
			}
		}
	}
}

const (
	errorMark = "Error: "
	stepMark  = "\nTry:   "
)

// failure gives the error that the command printed, and its next step; "" where it printed none.
func (r *stderrReader) failure() (message, step string) {
	text := strings.TrimPrefix(strings.TrimSpace(r.errText.String()), errorMark)
	message, step, _ = strings.Cut(text, stepMark)
	return message, step
}
