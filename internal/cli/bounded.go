package cli

import (
	"context"
	"runtime/metrics"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// maxHeap is far more than any honest chart needs.
const maxHeap = 1 << 30

// bounded gives up on work that takes too long or too much memory, or that is interrupted. A stranger's chart can be
// made to loop or to swell, and Helm's engine cannot be interrupted: the work then goes on until the process ends,
// which it does with the error that this returns.
func bounded[T any](ctx context.Context, timeout time.Duration, work func(context.Context) (T, error)) (T, error) {
	var result, nothing T
	done := make(chan error, 1)
	go func() {
		var err error
		result, err = work(ctx)
		done <- err
	}()
	late := time.After(timeout)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return result, err
		case <-ctx.Done():
			return nothing, ctx.Err()
		case <-late:
			return nothing, remedy.Errorf("look for a template that loops, or raise --timeout",
				"the chart takes more than %s to render and judge", timeout)
		case <-look.C:
			if heap() > maxHeap {
				return nothing, remedy.Errorf("look for a template that repeats something without end",
					"the chart takes more than %d GiB of memory to render and judge", maxHeap>>30)
			}
		}
	}
}

// heap gives the bytes that live and dead objects take.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
