package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// Conventions prints a convention as a table, with the evidence of each fact where explain is set, and notes on what
// could not be read.
func Conventions(w io.Writer, c *convention.Convention, notes []string, explain bool) error {
	var b bytes.Buffer
	if len(c.Source) == 0 {
		b.WriteString("No sibling chart speaks: these are the canonical conventions.\n\n")
	} else {
		fmt.Fprintf(&b, "Read from %s.\n\n", listed(c.Source, manySources))
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(name, value string, f convention.Fact) {
		if value == "" {
			return
		}
		fmt.Fprintf(t, "%s\t%s\t%s", name, value, f.Confidence)
		if explain {
			fmt.Fprintf(t, "\t%s", f.Evidence)
		}
		fmt.Fprintln(t)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Values)) {
		v := c.Values[key]
		value := v.Path
		if v.Shape != "" {
			value += " (" + v.Shape + ")"
		}
		row(key, value, v.Fact)
	}
	for _, f := range facts(c) {
		row(f.name, f.value, f.fact)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(c.Source) > 0 {
		fmt.Fprintf(&b, "\n%s\n", confidences(c))
	}
	for _, note := range notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	_, err := w.Write(b.Bytes())
	return err
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
		{convention.Name, "by name alone, which is a guess"},
		{convention.Default, "without a word in the charts, placed beside their like"},
	} {
		if n := count[known.as]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, known.word))
		}
	}
	return fmt.Sprintf("Of %d values: %s.", len(c.Values), strings.Join(parts, "; "))
}

type fact struct {
	name, value string
	fact        convention.Fact
}

func facts(c *convention.Convention) []fact {
	out := []fact{{"label scheme", c.Labels.Scheme, c.Labels.Fact}}
	for _, list := range []struct {
		name   string
		labels []convention.Label
	}{{"label", c.Labels.Set}, {"selector", c.Labels.Selector}, {"service selector", c.Labels.ServiceSelector}} {
		for _, l := range list.labels {
			out = append(out, fact{list.name, l.Name + ": " + l.Value, c.Labels.Fact})
		}
	}
	out = append(out,
		fact{"object names", c.Naming.Fullname, c.Naming.Fact},
		fact{"helper prefix", c.Naming.HelperPrefix, c.Naming.Fact},
		fact{"workload", c.Kinds.Workload, c.Kinds.Fact},
		fact{"route", c.Kinds.Route, c.Kinds.Fact},
		fact{"template files", "*." + c.Files.Extension, c.Files.Fact},
	)
	for _, kind := range slices.Sorted(maps.Keys(c.Files.Templates)) {
		out = append(out, fact{"file of " + kind, c.Files.Templates[kind], c.Files.Fact})
	}
	d := c.Defaults
	return append(out,
		fact{"style", fmt.Sprintf("indent %d, lists %s, %s quotes, %s comments",
			c.Style.Indent, c.Style.Lists, c.Style.Quotes, c.Style.Comments), c.Style.Fact},
		fact{"host", d.HostPattern, d.Fact},
		fact{"TLS secret", d.TLSSecretPattern, d.Fact},
		fact{"ingress class", d.IngressClass, d.Fact},
		fact{"cluster issuer", d.ClusterIssuer, d.Fact},
		fact{"storage class", d.StorageClass, d.Fact},
		fact{"Secrets", secrets(c.Secrets), c.Secrets.Fact},
	)
}

// secrets names the mechanism and the store that it asks.
func secrets(s convention.Secrets) string {
	store, _ := s.Spec["secretStoreRef"].(map[string]any)
	if name, ok := store["name"].(string); ok {
		return s.Mechanism + " from " + name
	}
	return s.Mechanism
}
