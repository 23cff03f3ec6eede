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

// farewell is how long the command may take to remove what it made, once it is to
// end: its own limit and some more.
const farewell = 5 * time.Minute

// Try runs the plan with the command in the file binary; env are further
// variables for it (NAME=value), progress gets a line of text for each step. What is wrong with the chart is in the report. When ctx ends, the
// command removes what it made before Try returns ctx's error. The command also ends,
// and cleans up, when this process dies: its standard input ends then.
func Try(ctx context.Context, binary string, plan Plan, env []string, progress io.Writer) (*Report, error) {
	plan.Attached = true
	order, err := json.Marshal(plan)
	if err != nil {
		return nil, fmt.Errorf("the plan of the trial: %w", err)
	}
	cmd := exec.CommandContext(ctx, binary, "trial")
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var stdout bytes.Buffer
	last := &tail{to: progress}
	cmd.Stdout, cmd.Stderr = &stdout, last
	cmd.WaitDelay = farewell
	// Ending its input asks it to end. A signal would reach it a second time where a
	// terminal sends one to all.
	cmd.Cancel = stdin.Close
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, remedy.Errorf(install, "%s cannot be started: %w", binary, err)
	}
	_, writeErr := stdin.Write(append(order, '\n'))
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case writeErr != nil:
		return nil, fmt.Errorf("%s does not take the plan: %w", binary, writeErr)
	}
	if code := cmd.ProcessState.ExitCode(); code == allPassed || code == checkFailed {
		return parseReport(binary, stdout.Bytes())
	}
	failed, step := last.message()
	if failed == "" {
		return nil, remedy.Errorf("see what it printed", "%s: %w", binary, err)
	}
	return nil, remedy.Errorf(step, "%s", failed)
}

func parseReport(binary string, data []byte) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, remedy.Errorf("it may be of another version than the plugin: "+install, "%s: its report cannot be read: %w", binary, err)
	}
	return r, nil
}

// tail hands lines of progress on, and keeps the error that ends them: it is told as
// the caller's own.
type tail struct {
	to      io.Writer
	line    []byte // the beginning of one
	failure bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.line = append(t.line, p...)
	for {
		i := bytes.IndexByte(t.line, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := t.line[:i+1]
		t.line = t.line[i+1:]
		if t.failure.Len() > 0 || bytes.HasPrefix(line, []byte(errorMark)) {
			t.failure.Write(line)
		} else if t.to != nil {
			if _, err := t.to.Write(line); err != nil {
				return 0, err
			}
		}
	}
}

const (
	errorMark = "Error: "
	stepMark  = "\nTry:   "
)

// message gives the error that the command printed, and its next step; "" where it
// printed none.
func (t *tail) message() (failed, step string) {
	text := strings.TrimPrefix(strings.TrimSpace(t.failure.String()), errorMark)
	failed, step, _ = strings.Cut(text, stepMark)
	return failed, step
}
