package lineage

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"

	kjson "sigs.k8s.io/json"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Pool runs jobs in worker processes: a stranger's chart can be made to loop or
// to swell, and Helm's engine cannot be interrupted.
type Pool struct {
	// Command starts a process that calls Serve. Without one the jobs run in
	// this process, and what never returns is not stopped.
	Command []string
	// Workers is how many processes run at once, one a core where it is 0.
	Workers int
}

// grace is what a worker gets beyond a job's own time before it is killed.
const grace = time.Second

// Most of what a worker may write, in bytes. Of its standard error the
// beginning counts, which is where Go says why it stops.
const (
	maxAnswer = 256 << 20
	maxStderr = 4096
)

// Run does the jobs and gives each outcome, with its index, to done, one at a
// time. It returns early when ctx ends; the jobs that are left then fail with
// its error.
func (p *Pool) Run(ctx context.Context, jobs []Job, done func(i int, r *Result, err error)) {
	workers := min(cmp.Or(p.Workers, runtime.GOMAXPROCS(0)), len(jobs))
	next := make(chan int, len(jobs))
	for i := range jobs {
		next <- i
	}
	close(next)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			w := &worker{}
			defer w.stop()
			for i := range next {
				job := jobs[i]
				job.Options.Parallel = cmp.Or(job.Options.Parallel, max(1, runtime.GOMAXPROCS(0)/workers))
				r, err := w.do(ctx, p.Command, job)
				mu.Lock()
				done(i, r, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// worker is one process, started when it is needed.
type worker struct {
	process *exec.Cmd
	kill    context.CancelFunc
	in      io.WriteCloser
	answers *bufio.Scanner // a line each
	stderr  *limitedBuffer
}

func (w *worker) do(ctx context.Context, command []string, job Job) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(command) == 0 {
		return job.Do(ctx)
	}
	if w.process == nil {
		if err := w.start(ctx, command); err != nil {
			return nil, fmt.Errorf("starting a process to render charts: %w", err)
		}
	}
	late := time.AfterFunc(job.limit(), w.kill)
	err := json.NewEncoder(w.in).Encode(job)
	hasAnswer := err == nil && w.answers.Scan()
	if isInTime := late.Stop(); !hasAnswer {
		w.kill() // where it only closed its output
		return nil, w.failure(ctx, job, w.stop(), isInTime)
	}
	var a answer
	if err := kjson.UnmarshalCaseSensitivePreserveInts(w.answers.Bytes(), &a); err != nil {
		w.stop()
		return nil, fmt.Errorf("rendering %s: reading the outcome: %w", job.Chart, err)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Result, nil
}

func (w *worker) start(ctx context.Context, command []string) error {
	ctx, w.kill = context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	w.stderr = &limitedBuffer{}
	cmd.Stderr = w.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if w.in, err = cmd.StdinPipe(); err != nil {
		return err
	}
	w.process, w.answers = cmd, bufio.NewScanner(out)
	w.answers.Buffer(nil, maxAnswer)
	if err := cmd.Start(); err != nil {
		w.process = nil
		return err
	}
	return nil
}

// stop ends the process and gives its exit code.
func (w *worker) stop() int {
	if w.process == nil {
		return 0
	}
	_ = w.in.Close()
	late := time.AfterFunc(grace, w.kill)
	_ = w.process.Wait()
	late.Stop()
	w.kill()
	code := w.process.ProcessState.ExitCode()
	w.process = nil
	return code
}

// failure says why a process that has ended gave no answer.
func (w *worker) failure(ctx context.Context, job Job, code int, isInTime bool) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !isInTime:
		return remedy.Errorf("look for a template that loops",
			"rendering %s does not end: it was stopped after %s", job.Chart, job.limit())
	case code == exitMemory || w.stderr.has("out of memory") || w.stderr.has("stack exceeds"):
		return remedy.Errorf("look for a template that repeats something without end",
			"rendering %s takes more than %d MiB of memory", job.Chart, maxHeap>>20)
	}
	line, _, _ := bytes.Cut(w.stderr.text, []byte("\n"))
	return fmt.Errorf("rendering %s: the process that does it ended with code %d: %s", job.Chart, code, line)
}

// limit is when a worker is killed that has not done the job.
func (j Job) limit() time.Duration { return cmp.Or(j.Options.Timeout, DefaultTimeout) + grace }

// limitedBuffer keeps the beginning of what is written.
type limitedBuffer struct{ text []byte }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), maxStderr-len(b.text))]...)
	return len(p), nil
}

func (b *limitedBuffer) has(text string) bool { return bytes.Contains(b.text, []byte(text)) }
