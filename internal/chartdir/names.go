package chartdir

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"
)

// LockName is the lock's file in the chart's folder.
const LockName = ".helm-livekit.lock"

// Names of what a run keeps in the chart's folder while it works. .helmignore leaves out all of them.
const (
	ownPrefix  = ".helm-livekit."
	stagingDir = ownPrefix + "tmp" // the files to come, by their names
	stagedLock = stagingDir + "/" + LockName
)

const chartFile = "Chart.yaml"

// isChartFile reports whether name is one that this package writes: a slash-separated path below the chart, without
// hidden folders or files other than the two that a chart has. A crafted lock in a repository would otherwise have a
// hook in .git removed.
func isChartFile(name string) bool {
	if name == LockName || name == ".helmignore" {
		return true
	}
	if !utf8.ValidString(name) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		// Windows drops dots and spaces at the end, so "a. " would be "a".
		if part == "" || part[0] == '.' || strings.TrimRight(part, ". ") != part {
			return false
		}
	}
	return filepath.IsLocal(filepath.FromSlash(name))
}

// hash is that of a text, whatever ends its lines: git may check files out with CRLF.
func hash(data []byte) string {
	return digest.FromBytes(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))).String()
}
