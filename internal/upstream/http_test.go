package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		header string // Retry-After
		tries  int
		step   string
	}{
		{401, "", 1, "log in with `helm repo add"},
		{403, "", 1, "use credentials that may read it"},
		{404, "", 1, "give the URL that `helm repo add` takes"},
		{410, "", 1, "give the URL that `helm repo add` takes"},
		{407, "", 1, "HTTPS_PROXY"},
		{418, "", 1, "look for a slip"},
		{304, "", 1, "look for a slip"},
		{204, "", 1, "look for a slip"},
		{408, "", 3, "look for a slip"},
		{429, "", 3, "try again later; else give --offline"},
		{429, "3600", 1, "try again in 1h0m0s"},
		{500, "", 3, "the server is in trouble"},
		{501, "", 1, "the server is in trouble"},
		{503, "0", 3, "--upstream with a directory or a .tgz"},
	} {
		t.Run(fmt.Sprint(c.status, c.header), func(t *testing.T) {
			s := newSite(t, false)
			s.before = func(w http.ResponseWriter, req *http.Request) bool {
				w.Header().Set("Retry-After", c.header)
				w.WriteHeader(c.status)
				if c.status > 304 {
					io.WriteString(w, testPassword)
				}
				return true
			}
			o := options(t, s.URL)
			o.Timeout = 3 * time.Hour
			mustFail(t, o, fmt.Sprintf("read the index from %s/index.yaml: the server answers %d", s.URL, c.status), c.step)
			if n := len(s.requests()); n != c.tries {
				t.Errorf("it tried %d times", n)
			}
			mustKeepNothing(t, o)
		})
	}
}

// An archive that the index names and that is not there is another matter than an
// index.
func TestArchiveThatIsGone(t *testing.T) {
	s := newSite(t, false)
	s.put("/index.yaml", []byte(indexOf(DefaultChart, "1.0.0 gone.tgz "+hexOf(nil))))
	mustFail(t, options(t, s.URL), "read the chart from "+s.URL+"/gone.tgz: the server answers 404", "another version")
}

// What may pass is tried again, and what is cut off is never kept.
func TestFaultsThatPass(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request){
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"429": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			io.WriteString(w, "apiVersion: v1\n")
		},
		"closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"chunks cut": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "api")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, false)
			s.livekit(t)
			var n atomic.Int32
			often := int32(2)
			s.before = func(w http.ResponseWriter, req *http.Request) bool {
				if (n.Add(1)-1)%3 < often { // of three tries for each file
					fault(w, req)
					return true
				}
				return false
			}
			o := options(t, s.URL)
			var log strings.Builder
			o.Log = &log
			mustFind(t, o)
			if n := strings.Count(log.String(), "Trying again in"); n < 3 { // net/http tries once by itself
				t.Errorf("the log is %s", log.String())
			}
			often = 3
			s.paths()
			o = options(t, s.URL)
			mustFail(t, o, "read the index from", "--offline where")
			if n := len(s.requests()); n != tries {
				t.Errorf("it tried %d times", n)
			}
			mustKeepNothing(t, o)
		})
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	for _, ref := range []string{"http://" + host, "http://" + host + "/x.tgz", "oci://" + host + "/x:1.0.0", "oci://" + host + "/x"} {
		o := options(t, ref)
		o.PlainHTTP = true
		err := mustFail(t, o, "refused", "give --offline where the chart was read before, or --upstream with a directory or a .tgz file")
		if strings.Count(err.Error(), "refused") != 1 {
			t.Errorf("it says it twice: %v", err)
		}
		mustKeepNothing(t, o)
	}
}

