package upstream

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Offline, Helm's own index of a repository and its archives do.
func TestHelmsCaches(t *testing.T) {
	const url = "https://charts.example.com/x"
	old, now := chart(t, DefaultChart, "1.8.0"), chart(t, DefaultChart, "1.9.0")
	text := indexOf(DefaultChart, "1.8.0 a.tgz "+hexOf(old), "1.9.0 b.tgz "+hexOf(now))
	sum := sha256.Sum256([]byte(url))
	for name, c := range map[string]struct {
		ref   string
		files map[string]string // below the folder of caches
	}{
		"by its name, Helm 3": {"mine", map[string]string{"repository/mine-index.yaml": text,
			"repository/livekit-server-1.9.0.tgz": string(now)}},
		"by its name, Helm 4": {"mine/livekit-server", map[string]string{"repository/mine-index.yaml": text,
			"content/" + hexOf(now)[:2] + "/" + hexOf(now) + ".chart": string(now)}},
		"by its URL": {url + "/", map[string]string{"repository/mine-index.yaml": text,
			"repository/livekit-server-any.tgz": string(now)}},
		"of helm dependency update": {url, map[string]string{fmt.Sprintf("repository/helm-manager-%x-index.yaml",
			sum): text, "repository/livekit-server-1.9.0.tgz": string(now)}},
		"with another of that version": {"mine", map[string]string{"repository/mine-index.yaml": text,
			"repository/livekit-server-1.9.0.tgz": string(old), "repository/livekit-server-1.9.0-1.tgz": string(now)}},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, c.ref)
			o.Offline = true
			if !strings.Contains(name, "dependency") {
				write(t, o.RepositoryConfig,
					"repositories: [{name: mine, url: '"+url+"'}, {name: again, url: '"+url+"/'}]\n")
			}
			for file, data := range c.files {
				write(t, filepath.Join(o.CacheHome, file), data)
			}
			got := mustFind(t, o)
			if got.Version() != "1.9.0" || got.Digest != "sha256:"+hexOf(now) || got.Source != url+"/b.tgz" ||
				len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "was read at") {
				t.Errorf("got %s %s %s %v", got.Version(), got.Digest, got.Source, got.Notes)
			}
			mustKeepNothing(t, o)
			// What is not there is said, and what is there in its place.
			o.Version = "1.8.0"
			if strings.Contains(name, "another") {
				return
			}
			mustFail(t, o, "the archive of version 1.8.0 ("+url+"/a.tgz) is in no cache, and --offline forbids to "+
				"read it; cached are 1.9.0", "--upstream-version 1.8.0` once with a network")
		})
	}
}

// The archive of Helm's cache also saves reading it.
func TestHelmsArchiveSavesReading(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	t.Setenv("HELM_REPOSITORY_CACHE", elsewhere)
	write(t, filepath.Join(elsewhere, "livekit-server-1.9.0.tgz"), s.files["/livekit-server-1.9.0.tgz"])
	mustFind(t, o)
	if got := s.paths(); got != "/index.yaml" {
		t.Errorf("it read %s", got)
	}
}

// The newer of two indexes counts.
func TestTheNewerIndexCounts(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, "mine")
	write(t, o.RepositoryConfig, "repositories: [{name: mine, url: '"+s.URL+"'}, {name: again, url: '"+s.URL+"/'}]\n")
	mustFind(t, o)
	s.Close()
	o.Ref = s.URL // which has two names
	other := filepath.Join(o.CacheHome, "repository", "again-index.yaml")
	write(t, other, indexOf(DefaultChart, "4.0.0 d.tgz "+hexOf(nil)))
	if err := os.Chtimes(other, time.Now().Add(-2*time.Hour), time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	o.Offline = true
	file, data := filepath.Join(o.CacheHome, "repository", "mine-index.yaml"), chart(t, DefaultChart, "3.0.0")
	write(t, file, indexOf(DefaultChart, "3.0.0 c.tgz "+hexOf(data)))
	write(t, filepath.Join(o.CacheHome, "repository", "livekit-server-3.0.0.tgz"), string(data))
	for age, want := range map[time.Duration]string{-time.Hour: "1.9.0", time.Hour: "3.0.0"} {
		if err := os.Chtimes(file, time.Now().Add(age), time.Now().Add(age)); err != nil {
			t.Fatal(err)
		}
		if c := mustFind(t, o); c.Version() != want {
			t.Errorf("got %s, want %s", c.Version(), want)
		}
	}
}

// Without an index an archive of the chart's name does, and that is said.
func TestAnyChartOfHelmsCaches(t *testing.T) {
	o := options(t, "")
	o.Offline = true
	for _, version := range []string{"1.8.0", "1.9.0"} {
		write(t, filepath.Join(o.CacheHome, "repository", "livekit-server-"+version+".tgz"),
			string(chart(t, DefaultChart, version)))
	}
	write(t, filepath.Join(o.CacheHome, "repository", "livekit-server-broken.tgz"), "text")
	write(t, filepath.Join(o.CacheHome, "repository", "livekit-server-3.tgz"),
		string(chart(t, "livekit-server-3", "3.0.0")))
	write(t, filepath.Join(o.CacheHome, "content", "ab", "x.chart"), string(chart(t, DefaultChart, "1.9.1")))
	c := mustFind(t, o)
	if c.Version() != "1.9.1" || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "by its name and version alone") {
		t.Errorf("got %s %v", c.Version(), c.Notes)
	}
	o.Version = "~1.8"
	if c := mustFind(t, o); c.Version() != "1.8.0" {
		t.Errorf("got %s", c.Version())
	}
	o.Version = "^2"
	mustFail(t, o, "no version meets ^2; there are 1.9.1, 1.9.0, 1.8.0", "once with a network")
}

func TestHelmsEnvironment(t *testing.T) {
	env := map[string]string{"HELM_CACHE_HOME": "/c", "HELM_REPOSITORY_CONFIG": "/r.yaml",
		"HELM_REGISTRY_CONFIG": "/g.json"}
	o := complete(Options{}, func(name string) string { return env[name] })
	want := Options{
		Ref: DefaultRepository, ChartName: DefaultChart, CacheHome: "/c", RepositoryConfig: "/r.yaml",
		RegistryConfig: "/g.json",
		Timeout:        o.Timeout, Wait: o.Wait, Log: o.Log,
	}
	if o != want {
		t.Errorf("got %+v", o)
	}
	env = map[string]string{"XDG_CACHE_HOME": "/x"}
	if o = complete(Options{}, func(name string) string { return env[name] }); o.CacheHome != filepath.Join("/x",
		"helm") {
		t.Errorf("got %+v", o)
	}
	if o := complete(Options{}, func(string) string { return "" }); o.CacheHome != "" {
		t.Errorf("got %+v", o)
	}
	t.Setenv("HELM_REPOSITORY_CACHE", "/y")
	t.Setenv("HELM_CONTENT_CACHE", "")
	f, err := newFinder(Options{CacheHome: "/c"})
	if err != nil || !slices.Equal(f.helm, []string{"/y", filepath.Join("/c", "content")}) {
		t.Errorf("got %v, %v", f, err)
	}
}
