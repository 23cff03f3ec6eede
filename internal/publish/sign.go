package publish

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Key is the PGP key that signs a package.
type Key struct {
	Name    string // part of its user ID
	Keyring string // DefaultKeyring where empty
	// Passphrase is asked for where the key has one, with the key's user ID.
	Passphrase func(userID string) ([]byte, error)
}

// Sign signs the package as `helm package --sign` does: Save writes the
// provenance beside it, and a push takes it along.
func (p *Package) Sign(key Key) error {
	if key.Keyring == "" {
		key.Keyring = DefaultKeyring()
	}
	provenance, err := helmchart.Sign(p.file, helmchart.Key{Keyring: key.Keyring, Name: key.Name, Passphrase: key.Passphrase})
	if err != nil {
		return remedy.Errorf("write the secret keys out with `gpg --export-secret-keys >FILE` and give --keyring FILE; --key is part of the key's name",
			"sign package: %w", err)
	}
	p.provenance = provenance
	return nil
}

// DefaultKeyring is Helm's: the public keyring of GnuPG.
func DefaultKeyring() string {
	if home := os.Getenv("GNUPGHOME"); home != "" {
		return filepath.Join(home, "pubring.gpg")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "pubring.gpg"
	}
	return filepath.Join(home, ".gnupg", "pubring.gpg")
}

// ReadPassphrase reads the first line of a file, or of stdin where the file
// is "-".
func ReadPassphrase(file string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read passphrase: %w", err)
		}
		defer f.Close()
		from = f
	}
	line, err := bufio.NewReader(from).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read passphrase from %s: %w", file, err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return nil, remedy.Errorf("put the passphrase into its first line", "read passphrase from %s: the first line is empty", file)
	}
	return []byte(line), nil
}