func TestNoIndex(t *testing.T) {
	for name, c := range map[string]struct{ text, want, step string }{
		"a sign-in page":   {"<!DOCTYPE html><html>Please sign in</html>", "it is an HTML page", "in a browser"},
		"something else":   {"hello", "not the index of a chart repository", "`helm repo add` takes"},
		"nothing":          {"", "it is empty", "`helm repo add` takes"},
		"no chart at all":  {"apiVersion: v1\nentries: {}\n", "has no chart livekit-server; it has none", "give"},
		"other charts":     {indexOf("egress", "1.0.0 x"), "it has egress", "NAME/CHART"},
		"prereleases":      {indexOf(DefaultChart, "1.0.0-a x", "1.0.0-b y"), "it has no stable version, only 1.0.0-b, 1.0.0-a", "--upstream-version"},
		"a wrong digest":   {indexOf(DefaultChart, "1.0.0 x.tgz "+strings.Repeat("0", 64)), "and the index says sha256:000", "whoever keeps the repository"},
		"an odd digest":    {indexOf(DefaultChart, "1.0.0 x.tgz md5:12"), "no SHA-256", "helm pull"},
		"no URL":           {"apiVersion: v1\nentries:\n  livekit-server:\n  - {version: 1.0.0}\n", "names no URL", "--upstream-version"},
		"an odd URL":       {indexOf(DefaultChart, "1.0.0 s3://bucket/x.tgz"), "\"s3://bucket/x.tgz\" is no URL that is known", "helm pull"},
		"a file":           {indexOf(DefaultChart, "1.0.0 file:///etc/passwd"), "is no URL that is known", "helm pull"},
		"HTML for a chart": {indexOf(DefaultChart, "1.0.0 page.tgz"), "page.tgz is no packed chart: it is an HTML page", "helm package"},
		"half a chart":     {indexOf(DefaultChart, "1.0.0 half.tgz"), "half.tgz: it is cut off", "get the archive again"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, false)
			data := chart(t, DefaultChart, "1.0.0")
			s.put("/index.yaml", []byte(c.text))
			s.put("/x.tgz", data)
			s.put("/half.tgz", data[:len(data)/2])
			s.put("/page.tgz", []byte("<html>"))
			o := options(t, s.URL)
			mustFail(t, o, c.want, c.step)
			for _, file := range kept(t, o) {
				if strings.Contains(file, hexOf(data)) || strings.Contains(file, "tmp-") {
					t.Errorf("it keeps %s", file)
				}
			}
		})
	}
	s := newSite(t, false)
	s.livekit(t)
	o := options(t, s.URL)
	o.Version = "1.8.5"
	mustFail(t, o, "no version meets 1.8.5; there are 1.10.0-rc.1, 1.9.0, 1.8.0", "--upstream-version")
	o.Version = "^2"
	mustFail(t, o, "no version meets ^2; there are", "--upstream-version")
}

// The version of the index is not Chart.yaml's.
func TestVersionIsThatOfTheChart(t *testing.T) {
	s := newSite(t, false)
	data := chart(t, DefaultChart, "1.0.1")
	s.put("/index.yaml", []byte(indexOf(DefaultChart, "1.0.0 x.tgz "+hexOf(data))))
	s.put("/x.tgz", data)
	o := options(t, s.URL)
	if c := mustFind(t, o); c.Version() != "1.0.1" || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "version 1.0.0, Chart.yaml says 1.0.1") {
		t.Errorf("got %s %v", c.Version(), c.Notes)
	}
	o.Version = "1.0.0"
	mustFail(t, o, "Chart.yaml says version 1.0.1, not 1.0.0", "leave --upstream-version out")
}

// An index without end is read to the bound, however large it says it is.
func TestIndexThatIsTooLarge(t *testing.T) {
	for _, announced := range []string{"", "1125899906842624"} {
		s := newSite(t, false)
		var sent atomic.Int64
		s.before = func(w http.ResponseWriter, req *http.Request) bool {
			if announced != "" {
				w.Header().Set("Content-Length", announced)
			}
			sent.Add(endless(w))
			return true
		}
		o := options(t, s.URL)
		mustFail(t, o, "it is larger than 64 MiB, which is the most that is read", "helm pull")
		s.Close() // ends when the server knows that nobody listens
		if n := sent.Load() >> 20; n > 2*maxAnswer>>20 {
			t.Errorf("it read %d MiB", n)
		}
		mustKeepNothing(t, o)
	}
}

// endless sends 2 GiB if somebody listens, and gives how much it was.
func endless(w io.Writer) (sent int64) {
	block := strings.Repeat(" ", 1<<20)
	for range 2 << 10 {
		n, err := io.WriteString(w, block)
		sent += int64(n)
		if err != nil {
			break
		}
	}
	return sent
}

