package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// Conventions prints what was learned as a table, with the evidence of each fact where explain is set, and notes on
// what could not be read.
func Conventions(w io.Writer, l *scaffolding.Learned, explain bool) error {
	row := func(name, value string, f convention.Fact) string {
		switch {
		case value == "":
			return ""
		case explain:
			return fmt.Sprintf("%s\t%s\t%s\t%s\n", name, value, f.Confidence, f.Evidence)
		}
		return fmt.Sprintf("%s\t%s\t%s\n", name, value, f.Confidence)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	own := template.FuncMap{"row": row, "secrets": secrets, "confidences": confidences}
	data := map[string]any{"Convention": l.Convention, "Notes": slices.Concat(l.Warnings, l.Notes)}
	if explain {
		data["RoundTrip"] = l.RoundTrip
	}
	err := fill(t, "conventions", own, data)
	if err != nil {
		return err
	}
	return t.Flush()
}

// confidences counts how well the values are known.
func confidences(c *convention.Convention) string {
	count := map[convention.Confidence]int{}
	for _, v := range c.Values {
		count[v.Confidence]++
	}
	var parts []string
	for _, known := range []struct {
		as   convention.Confidence
		word string
	}{
		{convention.Probed, "seen to move the field in question"},
		{convention.Voted, "by vote"},
		{convention.Library, "as the library has it that the chart is made of"},
		{convention.Name, "by name alone, which is a guess"},
		{convention.Default, "without a word in the charts, placed beside their like"},
	} {
		if n := count[known.as]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, known.word))
		}
	}
	return fmt.Sprintf("Of %d values: %s.", len(c.Values), strings.Join(parts, "; "))
}

// secrets names the mechanism and the store that it asks.
func secrets(s convention.Secrets) string {
	store, _ := s.Spec["secretStoreRef"].(map[string]any)
	if name, ok := store["name"].(string); ok {
		return s.Mechanism + " from " + name
	}
	return s.Mechanism
}
