package report

import (
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
func Remarks(w io.Writer, r *convert.Result) error { return fill(w, "remarks", nil, r) }
