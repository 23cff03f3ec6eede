package helmchart

import (
	"fmt"

	"helm.sh/helm/v3/pkg/provenance"
)

// Key is a PGP key that signs packages.
type Key struct {
	Keyring string // file of keys in GnuPG's old format, secret ones among them
	Name    string // part of the key's user ID
	// Passphrase is asked for where the key has one, with the key's user ID.
	Passphrase func(userID string) ([]byte, error)
}

// Sign gives the provenance of a packed chart, as `helm package --sign` writes it: Chart.yaml and the archive's
// SHA-256, clear-signed. The archive's name counts, since Helm looks for it when it verifies.
func Sign(archive string, key Key) ([]byte, error) {
	signatory, err := provenance.NewFromKeyring(key.Keyring, key.Name)
	if err != nil {
		return nil, fmt.Errorf("read keyring %s: %w", key.Keyring, err)
	}
	if err := signatory.DecryptKey(key.Passphrase); err != nil {
		return nil, fmt.Errorf("use key %q of %s: %w", key.Name, key.Keyring, err)
	}
	text, err := signatory.ClearSign(archive)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", archive, err)
	}
	return []byte(text), nil
}
