package upstream

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectoryAndFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit-server")
	write(t, filepath.Join(dir, "Chart.yaml"), chartYAML("livekit-server", "1.9.0"))
	write(t, filepath.Join(dir, "templates", "a.yaml"), "a: 1\n")
	for _, ref := range []string{dir, dir + "/", "file://" + dir} {
		c := mustFind(t, options(t, ref))
		if c.Version() != "1.9.0" || c.AppVersion() != "v1.9.0" || c.Digest != "" || strings.TrimSuffix(c.Source,
			"/") != dir || c.Notes != nil {
			t.Errorf("%s gives %+v", ref, c)
		}
	}
	data := chart(t, "livekit-server", "1.9.0")
	file := filepath.Join(t.TempDir(), "any.tgz")
	write(t, file, string(data))
	o := options(t, file)
	o.Offline = true
	c := mustFind(t, o)
	if c.Digest != "sha256:"+hexOf(data) || c.Source != file {
		t.Errorf("got %+v", c)
	}
	mustKeepNothing(t, o)

	// A chart with one version must meet the version that is asked for.
	o.Version = "^1.8"
	mustFind(t, o)
	o.Version = "1.9.1"
	mustFail(t, o, "Chart.yaml says version 1.9.0, not 1.9.1", "leave --upstream-version out")
	o.Version, o.ChartName = "", "egress"
	if c := mustFind(t, o); len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "called livekit-server, not egress") {
		t.Errorf("notes %v", c.Notes)
	}
}

// As in Helm, a chart on disk goes before a repository of its name; a folder of
// something else does not.
func TestDiskGoesBeforeNames(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, "mine")
	write(t, o.RepositoryConfig, "repositories: [{name: mine, url: '"+s.URL+"'}, {name: a, url: '"+s.URL+"'}]\n")
	t.Chdir(t.TempDir())
	write(t, "mine/notes.txt", "no chart")
	write(t, "a/livekit-server/Chart.yaml", chartYAML("livekit-server", "0.1.0"))
	write(t, "packed", string(chart(t, DefaultChart, "0.2.0")))
	for ref, want := range map[string]string{"mine": "1.9.0", "./a/livekit-server": "0.1.0",
		"a/livekit-server": "0.1.0", "a": "1.9.0", "packed": "0.2.0"} {
		o.Ref = ref
		if c := mustFind(t, o); c.Version() != want {
			t.Errorf("%s gives %s", ref, c.Version())
		}
	}
	o.Ref = "mine/"
	mustFail(t, o, "mine/ is no chart: no Chart.yaml lies in it", "Chart.yaml")
}

func TestRepository(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	for _, suffix := range []string{"", "/", "/index.yaml"} {
		c := mustFind(t, options(t, s.URL+suffix))
		want := &Chart{Source: s.URL + "/livekit-server-1.9.0.tgz", Digest: c.Digest, Newest: "1.9.0",
			Versions: []string{"1.10.0-rc.1", "1.9.0", "1.8.0"}}
		c.Chart, want.Chart = nil, nil
		if diff := cmp.Diff(want, c); diff != "" {
			t.Error(diff)
		}
	}
	for version, want := range map[string]string{"1.8.0": "1.8.0", "v1.8.0": "1.8.0", "<1.9": "1.8.0", "1": "1.9.0",
		">0-0": "1.10.0-rc.1"} {
		o := options(t, s.URL)
		o.Version = version
		if c := mustFind(t, o); c.Version() != want || c.Newest != "1.9.0" {
			t.Errorf("%s gives %s, newest %s", version, c.Version(), c.Newest)
		}
	}
	o := options(t, s.URL+"/livekit-server-1.8.0.tgz?x=1")
	if c := mustFind(t, o); c.Version() != "1.8.0" || c.Source != s.URL+"/livekit-server-1.8.0.tgz" || c.Newest != "" {
		t.Errorf("got %+v", c)
	}
}

