package yamldoc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func parse(t *testing.T, text string) *Doc {
	t.Helper()
	doc, err := Parse("values.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTreeKeepsOrderLinesAndTypes(t *testing.T) {
	doc := parse(t, `---
# above
zeta: "1" # behind
alpha:
  port: 80
  ratio: 1.5
  on: yes
  off: "yes"
  none:
  list: [a, 'b']
  text: |
    line
`)
	if got, want := doc.Root.Keys(), []string{"zeta", "alpha"}; !reflect.DeepEqual(got, want) {
		t.Errorf("keys %v, want %v", got, want)
	}
	zeta := doc.Root.Entry("zeta")
	if zeta.Line != 3 || zeta.HeadComment != "# above" || zeta.Value.LineComment != "# behind" ||
		zeta.Value.Style != yaml.DoubleQuotedStyle {
		t.Errorf("zeta is %+v, value %+v", zeta, zeta.Value)
	}
	for path, want := range map[string]string{
		"alpha.port": "!!int", "alpha.ratio": "!!float", "alpha.on": "!!bool", "alpha.off": "!!str",
		"alpha.none": "!!null", "alpha.text": "!!str",
	} {
		if n := doc.Root.Get(path); n == nil || n.Tag != want {
			t.Errorf("%s has type %v, want %v", path, n, want)
		}
	}
	if got := doc.Root.LineOf("alpha.list[1]"); got != 10 {
		t.Errorf("line of alpha.list[1] is %d, want 10", got)
	}
	want := map[string]any{
		"zeta": "1",
		"alpha": map[string]any{
			"port": int64(80), "ratio": 1.5, "on": true, "off": "yes", "none": nil,
			"list": []any{"a", "b"}, "text": "line\n",
		},
	}
	if got := doc.Map(); !reflect.DeepEqual(got, want) {
		t.Errorf("decoded %#v\nwant    %#v", got, want)
	}
}

func TestEmptyDocumentsAreEmptyMaps(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# only a comment\n", "---\n", "null\n", "---\n# comment\n---\na: 1\n"} {
		if doc := parse(t, text); !doc.Root.IsMap() || doc.Root.Len() != 0 {
			t.Errorf("%q gives %+v", text, doc.Root)
		}
	}
}

func TestFirstDocumentCounts(t *testing.T) {
	if got := parse(t, "a: 1\n---\na: 2\n").Map()["a"]; got != int64(1) {
		t.Errorf("a is %v, want 1", got)
	}
}

