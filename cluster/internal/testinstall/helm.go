package testinstall

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// helm runs the user's Helm in one namespace.
type helm struct {
	file, namespace string
	version         string // v3.22.0
}

// interruptTimeout is how long Helm may take to end when it is interrupted: it writes down
// what became of the release.
const interruptTimeout = 20 * time.Second

func findHelm(ctx context.Context, file, namespace string) (*helm, error) {
	h := &helm{file: file, namespace: namespace}
	out, err := h.run(ctx, "version", "--template", "{{.Version}}")
	if err != nil {
		return nil, remedy.Errorf("set HELM_BIN to the file of a Helm, or put helm on the path",
			"%s does not run as Helm: %w", file, err)
	}
	h.version = strings.TrimSpace(out)
	return h, nil
}

// run runs Helm and gives what it printed on stdout. An error has what it printed
// on stderr, without Helm's own "Error: ".
func (h *helm) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, h.file, append(args, "--namespace", h.namespace)...)
	// Helm runs plugins with HELM_NAMESPACE set, and some with its debug mode.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "HELM_NAMESPACE=") || strings.HasPrefix(e, "HELM_DEBUG=")
	})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = interruptTimeout
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" {
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	if err := cmd.Run(); err != nil {
		text := cmp.Or(strings.TrimSpace(stderr.String()), err.Error())
		return stdout.String(), fmt.Errorf("helm %s: %w", args[0], &helmError{withoutWarnings(text)})
	}
	return stdout.String(), nil
}

// helmError is what Helm printed when it failed.
type helmError struct{ text string }

func (e *helmError) Error() string { return e.text }

func withoutWarnings(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool {
		return strings.HasPrefix(l, "WARNING:") || strings.HasPrefix(l, "level=") || strings.TrimSpace(l) == ""
	})
	if len(lines) == 0 {
		return text
	}
	return strings.TrimPrefix(strings.Join(lines, "\n"), "Error: ")
}

func (h *helm) hasRelease(ctx context.Context, name string) bool {
	_, err := h.run(ctx, "status", name)
	return err == nil
}
