// Package manifest reads rendered Kubernetes objects and judges each one by
// itself: does it decode into its type, and would the API server take it.
package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// ParseError says where a rendered template is no YAML object.
type ParseError struct {
	File   string
	Line   int // in the rendered file, from 1
	Reason string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Parse splits a rendered template into its documents and decodes each as kubectl and Helm do (YAML 1.1: an unquoted
// yes is a boolean). Documents that are empty or hold comments alone are left out. A duplicate key and a document that
// is no mapping are errors; every error is a *ParseError. The objects of the documents before a faulty one, and after
// it, are given all the same.
func Parse(file string, data []byte) ([]Object, error) {
	var objects []Object
	var first error
	for _, doc := range split(data) {
		object, err := parseDocument(file, doc, yaml.YAMLToJSONStrict)
		first = cmp.Or(first, err)
		if err == nil && object.Fields != nil {
			objects = append(objects, object)
		}
	}
	return objects, first
}

// ParseLastWins is Parse for charts of strangers: of a key that stands twice in a map the last one counts, as it does
// when Helm installs the object, and twice says so. Other documents that cannot be read are left out.
func ParseLastWins(file string, data []byte) (objects []Object, twice []*ParseError) {
	for _, doc := range split(data) {
		object, err := parseDocument(file, doc, yaml.YAMLToJSONStrict)
		var parse *ParseError
		if errors.As(err, &parse) && strings.HasSuffix(parse.Reason, "already set in map") {
			if object, err = parseDocument(file, doc, yaml.YAMLToJSON); err == nil {
				twice = append(twice, parse)
			}
		}
		if err == nil && object.Fields != nil {
			objects = append(objects, object)
		}
	}
	return objects, twice
}

// document is one YAML document and the line on which it starts.
type document struct {
	line int
	text []byte
}

// split cuts at document markers: lines that start with "---" and then end or
// go on with white space. What stands behind a marker belongs to its document.
func split(data []byte) []document {
	docs := []document{{line: 1}}
	for n, line := range bytes.SplitAfter(data, []byte("\n")) {
		rest, isMarked := bytes.CutPrefix(line, []byte("---"))
		if isMarked && (len(rest) == 0 || bytes.IndexAny(rest, " \t\r\n") == 0) {
			docs = append(docs, document{line: n + 1})
			line = rest
		}
		last := &docs[len(docs)-1]
		last.text = append(last.text, line...)
	}
	return docs
}

func parseDocument(file string, doc document, toJSON func([]byte) ([]byte, error)) (Object, error) {
	line, ok := firstContent(doc)
	if !ok {
		return Object{}, nil
	}
	raw, err := toJSON(doc.text)
	if err != nil {
		return Object{}, parseError(file, doc.line, err)
	}
	var value any
	if err := json.UnmarshalCaseSensitivePreserveInts(raw, &value); err != nil {
		return Object{}, &ParseError{file, line, err.Error()}
	}
	switch value := value.(type) {
	case nil:
		return Object{}, nil
	case map[string]any:
		return Object{File: file, Line: line, Fields: value}, nil
	}
	return Object{}, &ParseError{file, line, "the document is not a mapping of keys to values"}
}

// firstContent gives the line of the first text that is no comment.
func firstContent(doc document) (line int, ok bool) {
	for n, text := range bytes.Split(doc.text, []byte("\n")) {
		text = bytes.TrimSpace(text)
		if len(text) > 0 && text[0] != '#' {
			return doc.line + n, true
		}
	}
	return 0, false
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// parseError takes the line out of the YAML library's message, where it names
// one, and counts it from the head of the file. line is the document's.
func parseError(file string, line int, err error) error {
	reason := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	reason = strings.TrimPrefix(reason, "yaml: ")
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		inDocument, _ := strconv.Atoi(m[1])
		line += inDocument - 1
		reason = m[2]
	}
	return &ParseError{file, line, reason}
}
