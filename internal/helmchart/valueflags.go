package helmchart

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
)

// ValueFlags are values as Helm's flags give them.
type ValueFlags struct {
	ValueFiles []string // --values
	SetJSON    []string
	Set        []string
	SetString  []string
	SetFile    []string
}

// ValueSource is what one flag gives.
type ValueSource struct {
	Name   string // the file, or the flag, which may be followed by a secret
	Values map[string]any
}

// expression is a flag that takes expressions, with what Helm does with one.
type expression struct {
	flag  string
	given []string
	parse func(text string, into map[string]any) error
}

func (f ValueFlags) expressions() []expression {
	return []expression{
		{"--set-json", f.SetJSON, strvals.ParseJSON},
		{"--set", f.Set, strvals.ParseInto},
		{"--set-string", f.SetString, strvals.ParseIntoString},
		{"--set-file", f.SetFile, parseFiles},
	}
}

// Args gives the flags but --values as a command line.
func (f ValueFlags) Args() []string {
	var args []string
	for _, e := range f.expressions() {
		for _, text := range e.given {
			args = append(args, e.flag, text)
		}
	}
	return args
}

// Read reads the values as Helm does: later ones over earlier ones, expressions over files.
func (f ValueFlags) Read() (values map[string]any, sources []ValueSource, err error) {
	values = map[string]any{}
	for _, file := range f.ValueFiles {
		read, err := chartutil.ReadValuesFile(file)
		if err != nil {
			return nil, nil, fmt.Errorf("values file %s: %w", file, err)
		}
		sources = append(sources, ValueSource{file, Copy(read)})
		// As Helm does it: a null stays, to remove a default later on.
		values = chartutil.MergeTables(Copy(read), values)
	}
	for _, e := range f.expressions() {
		for _, text := range e.given {
			own := map[string]any{}
			if err := cmp.Or(e.parse(text, own), e.parse(text, values)); err != nil {
				key, _, _ := strings.Cut(text, "=") // what follows may be a credential
				return nil, nil, fmt.Errorf("%s %s: %w", e.flag, key, err)
			}
			sources = append(sources, ValueSource{e.flag, own})
		}
	}
	return values, sources, nil
}

func parseFiles(text string, into map[string]any) error {
	return strvals.ParseIntoFile(text, into, func(file []rune) (any, error) {
		data, err := os.ReadFile(string(file))
		return string(data), err
	})
}
