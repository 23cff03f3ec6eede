//go:build unix

package plugintest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// sandboxVersion is one that no release has, so that a test which reaches out
// finds nothing.
const sandboxVersion = "9.9.9"

// fakeBinary is what the fake releases hold.
const fakeBinary = "#!/bin/sh\necho fake \"$@\"\n"

// tools is all that the script needs, beside a program that downloads.
var tools = []string{
	"sh", "awk", "basename", "chmod", "cut", "dirname", "find", "gzip", "mkdir",
	"mktemp", "mv", "rm", "sed", "sha256sum", "tar", "tr",
}

// A sandbox is a plugin's folder, as a clone of the repository has it, and the
// programs that the script may find.
type sandbox struct {
	plugin string   // the plugin's folder; its name has a space
	path   string   // the one folder in PATH
	env    []string // settings of the script
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	dir := t.TempDir()
	box := &sandbox{plugin: filepath.Join(dir, "plug in"), path: filepath.Join(dir, "path")}
	makeDir(t, box.plugin)
	makeDir(t, box.path)
	write(t, filepath.Join(box.plugin, "plugin.yaml"), 0o644, withVersion(t, read(t, "plugin.yaml"), sandboxVersion))
	write(t, filepath.Join(box.plugin, "install-binary.sh"), 0o755, read(t, "install-binary.sh"))
	write(t, filepath.Join(box.plugin, "go.mod"), 0o644, "module example.com/plugin\n")
	for _, tool := range tools {
		box.have(t, tool)
	}
	box.have(t, "curl")
	box.uname(t, "Linux", "x86_64")
	return box
}

// have puts a program of this machine into PATH.
func (s *sandbox) have(t *testing.T, name string) {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is needed and is not installed", name)
	}
	if err := os.Symlink(program, filepath.Join(s.path, name)); err != nil {
		t.Fatal(err)
	}
}

// lack takes a program out of PATH.
func (s *sandbox) lack(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(s.path, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// fake puts a script into PATH.
func (s *sandbox) fake(t *testing.T, name, script string) {
	t.Helper()
	write(t, filepath.Join(s.path, name), 0o755, "#!/bin/sh\n"+script)
}

func (s *sandbox) uname(t *testing.T, system, machine string) {
	t.Helper()
	s.fake(t, "uname", fmt.Sprintf("case $1 in -s) echo %s ;; -m) echo %s ;; esac\n", system, machine))
}

// fakeGo builds a program that says "built", and fails where the script builds
// for another platform than linux/amd64 or states another version.
func (s *sandbox) fakeGo(t *testing.T) {
	t.Helper()
	s.fake(t, "go", `
		[ "$1" = version ] && { echo go version fake; exit; }
		[ "$GOOS/$GOARCH $CGO_ENABLED $GOWORK" = "linux/amd64 0 off" ] || { echo "wrong platform" >&2; exit 1; }
		case "$*" in *"cli.version=`+sandboxVersion+` "*) ;; *) echo "wrong version: $*" >&2; exit 1 ;; esac
		[ -f go.mod ] || { echo "not in the folder of the source" >&2; exit 1; }
		while [ "$1" != -o ]; do shift; done
		printf '#!/bin/sh\necho built\n' >"$2"
	`)
}

// command runs the script as a hook of Helm 4 does, which tells it least.
func (s *sandbox) command() *exec.Cmd {
	cmd := exec.Command("/bin/sh", filepath.Join(s.plugin, "install-binary.sh"))
	cmd.Env = append([]string{
		"PATH=" + s.path, "HELM_PLUGIN_NAME=livekit", "HELM_PLUGIN_DIR=" + s.plugin, "http_proxy=", "no_proxy=*",
	}, s.env...)
	return cmd
}

// install runs the script to its end and gives what it printed.
func (s *sandbox) install(t *testing.T) (string, error) {
	t.Helper()
	out, err := s.command().CombinedOutput()
	return string(out), err
}

// installed gives the content of the binary, or "".
func (s *sandbox) installed(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.plugin, "bin", name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// expectClean fails where anything but the binary is left in bin/.
func (s *sandbox) expectClean(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.plugin, "bin"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "helm-livekit") {
			t.Errorf("bin/%s was left behind", entry.Name())
		}
	}
}

// A release is a web server's folder: name to content.
type release map[string][]byte

// newRelease is whole and right, for one platform.
func newRelease(platform string) release {
	archive := fmt.Sprintf("helm-livekit_%s_%s", sandboxVersion, platform)
	r := release{}
	if strings.HasPrefix(platform, "windows") {
		archive += ".zip"
		r[archive] = zipped("helm-livekit.exe", fakeBinary)
	} else {
		archive += ".tar.gz"
		r[archive] = tarred("helm-livekit", fakeBinary)
	}
	r["checksums.txt"] = []byte(checksumLine("other_"+archive, []byte("other")) + checksumLine(archive, r[archive]))
	return r
}

func checksumLine(name string, content []byte) string {
	return fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
}

// serve gives the release's URL.
func (r release) serve(t *testing.T) string {
	t.Helper()
	return newServer(t, func(w http.ResponseWriter, req *http.Request) {
		content, there := r[strings.TrimPrefix(req.URL.Path, "/v/")]
		if !there {
			http.NotFound(w, req)
			return
		}
		_, _ = w.Write(content)
	}) + "/v"
}

func newServer(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// stalled serves the release, and stops in the middle of the archive. The
// channel is closed when it has.
func (r release) stalled(t *testing.T, archive string) (string, <-chan struct{}) {
	t.Helper()
	middle, over := make(chan struct{}), make(chan struct{})
	var once sync.Once
	url := newServer(t, func(w http.ResponseWriter, req *http.Request) {
		content := r[strings.TrimPrefix(req.URL.Path, "/")]
		if req.URL.Path != "/"+archive {
			_, _ = w.Write(content)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
		once.Do(func() { close(middle) })
		select {
		case <-over:
		case <-req.Context().Done():
		}
	})
	t.Cleanup(func() { close(over) }) // runs before the server is closed
	return url, middle
}

func tarred(name, content string) []byte {
	var buffer bytes.Buffer
	zipper := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipper)
	for _, file := range []struct{ name, content string }{{"LICENSE", "text"}, {name, content}} {
		header := &tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.content)), ModTime: time.Unix(0, 0)}
		must(archive.WriteHeader(header))
		must2(archive.Write([]byte(file.content)))
	}
	must(archive.Close())
	must(zipper.Close())
	return buffer.Bytes()
}

func zipped(name, content string) []byte {
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	file, err := archive.Create(name)
	must(err)
	must2(io.WriteString(file, content))
	must(archive.Close())
	return buffer.Bytes()
}

// must and must2 guard writes to memory, which do not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must2(_ int, err error) { must(err) }

func makeDir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, mode os.FileMode, content string) {
	t.Helper()
	makeDir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// withVersion gives plugin.yaml with another version.
func withVersion(t *testing.T, text, version string) string {
	t.Helper()
	return strings.Replace(text, "version: "+submatch(t, text, `(?m)^version: (.+)$`), "version: "+version, 1)
}
