// Package report prints results: a plain struct in, text or data out.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
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

// listed joins names, of more than many the first ones.
func listed(names []string, many int) string {
	if len(names) <= many {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:many-1], ", "), len(names)-many+1)
}
