package update

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// An update of a chart with ten values files, beside writing such a chart.
func BenchmarkUpdate(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "livekit")
	scaffold := func(dir string) {
		if _, err := scaffolding.Run(context.Background(), scaffolding.RunOptions{Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
	scaffold(dir)
	for i := range 10 {
		text := fmt.Sprintf("replicaCount: 1\nresources:\n  limits:\n    memory: %dGi\n", i+1)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("values-%d.yaml", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("scaffold", func(b *testing.B) {
		for i := range b.N {
			scaffold(filepath.Join(b.TempDir(), fmt.Sprintf("livekit-%d", i)))
		}
	})
	b.Run("update", func(b *testing.B) {
		for range b.N {
			_, err := Run(context.Background(), Options{Dir: dir, With: []string{"pdb", "metrics"}, DryRun: true})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
