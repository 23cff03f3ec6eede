package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	spec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/helm-livekit/helm-livekit/internal/oci"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

var (
	faultRuns = flag.Int("faults", 80, "how many pushes over a bad connection to try")
	faultSeed = flag.Uint64("seed", 1, "seed of the first of them; each has the next one")
)

// Whatever happens between a push and its registry, the push ends within its
// limit, and the tag can be pulled or is not there.
//
//	go test ./internal/publish -run Faults -faults 1000 -seed 1000
func TestFaults(t *testing.T) {
	noCredentials(t)
	packages := []*Package{
		pack(t, newChart(t, nil), ""),
		pack(t, newChart(t, map[string]string{"values.yaml": "a: 2\n", "files/noise": noise(200_000)}), ""),
	}
	seeds := make(chan uint64)
	var workers sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[string]int{}
	for range 4 {
		workers.Go(func() {
			for seed := range seeds {
				outcome := faultRun(t, seed, packages)
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
			}
		})
	}
	for i := range *faultRuns {
		seeds <- *faultSeed + uint64(i)
	}
	close(seeds)
	workers.Wait()
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%5d %s", outcomes[outcome], outcome)
	}
}

// TestMain keeps quiet what Helm's loader and the registries of the tests log.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// noise is text that does not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// faultRun makes one push over a bad connection, and says how it ended.
func faultRun(t *testing.T, seed uint64, packages []*Package) string {
	b := newBad(seed)
	defer b.close()
	p, other := packages[seed%2], packages[1-seed%2]
	o := b.options(t)
	o.Force = b.r.IntN(2) == 0
	before := b.r.IntN(3) // what is there: nothing, this, something else
	if before > 0 {
		b.preload(t, map[int]*Package{1: p, 2: other}[before])
	}
	notes := &lines{}
	o.Notes, o.Connection.Debug = notes, notes
	var attach []Attachment
	if b.r.IntN(3) == 0 {
		attach = append(attach, Attachment{Type: ReportType, Name: "x", Data: []byte("{}")})
	}

	b.armed.Store(true)
	started, stalled := time.Now(), stalls()
	plan, err := prepare(context.Background(), p, o)
	var r *Result
	if err == nil {
		r, err = plan.push(context.Background(), attach...)
	}
	took := time.Since(started) - stalled()
	b.armed.Store(false)

	fail := func(format string, args ...any) {
		t.Errorf("seed %d: %s\npushed: %+v, %v\n%s", seed, fmt.Sprintf(format, args...), r, err, notes)
	}
	if took > o.Timeout+500*time.Millisecond {
		fail("it took %s", took)
	}
	if strings.Contains(fmt.Sprint(notes, err), "secret") {
		fail("a credential was printed")
	}
	if b.leaked.Load() {
		fail("a credential went to another host")
	}
	m, broken := pulled(b.registry(), "charts/demo", "1.0.0")
	if broken != nil {
		fail("the tag cannot be pulled: %v", broken)
		return "broken"
	}
	if m != nil && chartOf(m) != p.Digest && (before != 2 || chartOf(m) != other.Digest) {
		fail("the tag has chart %s", chartOf(m))
	}
	switch {
	case err == nil && (m == nil || chartOf(m) != p.Digest):
		fail("it says that all went well, and the tag has %+v", m)
	case err == nil && before == 2 && !o.Force && !b.lost.Load():
		fail("it replaced another content")
	case err != nil && (err.Error() == "" || strings.Contains(err.Error(), "<nil>")):
		fail("the error says nothing")
	}
	return outcomeOf(r, err)
}

// stalls measures for how long the machine let this process wait, which is no
// fault of a push. The function that it gives ends the measurement.
func stalls() func() time.Duration {
	const beat = 20 * time.Millisecond
	var total time.Duration
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for last := time.Now(); ; {
			select {
			case <-end:
				return
			case <-time.After(beat):
			}
			total += max(time.Since(last)-5*beat, 0)
			last = time.Now()
		}
	}()
	return func() time.Duration {
		close(end)
		<-ended
		return total
	}
}

