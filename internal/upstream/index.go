package upstream

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Bounds on indexes. The largest public ones have some 20 MB; parsing YAML takes
// a hundred times its size in memory, so only one entry at a time is parsed, and
// the whole of an index of an unusual form only where it is small.
const (
	maxWholeIndex = 4 << 20
	maxEntry      = 1 << 20
)

// entry is a version of a chart in a repository's index
// (https://helm.sh/docs/topics/chart_repository/#the-index-file).
type entry struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`
}

// index is what a repository's index says of one chart.
type index struct {
	entries []entry // in the index's order
	charts  []string
	unread  int // entries that are not to be read
}

// notIndexError says that something is not the index of a chart repository.
type notIndexError struct{ why string }

func (e *notIndexError) Error() string { return e.why }

// parseIndex reads what an index says of one chart.
func parseIndex(data []byte, chart string) (*index, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return nil, &notIndexError{"it is empty"}
	case text[0] == '<':
		return nil, &notIndexError{"it is an HTML page"}
	case text[0] == '{' && json.Valid(text):
		return parseWhole(text, chart, "JSON", json.Unmarshal)
	}
	c := cutter{chart: chart, indent: -1}
	if c.cut(data) {
		return &c.index, c.check(chart)
	}
	if len(data) > maxWholeIndex {
		return nil, &notIndexError{fmt.Sprintf(
			"it is not in the form in which Helm writes indexes, and larger than %d MiB", maxWholeIndex>>20)}
	}
	return parseWhole(data, chart, "YAML", func(data []byte, to any) error { return yaml.Unmarshal(data, to) })
}

// check refuses an index whose entries cannot be read.
func (x *index) check(chart string) error {
	if len(x.entries) == 0 && x.unread > 0 {
		return &notIndexError{fmt.Sprintf("its entries for %s are not to be read", chart)}
	}
	return nil
}

// add takes an entry.
func (x *index) add(text []byte, unmarshal func([]byte, any) error) {
	var e entry
	if len(text) > maxEntry || unmarshal(text, &e) != nil || e.Version == "" {
		x.unread++
		return
	}
	x.entries = append(x.entries, e)
}

func (x *index) versions() []string {
	out := make([]string, 0, len(x.entries))
	for _, e := range x.entries {
		out = append(out, e.Version)
	}
	return out
}

// parseWhole parses all of an index.
func parseWhole(data []byte, chart, form string, unmarshal func([]byte, any) error) (*index, error) {
	var file struct {
		APIVersion string                     `json:"apiVersion"`
		Entries    map[string]json.RawMessage `json:"entries"`
	}
	if err := unmarshal(data, &file); err != nil {
		return nil, &notIndexError{"it is not the " + form + " of an index"}
	}
	if file.APIVersion == "" {
		return nil, &notIndexError{"it has no apiVersion"}
	}
	x := &index{charts: slices.Sorted(maps.Keys(file.Entries))}
	var entries []json.RawMessage
	if raw, has := file.Entries[chart]; has && json.Unmarshal(raw, &entries) != nil {
		return nil, &notIndexError{"its entries for " + chart + " are no list"}
	}
	for _, e := range entries {
		x.add(e, unmarshal)
	}
	return x, x.check(chart)
}

// cutter cuts out of an index in the form that Helm and its like write it (block
// style, a key a line) the entries of one chart, and parses those alone.
type cutter struct {
	index
	chart                  string
	sawEntries, sawVersion bool
	inEntries              bool // below entries:
	indent                 int  // of the charts' names, -1 until the first
	ours                   bool // below the chart's name
	taken                  bool // its name was there
	dash                   int  // indent of its entries, -1 until the first
	item                   []byte
	odd, done              bool
}

// cut goes through an index line by line. It reports false where the index has
// another form, or something in it is odd.
func (c *cutter) cut(data []byte) bool {
	for line := range bytes.Lines(data) {
		if !c.line(line) {
			return false
		}
		if c.done {
			break
		}
	}
	c.flush()
	return c.sawEntries && c.sawVersion && !c.odd
}

// line takes the next line, and reports whether it could be understood.
func (c *cutter) line(line []byte) bool {
	text := bytes.TrimRight(line, " \r\n")
	body := bytes.TrimLeft(text, " ")
	indent := len(text) - len(body)
	isItem := string(body) == "-" || bytes.HasPrefix(body, []byte("- "))
	switch {
	case len(body) == 0 || body[0] == '#': // it may be part of a text
		if c.item != nil {
			c.item = append(c.item, line...)
		}
		return true
	case body[0] == '\t':
		return false
	case indent == 0 && !isItem:
		return c.top(body)
	case !c.inEntries:
		return true
	case c.indent < 0 && !isItem:
		c.indent = indent
	}
	switch {
	case c.indent < 0 || indent < c.indent:
		return false
	case indent == c.indent && !isItem:
		return c.name(body)
	case !c.ours:
		return true
	case c.dash < 0 && isItem:
		c.dash = indent
	}
	if c.dash < 0 || indent < c.dash || (indent == c.dash && !isItem) {
		return false
	}
	if indent == c.dash {
		c.flush()
	}
	c.item = append(c.item, line...)
	return true
}

// top takes a key of the file itself.
func (c *cutter) top(body []byte) bool {
	switch marker := string(body); {
	case marker == "---" && !c.sawEntries && !c.sawVersion:
		return true
	case marker == "---", marker == "...":
		c.done = true
		return true
	}
	name, rest, ok := key(body)
	c.flush()
	c.inEntries, c.ours = false, false
	switch name {
	case "entries":
		ok = ok && !c.sawEntries && rest == ""
		c.sawEntries, c.inEntries = true, true
	case "apiVersion":
		c.sawVersion = rest != "" && rest != `""` && rest != "''"
	}
	return ok
}

// name takes the name of a chart.
func (c *cutter) name(body []byte) bool {
	name, rest, ok := key(body)
	c.flush()
	c.charts = append(c.charts, name)
	c.ours = name == c.chart
	if c.ours {
		ok = ok && !c.taken && (rest == "" || rest == "[]")
		c.taken, c.dash = true, -1
	}
	return ok
}

// flush parses the entry that was cut out.
func (c *cutter) flush() {
	if c.item == nil {
		return
	}
	item := c.item
	c.item = nil
	// The dash makes room for the first key.
	item[c.dash] = ' '
	before := c.unread
	c.add(item, func(data []byte, to any) error { return yaml.Unmarshal(data, to) })
	if c.unread > before && bytes.ContainsAny(item, "&*") {
		c.odd = true // perhaps it refers to another entry
	}
}

// keySyntax is KEY: and what follows in the line. Keys that are more than a plain
// or quoted word are not understood.
var keySyntax = regexp.MustCompile(
	`^(?:"([^"\\]*)"|'([^'\\]*)'|(|[^"'&*?!|>%@{}\[\],` + "`" + `].*?)):(?:\s+(.*))?$`)

// key reads a key and what follows in its line.
func key(body []byte) (name, rest string, ok bool) {
	m := keySyntax.FindStringSubmatch(string(body))
	if m == nil {
		return "", "", false
	}
	rest = strings.TrimSpace(m[4])
	if strings.HasPrefix(rest, "#") {
		rest = ""
	}
	return cmp.Or(m[1], m[2], m[3]), rest, true
}
