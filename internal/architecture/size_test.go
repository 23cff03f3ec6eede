package architecture

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Limits of size, tests aside.
const (
	mostLines    = 4000 // of a package
	mostFiles    = 20   // of a package
	mostFunction = 60   // lines of a function
	mostColumns  = 120  // of a line, a tab being four
)

// TestSizes holds the limits, so that what grows past one is taken apart at once.
func TestSizes(t *testing.T) {
	lines, files := map[string]int{}, map[string]int{}
	for _, name := range goFiles(t, "main.go", "internal", "scaffold", "cluster", "hack") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		checkColumns(t, name, data)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		lines[filepath.Dir(name)] += bytes.Count(data, []byte("\n"))
		files[filepath.Dir(name)]++
		checkFunctions(t, name, data)
	}
	for dir, n := range lines {
		if n > mostLines || files[dir] > mostFiles {
			t.Errorf("%s has %d lines in %d files, more than %d or %d", dir, n, files[dir], mostLines, mostFiles)
		}
	}
}

func goFiles(t *testing.T, below ...string) []string {
	t.Helper()
	var out []string
	for _, dir := range below {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".go") {
				name, _ := filepath.Rel(root, path)
				out = append(out, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// checkColumns looks at all lines but those with a part of a raw string in a test: a
// sample is as it is.
func checkColumns(t *testing.T, name string, data []byte) {
	isRaw := false
	for i, line := range strings.Split(string(data), "\n") {
		hasRaw := isRaw || strings.Contains(line, "`")
		if strings.Count(line, "`")%2 == 1 {
			isRaw = !isRaw
		}
		if hasRaw && strings.HasSuffix(name, "_test.go") {
			continue
		}
		if n := len([]rune(strings.ReplaceAll(line, "\t", "    "))); n > mostColumns {
			t.Errorf("%s:%d has %d columns, more than %d", name, i+1, n, mostColumns)
		}
	}
}

func checkFunctions(t *testing.T, name string, data []byte) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, data, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > mostFunction {
			t.Errorf("%s: %s has %d lines, more than %d", set.Position(f.Pos()), f.Name.Name, n, mostFunction)
		}
	}
}
