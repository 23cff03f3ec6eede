package publish

import (
	"io"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// progress counts the bytes that are on their way.
type progress struct {
	report func(done, total int64) // nil for none

	mu    sync.Mutex
	total int64
	sent  map[digest.Digest]int64
}

func newProgress(blobs []oci.Blob, report func(done, total int64)) *progress {
	p := &progress{report: report, sent: map[digest.Digest]int64{}}
	for _, b := range blobs {
		p.total += b.Size
	}
	return p
}

func (p *progress) set(b oci.Blob, change func(sent int64) int64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[b.Digest] = change(p.sent[b.Digest])
	var done int64
	for _, n := range p.sent {
		done += n
	}
	p.report(done, p.total)
}

// finish counts a blob as sent: it is, or will be begun anew.
func (p *progress) finish(b oci.Blob) { p.set(b, func(int64) int64 { return b.Size }) }

// watch gives the blob so that what is read of it is counted, from its beginning
// with every try.
func (p *progress) watch(b oci.Blob) oci.Blob {
	return oci.Blob{Descriptor: b.Descriptor, Open: func() (io.ReadCloser, error) {
		r, err := b.Open()
		if err != nil {
			return nil, err
		}
		p.set(b, func(int64) int64 { return 0 })
		return &watched{r, b, p}, nil
	}}
}

type watched struct {
	io.ReadCloser
	b oci.Blob
	p *progress
}

func (w *watched) Read(buffer []byte) (int, error) {
	n, err := w.ReadCloser.Read(buffer)
	w.p.set(w.b, func(sent int64) int64 { return sent + int64(n) })
	return n, err
}
