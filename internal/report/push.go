package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/helm-livekit/helm-livekit/internal/publish"
)

// Push prints what a push came to: the manifest's digest alone on out, for scripts, and the rest on notes.
func Push(out, notes io.Writer, r *publish.Result) error {
	var b bytes.Buffer
	switch r.Status {
	case publish.AlreadyPresent:
		fmt.Fprintf(&b, "Already present: %s\n", r.Ref)
	case publish.WouldPush:
		fmt.Fprintf(&b, "Would push: %s (%s)\n", r.Ref, size(r.ChartSize))
	default:
		fmt.Fprintf(&b, "Pushed: %s (%s)\n", r.Ref, size(r.ChartSize))
	}
	row := func(name, value string) { fmt.Fprintf(&b, "  %-11s %s\n", name, value) }
	row("chart", r.ChartDigest)
	if r.Replaced != "" {
		row("replaces", r.Replaced)
	}
	for _, ref := range r.AlsoTagged {
		row("also tagged", ref)
	}
	for _, digest := range r.Attached {
		row("attached", digest)
	}
	if r.Status != publish.WouldPush {
		flags := ""
		if r.PlainHTTP {
			flags = " --plain-http"
		}
		fmt.Fprintf(&b, "\nNext:\n  helm upgrade --install %s oci://%s --version %s%s ", r.Chart, r.Repository,
			r.Version, flags)
		fmt.Fprintf(&b, "--namespace %s --create-namespace --wait\n\n", r.Chart)
	}
	if _, err := notes.Write(b.Bytes()); err != nil {
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

// Progress gives a function that draws how far an upload is on a line of a terminal, and rubs it out at the end.
// Small uploads are not worth a line.
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
