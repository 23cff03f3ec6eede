package chartdir

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// leavesTheChart judges a name on its own terms, not by isChartFile.
func leavesTheChart(name string) bool {
	return !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(strings.ToLower("/"+name), "/.git")
}

func FuzzLock(f *testing.F) {
	l := &Lock{Tool: "v1", Convention: map[string]any{"a": []any{1, "b"}}}
	if err := l.record(first.bytes()); err != nil {
		f.Fatal(err)
	}
	data, err := l.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, archive := range [][]byte{sparseArchive(), linkArchive(f), fileArchive(f)} {
		f.Add([]byte("format: 1\nfiles: {a: " + hash(nil) + "}\npristine: " + zipped(f, archive) + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decodeLock(data)
		if err != nil {
			return
		}
		for name := range l.Files {
			if leavesTheChart(name) {
				t.Errorf("%q leads out", name)
			}
		}
		files, err := l.Pristine()
		if err != nil {
			return
		}
		for name, data := range files {
			if l.Files[name] != hash(data) {
				t.Errorf("%q is not what the lock says", name)
			}
		}
	})
}

func FuzzArchive(f *testing.F) {
	f.Add(sparseArchive())
	f.Add(linkArchive(f))
	f.Add(fileArchive(f))
	sums := map[string]string{"a": hash([]byte("x"))}
	f.Fuzz(func(t *testing.T, archive []byte) {
		files, err := readArchive(bytes.NewReader(archive), sums)
		if err == nil && (len(files) != 1 || hash(files["a"]) != sums["a"]) {
			t.Errorf("it gave %v", files)
		}
	})
}
