package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/helm-livekit/helm-livekit/internal/helmcache"
)

// store is this program's own cache: content by its digest (sha256/HEX), and
// answers that may change with the time by what was asked (answers/HEX.json). A
// file is written beside its place and then renamed, so that it is there as a
// whole or not at all; what was read is checked against its digest. Nothing in
// the cache is needed: without a folder it is empty.
type store struct{ dir string }

// answer is what was last said to a question, such as an index's URL.
type answer struct {
	Of       string        `json:"of"` // the question, without credentials
	Digest   digest.Digest `json:"digest"`
	ETag     string        `json:"etag,omitempty"`
	Modified string        `json:"lastModified,omitempty"`
	Read     time.Time     `json:"read"`
}

const maxAnswer = 64 << 10

// get gives the content of a digest, nil where it is not there or damaged.
func (s *store) get(d digest.Digest, most int64) []byte {
	path := s.content(d)
	if path == "" {
		return nil
	}
	data, err := helmcache.ReadFile(path, most)
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
func (s *store) put(data []byte) (digest.Digest, error) {
	d := digestOf(data)
	if s.dir == "" {
		return d, nil
	}
	path := s.content(d)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(data)) && s.get(d, info.Size()) != nil {
		return d, nil
	}
	return d, writeFile(path, data)
}

// recall gives the last answer and its content, nil where there is none.
func (s *store) recall(question string, most int64) (*answer, []byte) {
	a := s.answer(question)
	if a == nil {
		return nil, nil
	}
	data := s.get(a.Digest, most)
	if data == nil {
		return nil, nil
	}
	return a, data
}

func (s *store) answer(question string) *answer {
	if s.dir == "" {
		return nil
	}
	text, err := helmcache.ReadFile(s.answers(question), maxAnswer)
	if err != nil {
		return nil
	}
	var a answer
	if json.Unmarshal(text, &a) != nil {
		return nil
	}
	return &a
}

// remember keeps an answer in place of the last one, which it gives. a has all
// but the digest.
func (s *store) remember(question string, a answer, content []byte) (last *answer, err error) {
	if s.dir == "" {
		return nil, nil
	}
	last = s.answer(question)
	if a.Digest, err = s.put(content); err != nil {
		return last, err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return last, fmt.Errorf("keep answer: %w", err)
	}
	return last, writeFile(s.answers(question), append(text, '\n'))
}

// drop removes the content of a digest.
func (s *store) drop(d digest.Digest) {
	if path := s.content(d); path != "" {
		os.Remove(path)
	}
}

// charts gives the charts of a name that are kept.
func (s *store) charts(name string) []cached {
	if s.dir == "" {
		return nil
	}
	list, err := os.ReadDir(filepath.Join(s.dir, "sha256"))
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range list {
		paths = append(paths, filepath.Join(s.dir, "sha256", e.Name()))
	}
	return named(name, paths)
}

// content is the file of a digest, "" where it is none that this cache has.
func (s *store) content(d digest.Digest) string {
	if s.dir == "" || d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return ""
	}
	return filepath.Join(s.dir, "sha256", d.Encoded())
}

func (s *store) answers(question string) string {
	sum := sha256.Sum256([]byte(question))
	return filepath.Join(s.dir, "answers", hex.EncodeToString(sum[:])+".json")
}

// writeFile writes a file as one step. What it holds may be private.
func writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sweep(dir)
	tmp, err := os.CreateTemp(dir, temporary+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// temporary begins the names of files that are not whole yet.
const temporary = "tmp-"

// sweep removes what killed processes have left half written. Another process
// may be at a younger one.
func sweep(dir string) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range list {
		info, err := e.Info()
		if strings.HasPrefix(e.Name(), temporary) && err == nil && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
