package chartdir

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxPristine bounds the bytes of a lock's files, unpacked: a crafted lock may hold a thousand times its size.
const maxPristine = 8 << 20

// pack puts files into one block of text: base64 of a gzipped tar, in lines. It depends on nothing but the files.
func pack(files map[string][]byte) (string, error) {
	var b bytes.Buffer
	zipped, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // it fails for unknown levels alone
	total := 0
	w := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if total += len(files[name]); total > maxPristine {
			return "", fmt.Errorf("the chart's files have more than %d bytes", maxPristine)
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Format: tar.FormatPAX,
			Name: name, Mode: 0o644, Size: int64(len(files[name])),
		}
		err := w.WriteHeader(header)
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return "", err
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		return "", err
	}
	var text strings.Builder
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(b.Bytes())), 100) {
		text.Write(append(line, '\n'))
	}
	return text.String(), nil
}

// Pristine unpacks the files as they were generated, by path. Each must have the hash that the lock gives for it.
func (l *Lock) Pristine() (map[string][]byte, error) {
	if len(l.Files) == 0 {
		return map[string][]byte{}, nil
	}
	packed := base64.NewDecoder(base64.StdEncoding, strings.NewReader(l.Packed)) // line breaks aside
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("lock: pristine files: %w", err)
	}
	// Twice, because a tar has headers as well.
	files, err := readArchive(io.LimitReader(unzipped, 2*maxPristine), l.Files)
	if err != nil {
		return nil, fmt.Errorf("lock: pristine files: %w", err)
	}
	return files, nil
}

// readArchive reads a tar of files with the given hashes, by path.
func readArchive(archive io.Reader, sums map[string]string) (map[string][]byte, error) {
	r := tar.NewReader(archive)
	out := map[string][]byte{}
	left := int64(maxPristine)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		// A sparse file has a size that the archive need not hold.
		if header.Typeflag != tar.TypeReg || header.Size > left {
			return nil, fmt.Errorf("%q is no plain file, or more than %d bytes with the others",
				header.Name, maxPristine)
		}
		left -= header.Size
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		if hash(data) != sums[header.Name] {
			return nil, fmt.Errorf("%q is not named in the lock, or has another hash there", header.Name)
		}
		out[header.Name] = data
	}
	if len(out) != len(sums) {
		return nil, fmt.Errorf("there are %d for the %d that it names", len(out), len(sums))
	}
	return out, nil
}
