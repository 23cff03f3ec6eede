package chartdir

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestLockRoundTrip(t *testing.T) {
	files := texts{"Chart.yaml": "a\n", "icon.png": "\x89PNG\r\n\x1a\n\x00", "templates/ünï.yaml": "",
		strings.Repeat("long/", 40) + "name": "x"}.bytes()
	made := func() *Lock {
		l := &Lock{
			Tool: "v1", Template: "sha256:0", Chart: Version{"livekit", "0.1.0", "v1.13.5"},
			Upstream:   Version{"livekit-server", "1.9.0", "v1.9.0"},
			Components: []string{"redis", "ingress"},
			Options:    map[string]any{"without": []any{"ingress"}, "b": true},
			Convention: map[string]any{"values": map[string]any{"image.tag": "x.y"}},
		}
		if err := l.record(files); err != nil {
			t.Fatal(err)
		}
		return l
	}
	data, err := made().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, err := made().Encode(); err != nil || !bytes.Equal(data, again) {
			t.Fatal("two locks of the same chart differ", err)
		}
	}
	dir := t.TempDir()
	for ending, text := range map[string]string{"LF": string(data),
		"CRLF": strings.ReplaceAll(string(data), "\n", "\r\n")} {
		put(t, dir, texts{LockName: text})
		got, err := ReadLock(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(made(), got); diff != "" {
			t.Errorf("%s: %s", ending, diff)
		}
		unpacked, err := got.Pristine()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(files, unpacked); diff != "" {
			t.Errorf("%s: %s", ending, diff)
		}
	}
	for line := range strings.Lines(string(data)) {
		if len(line) > 500 {
			t.Errorf("a line has %d characters: %.60s", len(line), line)
		}
	}
}

func TestNoLock(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if l, err := ReadLock(dir); l != nil || err != nil {
			t.Errorf("got %v, %v", l, err)
		}
	}
}

func TestALockThatIsNoFile(t *testing.T) {
	for name, make := range somethingElse {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			make(t, filepath.Join(dir, LockName))
			if l, err := ReadLock(dir); err == nil {
				t.Errorf("read as %v", l)
			}
		})
	}
}

func TestALockTooLargeToReadIsNotWritten(t *testing.T) {
	l := &Lock{Tool: strings.Repeat("a", maxLock)}
	if _, err := l.Encode(); err == nil {
		t.Error("it was encoded")
	}
}

func TestPristine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{"values.yaml": "a: mine\n"})
	lock, err := ReadLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := lock.Pristine()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.bytes(), files); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedLocks(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":     "a: b: c",
		"a newer one":  "format: 99\n",
		"a way out":    "format: 1\nfiles: {../../etc/passwd: x}\n",
		"an absolute":  "format: 1\nfiles: {/etc/passwd: x}\n",
		"a backslash":  "format: 1\nfiles: {'..\\x': x}\n",
		"another kind": "- a\n",
		"a hook":       "format: 1\nfiles: {.git/hooks/pre-commit: x}\n",
		"itself":       "format: 1\nfiles: {.helm-livekit.lock: x}\n",
		"twice a key":  "format: 1\nformat: 1\n",
		"an alias bomb": "format: 1\nconvention:\n  a: &a [x,x,x,x,x,x,x,x,x,x]\n" +
			"  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" +
			"  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n" +
			"  f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n  g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
		"too large": "format: 1\nhost: " + strings.Repeat("a", maxLock) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, texts{LockName: text})
			if l, err := ReadLock(dir); err == nil {
				t.Errorf("read as %v", l)
			} else if !strings.Contains(err.Error(), LockName) || remedy.Step(err) == "" {
				t.Errorf("%v names no file, or has no remedy", err)
			}
		})
	}
}

// bombs are packed files that are far larger than they look.
func bombs(t testing.TB) map[string]string {
	zeros := make([]byte, 4*maxPristine)
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "a", Size: int64(len(zeros))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(zeros); err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"large file":     zipped(t, archive.Bytes()),
		"no archive":     zipped(t, zeros),
		"sparse file":    zipped(t, sparseArchive()),
		"symbolic link":  zipped(t, linkArchive(t)),
		"not base64":     "&",
		"not zipped":     base64.StdEncoding.EncodeToString([]byte("text")),
		"nothing":        "",
		"cut off":        zipped(t, archive.Bytes())[:400],
		"another's hash": zipped(t, fileArchive(t)),
	}
}

func zipped(t testing.TB, data []byte) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// sparseArchive is a small GNU tar with a file of 128 MiB, all of it a
// hole. Go's tar writes none, so the header is made by hand: see "GNU tar
// internals", struct oldgnu_header.
func sparseArchive() []byte {
	h := make([]byte, 3*512)
	for at, field := range map[int]string{
		0: "a", 100: "0000644\x00", 108: "0000000\x00", 116: "0000000\x00", 124: "00000000000\x00",
		136: "00000000000\x00",
		148: "        ", 156: "S", 257: "ustar  \x00", 483: "01000000000\x00",
	} {
		copy(h[at:], field)
	}
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func linkArchive(t testing.TB) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "a", Linkname: "/etc/passwd"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fileArchive(t testing.TB) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "a", Size: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCraftedPristineFiles(t *testing.T) {
	for name, packed := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			l := &Lock{Format: lockFormat, Files: map[string]string{"a": hash(nil)}, Packed: packed}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			files, err := l.Pristine()
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("it gave %d files", len(files))
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8*maxPristine {
				t.Errorf("it used %d MB", used>>20)
			}
		})
	}
}

func TestReadLockOfAFileInPlaceOfTheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLock(file); err == nil {
		t.Error("it was read")
	}
}