// A large index that is legal is quick.
func TestLargeIndexOfAServer(t *testing.T) {
	s := newSite(t, false)
	data := chart(t, "chart-0", "1.0.0")
	text := strings.Replace(string(largeIndex(20<<20)), "  chart-0:\n", "  chart-0:\n  - {name: chart-0, version: 1000000.0.0, urls: [x.tgz]}\n", 1)
	s.put("/index.yaml", []byte(text))
	s.put("/x.tgz", data)
	o := options(t, s.URL)
	o.ChartName = "chart-0"
	started := time.Now()
	mustFind(t, o)
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Credentials stay with the repository that they are for.
func TestCredentialsStay(t *testing.T) {
	other := newSite(t, false)
	s := newSite(t, false)
	data := chart(t, DefaultChart, "1.0.0")
	other.put("/x.tgz", data)
	s.put("/index.yaml", []byte(indexOf(DefaultChart, "1.0.0 "+other.URL+"/x.tgz "+hexOf(data))))
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path == "/elsewhere/index.yaml" {
			http.Redirect(w, req, other.URL+"/index.yaml?signature=x", http.StatusFound)
			return true
		}
		if req.URL.Path == "/here/index.yaml" {
			http.Redirect(w, req, "/index.yaml", http.StatusFound)
			return true
		}
		return false
	}
	other.put("/index.yaml", []byte(s.files["/index.yaml"]))
	for _, c := range []struct {
		path        string
		all         bool
		here, there bool // who gets them
	}{
		{"", false, true, false},
		{"", true, true, true},
		{"/here", false, true, false},
		{"/elsewhere", false, true, false},
	} {
		o := options(t, "mine")
		write(t, o.RepositoryConfig, fmt.Sprintf("repositories: [{name: mine, url: '%s%s', username: %s, password: %s, pass_credentials_all: %v}]\n", s.URL, c.path, testUser, testPassword, c.all))
		s.paths()
		other.paths()
		mustFind(t, o)
		for _, r := range s.requests() {
			if _, _, has := r.BasicAuth(); has != c.here {
				t.Errorf("%+v: %s has credentials: %v", c, r.URL, has)
			}
		}
		for _, r := range other.requests() {
			if _, _, has := r.BasicAuth(); has != c.there {
				t.Errorf("%+v: the other host's %s has credentials: %v", c, r.URL, has)
			}
			if referer := r.Header.Get("Referer"); referer != "" {
				t.Errorf("it says where it comes from: %s", referer)
			}
		}
	}
	// Another host by a redirect gets none even with pass_credentials_all.
	o := options(t, "mine")
	write(t, o.RepositoryConfig, fmt.Sprintf("repositories: [{name: mine, url: '%s/elsewhere', username: %s, password: %s, pass_credentials_all: true}]\n", s.URL, testUser, testPassword))
	other.paths()
	mustFind(t, o)
	if _, _, has := other.requests()[0].BasicAuth(); has {
		t.Error("a redirect took them along")
	}
}

func TestRedirects(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		if strings.HasPrefix(req.URL.Path, "/round") {
			http.Redirect(w, req, "/round?"+testPassword, http.StatusFound)
			return true
		}
		return false
	}
	o := options(t, s.URL+"/round")
	mustFail(t, o, "redirects without end", "give the address")

	secure := newSite(t, true)
	secure.before = func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, s.URL+"/index.yaml", http.StatusFound)
		return true
	}
	o = options(t, secure.URL)
	o.CAFile = caFile(t, secure.Server)
	mustFail(t, o, "from https to plain HTTP", "give the address")
	mustKeepNothing(t, o)
}

func TestTLS(t *testing.T) {
	s := newSite(t, true)
	s.livekit(t)
	o := options(t, s.URL)
	mustFail(t, o, "certificate", "--ca-file")
	if len(s.requests()) > 0 {
		t.Error("it asked all the same")
	}
	o.InsecureSkipTLSVerify = true
	mustFind(t, o)
	o = options(t, s.URL)
	o.CAFile = caFile(t, s.Server)
	mustFind(t, o)
	o.CAFile = o.CAFile + ".missing"
	mustFail(t, o, "read the authorities to trust", "PEM")
	write(t, o.CAFile, "no certificate")
	mustFail(t, o, "no certificate in it", "PEM")
	o.CAFile, o.CertFile, o.KeyFile = "", o.CAFile, o.CAFile
	mustFail(t, o, "read the client's certificate", "PEM")

	mustFail(t, options(t, strings.Replace(s.URL, "https:", "http:", 1)), "the server answers 400", "write https://")
	plain := newSite(t, false)
	mustFail(t, options(t, strings.Replace(plain.URL, "http:", "https:", 1)), "HTTP response to HTTPS client", "write http://")
}

func TestClientCertificate(t *testing.T) {
	s := &site{files: map[string]string{}}
	s.Server = httptest.NewUnstartedServer(s)
	s.livekit(t)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	o := options(t, s.URL)
	o.CAFile = caFile(t, s.Server)
	mustFail(t, o, "certificate required", "--cert-file and --key-file")
	o.CertFile, o.KeyFile = keyPair(t, s.Server)
	mustFind(t, o)
	// As repositories.yaml has them.
	o = options(t, "mine")
	cert, key := keyPair(t, s.Server)
	write(t, o.RepositoryConfig, fmt.Sprintf("repositories: [{name: mine, url: '%s', certFile: '%s', keyFile: '%s', insecure_skip_tls_verify: true}]\n", s.URL, cert, key))
	mustFind(t, o)
}