func TestURLsOfCharts(t *testing.T) {
	for _, c := range []struct{ repository, chart, index, want string }{
		{"https://h", "x.tgz", "https://h/index.yaml", "https://h/x.tgz"},
		{"https://h/", "/x.tgz", "https://h/index.yaml", "https://h/x.tgz"},
		{"https://h/a/index.yaml", "x.tgz", "https://h/a/index.yaml", "https://h/a/x.tgz"},
		{"https://h/a", "/x.tgz", "https://h/a/index.yaml", "https://h/x.tgz"},
		{"https://h/a", "../x.tgz", "https://h/a/index.yaml", "https://h/x.tgz"},
		{"https://h/a", "//i/x.tgz", "https://h/a/index.yaml", "https://i/x.tgz"},
		{"https://h/a?q=1", "//i/x.tgz", "https://h/a/index.yaml?q=1", "https://i/x.tgz"},
		{"https://h/a", "x.tgz?r", "https://h/a/index.yaml", "https://h/a/x.tgz?r"},
		{"https://h/a", "https://i/x.tgz?r#f", "https://h/a/index.yaml", "https://i/x.tgz?r"},
		{"https://h/a%2Fb/", "x.tgz", "https://h/a%2Fb/index.yaml", "https://h/a%2Fb/x.tgz"},
		{"https://h/a?q=1", "x.tgz", "https://h/a/index.yaml?q=1", "https://h/a/x.tgz?q=1"},
		{"https://h/myindex.yaml", "x.tgz", "https://h/myindex.yaml/index.yaml", "https://h/myindex.yaml/x.tgz"},
	} {
		u, err := url.Parse(c.repository)
		if err != nil {
			t.Fatal(err)
		}
		repository := knownRepositories(nil).ofURL(u)
		got, err := repository.resolve(c.chart)
		if err != nil {
			t.Fatal(err)
		}
		if index := repository.index().String(); index != c.index || got.String() != c.want {
			t.Errorf("%s, %s: got %s, %s", c.repository, c.chart, index, got)
		}
	}
}

func TestRepositoryBelowAPath(t *testing.T) {
	s := newSite(t, false)
	data := chart(t, DefaultChart, "1.0.0")
	s.put("/a b/charts/index.yaml", []byte(indexOf(DefaultChart, "1.0.0 archives/x.tgz "+hexOf(data))))
	s.put("/a b/charts/archives/x.tgz", data)
	c := mustFind(t, options(t, s.URL+"/a%20b/charts/"))
	if c.Source != s.URL+"/a%20b/charts/archives/x.tgz" {
		t.Errorf("source %s", c.Source)
	}
}

// What a repository says is asked again, an archive that is known by its digest
// never.
func TestCache(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	mustFind(t, o)
	if got := s.paths(); got != "/index.yaml /livekit-server-1.9.0.tgz" {
		t.Errorf("asked for %s", got)
	}
	for range 2 {
		mustFind(t, o)
		if got := s.paths(); got != "/index.yaml" {
			t.Errorf("asked for %s", got)
		}
	}

	// A new index takes the place of the old one.
	data := chart(t, DefaultChart, "1.9.1")
	s.put("/index.yaml", []byte(indexOf(DefaultChart, "1.9.1 new.tgz "+hexOf(data))))
	s.put("/new.tgz", data)
	if c := mustFind(t, o); c.Version() != "1.9.1" {
		t.Errorf("got %s", c.Version())
	}
	if files := kept(t, o); len(files) != 3 { // two archives and an index
		t.Errorf("the cache has %v", files)
	}

	// Offline, nobody is asked.
	s.paths()
	s.Close()
	o.Offline = true
	c := mustFind(t, o)
	if c.Version() != "1.9.1" || len(c.Notes) != 1 || !strings.Contains(c.Notes[0],
		"index of "+s.URL+" was read at 20") {
		t.Errorf("offline %s %v", c.Version(), c.Notes)
	}
	// What is damaged is not there.
	for _, file := range kept(t, o) {
		if strings.Contains(file, hexOf(data)) {
			write(t, file, "damaged")
		}
	}
	mustFail(t, o, "("+s.URL+"/new.tgz) is in no cache",
		"helm livekit diff-upstream --upstream "+s.URL+" --upstream-version 1.9.1")
}

func TestOfflineWithNothing(t *testing.T) {
	o := options(t, "")
	o.Offline, o.Version = true, "^1.8"
	mustFail(t, o, "no cache has the index of https://helm.livekit.io", "run `helm livekit diff-upstream --upstream "+
		"https://helm.livekit.io --upstream-version '^1.8'` once with a network")
	o.Ref = "https://example.com/x.tgz"
	mustFail(t, o, "https://example.com/x.tgz is in no cache", "once with a network")
	o.Ref = "oci://example.com/x"
	mustFail(t, o, "the versions of oci://example.com/x are in no cache", "once with a network")
	o.Ref = "oci://example.com/x:1.0.0"
	o.Version = ""
	mustFail(t, o, "oci://example.com/x:1.0.0 is in no cache", "once with a network")
	mustKeepNothing(t, o)
}

