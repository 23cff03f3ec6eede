package report

import (
	"io"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// Scaffold prints what was written, or what would be, and what to do next.
func Scaffold(w io.Writer, r *scaffolding.Result) error { return fill(w, "scaffold", nil, r) }
