package helmcache

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// archive packs one file.
func archive(t testing.TB, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipper := gzip.NewWriter(&out)
	files := tar.NewWriter(zipper)
	if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	files.Close()
	zipper.Close()
	return out.Bytes()
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCaches(t *testing.T) {
	// Folders may have characters in their names that patterns read as more.
	dir := filepath.Join(t.TempDir(), "a[b]*c")
	url := "https://charts.example.org"
	manager := fmt.Sprintf("helm-manager-%x-index.yaml", sha256.Sum256([]byte(url)))
	packed := string(archive(t, "redis/Chart.yaml", "name: redis\nversion: 1.0.0\n"))
	for _, file := range []string{"repository/redis-1.0.0.tgz", "content/ab/x.chart", "content/abc/y.chart",
		"content/z.chart"} {
		write(t, filepath.Join(dir, file), packed)
	}
	for _, file := range []string{"mine-index.yaml", manager, "other-index.yaml"} {
		write(t, filepath.Join(dir, "repository", file), "digest: 12\n")
	}
	caches := Caches{filepath.Join(dir, "repository"), filepath.Join(dir, "content")}
	all := func(string) bool { return true }
	want := []string{filepath.Join(dir, "repository", "redis-1.0.0.tgz"), filepath.Join(dir, "content", "ab",
		"x.chart")}
	if diff := cmp.Diff(want, caches.Archives(all)); diff != "" {
		t.Error(diff)
	}
	if h, err := HeadOfArchive(want[1]); err != nil || h != (Head{"redis", "1.0.0"}) {
		t.Errorf("got %+v, %v", h, err)
	}
	indexes := caches.Indexes([]string{"mine", "../repository/other", "", "none"}, []string{url})
	if diff := cmp.Diff([]string{filepath.Join(dir, "repository", "mine-index.yaml"),
		filepath.Join(dir, "repository", manager)}, indexes); diff != "" {
		t.Error(diff)
	}
	if !IndexHas(indexes[0], "12") || IndexHas(indexes[0], "13") || IndexHas("missing", "") {
		t.Error("an index has other digests than are in it")
	}
}

func TestRepositories(t *testing.T) {
	file := filepath.Join(t.TempDir(), "repositories.yaml")
	if all, err := Repositories(file); all != nil || err != nil {
		t.Errorf("no file gives %v, %v", all, err)
	}
	write(t, file, "repositories: [{name: a, url: 'https://h', password: hunter22}]\n")
	if all, err := Repositories(file); err != nil || len(all) != 1 || all[0].Name != "a" ||
		all[0].Password != "hunter22" {
		t.Errorf("got %v, %v", all, err)
	}
	write(t, file, "repositories: [hunter22")
	if _, err := Repositories(file); err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("got %v", err)
	}
}

func TestRepositoriesFile(t *testing.T) {
	for _, test := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"HOME": "/home/u"}, "/home/u/.config/helm/repositories.yaml"},
		{"freebsd", map[string]string{"HOME": "/home/u", "XDG_CONFIG_HOME": "/x"}, "/x/helm/repositories.yaml"},
		{"darwin", map[string]string{"HOME": "/Users/u"}, "/Users/u/Library/Preferences/helm/repositories.yaml"},
		{"windows", map[string]string{"APPDATA": "/data", "HOME": "/u"}, "/data/helm/repositories.yaml"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": "/x", "HELM_CONFIG_HOME": "/h"}, "/h/repositories.yaml"},
		{"linux", map[string]string{"HELM_CONFIG_HOME": "/h", "HELM_REPOSITORY_CONFIG": "/r.yaml"}, "/r.yaml"},
		{"linux", nil, ""},
	} {
		got := filepath.ToSlash(repositoriesFile(test.system, func(name string) string { return test.env[name] }))
		if got != test.want {
			t.Errorf("%s %v: got %s", test.system, test.env, got)
		}
	}
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		system string
		env    map[string]string
		want   Caches
	}{
		{"linux", map[string]string{"HOME": "/home/u"}, Caches{"/home/u/.cache/helm/repository",
			"/home/u/.cache/helm/content"}},
		{"darwin", map[string]string{"HOME": "/Users/u"}, Caches{"/Users/u/Library/Caches/helm/repository",
			"/Users/u/Library/Caches/helm/content"}},
		{"windows", map[string]string{"TEMP": "/temp", "HOME": "/u"}, Caches{"/temp/helm/repository",
			"/temp/helm/content"}},
		{"linux", map[string]string{"HOME": "/home/u", "XDG_CACHE_HOME": "/x"}, Caches{"/x/helm/repository",
			"/x/helm/content"}},
		{"linux", map[string]string{"XDG_CACHE_HOME": "/x", "HELM_CACHE_HOME": "/h"},
			Caches{"/h/repository", "/h/content"}},
		{"linux", map[string]string{"HELM_CACHE_HOME": "/h", "HELM_REPOSITORY_CACHE": "/r"},
			Caches{"/r", "/h/content"}},
		{"linux", map[string]string{"HELM_CONTENT_CACHE": "/c", "HELM_REPOSITORY_CACHE": "/c"}, Caches{"/c"}},
		{"linux", nil, nil},
	} {
		got := findCaches(test.system, func(name string) string { return test.env[name] })
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %v: %s", test.system, test.env, diff)
		}
	}
}

func FuzzPeek(f *testing.F) {
	f.Add(archive(f, "redis/Chart.yaml", "name: redis\nversion: 1.0.0\n"))
	f.Add(archive(f, "redis/Chart.yaml", "name: [\n"))
	f.Add(archive(f, "redis/README.md", ""))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := peek(bytes.NewReader(data)); err == nil && len(h.Name)+len(h.Version) > maxHead {
			t.Error("it read more of Chart.yaml than it may")
		}
	})
}
