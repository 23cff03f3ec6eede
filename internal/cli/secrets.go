package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/helm-livekit/helm-livekit/internal/publish"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// readPassword reads a password or token from standard input.
func readPassword(stdin io.Reader) (string, error) {
	const most = 64 << 10 // tokens of clouds are a few KiB
	data, err := io.ReadAll(io.LimitReader(stdin, most))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	password := strings.TrimRight(string(data), "\r\n")
	if password == "" {
		return "", remedy.Errorf("pipe it in, as in `echo $TOKEN | helm livekit push --password-stdin ...`",
			"no password on standard input")
	}
	return password, nil
}

// passphrase gives the passphrase of a key: of a file, or asked for where standard input is a terminal that nothing
// else reads.
func passphrase(file string, stdin io.Reader, stdinTaken bool, notes io.Writer) func(string) ([]byte, error) {
	return func(userID string) ([]byte, error) {
		if file != "" {
			return publish.ReadPassphrase(file, stdin)
		}
		terminal := int(os.Stdin.Fd())
		if stdinTaken || !term.IsTerminal(terminal) {
			return nil, remedy.Errorf("give --passphrase-file",
				"the key %q has a passphrase, and there is no terminal to ask for it", userID)
		}
		fmt.Fprintf(notes, "Passphrase for the key %q: ", userID)
		defer fmt.Fprintln(notes)
		return term.ReadPassword(terminal)
	}
}
