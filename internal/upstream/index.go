package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"
)

// maxParsed bounds what is parsed of an index. The largest public ones have some 20 MB, of which parsing takes
// seconds and half a gigabyte, so only the part about one chart is parsed.
const maxParsed = 8 << 20

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
	if err := checkSent(data); err != nil {
		return nil, &notIndexError{err.Error()}
	}
	if json.Valid(data) {
		return parse(data, chart, "JSON", json.Unmarshal)
	}
	unmarshal := func(data []byte, to any) error { return yaml.Unmarshal(data, to) }
	part := without(data, chart)
	if len(part) > maxParsed {
		return nil, &notIndexError{fmt.Sprintf(
			"it is not in the form in which Helm writes indexes, and larger than %d MiB", maxParsed>>20)}
	}
	x, err := parse(part, chart, "YAML", unmarshal)
	if err != nil && len(part) < len(data) && len(data) <= maxParsed {
		return parse(data, chart, "YAML", unmarshal) // what was left out may have anchors
	}
	return x, err
}

// parse parses an index.
func parse(data []byte, chart, form string, unmarshal func([]byte, any) error) (*index, error) {
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
	for _, raw := range entries {
		var e entry
		if unmarshal(raw, &e) != nil || e.Version == "" {
			x.unread++
			continue
		}
		x.entries = append(x.entries, e)
	}
	if len(x.entries) == 0 && x.unread > 0 {
		return nil, &notIndexError{fmt.Sprintf("its entries for %s are not to be read", chart)}
	}
	return x, nil
}

// without gives an index in the form in which Helm and its like write it (block style, a key a line) without what it
// says of other charts: their names alone. Of another form it leaves out nothing, or so much that it does not parse.
func without(data []byte, chart string) []byte {
	var out []byte
	inEntries, ours := false, true
	names := -1 // indent of the charts' names
	for line := range bytes.Lines(data) {
		body := bytes.TrimLeft(bytes.TrimRight(line, " \r\n"), " ")
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		isItem := string(body) == "-" || bytes.HasPrefix(body, []byte("- "))
		switch {
		case len(body) == 0 || body[0] == '#': // perhaps part of a text
		case indent == 0 && !isItem:
			inEntries, ours, names = bytes.HasPrefix(body, []byte("entries:")), true, -1
		case inEntries && !isItem && (names < 0 || indent == names):
			names = indent
			name, _, _ := bytes.Cut(body, []byte(":"))
			ours = string(bytes.Trim(name, `"' `)) == chart
			out = append(out, line...)
			continue
		}
		if ours {
			out = append(out, line...)
		}
	}
	return out
}
