package chartdir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// LockName is the lock's file in the chart's folder.
const LockName = ".helm-livekit.lock"

// Names of what a run keeps in the file system while it works. .helmignore
// leaves out all of them.
const (
	ownPrefix  = ".helm-livekit."
	journalDir = ownPrefix + "journal" // a committed run's, in the chart's folder
	stagingDir = ownPrefix + "tmp"     // the same before its commit

	// In the journal's folder:
	journalFile = "journal.json"
	stagedDir   = "new" // the new texts, by their names
)

// stagingBeside names the temporary folder in which a folder is made that is
// to stand beside it as name.
func stagingBeside(name string) string { return ownPrefix + name + ".tmp" }

const chartFile = "Chart.yaml"

// isChartFile reports whether name is one that this package writes: a
// slash-separated path below the chart, without hidden folders or files other
// than the two that a chart has. A crafted journal in a repository would
// otherwise put a hook into .git.
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

// hash is that of a text, whatever ends its lines: git may check files out
// with CRLF.
func hash(data []byte) string {
	sum := sha256.Sum256(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
