package lineage

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// exitMemory is the exit code of a worker that took too much memory.
const exitMemory = 77

// maxHeap is far more than any honest chart needs, in bytes.
const maxHeap = 1 << 30

// Serve is a worker: it reads jobs, a line of JSON each, and writes an answer to
// each, until in ends. It takes the whole process: beyond its limit of memory
// that ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	log.SetOutput(io.Discard) // Helm remarks on values that are no use
	debug.SetMemoryLimit(maxHeap)
	limitMemory()
	go watchMemory()
	jobs := bufio.NewReader(in)
	answers := bufio.NewWriter(out)
	for {
		line, err := jobs.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a job: %w", err)
		}
		if err := json.NewEncoder(answers).Encode(answerTo(ctx, line)); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
		if err := answers.Flush(); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
}

func answerTo(ctx context.Context, line []byte) answer {
	var job Job
	if err := json.Unmarshal(line, &job); err != nil {
		return answer{Error: fmt.Sprintf("reading a job: %v", err)}
	}
	result, err := job.Do(ctx)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Result: result}
}

// watchMemory ends the process when it holds too much.
func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(10 * time.Millisecond) {
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 && sample[0].Value.Uint64() > maxHeap {
			os.Exit(exitMemory)
		}
	}
}
