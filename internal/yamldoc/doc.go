// Package yamldoc reads YAML that strangers wrote into an ordered tree, in bounded time and memory.
//
// The tree keeps what a person sees in the file: the order of keys, lines, comments, quotes. Aliases and merge keys are
// resolved; a file whose aliases multiply beyond a limit is refused instead of expanded. Values have the types that
// Helm gives them, which are those of YAML 1.1 ("yes" is a boolean).
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Limits of what is read.
const (
	// MaxSize is the largest file in bytes; Helm itself refuses a larger file
	// in a chart (pkg/chart/loader, MaxDecompressedFileSize).
	MaxSize = 5 << 20
	// MaxDepth is the deepest nesting of maps and lists.
	MaxDepth = 100
	// MaxNodes is the number of values in a document, each alias counted with all that it stands for.
	MaxNodes = 300_000

	// The parser takes some kilobytes for each value in flow style ([a, b])
	// before anyone can count them, so their marks are counted beforehand.
	maxFlowMarks = 200_000
	maxLines     = 600_000
)

// Doc is one YAML document with the way it is written.
type Doc struct {
	// Name is what errors and evidence call the document, as a rule its path.
	Name string
	// Root is a map for the files of a chart; an empty file has an empty map.
	Root *Node
	// DocumentStart tells whether the file begins with "---".
	DocumentStart bool
	// Duplicates are the keys that stand twice in a map, of a document that ParseValues has read.
	Duplicates []Duplicate

	data     []byte
	comments []string // every comment, as written
}

// Duplicate is a key that stands twice in one map, and the lines on which it does.
type Duplicate struct {
	Key         string
	First, Line int
}

// Remark says which of the two counts, in the document called name.
func (d Duplicate) Remark(name string) string {
	return fmt.Sprintf("%s:%d: key %q is there twice, first on line %d. Helm takes the last one, and so does this.",
		name, d.Line, d.Key, d.First)
}

// Error is what is wrong with a document, and where.
type Error struct {
	Name   string
	Line   int // from 1; 0 where no line is to blame
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Name, e.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Reason)
}

