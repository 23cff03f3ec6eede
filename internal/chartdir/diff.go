package chartdir

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Diff gives the changes as a unified diff, line endings aside and the lock's left out. Of a file that is no text it
// says only that it differs.
func (p *Plan) Diff() string {
	var b strings.Builder
	for _, c := range p.Changes {
		before, after := "a/"+c.Path, "b/"+c.Path
		switch c.Action {
		case Created:
			before = "/dev/null"
		case Removed:
			after = "/dev/null"
		case Unchanged, Conflict:
			continue
		}
		have, want := p.have[c.Path], p.files[c.Path]
		if isBinary(have) || isBinary(want) {
			fmt.Fprintf(&b, "Binary files %s and %s differ\n", before, after)
			continue
		}
		b.WriteString(udiff.Unified(before, after, plainLines(have), plainLines(want)))
	}
	return b.String()
}

// isBinary judges as git and diff do.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0
}

// plainLines is a text with LF alone: where git checks files out with CRLF, a diff would show every line.
func plainLines(data []byte) string {
	return strings.ReplaceAll(string(data), "\r\n", "\n")
}
