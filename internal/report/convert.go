package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/helm-livekit/helm-livekit/internal/convert"
)

// Converted prints converted values on stdout, and on stderr what became of those that are not among them.
func Converted(stdout, stderr io.Writer, r *convert.Result) error {
	if _, err := stdout.Write(r.YAML); err != nil {
		return err
	}
	return Remarks(stderr, r)
}

// Remarks prints what could not be converted, and what is otherwise now.
func Remarks(w io.Writer, r *convert.Result) error {
	var b bytes.Buffer
	for _, l := range r.Lost {
		fmt.Fprintf(&b, "Lost: %s: %s.\n", l.Key, l.Reason)
	}
	for _, n := range r.Notes {
		if n.Key != "" {
			n.Reason = n.Key + ": " + n.Reason
		}
		fmt.Fprintf(&b, "Note: %s.\n", n.Reason)
	}
	_, err := w.Write(b.Bytes())
	return err
}
