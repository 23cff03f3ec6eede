// Package report prints results: a plain struct in, text or data out. What the texts say is in the folder templates.
package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

//go:embed templates
var templates embed.FS

// functions are what templates call beside their data.
var functions = template.FuncMap{
	"charts":   func(names []string) string { return listed(names, manySources) },
	"size":     size,
	"visible":  visible,
	"oneLine":  oneLine,
	"list":     func(texts []string) string { return strings.Join(texts, ", ") },
	"sentence": sentence,
	"location": location,
	"value":    valueText,
}

// parse reads one of the embedded templates, with functions of its own.
func parse(name string, own template.FuncMap) (*template.Template, error) {
	t, err := template.New(name+".tmpl").Funcs(functions).Funcs(own).ParseFS(templates, "templates/"+name+".tmpl")
	if err != nil {
		return nil, fmt.Errorf("read a report's template: %w", err)
	}
	return t, nil
}

// fill prints data by one of the embedded templates, all of it or nothing.
func fill(w io.Writer, name string, own template.FuncMap, data any) error {
	t, err := parse(name, own)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("print a report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Scaffold prints what was written, or what would be, with the texts where they are wanted, and what to do next.
func Scaffold(w io.Writer, r *scaffolding.Result, diff bool) error {
	if !diff {
		quiet := *r
		quiet.Diff, r = "", &quiet
	}
	return fill(w, "scaffold", nil, r)
}

// Remarks prints what could not be converted, and what is otherwise now.
func Remarks(w io.Writer, r *convert.Result) error { return fill(w, "remarks", nil, r) }

// Converted prints converted values on stdout, and on stderr what became of those that are not among them.
func Converted(stdout, stderr io.Writer, r *convert.Result) error {
	if _, err := stdout.Write(r.YAML); err != nil {
		return err
	}
	return Remarks(stderr, r)
}

// JSON prints v as one indented JSON object.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// YAML prints v as YAML, with the keys that it has in JSON.
func YAML(w io.Writer, v any) error {
	text, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("print YAML: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// manySources is from how many charts on a list of them says less than their number.
const manySources = 6

// listed joins names, of more than many the first ones.
func listed(names []string, many int) string {
	if len(names) <= many {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:many-1], ", "), len(names)-many+1)
}
