package yamldoc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written says to Helm what it says here, and reads well.
func TestDump(t *testing.T) {
	value := map[string]any{
		"word": "no", "text": "a", "number": "1", "whole": 3.0, "part": 0.5, "on": true, "none": nil,
		"json":  `{"a": "b"}`,
		"map":   map[string]string{"b": "1", "a": "x"},
		"list":  []string{"a"},
		"order": Pairs("z", 1, "a", []any{}),
	}
	for _, c := range []struct {
		style Style
		want  string
	}{
		{Style{}, `json: '{"a": "b"}'
list:
  - a
map:
  a: x
  b: "1"
none: null
number: "1"
"on": true
order:
  z: 1
  a: []
part: 0.5
text: a
whole: 3
word: "no"
`},
		{Style{Lists: "flush", Quotes: "single"}, `json: '{"a": "b"}'
list:
- a
map:
  a: x
  b: '1'
none: null
number: '1'
"on": true
order:
  z: 1
  a: []
part: 0.5
text: a
whole: 3
word: "no"
`},
	} {
		got, err := Dump(NodeOf(value), c.style)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.style, diff)
		}
	}
}

func TestAppendItems(t *testing.T) {
	items := []map[string]string{{"a": "new"}}
	for before, want := range map[string]string{
		"":                           "list:\n  - a: new\n",
		"{}\n":                       "list:\n  - a: new\n",
		"x: 1":                       "x: 1\n\nlist:\n  - a: new\n",
		"list: []\r\nx: 1\r\n":       "list:\r\n  - a: new\r\nx: 1\r\n",
		"list:\n- a: b\n\n# c\nx: 1": "list:\n- a: b\n- a: new\n\n# c\nx: 1\n",
	} {
		got, err := parse(t, before).AppendItems("list", items)
		if err != nil || got != want {
			t.Errorf("%q: %v, got %q, want %q", before, err, got, want)
		}
	}
	if _, err := parse(t, "list: [a]").AppendItems("list", items); err == nil {
		t.Error("a list on one line is taken")
	}
}
