package publish

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// writeArchive packs files into a gzipped tar archive that depends on their
// names and contents, on the time and on the compressor alone: owners, modes
// and the header of gzip are constants. The compressor is a module, and so of
// the same version in every build, whatever Go it is built with.
func writeArchive(ctx context.Context, w io.Writer, files []helmchart.File, at time.Time) error {
	zipper := gzip.NewWriter(w) // names no file, no time and no system
	archive := tar.NewWriter(zipper)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: int64(len(f.Data)), ModTime: at}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
		if _, err := archive.Write(f.Data); err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if err := zipper.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}
