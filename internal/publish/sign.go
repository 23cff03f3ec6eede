package publish

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Key is the PGP key that signs a package; its Keyring is DefaultKeyring where empty.
type Key = helmchart.Key

// Sign signs the package as `helm package --sign` does: Save writes the provenance beside it, and a push takes it
// along.
func (p *Package) Sign(key Key) error {
	key.Keyring = cmp.Or(key.Keyring, DefaultKeyring())
	provenance, err := helmchart.Sign(p.file, key)
	if err != nil {
		const step = "write the secret keys out with `gpg --export-secret-keys >FILE` and give --keyring FILE; " +
			"--key is part of the key's name"
		return remedy.Errorf(step, "sign package: %w", err)
	}
	p.provenance = provenance
	return nil
}

// DefaultKeyring is Helm's: the public keyring of GnuPG.
func DefaultKeyring() string {
	home, _ := os.UserHomeDir()
	return filepath.Join(cmp.Or(os.Getenv("GNUPGHOME"), filepath.Join(home, ".gnupg")), "pubring.gpg")
}

// ReadPassphrase reads the first line of a file, or of stdin where the file is "-".
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
		return nil, remedy.Errorf("put the passphrase into its first line",
			"read passphrase from %s: the first line is empty", file)
	}
	return []byte(line), nil
}
