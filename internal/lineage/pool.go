package lineage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	kjson "sigs.k8s.io/json"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Pool runs jobs in worker processes: a stranger's chart can be made to loop or
// to swell, and Helm's engine cannot be interrupted.
type Pool struct {
	// Command starts a process that calls Serve. Without one the jobs run in
	// this process, and what never returns is not stopped.
	Command []string
}

// grace is what a process gets beyond a job's own time before it is killed.
const grace = 2 * time.Second

// Most of what a process may write, in bytes. Of its standard error the
// beginning counts, which is where Go says why it stops.
const (
	maxAnswer = 256 << 20
	maxStderr = 4096
)

// Run does the jobs, each in a process of its own and one a core at a time. It gives each outcome, with its index, to
// done, one after the other. When ctx ends, the jobs that are left fail with its error.
func (p *Pool) Run(ctx context.Context, jobs []Job, done func(i int, r *Result, err error)) {
	workers := min(runtime.GOMAXPROCS(0), len(jobs))
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(max(1, workers))
	for i, job := range jobs {
		job.Options.Parallel = cmp.Or(job.Options.Parallel, max(1, runtime.GOMAXPROCS(0)/workers))
		group.Go(func() error {
			r, err := p.do(ctx, job)
			mu.Lock()
			defer mu.Unlock()
			done(i, r, err)
			return nil
		})
	}
	_ = group.Wait() // each job has an error of its own
}

func (p *Pool) do(ctx context.Context, job Job) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(p.Command) == 0 {
		return job.Do(ctx)
	}
	question, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", job.Chart, err)
	}
	limited, cancel := context.WithTimeout(ctx, job.limit())
	defer cancel()
	cmd := exec.CommandContext(limited, p.Command[0], p.Command[1:]...)
	stdout, stderr := &limitedBuffer{most: maxAnswer}, &limitedBuffer{most: maxStderr}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(question), stdout, stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a process to render charts: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return nil, job.failure(ctx, limited, cmd.ProcessState.ExitCode(), stderr.text)
	}
	var a answer
	if err := kjson.UnmarshalCaseSensitivePreserveInts(stdout.text, &a); err != nil {
		return nil, fmt.Errorf("rendering %s: reading the outcome: %w", job.Chart, err)
	}
	if a.Step != "" {
		return nil, remedy.Errorf(a.Step, "%s", a.Error)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Result, nil
}

// failure says why a process that has ended gave no answer.
func (j Job) failure(ctx, limited context.Context, code int, stderr []byte) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return remedy.Errorf(lookForLoop,
			"rendering %s does not end: it was stopped after %s", j.Chart, j.limit())
	case code == exitMemory || bytes.Contains(stderr, []byte("out of memory")) ||
		bytes.Contains(stderr, []byte("stack exceeds")):
		return remedy.Errorf("look for a template that repeats something without end",
			"rendering %s takes more than %d MiB of memory", j.Chart, maxHeap>>20)
	}
	line, _, _ := bytes.Cut(stderr, []byte("\n"))
	return fmt.Errorf("rendering %s: the process that does it ended with code %d: %s", j.Chart, code, line)
}

// limit is when a process is killed that has not done the job, nor ended by itself.
func (j Job) limit() time.Duration { return j.Options.timeout() + grace }

// limitedBuffer keeps the beginning of what is written.
type limitedBuffer struct {
	text []byte
	most int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), b.most-len(b.text))]...)
	return len(p), nil
}
