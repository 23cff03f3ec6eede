package publish

import (
	"io"
	"sync"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// progress counts the bytes that are on their way.
type progress struct {
	report func(done, total int64) // nil for none

	mu          sync.Mutex
	done, total int64
}

// watch gives a blob so that what is read of it is counted, from its beginning with every try, and what counts it as
// sent: it is, or will be begun anew.
func (p *progress) watch(b oci.Blob) (watched oci.Blob, finish func()) {
	if p.report == nil {
		return b, func() {}
	}
	var sent int64
	set := func(change func(sent int64) int64) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done -= sent
		sent = change(sent)
		p.done += sent
		p.report(p.done, p.total)
	}
	open := func() (io.ReadCloser, error) {
		r, err := b.Open()
		if err == nil {
			set(func(int64) int64 { return 0 })
		}
		return &counted{r, func(n int) { set(func(sent int64) int64 { return sent + int64(n) }) }}, err
	}
	return oci.Blob{Descriptor: b.Descriptor, Open: open}, func() { set(func(int64) int64 { return b.Size }) }
}

// counted counts what is read.
type counted struct {
	io.ReadCloser
	count func(n int)
}

func (c *counted) Read(buffer []byte) (int, error) {
	n, err := c.ReadCloser.Read(buffer)
	c.count(n)
	return n, err
}
