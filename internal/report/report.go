// Package report prints results: a plain struct in, text or data out.
package report

import (
	"encoding/json"
	"fmt"
	"io"
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