func chartOf(m *spec.Manifest) string {
	for _, l := range m.Layers {
		if l.MediaType == mediaChart {
			return l.Digest.String()
		}
	}
	return ""
}

func outcomeOf(r *Result, err error) string {
	switch {
	case err == nil:
		return r.Status
	case strings.Contains(err.Error(), "other content"):
		return "refused: other content"
	case strings.Contains(err.Error(), "digest"):
		return "error: a wrong digest"
	case strings.Contains(err.Error(), "not done within"):
		return "error: time is up"
	case strings.Contains(err.Error(), "next try would be"):
		return "error: asked to wait too long"
	case strings.Contains(err.Error(), errGone.Error()):
		return "error: the registry lost its data"
	case remedy.Step(err) != "":
		return "error, with a remedy"
	}
	return "error, after the last try"
}

// bad is a registry behind a bad connection.
type bad struct {
	*httptest.Server
	elsewhere *httptest.Server // where some requests are sent to
	r         *rand.Rand
	rate      float64 // of faults

	mu      sync.Mutex
	handler http.Handler
	down    time.Time // until when the registry is
	armed   atomic.Bool
	leaked  atomic.Bool
	lost    atomic.Bool // what it had
	over    chan struct{}
}

func newBad(seed uint64) *bad {
	b := &bad{r: rand.New(rand.NewPCG(seed, 3)), handler: newMemory(), over: make(chan struct{})}
	b.rate = b.r.Float64() * 0.5
	b.Server = quiet(b.serve)
	b.elsewhere = quiet(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Authorization") != "" {
			b.leaked.Store(true)
		}
		b.pass(w, req)
	})
	return b
}

func quiet(handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	return s
}

func newMemory() http.Handler { return registry.New(registry.Logger(log.New(io.Discard, "", 0))) }

func (b *bad) close() {
	close(b.over)
	for _, s := range []*httptest.Server{b.Server, b.elsewhere} {
		s.CloseClientConnections()
		s.Close()
	}
}

func (b *bad) registry() http.Handler {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handler
}

func (b *bad) options(t *testing.T) Options {
	target, err := ParseTarget("oci://" + b.Listener.Addr().String() + "/charts")
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Target: target, Timeout: 1500 * time.Millisecond, Tries: 5, Wait: time.Millisecond, AlsoTag: []string{"latest"},
		Connection: oci.Options{PlainHTTP: true, Username: testUser, Password: testPassword},
	}
}

func (b *bad) preload(t *testing.T, p *Package) {
	o := b.options(t)
	o.Notes = io.Discard
	mustPush(t, p, o)
}

