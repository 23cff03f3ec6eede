package yamldoc

import (
	"strings"
	"testing"
)

func TestSetValue(t *testing.T) {
	const text = `# head
a: 1 # one
b: "two" # 2
c: 'it''s'
d: {}   # empty
e:
  f: [] 
  g: {h: old, i: 2}
j:
k: "say \"x\"" # quoted
`
	for _, c := range []struct {
		path  string
		value any
		want  string // the line, or the lines, that are there instead; "" for an error
		was   string
	}{
		{"a", 3600, "a: 3600 # one\n", "a: 1 # one\n"},
		{"b", "three", "b: \"three\" # 2\n", "b: \"two\" # 2\n"},
		{"b", "true", "b: \"true\" # 2\n", "b: \"two\" # 2\n"},
		{"c", "hers", "c: 'hers'\n", "c: 'it''s'\n"},
		{"k", "x", "k: \"x\" # quoted\n", "k: \"say \\\"x\\\"\" # quoted\n"},
		{"d", map[string]any{"disk": "fast"}, "d: # empty\n  disk: fast\n", "d: {}   # empty\n"},
		{"e.f", []any{1, 2}, "  f:\n    - 1\n    - 2\n", "  f: [] \n"},
		{"e.g.h", "new", "  g: {h: new, i: 2}\n", "  g: {h: old, i: 2}\n"},
		{"j", 5, "", ""},
		{"e", 1, "", ""},
		{"gone", 1, "", ""},
		{"e.g.h", map[string]any{"a": 1}, "", ""},
	} {
		doc, err := ParseValues("values.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := doc.SetValue(SplitPath(c.path), c.value)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: expected an error, got\n%s", c.path, got)
			}
			continue
		}
		if want := replaceOnce(t, text, c.was, c.want); err != nil || got != want {
			t.Errorf("%s: %v\n%s", c.path, err, got)
		}
	}
}

func replaceOnce(t *testing.T, text, old, now string) string {
	t.Helper()
	before, after, found := strings.Cut(text, old)
	if !found {
		t.Fatalf("the text has no %q", old)
	}
	return before + now + after
}