// net/http reads the environment once, so this needs a process of its own.
func TestProxies(t *testing.T) {
	const url = "http://charts.example.invalid"
	if os.Getenv("TEST_BEHIND_PROXY") != "" {
		if c := mustFind(t, options(t, url)); c.Source != url+"/livekit-server-1.9.0.tgz" {
			t.Errorf("got %s", c.Source)
		}
		mustFail(t, options(t, "http://other.example.invalid"), "the server answers 502", "in trouble")
		return
	}
	s := newSite(t, false)
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Host == "charts.example.invalid" {
			return false
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	s.livekit(t)
	child := exec.Command(os.Args[0], "-test.run=^TestProxies$")
	child.Env = append(os.Environ(), "TEST_BEHIND_PROXY=1", "HTTP_PROXY="+s.URL, "http_proxy="+s.URL, "NO_PROXY=", "no_proxy=")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A hostile index gives a terminal no orders.
func TestNamesArePrintable(t *testing.T) {
	if got := some([]string{"a\x1b[2Jb\n\u202e", strings.Repeat("x", 200)}); got != "a[2Jb, "+strings.Repeat("x", maxWord)+"..." {
		t.Errorf("got %q", got)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	s := newSite(t, false)
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path == "/slow/index.yaml" { // a byte now and then
			for {
				if _, err := io.WriteString(w, "#"); err != nil {
					return true
				}
				w.(http.Flusher).Flush()
				select {
				case <-stop:
					return true
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
		select {
		case <-stop:
		case <-req.Context().Done():
		}
		return true
	}
	for _, ref := range []string{s.URL, s.URL + "/slow", s.URL + "/x.tgz", strings.Replace(s.URL, "http:", "oci:", 1) + "/x"} {
		o := options(t, ref)
		o.PlainHTTP, o.Timeout = true, 100*time.Millisecond
		mustFail(t, o, "not read within 100ms", "--offline")
		mustKeepNothing(t, o)

		o.Timeout = time.Minute
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(50*time.Millisecond, cancel)
		started := time.Now()
		if _, err := Find(ctx, o); !errors.Is(err, context.Canceled) || time.Since(started) > 5*time.Second {
			t.Errorf("%s: %v after %s", ref, err, time.Since(started))
		}
		mustKeepNothing(t, o)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(done, options(t, t.TempDir())); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A pause that a server asks for ends with the context.
func TestCancelWhileWaiting(t *testing.T) {
	s := newSite(t, false)
	s.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(503)
		return true
	}
	o := options(t, s.URL)
	o.Timeout = time.Hour
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	// It is not waited for at all, as there is no time for it.
	if _, err := Find(ctx, o); err == nil || len(s.requests()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.requests()))
	}
}

// A server that calls archives gzipped gives the archive.
func TestArchiveThatIsCalledGzipped(t *testing.T) {
	s := newSite(t, false)
	s.livekit(t)
	s.before = func(w http.ResponseWriter, req *http.Request) bool {
		if isArchiveName(req.URL.Path) {
			w.Header().Set("Content-Encoding", "gzip")
		}
		return false
	}
	mustFind(t, options(t, s.URL))
}

// A server of HTTP/1.0 cuts off without a word; the archive's own end is missing
// then.
func TestCutOffWithoutAWord(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	data := chart(t, DefaultChart, "1.0.0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			http.ReadRequest(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n"+string(data[:len(data)-20]))
			c.Close()
		}
	}()
	o := options(t, "http://"+l.Addr().String()+"/x.tgz")
	mustFail(t, o, "it is cut off", "get the archive again")
	mustKeepNothing(t, o)
}

func TestShown(t *testing.T) {
	for ref, want := range map[string]string{
		"a/b": "a/b", "https://u:p@h:1/a@b?q#f": "https://h:1/a@b", "https://u@h": "https://h", "https://h?x": "https://h", "oci://u:p@h/a@sha256:1": "oci://h/a@sha256:1", `C:\x`: `C:\x`,
	} {
		if got := shown(ref); got != want {
			t.Errorf("%s is shown as %s", ref, got)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://h", "http://h:80/x", true}, {"https://h:443", "https://h", true}, {"https://h", "http://h", false},
		{"http://h:1", "http://h:2", false}, {"http://a.h", "http://h", false},
	} {
		a, _ := url.Parse(c.a)
		b, _ := url.Parse(c.b)
		if sameOrigin(a, b) != c.same {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}

func TestStepsAreSteps(t *testing.T) {
	f := &finder{shown: "x"}
	for _, text := range []string{otherWays, f.fill(""), f.fill(">1 <2"), forms} {
		if text == "" || strings.HasSuffix(text, ".") || remedy.Step(remedy.Errorf(text, "x")) != text {
			t.Errorf("%q", text)
		}
	}
}
