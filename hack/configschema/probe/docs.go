package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"reflect"
	"strings"
)

// docReader gives the comments on the fields of a struct type, read from the
// source of its package and remembered per package.
type docReader map[string]map[string]fieldDocs

// fieldDocs maps the name of a field to its comment, on one line.
type fieldDocs map[string]string

func (r docReader) fields(t reflect.Type) (fieldDocs, error) {
	structs, ok := r[t.PkgPath()]
	if !ok {
		var err error
		if structs, err = packageDocs(t.PkgPath()); err != nil {
			return nil, err
		}
		r[t.PkgPath()] = structs
	}
	return structs[t.Name()], nil
}

func packageDocs(pkg string) (map[string]fieldDocs, error) {
	list, err := exec.CommandContext(context.Background(), "go", "list",
		"-f", `{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}`, pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("find the source of %s: %w", pkg, err)
	}
	structs := map[string]fieldDocs{}
	for file := range strings.Lines(string(list)) {
		parsed, err := parser.ParseFile(token.NewFileSet(), strings.TrimSpace(file), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				structs[spec.Name.Name] = docsOf(s)
			}
			return false
		})
	}
	return structs, nil
}

func docsOf(s *ast.StructType) fieldDocs {
	docs := fieldDocs{}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			docs[name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
		}
	}
	return docs
}
