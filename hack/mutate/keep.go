package main

import (
	"fmt"
	"io"
	"os"

	"github.com/helm-livekit/helm-livekit/hack/mutate/mutation"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// keep writes a mutated chart to a folder that is new or empty, and says where.
func keep(dir string, files []helmchart.File, stderr io.Writer) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "mutated-chart-")
		if err != nil {
			return err
		}
		dir = made
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("--keep %s holds files already: name a new folder", dir)
	}
	if err := mutation.WriteDir(dir, files); err != nil {
		return fmt.Errorf("keep the mutated chart: %w", err)
	}
	_, err := fmt.Fprintf(stderr, "The mutated chart is in %s\n", dir)
	return err
}