// serve is the connection: it lets a request through, or spoils it.
func (b *bad) serve(w http.ResponseWriter, req *http.Request) {
	if user, password, _ := req.BasicAuth(); user != testUser || password != testPassword {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	b.mu.Lock()
	isDown := time.Now().Before(b.down)
	spoil := b.armed.Load() && b.r.Float64() < b.rate
	kind, amount := b.r.IntN(14), b.r.Float64()
	b.mu.Unlock()
	switch {
	case isDown:
		panic(http.ErrAbortHandler)
	case spoil:
		b.spoil(w, req, kind, amount)
	default:
		b.pass(w, req)
	}
}

// pass hands a request to the registry, which refuses a manifest whose blobs
// it lacks, as all but go-containerregistry's do. One registry answers the
// whole request: where another takes its place meanwhile, the answer is the
// dead one's.
func (b *bad) pass(w http.ResponseWriter, req *http.Request) {
	registry := b.registry()
	if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Body = io.NopCloser(bytes.NewReader(data))
		if !hasBlobs(registry, data) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}`)
			return
		}
	}
	registry.ServeHTTP(w, req)
}

func hasBlobs(registry http.Handler, manifest []byte) bool {
	var m spec.Manifest
	if json.Unmarshal(manifest, &m) != nil {
		return false
	}
	if m.Config.Digest == "" {
		return true // an index
	}
	for _, d := range append(m.Layers, m.Config) {
		w := httptest.NewRecorder()
		registry.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/v2/charts/demo/blobs/"+d.Digest.String(), nil))
		if w.Code != http.StatusOK {
			return false
		}
	}
	return true
}

// spoil does one of the things that go wrong.
func (b *bad) spoil(w http.ResponseWriter, req *http.Request, kind int, amount float64) {
	part := func(n int64) int64 { return int64(amount * float64(max(n, 0))) }
	switch kind {
	case 0, 1: // cut before the registry heard anything
		panic(http.ErrAbortHandler)
	case 2: // cut in the middle of what is sent, of which the registry takes the beginning
		data, _ := io.ReadAll(io.LimitReader(req.Body, part(req.ContentLength)))
		if req.Method == http.MethodPatch {
			cut := req.Clone(req.Context())
			cut.Body, cut.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
			b.pass(httptest.NewRecorder(), cut)
		}
		panic(http.ErrAbortHandler)
	case 3: // done, and the answer is lost
		b.pass(httptest.NewRecorder(), req)
		panic(http.ErrAbortHandler)
	case 4: // done, and the answer is cut in the middle
		answer := httptest.NewRecorder()
		b.pass(answer, req)
		copyHeader(w, answer)
		w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:part(int64(answer.Body.Len()))])
		panic(http.ErrAbortHandler)
	case 5:
		w.Header().Set("Retry-After",
			[]string{"0", "0", "1", "3600", time.Now().Add(time.Second).UTC().Format(http.TimeFormat)}[int(amount*5)])
		w.WriteHeader(http.StatusTooManyRequests)
	case 6, 7:
		w.WriteHeader([]int{500, 502, 503, 504}[int(amount*4)])
	case 8: // a byte of what is sent turns over
		data, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		if len(data) > 0 && req.Method == http.MethodPatch {
			data[part(int64(len(data)))] ^= 1
		}
		changed := req.Clone(req.Context())
		changed.Body = io.NopCloser(bytes.NewReader(data))
		b.pass(w, changed)
	case 9: // another digest in the answer
		if amount < 0.7 {
			b.pass(w, req)
			return
		}
		b.pass(&liar{w, "sha256:" + strings.Repeat("f", 64)}, req)
	case 10: // to another host
		target := *req.URL
		u, _ := url.Parse(strings.Replace(b.elsewhere.URL, "127.0.0.1", "localhost", 1))
		target.Scheme, target.Host = u.Scheme, u.Host
		http.Redirect(w, req, target.String(), http.StatusTemporaryRedirect)
	case 11: // killed and restarted, with or without its data
		b.mu.Lock()
		b.down = time.Now().Add(time.Duration(amount * float64(20*time.Millisecond)))
		if amount < 0.3 {
			b.handler = newMemory()
			b.lost.Store(true)
		}
		b.mu.Unlock()
		panic(http.ErrAbortHandler)
	case 12: // in drops
		b.drip(w, req)
	default:
		b.hang(w, req, amount)
	}
}

func copyHeader(w http.ResponseWriter, from *httptest.ResponseRecorder) {
	for name, values := range from.Header() {
		w.Header()[name] = values
	}
}

// drip takes its time before it lets a request through.
func (b *bad) drip(w http.ResponseWriter, req *http.Request) {
	for range 20 {
		select {
		case <-req.Context().Done():
			panic(http.ErrAbortHandler)
		case <-time.After(time.Millisecond):
		}
	}
	b.pass(w, req)
}

// hang sends its answer byte by byte, and now and then does not end.
func (b *bad) hang(w http.ResponseWriter, req *http.Request, amount float64) {
	answer := httptest.NewRecorder()
	b.pass(answer, req)
	copyHeader(w, answer)
	if amount < 0.1 {
		w.Header().Set("Content-Length", "100000")
	}
	w.WriteHeader(answer.Code)
	flush := http.NewResponseController(w)
	for _, one := range answer.Body.Bytes() {
		_, _ = w.Write([]byte{one})
		_ = flush.Flush()
		time.Sleep(50 * time.Microsecond)
	}
	if amount < 0.1 {
		<-b.over // the server does not always hear that its client has gone
		panic(http.ErrAbortHandler)
	}
}