func TestAliasesAndMergeKeys(t *testing.T) {
	doc := parse(t, `
base: &base
  image: one
  tag: latest
more: &more {tag: other, port: 80}
host: &host live.example.com
hosts: [*host, *host]
first:
  before: 1
  <<: *base
  image: two
second:
  <<: [*more, *base]
"<<": text
&key named: 1
again: *key
`)
	for path, want := range map[string]string{
		"hosts[1]": "live.example.com", "first.image": "two", "first.tag": "latest",
		"second.tag": "other", "second.image": "one", "second.port": "80", "<<": "text", "again": "named",
	} {
		if got := doc.Root.Get(path).Str(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got, want := doc.Root.Get("first").Keys(), []string{"before", "tag", "image"}; !reflect.DeepEqual(got, want) {
		t.Errorf("keys of first %v, want %v", got, want)
	}
	if !doc.Root.Get("first").Entry("tag").Merged || doc.Root.Get("first").Entry("image").Merged {
		t.Error("merged entries are not told apart")
	}
}

// bomb gives a document of which each level doubles the one before several times.
func bomb(levels int, line func(level, previous int) string) string {
	var b strings.Builder
	b.WriteString("a0: &a0 {x: 1, y: 2}\n")
	for i := 1; i <= levels; i++ {
		b.WriteString(line(i, i-1))
	}
	return b.String()
}

func TestBadInput(t *testing.T) {
	lists := func(i, p int) string {
		return fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", p), 9),
			", "))
	}
	merges := func(i, p int) string { return fmt.Sprintf("a%d: &a%d {k: *a%d, l: *a%d}\n", i, i, p, p) }
	wide := func() string {
		var b strings.Builder
		b.WriteString("base: &base\n")
		for i := range 2000 {
			fmt.Fprintf(&b, "  k%d: 1\n", i)
		}
		b.WriteString("out:\n  <<: [" + strings.TrimSuffix(strings.Repeat("*base, ", 50000), ", ") + "]\n")
		return b.String()
	}
	tests := []struct{ name, text, want string }{
		{"bomb of lists", bomb(12, lists), "values.yaml:7: aliases and values expand to more than 300000 values"},
		{"bomb of maps", bomb(40, merges), "expand to more than 300000 values"},
		{"wide merge", wide(), "expand to more than 300000 values"},
		{"alias of itself", "a: &a\n  b: *a\n", "values.yaml:2: alias *a stands inside its own anchor"},
		{"unknown alias", "a: *b\n", "values.yaml:1: unknown anchor 'b' referenced"},
		{"duplicate key", "a: 1\nb: 2\na: 3\n", `values.yaml:3: key "a" is there twice, on line 1 and here`},
		{"duplicate key below", "x:\n  \"a\": 1\n  a: 3\n",
			`values.yaml:3: key "a" is there twice, on line 2 and here`},
		{"tab", "a:\n\tb: 1\n", "values.yaml:2: a tab in the indentation"},
		{"unfinished", "a: [1,\n  2\n",
			"values.yaml:3: did not find expected ',' or ']' (while parsing a flow sequence that begins on line 1)"},
		{"template", "a: 1\n{{ if .Values.b }}\nb: 2\n{{ end }}\n", "values.yaml:2: "},
		{"map as key", "{a: 1}: 2\n", "values.yaml:1: a key is a plain word here"},
		{"no key", "a: 1\n: 2\n", "values.yaml:2: a key is missing"},
		{"merge of a word", "a: 1\n<<: word\n", "values.yaml:2: a merge key (<<) takes a map"},
		{"binary", "a: 1\n\x7fELF\x00", "values.yaml:2: not a text file: control character 0x7f"},
		{"latin-1", "a: caf\xe9\n", "values.yaml:1: not a text file: byte 0xe9 is not UTF-8"},
		{"deep flow", strings.Repeat("[", 5000), "values.yaml:1: "},
		{"deep block", strings.Repeat("- ", 500) + "a\n", "nested more than 100 levels deep"},
		{"many values", "[" + strings.Repeat("a,", 1<<20) + "]", "too many values"},
		{"many lines", strings.Repeat("- a\n", 700_000), "too many values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start, before := time.Now(), allocated()
			_, err := Parse("values.yaml", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if got := allocated() - before; got > 600<<20 {
				t.Errorf("allocated %d MiB", got>>20)
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A bomb that is just small enough must be harmless to walk as well.
func TestAliasesWithinTheLimitAreCounted(t *testing.T) {
	doc := parse(t, bomb(5, func(i, p int) string {
		return fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, p, p, p)
	}))
	if doc.Map() == nil {
		t.Error("nothing decoded")
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "values.yaml")
	if err := os.WriteFile(path, []byte("a: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for _, p := range []string{path, link} {
		doc, err := ReadFile(p)
		if err != nil || doc.Root.Get("a").Str() != "1" || doc.Name != p {
			t.Errorf("%s: %+v, %v", p, doc, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "nothing.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadFile(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("directory: %v", err)
	}
}

func TestHugeFileIsRefusedBySize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "values.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	before, start := allocated(), time.Now()
	_, err = ReadFile(path)
	if err == nil || !strings.Contains(err.Error(), path+": file has 104857600 bytes, more than the limit") {
		t.Errorf("error %v", err)
	}
	if remedy.Step(err) == "" {
		t.Error("no step is given")
	}
	if got := allocated() - before; got > 1<<20 {
		t.Errorf("allocated %d bytes to refuse a file", got)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestPaths(t *testing.T) {
	for _, tt := range []struct {
		path     string
		segments []string
	}{
		{"", nil},
		{"image", []string{"image"}},
		{"a.b", []string{"a", "b"}},
		{"service.ports[0].port", []string{"service", "ports", "[0]", "port"}},
		{`ingress.annotations."kubernetes.io/ingress.class"`,
			[]string{"ingress", "annotations", "kubernetes.io/ingress.class"}},
		{`a."say \"hi\" \\."`, []string{"a", `say "hi" \.`}},
		{`"a.b"[2][3]`, []string{"a.b", "[2]", "[3]"}},
		{"persistence.<volume>.size", []string{"persistence", "<volume>", "size"}},
	} {
		if got := SplitPath(tt.path); !slices.Equal(got, tt.segments) {
			t.Errorf("SplitPath(%q) = %q, want %q", tt.path, got, tt.segments)
		}
		if got := JoinPath(tt.segments...); got != tt.path {
			t.Errorf("JoinPath(%q) = %q, want %q", tt.segments, got, tt.path)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a: &a {b: [1, *c]}\n", "<<: [{a: 1}, {b: 2}]\n", "? a\n: b\n", "a: |\n  # x: y\n# b: c\n", "- - a\n  # k: v\n",
		"%YAML 1.2\n---\na: !!int \"3\"\n...\n", "a: &x\n  b: 1\nc:\n  <<: *x\n", "\ufeffa: b\r\n",
		"a: 0x1F\nb: .inf\nc: 1e400\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse("f.yaml", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.yaml:") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		doc.Root.Decode()
		doc.Style()
		doc.Commented()
	})
}

// Values are read as Helm reads them: the last of two keys counts, whole.
func TestParseValuesTakesTheLastKey(t *testing.T) {
	const text = "a: {b: 1, c: 2}\nd: &d\n  e: 1\n  e: 2\n  e: 3\na: {b: 3}\nf:\n  <<: *d\n  e: 4\n"
	doc, err := ParseValues("values.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": map[string]any{"b": 3}, "d": map[string]any{"e": 3}, "f": map[string]any{"e": 4},
	}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(doc.Root.Decode())); diff != "" {
		t.Error(diff)
	}
	if line := doc.Root.LineOf("a.b"); line != 6 {
		t.Errorf("a.b is on line %d", line)
	}
	lines := []Duplicate{{"a", 1, 6}, {"e", 3, 4}, {"e", 4, 5}}
	if diff := cmp.Diff(lines, doc.Duplicates); diff != "" {
		t.Error(diff)
	}
	if _, err := Parse("values.yaml", []byte(text)); err == nil {
		t.Error("a file that may be written anew is taken")
	}
}
