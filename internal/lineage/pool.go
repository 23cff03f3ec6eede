package lineage

import (
	"bufio"
	"bytes"
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

// maxAnswer bounds what a worker may answer, in bytes.
const maxAnswer = 256 << 20

// Run does the jobs and gives each outcome, with its index, to done, one at a
// time. It returns early when ctx ends; the jobs that are left then fail with
// its error.
func (p *Pool) Run(ctx context.Context, jobs []Job, done func(i int, r *Result, err error)) {
	workers := min(orDefault(p.Workers, runtime.GOMAXPROCS(0)), len(jobs))
	next := make(chan int, len(jobs))
	for i, job := range jobs {
		if job.Options.Parallel == 0 {
			jobs[i].Options.Parallel = max(1, runtime.GOMAXPROCS(0)/workers)
		}
		next <- i
	}
	close(next)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			w := &worker{command: p.Command}
			defer w.stop()
			for i := range next {
				r, err := w.do(ctx, jobs[i])
				mu.Lock()
				done(i, r, err)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

// worker is one process, started when it is needed.
type worker struct {
	command []string
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	said    *limitedBuffer // on its standard error
}

// answer is a line that a worker writes.
type answer struct {
	Result *Result `json:"result,omitempty"`
	Error  string  `json:"error,omitempty"`
}

func (w *worker) do(ctx context.Context, job Job) (*Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(w.command) == 0 {
		return job.Do(ctx)
	}
	if w.process == nil {
		if err := w.start(); err != nil {
			return nil, err
		}
	}
	limit := orDefault(job.Options.Timeout, DefaultTimeout) + grace
	late := time.AfterFunc(limit, w.kill)
	stop := context.AfterFunc(ctx, w.kill)
	line, err := w.ask(job)
	inTime := late.Stop()
	stop()
	if err != nil {
		code := w.wait()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !inTime:
			return nil, remedy.Errorf("look for a template that loops",
				"rendering %s does not end: it was stopped after %s", job.Chart, limit)
		case code == exitMemory || w.said.outOfMemory():
			return nil, remedy.Errorf("look for a template that repeats something without end",
				"rendering %s takes more than %d MiB of memory", job.Chart, maxHeap>>20)
		}
		return nil, fmt.Errorf("rendering %s: the process that does it ended with code %d: %s", job.Chart, code, w.said)
	}
	var a answer
	if err := kjson.UnmarshalCaseSensitivePreserveInts(line, &a); err != nil {
		w.stop()
		return nil, fmt.Errorf("rendering %s: reading the outcome: %w", job.Chart, err)
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return a.Result, nil
}

func (w *worker) start() error {
	cmd := exec.Command(w.command[0], w.command[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting a process to render charts: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting a process to render charts: %w", err)
	}
	w.said = &limitedBuffer{}
	cmd.Stderr = w.said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a process to render charts: %w", err)
	}
	w.process, w.in, w.out = cmd, in, bufio.NewReaderSize(out, 1<<16)
	return nil
}

func (w *worker) ask(job Job) ([]byte, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	if _, err := w.in.Write(append(text, '\n')); err != nil {
		return nil, err
	}
	var line []byte
	for {
		part, err := w.out.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) || len(line) > maxAnswer {
			return nil, io.ErrUnexpectedEOF
		}
	}
}

func (w *worker) kill() { _ = w.process.Process.Kill() }

// wait gives the exit code of a process that is at its end.
func (w *worker) wait() int {
	_ = w.in.Close()
	w.kill() // where it only closed its output
	_ = w.process.Wait()
	code := w.process.ProcessState.ExitCode()
	w.process = nil
	return code
}

func (w *worker) stop() {
	if w.process == nil {
		return
	}
	_ = w.in.Close()
	ended := time.AfterFunc(grace, w.kill)
	_ = w.process.Wait()
	ended.Stop()
	w.process = nil
}

// limitedBuffer keeps the beginning of what is written, which is where Go says
// why it stops.
type limitedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if room := 4096 - b.text.Len(); room > 0 {
		b.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (b *limitedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	line, _, _ := bytes.Cut(b.text.Bytes(), []byte("\n"))
	return string(line)
}

func (b *limitedBuffer) outOfMemory() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Contains(b.text.Bytes(), []byte("out of memory")) || bytes.Contains(b.text.Bytes(), []byte("stack exceeds"))
}
