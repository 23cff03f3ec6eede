package upstream

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

func TestStore(t *testing.T) {
	s := &store{t.TempDir()}
	if data, _ := s.recall("q"); data != nil {
		t.Error("an empty store answers")
	}
	if err := s.remember("q", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if data, read := s.recall("q"); string(data) != "one" || time.Since(read) > time.Minute {
		t.Errorf("got %s, read at %s", data, read)
	}
	if data, _ := s.recall("other"); data != nil {
		t.Error("it answers another question")
	}
	// Whatever lies there, it is what was put there or nothing.
	d := digestOf([]byte("one"))
	for _, damage := range []string{"", "on", "two"} {
		write(t, s.content(d), damage)
		if data := s.get(d); data != nil {
			t.Errorf("it gives %s", data)
		}
		if err := s.put([]byte("one")); err != nil {
			t.Fatal(err)
		}
		if data := s.get(d); string(data) != "one" {
			t.Errorf("it gives %q", data)
		}
	}
	for _, d := range []digest.Digest{"", "sha256:", "sha256:..", "sha512:" + digest.Digest(strings.Repeat("0", 128)),
		digest.Digest("sha256:" + strings.Repeat("/", 64))} {
		if path := s.content(d); path != "" {
			t.Errorf("%s lies at %s", d, path)
		}
	}
	var none store
	if err := none.remember("q", nil); err != nil {
		t.Error(err)
	}
	if data, _ := none.recall("q"); data != nil {
		t.Error("no store answers")
	}
}

// What a killed process leaves half written goes with time, and never counts.
func TestLeftovers(t *testing.T) {
	s := &store{t.TempDir()}
	old, young := filepath.Join(s.dir, "sha256", "tmp-1"), filepath.Join(s.dir, "sha256", "tmp-2")
	write(t, old, "half")
	write(t, young, "half")
	if err := os.Chtimes(old, time.Now().Add(-2*time.Hour), time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.put([]byte("whole")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the old one is still there")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error("another process may be at it:", err)
	}
}

// Many at a time find the same chart by one cache.
func TestManyAtATime(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			o := o
			o.Version = []string{"1.8.0", "1.9.0"}[i%2]
			c, err := Find(context.Background(), o)
			if err != nil || c.Version() != o.Version {
				t.Errorf("got %v, %v", c, err)
			}
		})
	}
	group.Wait()
	for _, file := range kept(t, o) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(filepath.Dir(file)) == "sha256" && filepath.Base(file) != hexOf(data) {
			t.Errorf("%s has other content", file)
		}
	}
}

// What is cached may be private.
func TestRightsOfTheCache(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	mustFind(t, o)
	info, err := os.Stat(filepath.Join(o.CacheHome, "helm-livekit", "upstream", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	if os.PathSeparator == '/' && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the folder has mode %s", info.Mode())
	}
}

func BenchmarkFindCached(b *testing.B) {
	s := newSite(b, false)
	s.livekit(b)
	o := options(b, s.URL)
	mustFind(b, o)
	for b.Loop() {
		mustFind(b, o)
	}
}

// The text of a cached answer holds nothing but what is needed.
func TestAnswersHoldNoQuery(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL+"/livekit-server-1.9.0.tgz?signature="+testPassword)
	mustFind(t, o)
	for _, file := range kept(t, o) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(testPassword)) || strings.Contains(file, testPassword) {
			t.Error(fmt.Errorf("%s has the query", file))
		}
	}
}
