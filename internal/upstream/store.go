package upstream

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// store is this program's own cache: content by its digest (sha256/HEX), and what was last said to questions whose
// answer changes, such as an index's URL (answers/HEX of the question). A file is written beside its place and then
// renamed, so that it is there as a whole or not at all. Nothing in the cache is needed: without a folder it is
// empty.
type store struct{ dir string }

// get gives the content of a digest, nil where it is not there or damaged.
func (s *store) get(d digest.Digest) []byte {
	path := s.content(d)
	data, err := helmcache.ReadFile(path, maxAnswer)
	if err != nil {
		return nil
	}
	if digestOf(data) != d {
		os.Remove(path) // damaged, and never right again
		return nil
	}
	return data
}

// put keeps content.
func (s *store) put(data []byte) error { return writeFile(s.content(digestOf(data)), data) }

// recall gives the last answer and when it was read, nil where there is none.
func (s *store) recall(question string) (data []byte, read time.Time) {
	path := s.answer(question)
	info, err := os.Stat(path)
	if err == nil {
		data, err = helmcache.ReadFile(path, maxAnswer)
	}
	if err != nil {
		return nil, time.Time{}
	}
	return data, info.ModTime()
}

// remember keeps an answer in place of the last one.
func (s *store) remember(question string, data []byte) error {
	return writeFile(s.answer(question), data)
}

// content is the file of a digest, "" where it is none that this cache has.
func (s *store) content(d digest.Digest) string {
	if s.dir == "" || d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return ""
	}
	return filepath.Join(s.dir, "sha256", d.Encoded())
}

// contents lists the files of all digests.
func (s *store) contents() (paths []string) {
	if s.dir == "" {
		return nil
	}
	dir := filepath.Join(s.dir, "sha256")
	list, _ := os.ReadDir(dir) // what cannot be read is not there
	for _, e := range list {
		paths = append(paths, filepath.Join(dir, e.Name()))
	}
	return paths
}

// answer is the file of a question, "" without a cache.
func (s *store) answer(question string) string {
	if s.dir == "" {
		return ""
	}
	return filepath.Join(s.dir, "answers", digestOf([]byte(question)).Encoded())
}

// writeFile writes a file as one step. What it holds may be private. "" is no file.
func writeFile(path string, data []byte) (err error) {
	if path == "" {
		return nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sweep(dir)
	tmp, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already where all went well
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// temporary begins the names of files that are not whole yet.
const temporary = "tmp-"

// sweep removes what killed processes have left half written. Another process may be at a younger one.
func sweep(dir string) {
	list, _ := os.ReadDir(dir) // what cannot be read is left
	for _, e := range list {
		info, err := e.Info()
		if strings.HasPrefix(e.Name(), temporary) && err == nil && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
