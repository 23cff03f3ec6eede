package upstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Bounds on indexes. The largest public ones have some 20 MB; parsing YAML takes
// a hundred times its size in memory, so only one entry at a time is parsed, and
// the whole of an index of an unusual form only where it is small.
const (
	maxIndex      = 64 << 20
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
		return parseJSON(text, chart)
	}
	if x, ok := parseBlocks(data, chart); ok {
		return x, x.check(chart)
	}
	return parseWhole(data, chart)
}

// check refuses an index whose entries cannot be read.
func (x *index) check(chart string) error {
	if len(x.entries) == 0 && x.unread > 0 {
		return &notIndexError{fmt.Sprintf("its entries for %s are not to be read", chart)}
	}
	return nil
}

// add takes an entry, as YAML or JSON.
func (x *index) add(text []byte) {
	var e entry
	if len(text) > maxEntry || yaml.Unmarshal(text, &e) != nil || e.Version == "" {
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
func parseWhole(data []byte, chart string) (*index, error) {
	if len(data) > maxWholeIndex {
		return nil, &notIndexError{fmt.Sprintf("it is not in the form in which Helm writes indexes, and larger than %d MiB", maxWholeIndex>>20)}
	}
	var file struct {
		APIVersion string           `json:"apiVersion"`
		Entries    map[string][]any `json:"entries"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, &notIndexError{"it is not the YAML of an index"}
	}
	if file.APIVersion == "" {
		return nil, &notIndexError{"it has no apiVersion"}
	}
	x := &index{charts: slices.Sorted(maps.Keys(file.Entries))}
	for _, e := range file.Entries[chart] {
		text, err := json.Marshal(e)
		if err != nil {
			x.unread++
			continue
		}
		x.add(text)
	}
	return x, x.check(chart)
}

// parseJSON reads an index in JSON, which Helm takes as well.
func parseJSON(data []byte, chart string) (*index, error) {
	var file struct {
		APIVersion string                     `json:"apiVersion"`
		Entries    map[string]json.RawMessage `json:"entries"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, &notIndexError{"it is not the JSON of an index"}
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
		var one entry
		if json.Unmarshal(e, &one) != nil || one.Version == "" {
			x.unread++
			continue
		}
		x.entries = append(x.entries, one)
	}
	return x, x.check(chart)
}

// parseBlocks cuts out of an index in the form that Helm and its like write it
// (block style, a key a line) the entries of one chart, and parses those alone.
// ok is false where the index has another form, or something in it is odd.
func parseBlocks(data []byte, chart string) (x *index, ok bool) {
	c := cutter{chart: chart, indent: -1}
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line = data[:i+1]
		}
		data = data[len(line):]
		if !c.line(line) {
			return nil, false
		}
		if c.done {
			break
		}
	}
	c.flush()
	if !c.sawEntries || !c.sawVersion {
		return nil, false
	}
	return &c.index, !c.odd
}

// cutter goes through an index line by line.
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

// line takes the next line, and reports whether it could be understood.
func (c *cutter) line(line []byte) bool {
	text := bytes.TrimRight(line, " \r\n")
	body := bytes.TrimLeft(text, " ")
	indent := len(text) - len(body)
	if len(body) == 0 || body[0] == '#' {
		c.keep(line)
		return true
	}
	isItem := body[0] == '-' && (len(body) == 1 || body[1] == ' ')
	switch {
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
	case c.dash < 0 && !isItem:
		return false
	case c.dash < 0:
		c.dash = indent
	}
	if indent < c.dash || (indent == c.dash && !isItem) {
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
	key, rest, ok := key(body)
	if !ok {
		return false
	}
	c.flush()
	c.inEntries, c.ours = false, false
	switch key {
	case "entries":
		if c.sawEntries || rest != "" {
			return false
		}
		c.sawEntries, c.inEntries = true, true
	case "apiVersion":
		c.sawVersion = rest != "" && rest != `""` && rest != "''"
	}
	return true
}

// name takes the name of a chart.
func (c *cutter) name(body []byte) bool {
	name, rest, ok := key(body)
	if !ok {
		return false
	}
	c.flush()
	c.charts = append(c.charts, name)
	c.ours = name == c.chart
	if !c.ours {
		return true
	}
	again := c.taken
	c.taken, c.dash = true, -1
	return !again && (rest == "" || rest == "[]")
}

// keep takes an empty line or a comment, which may be part of a text.
func (c *cutter) keep(line []byte) {
	if c.item != nil {
		c.item = append(c.item, line...)
	}
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
	c.add(item)
	if c.unread > before && bytes.ContainsAny(item, "&*") {
		c.odd = true // perhaps it refers to another entry
	}
}

// key reads KEY: and what follows in the line. Keys that are more than a plain or
// quoted word are not understood.
func key(body []byte) (name, rest string, ok bool) {
	text := string(body)
	if quote := text[0]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(text[1:], quote)
		if end < 0 || strings.Contains(text[1:1+end], `\`) {
			return "", "", false
		}
		name, text = text[1:1+end], text[end+2:]
		if !strings.HasPrefix(text, ":") {
			return "", "", false
		}
		text = text[1:]
	} else {
		if strings.IndexByte("&*?!|>%@{}[],`", quote) >= 0 {
			return "", "", false
		}
		i := strings.Index(text+" ", ": ")
		if i < 0 {
			return "", "", false
		}
		name, text = text[:i], text[min(i+1, len(text)):]
	}
	rest = strings.TrimSpace(text)
	if strings.HasPrefix(rest, "#") {
		rest = ""
	}
	return name, rest, true
}

// notIndex tells whether err says that something is no index.
func notIndex(err error) bool {
	var e *notIndexError
	return errors.As(err, &e)
}
