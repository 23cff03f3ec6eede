//go:build unix

package yamldoc

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe without a writer would make the reader wait for ever.
func TestNamedPipeIsRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "values.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if _, err := ReadFile(pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error %v", err)
	}
}
