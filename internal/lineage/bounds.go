package lineage

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"
)

// Bounds of an experiment that its caller has not bounded.
const (
	DefaultMaxRenders = 3000
	DefaultTimeout    = 5 * time.Minute
)

// cpuPerRender is several times what a render of a large chart takes on a slow machine.
const cpuPerRender = 25 * time.Millisecond

// leastCPU is what an experiment of few renders has.
const leastCPU = 30 * time.Second

// maxRenders is the bound that decides: it is the same on every machine, however busy that is.
func (o Options) maxRenders() int { return cmp.Or(o.MaxRenders, DefaultMaxRenders) }

// maxCPU is the processor time after which a worker process gives up on templates that are very slow.
func (o Options) maxCPU() time.Duration {
	return cmp.Or(o.MaxCPU, max(leastCPU, time.Duration(o.maxRenders())*cpuPerRender))
}

// timeout is when an experiment counts as hanging. A busy machine gives a process a part of its time alone.
func (o Options) timeout() time.Duration { return cmp.Or(o.Timeout, max(DefaultTimeout, 4*o.maxCPU())) }

// budget is what an experiment may still use.
type budget struct {
	options Options
	renders int // so far
	limit   int // of renders, in this phase
	// cpu is the processor time that this process has used, nil where that is not counted.
	cpu func() time.Duration

	mu       sync.Mutex
	cpuLimit time.Duration // in this phase
	// halted is closed when the processor time is used up, so that a render that does not return is left alone.
	halted   chan struct{}
	isHalted bool
	// cut says for want of what something was not tried, "" where all was.
	cut string
}

// newBudget counts processor time where the process is the experiment's own.
func newBudget(o Options) *budget {
	b := &budget{options: o}
	if o.ownProcess {
		b.cpu = cpuTime
	}
	b.phase(1, 1)
	return b
}

// phase lets the renders and the time be used up to a part of the whole: what comes later has the rest.
func (b *budget) phase(part, of int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = b.options.maxRenders() * part / of
	b.cpuLimit = b.options.maxCPU() * time.Duration(part) / time.Duration(of)
	b.halted, b.isHalted = make(chan struct{}), false
}

// watch closes halted when the processor time is used up. The function that it returns ends that.
func (b *budget) watch() (stop func()) {
	if b.cpu == nil {
		return func() {}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				b.halt()
			}
		}
	}()
	return func() { tick.Stop(); close(done) }
}

func (b *budget) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.isHalted && b.cpu() > b.cpuLimit {
		b.isHalted = true
		close(b.halted)
	}
}

func (b *budget) whenHalted() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.halted
}

// reserve takes up to n renders, and gives how many there are. It is called in an order that does not depend on how
// many renders run at once.
func (b *budget) reserve(ctx context.Context, n int) int {
	granted := max(0, min(n, b.limit-b.renders))
	why := fmt.Sprintf("reached the most that is allowed, %d renders", b.options.maxRenders())
	if spent := b.isSpent(ctx, b.cpuLimit); spent != "" {
		granted, why = 0, spent
	}
	if granted < n {
		b.cut = cmp.Or(b.cut, why)
	}
	b.renders += granted
	return granted
}

// isSpent says which guard has ended the experiment, "" for none.
func (b *budget) isSpent(ctx context.Context, most time.Duration) string {
	switch {
	case ctx.Err() != nil:
		return fmt.Sprintf("did not end within %s", b.options.timeout())
	case b.cpu != nil && b.cpu() > most:
		return fmt.Sprintf("took the most CPU time that is allowed, %s", most)
	}
	return ""
}

// isOver reports whether no render is left.
func (b *budget) isOver(ctx context.Context) bool {
	if b.reserve(ctx, 1) == 0 {
		return true
	}
	b.renders--
	return false
}

// reason says why not all was tried, "" where it was.
func (b *budget) reason(ctx context.Context) string {
	return cmp.Or(b.cut, b.isSpent(ctx, b.options.maxCPU()))
}
