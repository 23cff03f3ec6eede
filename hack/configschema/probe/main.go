// Command probe prints, as JSON, what one release of livekit-server takes: the
// keys of its configuration with their types, defaults and comments, and the
// flags that it makes of them. It is compiled once for each release, in a module
// that requires that release, so it imports no more than all of them have.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/livekit/livekit-server/pkg/config"
)

// findings is the output.
type findings struct {
	Keys  []key  `json:"keys"`
	Flags []flag `json:"flags"`
}

// key is one key of the configuration. Its path is dotted, with "[]" for the
// items of a list and "*" for the values of a map.
type key struct {
	Key     string `json:"key"`
	Type    string `json:"type"`
	Default any    `json:"default,omitempty"`
	Doc     string `json:"doc,omitempty"`
}

// flag is one that the server makes of a key.
type flag struct {
	Name       string `json:"name"`
	Env        string `json:"env"` // "" where there is none
	IsDuration bool   `json:"isDuration"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run() error {
	w := walker{docs: docReader{}}
	defaults := reflect.ValueOf(&config.DefaultConfig).Elem()
	if err := w.addFields(defaults.Type(), defaults, ""); err != nil {
		return err
	}
	flags, err := generatedFlags()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(findings{w.keys, flags})
}

// generatedFlags asks the server. The type of a flag is one of urfave/cli, in
// its version 2 or 3.
func generatedFlags() ([]flag, error) {
	made, err := config.GenerateCLIFlags(nil, true)
	if err != nil {
		return nil, err
	}
	var flags []flag
	for _, f := range made {
		documented, ok := any(f).(interface{ GetEnvVars() []string })
		if !ok {
			return nil, fmt.Errorf("flag %s: %T has no list of variables", f.Names()[0], f)
		}
		one := flag{Name: f.Names()[0], IsDuration: isDurationFlag(f)}
		if variables := documented.GetEnvVars(); len(variables) > 0 {
			one.Env = variables[0]
		}
		flags = append(flags, one)
	}
	return flags, nil
}

// isDurationFlag: a flag's type has the type of its value among its fields.
func isDurationFlag(f any) bool {
	value := reflect.ValueOf(f).Elem().FieldByName("Value")
	return value.IsValid() && value.Type() == durationType
}
