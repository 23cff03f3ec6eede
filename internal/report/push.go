package report

import (
	"fmt"
	"io"

	"github.com/helm-livekit/helm-livekit/internal/publish"
)

// Push prints what a push came to: the manifest's digest alone on out, for scripts, and the rest on notes.
func Push(out, notes io.Writer, r *publish.Result) error {
	if err := fill(notes, "push", nil, r); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, r.Digest)
	return err
}

// size gives a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// Progress gives a function that draws how far an upload is on a line of a terminal, and rubs it out at the end. Small
// uploads are not worth a line.
func Progress(terminal io.Writer) func(done, total int64) {
	const worthIt = 1 << 20
	last := int64(-1)
	return func(done, total int64) {
		percent := done * 100 / max(total, 1)
		if total < worthIt || percent == last {
			return
		}
		last = percent
		if done >= total {
			fmt.Fprint(terminal, "\r\x1b[K")
			return
		}
		fmt.Fprintf(terminal, "\rUploading %s of %s (%d %%)\x1b[K", size(done), size(total), percent)
	}
}