// A cache that cannot be written is no reason to fail.
func TestCacheThatCannotBeWritten(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	write(t, o.CacheHome, "a file where a folder should be")
	var log strings.Builder
	o.Log = &log
	mustFind(t, o)
	if !strings.Contains(log.String(), "The cache cannot be written") {
		t.Errorf("the log is %s", log.String())
	}
}

func TestArchiveWithoutDigest(t *testing.T) {
	s := newSite(t, false)
	s.put("/index.yaml", []byte(indexOf(DefaultChart, "1.0.0 x.tgz")))
	s.put("/x.tgz", chart(t, DefaultChart, "1.0.0"))
	o := options(t, s.URL)
	if c := mustFind(t, o); len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "no digest") {
		t.Errorf("notes %v", c.Notes)
	}
	s.Close()
	o.Offline = true
	if c := mustFind(t, o); c.Version() != "1.0.0" || len(c.Notes) != 3 {
		t.Errorf("offline %s, %v", c.Version(), c.Notes)
	}
}

func TestKnownRepository(t *testing.T) {
	s := newSite(t, true)
	s.livekit(t)
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		user, password, _ := req.BasicAuth()
		if user == testUser && password == testPassword {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	o := options(t, "mine")
	write(t, o.RepositoryConfig, "repositories:\n- {name: other, url: 'https://example.com'}\n- name: "+
		"mine\n  url: "+s.URL+"/\n  username: "+testUser+"\n  password: "+testPassword+"\n  caFile: "+caFile(t,
		s.Server)+"\n")
	for _, ref := range []string{"mine", "mine/livekit-server", s.URL, s.URL + "/livekit-server-1.9.0.tgz"} {
		o.Ref = ref
		if c := mustFind(t, o); c.Version() != "1.9.0" {
			t.Errorf("%s gives %s", ref, c.Version())
		}
	}
	o.Ref = "mine/egress"
	mustFail(t, o, "has no chart egress; it has livekit-server", "NAME/CHART")
	o.Ref = "nobody"
	mustFail(t, o, "Helm knows no repository of that name (it knows other, mine)", "helm repo add nobody URL")
	o.Ref = "other"
	o.Offline = true
	mustFail(t, o, "no cache has the index of https://example.com", "--upstream other")
	o.Offline = false
	write(t, o.RepositoryConfig, "repositories: ["+testPassword)
	o.Ref = "mine"
	mustFail(t, o, "it is not the YAML that Helm writes", "mend the file")

	// An archive's URL gets what is known of the nearest repository above it.
	o = options(t, s.URL+"/a/b/x.tgz")
	s.put("/a/b/x.tgz", []byte(s.files["/livekit-server-1.9.0.tgz"]))
	entry := func(name, path, password string) string {
		return "- {name: " + name + ", url: '" + s.URL + path + "', username: " + testUser +
			", password: " + password + ", insecure_skip_tls_verify: true}\n"
	}
	write(t, o.RepositoryConfig, "repositories:\n"+entry("one", "/a", "wrong")+entry("two",
		"/a/b", testPassword)+entry("three", "/", "wrong")+entry("four", "/a/bc", "wrong"))
	mustFind(t, o)

	// Credentials in the URL do as well.
	o.Ref = strings.Replace(s.URL, "https://", "https://"+testUser+":"+testPassword+"@", 1) + "/a/bc/x.tgz"
	s.put("/a/bc/x.tgz", []byte(s.files["/livekit-server-1.9.0.tgz"]))
	mustFind(t, o)
	o = options(t, strings.Replace(s.URL, "https://", "https://"+testUser+":"+testPassword+"@", 1))
	o.CAFile = caFile(t, s.Server)
	var log strings.Builder
	o.Log = &log
	if c := mustFind(t, o); strings.Contains(c.Source, testPassword) || strings.Contains(log.String(), testPassword) {
		t.Errorf("the password is in %s or in %s", c.Source, log.String())
	}
	o.ChartName = "egress"
	mustFail(t, o, s.URL+" has no chart egress", "NAME/CHART")
	for _, file := range kept(t, o) {
		if data, _ := os.ReadFile(file); strings.Contains(string(data), testPassword) {
			t.Errorf("the password is in %s", file)
		}
	}
}
