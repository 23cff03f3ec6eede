package publish

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// once answers the first request that fits, and lets all others through.
func once(fits func(*http.Request) bool, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	var done atomic.Bool
	return func(w http.ResponseWriter, req *http.Request) bool {
		if !fits(req) || !done.CompareAndSwap(false, true) {
			return false
		}
		answer(w, req)
		return true
	}
}

func putsTag(tag string) func(*http.Request) bool {
	return func(req *http.Request) bool {
		return req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, "/manifests/"+tag)
	}
}

func TestRetryWaitsAsLongAsItIsAsked(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	f.before = once(putsTag("1.0.0"), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	notes := &lines{}
	o := f.options(t)
	o.Notes = notes
	started := time.Now()
	mustPush(t, pack(t, newChart(t, nil), ""), o)
	if took := time.Since(started); took < time.Second {
		t.Errorf("it waited %s", took)
	}
	if !strings.HasPrefix(notes.String(), "Trying again in 1s: write 1.0.0: ") {
		t.Errorf("it said %q", notes)
	}
}

func TestRetryDoesNotWaitForNothing(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	f.before = once(putsTag("1.0.0"), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	started := time.Now()
	_, err := push(t, pack(t, newChart(t, nil), ""), f.options(t))
	if err == nil || !strings.Contains(err.Error(), "the next try would be in 1h0m0s, and the push may take 20s") ||
		remedy.Step(err) == "" {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it waited %s", took)
	}
	mustNotBeThere(t, f, "1.0.0")
}

func TestRetryEnds(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	var tried atomic.Int32
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if !putsTag("1.0.0")(req) {
			return false
		}
		tried.Add(1)
		w.WriteHeader(http.StatusBadGateway)
		return true
	}
	o := f.options(t)
	if _, err := push(t, pack(t, newChart(t, nil), ""), o); err == nil || !strings.Contains(err.Error(),
		"write 1.0.0: ") || !strings.Contains(err.Error(), "502") {
		t.Errorf("got %v", err)
	}
	if int(tried.Load()) != o.Tries {
		t.Errorf("it tried %d times, not %d", tried.Load(), o.Tries)
	}
}

func TestTimeIsUp(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	f.before = func(_ http.ResponseWriter, req *http.Request) bool {
		if putsTag("1.0.0")(req) {
			_, _ = io.Copy(io.Discard, req.Body) // the server hears of a client's end only then
			<-req.Context().Done()
			return true
		}
		return false
	}
	o := f.options(t)
	o.Timeout = 200 * time.Millisecond
	started := time.Now()
	_, err := push(t, pack(t, newChart(t, nil), ""), o)
	if err == nil || !strings.Contains(err.Error(), "write 1.0.0: not done within 200ms") ||
		!strings.Contains(remedy.Step(err), "--timeout") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A registry that forgets what it took, and then takes the tag, as some do.
func TestPushToARegistryThatForgets(t *testing.T) {
	noCredentials(t)
	dir := newChart(t, nil)
	for _, present := range []bool{false, true} {
		f := newFake(t)
		p := pack(t, dir, "")
		if present {
			mustPush(t, p, f.options(t))
		}
		forget := func(w http.ResponseWriter, _ *http.Request) {
			f.handler = newMemory()
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		f.before = once(putsTag("latest"), forget)
		o := f.options(t)
		o.AlsoTag = []string{"latest"}
		r := mustPush(t, p, o)
		if r.Status != Pushed {
			t.Errorf("present %v: got %+v", present, r)
		}
		mustBePulled(t, f, "1.0.0")
		mustBePulled(t, f, "latest")
	}
}

func TestNoTagForWhatCannotBePulled(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	p := pack(t, newChart(t, nil), "")
	var written atomic.Bool
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		written.CompareAndSwap(false, req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/"))
		if req.Method == http.MethodHead && written.Load() && strings.HasSuffix(req.URL.Path, p.Digest) {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
	_, err := push(t, p, f.options(t))
	if err == nil || !strings.Contains(err.Error(), "has lost what it took") || remedy.Step(err) == "" {
		t.Errorf("got %v", err)
	}
	mustNotBeThere(t, f, "1.0.0")
}

func TestTagsThatLeadElsewhere(t *testing.T) {
	noCredentials(t)
	f := newFake(t)
	other := newFake(t)
	mustPush(t, pack(t, newChart(t, map[string]string{"values.yaml": "a: 9\n"}), ""), other.options(t))
	f.before = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodGet && strings.HasSuffix(req.URL.Path, "/manifests/1.0.0") && len(f.writes()) > 0 {
			other.handler.ServeHTTP(w, req)
			return true
		}
		return false
	}
	if _, err := push(t, pack(t, newChart(t, nil), ""), f.options(t)); err == nil || !strings.Contains(err.Error(),
		"tag 1.0.0 leads to") {
		t.Errorf("got %v", err)
	}
}
