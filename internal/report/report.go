// Package report prints results: a plain struct in, text or data out.
package report

import (
	"encoding/json"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"
)

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

// YAML prints v as a YAML document.
func YAML(w io.Writer, v any) error {
	data, err := yaml.Dump(v, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false))
	if err != nil {
		return fmt.Errorf("print YAML: %w", err)
	}
	_, err = w.Write(data)
	return err
}
