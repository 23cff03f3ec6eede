package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestParseIndex(t *testing.T) {
	whole := []entry{{"c", "1.2.0", []string{"a.tgz"}, "12"}, {"c", "1.1.0", []string{"b.tgz"}, ""}}
	for name, text := range map[string]string{
		"as Helm writes it": "apiVersion: v1\nentries:\n  a:\n  - name: a\n    version: 9.0.0\n  c:\n  - digest: " +
			"\"12\"\n    name: c\n    urls:\n    - a.tgz\n    version: 1.2.0\n  - name: c\n    urls:\n    - b.tgz\n " +
			"   version: 1.1.0\n  d:\n  - name: d\n    version: 8.0.0\ngenerated: x\n",
		"deeper lists": "apiVersion: v1\nentries:\n    c:\n      - {digest: '12', name: c, urls: [a.tgz], " +
			"version: 1.2.0}\n      -\n        name: c\n        urls: [b.tgz]\n        version: 1.1.0\n",
		"quotes and comments": "# x\n---\napiVersion: v1 # y\n\nentries: # z\n# at the margin\n  \"c\":\n\n  # c\n " +
			" - name: c\n    # d\n    digest: \"12\"\n    urls: [a.tgz]\n    version: 1.2.0\n  - {name: c, urls: " +
			"[b.tgz], version: 1.1.0}\n",
		"carriage returns": "apiVersion: v1\r\nentries:\r\n  c:\r\n  - name: c\r\n    digest: \"12\"\r\n    " +
			"urls: [a.tgz]\r\n    version: 1.2.0\r\n  - {name: c, urls: [b.tgz], version: 1.1.0}\r\n",
		"a byte order mark": "\xef\xbb\xbfapiVersion: v1\nentries:\n  c:\n  - {name: c, digest: \"12\", urls: " +
			"[a.tgz], version: 1.2.0}\n  - {name: c, urls: [b.tgz], version: 1.1.0}\n",
		"flow style": "{apiVersion: v1, entries: {c: [{name: c, digest: \"12\", urls: [a.tgz], version: " +
			"1.2.0}, {name: c, urls: [b.tgz], version: 1.1.0}]}}",
		"flow style below": "apiVersion: v1\nentries: {c: [{name: c, digest: \"12\", urls: [a.tgz], version: " +
			"1.2.0}, {name: c, urls: [b.tgz], version: 1.1.0}]}\n",
		"a list in flow style": "apiVersion: v1\nentries:\n  c: [{name: c, digest: \"12\", urls: [a.tgz], version: " +
			"1.2.0}, {name: c, urls: [b.tgz], version: 1.1.0}]\n",
		"anchors": "apiVersion: v1\nentries:\n  a:\n  - &x {name: c, digest: \"12\", urls: [a.tgz], " +
			"version: 1.2.0}\n  c:\n  - *x\n  - {name: c, urls: [b.tgz], version: 1.1.0}\n",
		"JSON": `{"apiVersion":"v1","entries":{"c":[{"name":"c","digest":"12","urls":["a.tgz"],"version":"1.2.0"},{"name":"c","urls":["b.tgz"],"version":"1.1.0"}],"d":[]}}`,
		"texts that look like keys": "apiVersion: v1\nentries:\n  a:\n  - description: |\n\n      c:\n      - name: " +
			"c\n        version: 7.0.0\n    name: a\n    version: 1.0.0\n" +
			"  c:\n  - description: 'c:\n\n      - a\n      # b'\n    digest: \"12\"\n    name: c\n    urls: " +
			"[a.tgz]\n    version: 1.2.0\n  - {name: c, urls: [b.tgz], version: 1.1.0}\n",
		"some that cannot be read": "apiVersion: v1\nentries:\n  c:\n  - {name: c, digest: \"12\", urls: [a.tgz], " +
			"version: 1.2.0}\n  - {name: c, version: [1]}\n  - {name: c}\n  - {name: c, urls: [b.tgz], version: " +
			"1.1.0}\n  - 7\n",
	} {
		t.Run(name, func(t *testing.T) {
			x, err := parseIndex([]byte(text), "c")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(whole, x.entries); diff != "" {
				t.Error(diff)
			}
			unread := 0
			if strings.HasPrefix(name, "some") {
				unread = 3
			}
			if x.unread != unread {
				t.Errorf("%d entries are not read", x.unread)
			}
		})
	}
}

func TestParseIndexWithoutTheChart(t *testing.T) {
	x, err := parseIndex([]byte("apiVersion: v1\nentries:\n  b: []\n  a:\n  - {name: a, version: 1.0.0}\n"), "c")
	if err != nil || len(x.entries) != 0 || strings.Join(x.charts, " ") != "a b" {
		t.Errorf("got %+v, %v", x, err)
	}
	for _, text := range []string{"apiVersion: v1\nentries: {}\n", "apiVersion: v1\nentries:\n", "apiVersion: v1\n",
		"apiVersion: v1\nentries:\n  c: []\n", "apiVersion: v1\nentries:\n  c:\n  d:\n"} {
		if x, err := parseIndex([]byte(text), "c"); err != nil || len(x.entries) != 0 {
			t.Errorf("%q gives %+v, %v", text, x, err)
		}
	}
}

func TestParseIndexRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "it is empty",
		" \n ":                "it is empty",
		"<!doctype html>\n":   "it is an HTML page",
		"\n <html>":           "it is an HTML page",
		"hello":               "not the YAML of an index",
		"a: 1\n":              "it has no apiVersion",
		"{}":                  "it has no apiVersion",
		"entries:\n  c: []\n": "it has no apiVersion",
		"{\"apiVersion\":\"v1\",\"entries\":{\"c\":7}}":                        "no list",
		"{\"apiVersion\":\"v1\",\"entries\":[]}":                               "not the JSON of an index",
		"apiVersion: v1\nentries:\n  c:\n  - x: [\n":                           "not the YAML of an index",
		"apiVersion: v1\nentries:\n  c:\n  - {version: 1.0.0}\n  c:\n  - {}\n": "not to be read",
		"\x00\x01\x02": "not the YAML of an index",
		"apiVersion: v1\nentries:\n  c:\n  - {name: c}\n": "its entries for c are not to be read",
		strings.Repeat("[", 100_000):                      "not the YAML of an index",
		"? " + strings.Repeat("x", maxParsed):             "larger than 8 MiB",
		"a: &a [x]\nb: [*a, *a, *c]\napiVersion: v1\n":    "not the YAML of an index",
		"apiVersion: v1\nentries:\n\tc:\n\t- {name: c}\n": "not the YAML of an index",
	} {
		x, err := parseIndex([]byte(text), "c")
		if err == nil || !strings.Contains(err.Error(), want) || !notIndex(err) {
			t.Errorf("%.60q gives %+v, %v; want %s", text, x, err, want)
		}
	}
}

// largeIndex is an index of many charts that is at least so large. One of them has
// a third as many versions as the rest together.
func largeIndex(size int) []byte {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nentries:\n")
	entry := func(chart string, i int) {
		fmt.Fprintf(&b, "  - apiVersion: v2\n    appVersion: 1.%d.0\n    created: \"2026-07-26T00:00:00Z\"\n    "+
			"description: %s\n    digest: %064x\n    name: %s\n    urls:\n    - https://example.com/%s-1.%d.0.tgz\n "+
			"   version: 1.%d.0\n",
			i, strings.Repeat("words and words ", 20), i, chart, chart, i, i)
	}
	for i := 0; b.Len() < size/4*3; i++ {
		chart := fmt.Sprintf("chart-%d", i)
		fmt.Fprintf(&b, "  %s:\n", chart)
		for n := range 50 {
			entry(chart, n)
		}
	}
	b.WriteString("  livekit-server:\n")
	for i := 0; b.Len() < size; i++ {
		entry("livekit-server", i)
	}
	b.WriteString("generated: \"2026-07-26T00:00:00Z\"\n")
	return []byte(b.String())
}

// Of a large index one chart's part is read: the parser of YAML would take seconds and
// gigabytes for the whole.
func TestLargeIndex(t *testing.T) {
	data := largeIndex(20 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	few, err := parseIndex(data, "chart-3")
	if err != nil || len(few.entries) != 50 {
		t.Fatalf("got %+v, %v", few, err)
	}
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; took > time.Second || allocated > 50 {
		t.Errorf("one chart of many took %s and %d MiB", took, allocated)
	}
	started = time.Now()
	many, err := parseIndex(data, "livekit-server")
	if err != nil || len(many.entries) < 5_000 {
		t.Fatalf("got %d, %v", len(many.entries), err)
	}
	t.Logf("%d entries took %s", len(many.entries), time.Since(started))
}

// Whatever is sent, it is an error or what the parser of YAML sees in it.
func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(indexOf("c", "1.0.0 a.tgz 12", "1.1.0 b.tgz")))
	f.Add([]byte("apiVersion: v1\nentries:\n  a:\n  - &x {name: c, version: 1.2.0}\n  c:\n  - *x\n"))
	f.Add([]byte(`{"apiVersion":"v1","entries":{"c":[{"version":"1.2.0"}]}}`))
	f.Add([]byte("apiVersion: v1\nentries:\n  c:\n  - version: |\n      1\n\n  -\n    - x\n---\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			t.Skip("longer ones find nothing else")
		}
		x, err := parseIndex(data, "c")
		if err != nil {
			if !notIndex(err) {
				t.Errorf("the error is of no kind that is known: %v", err)
			}
			return
		}
		if len(x.entries) == 0 {
			return
		}
		var file struct {
			Entries map[string][]json.RawMessage `json:"entries"`
		}
		if yaml.Unmarshal(data, &file) != nil {
			return // it cuts where YAML fails elsewhere in the file
		}
		var want []entry
		for _, raw := range file.Entries["c"] {
			var e entry
			read := func(data []byte, to any) error { return yaml.Unmarshal(data, to) } // numbers are texts, too
			if json.Valid(data) {
				read = json.Unmarshal
			}
			if read(raw, &e) == nil && e.Version != "" {
				want = append(want, e)
			}
		}
		if diff := cmp.Diff(want, x.entries); diff != "" {
			t.Error(diff)
		}
	})
}

// notIndex tells whether err says that something is no index.
func notIndex(err error) bool {
	var e *notIndexError
	return errors.As(err, &e)
}