// ReadFile reads the first document of a file. It refuses what is not a regular
// file (a symbolic link to one is followed) and, without reading it, a file over
// MaxSize. A file that is not there gives an error that is fs.ErrNotExist.
func ReadFile(path string) (*Doc, error) {
	data, err := ReadBytes(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// ReadValues reads a file as ReadFile and ParseValues do.
func ReadValues(path string) (*Doc, error) {
	data, err := ReadBytes(path)
	if err != nil {
		return nil, err
	}
	return ParseValues(path, data)
}

// ReadBytes reads a file under the conditions of ReadFile and leaves it unparsed.
func ReadBytes(path string) ([]byte, error) {
	// Opening a named pipe would wait for a writer, so look first.
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Name: path, Reason: "not a regular file"}
	}
	if info.Size() > MaxSize {
		return nil, tooLarge(path, info.Size())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(data) > MaxSize {
		return nil, tooLarge(path, int64(len(data)))
	}
	return data, nil
}

func tooLarge(path string, size int64) error {
	return remedy.Errorf("make the file smaller: Helm does not load a chart with such a file either",
		"%s: file has %d bytes, more than the limit of %d (5 MiB)", path, size, MaxSize)
}

// Parse reads the first document of data, as Helm does with values. The name stands in errors. A key that stands twice
// is an error: what writes a file must not lose one of them.
func Parse(name string, data []byte) (*Doc, error) { return read(name, data, false) }

// ParseValues is Parse for what is read alone: of a key that stands twice in a map the last one counts, as in Helm.
func ParseValues(name string, data []byte) (*Doc, error) { return read(name, data, true) }

func read(name string, data []byte, lastWins bool) (*Doc, error) {
	if err := checkText(name, data); err != nil {
		return nil, err
	}
	doc := &Doc{Name: name, data: data, DocumentStart: startsDocument(data)}
	root, err := load(name, data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		doc.Root = emptyMap()
		doc.comments = commentLines(string(data))
		return doc, nil
	}
	b := builder{name: name, anchors: map[*yaml.Node]anchor{}, lastWins: lastWins}
	b.comment(root.HeadComment, root.LineComment, root.FootComment)
	if doc.Root, err = b.build(root.Content[0], 0); err != nil {
		return nil, err
	}
	doc.comments, doc.Duplicates = b.comments, b.duplicates
	if doc.Root.IsNull() {
		doc.Root = emptyMap()
	}
	return doc, nil
}

func emptyMap() *Node { return &Node{Node: &yaml.Node{Kind: Map, Line: 1}} }

// checkText refuses what would cost the parser too much, and what is no text.
func checkText(name string, data []byte) error {
	if len(data) > MaxSize {
		return tooLarge(name, int64(len(data)))
	}
	lines, marks := 1, 0
	for i, r := range string(data) {
		switch {
		case r == '\n':
			lines++
		case r == ',' || r == '[' || r == '{' || r == '?':
			marks++
		case r < ' ' && r != '\t' && r != '\r' || r == 0x7f:
			return &Error{name, lines, fmt.Sprintf("not a text file: control character %#02x", r)}
		case r == utf8.RuneError && !bytes.HasPrefix(data[i:], []byte("\ufffd")): // which may well stand there
			return &Error{name, lines, fmt.Sprintf("not a text file: byte %#02x is not UTF-8", data[i])}
		}
	}
	// Block lists can be nested on one line ("- - - a").
	marks += bytes.Count(data, []byte("- -"))
	if lines > maxLines || marks > maxFlowMarks {
		return &Error{name, 0, fmt.Sprintf("too many values (%d lines, %d commas and brackets)", lines, marks)}
	}
	return nil
}

func startsDocument(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(strings.TrimPrefix(line, "\ufeff"), " \t\r\n")
		if line == "---" || strings.HasPrefix(line, "--- ") {
			return true
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return false
}

// load gives the parser's tree of the first document, nil if there is none.
func load(name string, data []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(depthLimit{}))
	if err != nil {
		return nil, fmt.Errorf("setting up the YAML parser: %w", err)
	}
	var root yaml.Node
	err = loader.Load(&root)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, parseError(name, data, err)
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	return &root, nil
}

// depthLimit stops the parser at MaxDepth. Aliases are not its business: the builder counts them.
type depthLimit struct{}

func (depthLimit) CheckDepth(depth int, _ *yaml.DepthContext) error {
	if depth > MaxDepth {
		return fmt.Errorf("nested more than %d levels deep", MaxDepth)
	}
	return nil
}

func (depthLimit) CheckAlias(int, int) error { return nil }

// parseError words the parser's error for someone who looks at the file.
func parseError(name string, data []byte, err error) error {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return &Error{Name: name, Reason: err.Error()}
	}
	line, reason := le.Mark.Line, le.Message
	switch {
	case strings.Contains(reason, "tab character"),
		strings.Contains(reason, "cannot start any token") && tabIndented(data, line):
		reason = "a tab in the indentation, where YAML wants spaces"
	case strings.Contains(reason, "could not find expected ':'") && le.ContextMark.Line > 0:
		line = le.ContextMark.Line // the parser notices a line later
	case le.ContextMsg != "" && le.ContextMark.Line > 0:
		reason += fmt.Sprintf(" (%s that begins on line %d)", le.ContextMsg, le.ContextMark.Line)
	}
	return &Error{Name: name, Line: line, Reason: reason}
}

func tabIndented(data []byte, line int) bool {
	lines := bytes.Split(data, []byte("\n"))
	if line < 1 || line > len(lines) {
		return false
	}
	text := bytes.TrimLeft(lines[line-1], " ")
	return len(text) > 0 && text[0] == '\t'
}
