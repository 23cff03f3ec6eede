package plugintest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	fakeCompanion = "#!/bin/sh\necho companion\n"
	oldCompanion  = "#!/bin/sh\necho old\n"
)

// The companion comes with the plugin where the archive has it. One of another
// version does not stay beside a new plugin, unless the user leaves it out.
func TestInstallsTheCompanion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, packed, skip, want, says string
		fails                          bool
	}{
		{name: "both", packed: fakeCompanion, want: fakeCompanion},
		{name: "an archive without it", want: "", says: "all works but verify --install"},
		{name: "left out", packed: fakeCompanion, skip: "1", want: oldCompanion},
		{name: "one that does not run", packed: "#!/bin/sh\nexit 1\n", want: oldCompanion, fails: true,
			says: "helm-livekit-cluster for linux/amd64 does not run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			write(t, filepath.Join(box.plugin, "bin", "helm-livekit-cluster"), 0o755, oldCompanion)
			content := tarredBoth(c.packed)
			r := release{linuxArchive: content, "checksums.txt": []byte(checksumLine(linuxArchive, content))}
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + r.serve(t), "HELM_LIVEKIT_SKIP_CLUSTER=" + c.skip}
			out, err := box.install(t)
			if (err != nil) != c.fails || !strings.Contains(out, c.says) {
				t.Fatalf("error %v, expected one: %v, and %q in:\n%s", err, c.fails, c.says, out)
			}
			equal(t, "the companion", box.installed(t, "helm-livekit-cluster"), c.want)
			plugin := fakeBinary
			if c.fails {
				plugin = ""
			}
			equal(t, "the plugin", box.installed(t, "helm-livekit"), plugin)
			box.expectClean(t)
		})
	}
}

// A companion that cannot be built costs verify --install, not the plugin.
func TestBuildsTheCompanion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, broken, skip, want, says string }{
		{name: "both", want: "#!/bin/sh\necho built\n"},
		{name: "a compile error", broken: "1", says: "could not be built"},
		{name: "left out", broken: "1", skip: "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			write(t, filepath.Join(box.plugin, "cluster", "helm-livekit-cluster", "main.go"), 0o644, "package main\n")
			box.fake(t, "go", `
				[ "$1" = version ] && exit
				case "$*" in *main.version=`+sandboxVersion+`*helm-livekit-cluster) [ -z "$BROKEN" ] || exit 1 ;; esac
				while [ "$1" != -o ]; do shift; done
				printf '#!/bin/sh\necho built\n' >"$2"
			`)
			box.env = []string{"HELM_LIVEKIT_BASE_URL=" + release{}.serve(t), "BROKEN=" + c.broken,
				"HELM_LIVEKIT_SKIP_CLUSTER=" + c.skip}
			out, err := box.install(t)
			if err != nil || !strings.Contains(out, c.says) ||
				(c.says == "" && strings.Contains(out, "verify --install")) {
				t.Fatalf("%v, expected %q in:\n%s", err, c.says, out)
			}
			equal(t, "the companion", box.installed(t, "helm-livekit-cluster"), c.want)
			equal(t, "the plugin", box.installed(t, "helm-livekit"), "#!/bin/sh\necho built\n")
			box.expectClean(t)
		})
	}
}

// tarredBoth is an archive of the plugin and, unless it is "", the companion.
func tarredBoth(companion string) []byte {
	var buffer bytes.Buffer
	zipper := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipper)
	for _, file := range []struct{ name, content string }{{"helm-livekit", fakeBinary},
		{"helm-livekit-cluster", companion}} {
		if file.content == "" {
			continue
		}
		must(archive.WriteHeader(&tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.content)),
			ModTime: time.Unix(0, 0)}))
		must2(archive.Write([]byte(file.content)))
	}
	must(archive.Close())
	must(zipper.Close())
	return buffer.Bytes()
}
