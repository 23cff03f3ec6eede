package publish

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// PackOptions say what to pack.
type PackOptions struct {
	Dir        string // the chart's
	Version    string // in place of Chart.yaml's, where not empty
	AppVersion string // in place of Chart.yaml's, where not empty
	Time       time.Time
}

// Package is a packed chart in a temporary file, so that its size does not weigh on memory. Close removes it.
type Package struct {
	Name    string
	Version string
	Digest  string // of the archive: "sha256:..."
	Size    int64  // of the archive, in bytes

	metadata   helmchart.Metadata
	config     []byte
	provenance []byte // nil where the package is not signed
	time       time.Time
	dir, file  string
}

// Pack packs a chart. The same build of this program gives the same bytes for it wherever and whenever it packs.
func Pack(ctx context.Context, o PackOptions) (*Package, error) {
	packaged, err := load(o)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "helm-livekit-")
	if err != nil {
		return nil, fmt.Errorf("pack chart: %w", err)
	}
	p := &Package{
		Name: packaged.Metadata.Name, Version: packaged.Metadata.Version,
		metadata: packaged.Metadata, config: packaged.Config, time: o.Time, dir: dir,
	}
	p.file = filepath.Join(dir, p.archiveName())
	if err := p.write(ctx, packaged.Files); err != nil {
		_ = p.Close()
		return nil, fmt.Errorf("pack chart %s: %w", o.Dir, err)
	}
	return p, nil
}

func load(o PackOptions) (*helmchart.Packaged, error) {
	if err := checkDir(o.Dir); err != nil {
		return nil, err
	}
	const lint = "`helm lint` says more"
	chart, err := helmchart.Load(o.Dir)
	if err != nil {
		return nil, remedy.Errorf(lint, "%w", err)
	}
	if missing := chart.MissingDependencies(); len(missing) > 0 {
		return nil, remedy.Errorf("give --dependency-update, or run `helm dependency update "+o.Dir+"`",
			"%s/Chart.yaml: dependencies that are not in charts/: %s", o.Dir, strings.Join(missing, ", "))
	}
	packaged, err := chart.Package(helmchart.PackageOptions{
		Version: o.Version, AppVersion: o.AppVersion, LockTime: o.Time,
	})
	if err != nil {
		return nil, remedy.Errorf(lint, "%s: %w", o.Dir, err)
	}
	for _, f := range packaged.Files {
		if why := oddName(f.Name); why != "" {
			return nil, remedy.Errorf("fix the archive in charts/", "%s: the file name %q %s", o.Dir, f.Name, why)
		}
	}
	return packaged, nil
}

func (p *Package) archiveName() string { return p.Name + "-" + p.Version + ".tgz" }

func (p *Package) write(ctx context.Context, files []helmchart.File) error {
	f, err := os.Create(p.file)
	if err != nil {
		return err
	}
	digester, buffered := digest.SHA256.Digester(), bufio.NewWriterSize(f, 1<<16)
	err = writeArchive(ctx, io.MultiWriter(buffered, digester.Hash()), files, p.time)
	if err == nil {
		err = buffered.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	info, err := os.Stat(p.file)
	if err == nil {
		p.Size, p.Digest = info.Size(), digester.Digest().String()
	}
	return err
}

// writeArchive packs files into a gzipped tar archive that depends on their names and contents, on the time and on
// the compressor alone: owners, modes and the header of gzip are constants. The compressor is a module, and so of the
// same version in every build, whatever Go it is built with.
func writeArchive(ctx context.Context, w io.Writer, files []helmchart.File, at time.Time) error {
	zipper := gzip.NewWriter(w) // names no file, no time and no system
	archive := tar.NewWriter(zipper)
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: int64(len(f.Data)), ModTime: at}
		err := archive.WriteHeader(header)
		if err == nil {
			_, err = archive.Write(f.Data)
		}
		if err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	return errors.Join(archive.Close(), zipper.Close())
}

// Close removes the temporary files. The package is of no use afterwards.
func (p *Package) Close() error { return os.RemoveAll(p.dir) }

// Save puts the archive, and its provenance where it is signed, into a folder under the names that Helm gives them,
// and says where the archive is. Each file is whole or not there.
func (p *Package) Save(dir string) (string, error) {
	target := filepath.Join(dir, p.archiveName())
	archive, err := os.Open(p.file)
	if err != nil {
		return "", fmt.Errorf("save package: %w", err)
	}
	defer archive.Close()
	err = os.MkdirAll(dir, 0o755)
	if err == nil {
		err = p.writeFile(archive, target)
	}
	if err == nil && p.provenance != nil {
		err = p.writeFile(bytes.NewReader(p.provenance), target+".prov")
	}
	if err != nil {
		return "", fmt.Errorf("save package: %w", err)
	}
	return target, nil
}

// writeFile writes a file with the package's time, for `helm push` reads the manifest's time of creation from there.
func (p *Package) writeFile(from io.Reader, target string) error {
	f, err := os.CreateTemp(filepath.Dir(target), ".helm-livekit-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already where all went well
	defer f.Close()
	_, err = io.Copy(f, from)
	err = errors.Join(err, f.Chmod(0o644), f.Close(), os.Chtimes(f.Name(), p.time, p.time))
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}

// Time gives the time that a package and its manifest bear: that of SOURCE_DATE_EPOCH in seconds
// (https://reproducible-builds.org/specs/source-date-epoch/), else a constant. What a clock, a checkout or a shallow
// clone say would differ between machines.
func Time(sourceDateEpoch string) (time.Time, error) {
	if sourceDateEpoch == "" {
		// The first that every archive format can hold.
		return time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC), nil
	}
	const year9999 = 253402300799 // later ones have no RFC 3339 form
	seconds, err := strconv.ParseInt(sourceDateEpoch, 10, 64)
	if err != nil || seconds < 0 || seconds > year9999 {
		return time.Time{}, remedy.Errorf("give it as `git log -1 --format=%ct` does, or unset it",
			"SOURCE_DATE_EPOCH is %q, not a number of seconds since 1970", sourceDateEpoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// Key is the PGP key that signs a package; its Keyring is GnuPG's public one where empty, as Helm has it.
type Key = helmchart.Key

// Sign signs as `helm package --sign` does: Save writes the provenance beside the package, a push takes it along.
func (p *Package) Sign(key Key) error {
	key.Keyring = cmp.Or(key.Keyring, defaultKeyring())
	provenance, err := helmchart.Sign(p.file, key)
	if err != nil {
		const step = "write the secret keys out with `gpg --export-secret-keys >FILE` and give --keyring FILE; " +
			"--key is part of the key's name"
		return remedy.Errorf(step, "sign package: %w", err)
	}
	p.provenance = provenance
	return nil
}

// defaultKeyring is the public keyring of GnuPG.
func defaultKeyring() string {
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
