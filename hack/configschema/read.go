package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const serverModule = "github.com/livekit/livekit-server"

// probeFiles are compiled once for each release.
//
//go:embed probe/*.go
var probeFiles embed.FS

// findings is what the probe prints.
type findings struct {
	Keys  []key
	Flags []generatedFlag
}

// generatedFlag is one that the server makes of a key.
type generatedFlag struct {
	Name, Env  string
	IsDuration bool
}

// readRelease reads what a release takes, from its module.
func readRelease(ctx context.Context, version string) (release, error) {
	dir, err := os.MkdirTemp("", "configschema-")
	if err != nil {
		return release{}, err
	}
	defer os.RemoveAll(dir)
	source, err := downloadModule(ctx, dir, version)
	if err != nil {
		return release{}, err
	}
	if err := writeProbe(dir, source, version); err != nil {
		return release{}, err
	}
	// What runs for a moment needs no optimization, which is most of the compiler's work.
	text, err := run(ctx, dir, "go", "run", "-gcflags=github.com/livekit/...=-N -l", ".")
	if err != nil {
		return release{}, err
	}
	var found findings
	if err := json.Unmarshal(text, &found); err != nil {
		return release{}, fmt.Errorf("the probe of %s: %w", version, err)
	}
	options, err := baseOptions(filepath.Join(source, "cmd", "server", "main.go"))
	if err != nil {
		return release{}, err
	}
	return newRelease(found, options)
}

// downloadModule gives the folder of the server's source.
func downloadModule(ctx context.Context, dir, version string) (string, error) {
	text, err := run(ctx, dir, "go", "mod", "download", "-json", serverModule+"@"+version)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	err = json.Unmarshal(text, &module)
	return module.Dir, err
}

var (
	replaced  = regexp.MustCompile(`(?m)^replace .*\n`)
	goVersion = regexp.MustCompile(`(?m)^(go|toolchain) .*\n`)
	moduleIs  = regexp.MustCompile(`(?m)^module .*\n`)
)

// protocolInstead are versions of livekit/protocol for releases that require one
// that the module proxy does not serve: the next that it does. Of the
// configuration, redis, psrpc, webhook, logging and room_configurations are its
// types, so a key of these may be told a release too early.
var protocolInstead = map[string]string{
	"v1.13.4":  "v1.50.5-0.20260728075222-28e604c046c6",
	"v1.13.6":  "v1.51.0",
	"v1.13.7":  "v1.52.0",
	"v1.13.8":  "v1.53.0",
	"v1.13.9":  "v1.53.0",
	"v1.13.10": "v1.53.0",
}

// writeProbe makes the module of the probe. It takes the dependencies of the
// server, and not what the server replaces them with: the configuration needs
// none of that.
func writeProbe(dir, source, version string) error {
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}
	for _, line := range []*regexp.Regexp{replaced, goVersion, moduleIs} {
		mod = line.ReplaceAll(mod, nil)
	}
	head := fmt.Sprintf("module probe\n\ngo 1.26.0\n\nrequire %s %s\n", serverModule, version)
	if instead := protocolInstead[version]; instead != "" {
		head += "require github.com/livekit/protocol " + instead + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), append([]byte(head), mod...), 0o600); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600); err != nil {
		return err
	}
	files, err := fs.Sub(probeFiles, "probe")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, files)
}

// newRelease puts together what was found, and holds the server's flags against
// what the embedding package makes of the keys.
func newRelease(found findings, options []option) (release, error) {
	r := release{keys: found.Keys, options: options}
	taken := map[string]bool{}
	for _, o := range options {
		taken[o.Flag] = true
	}
	flags := map[string]generatedFlag{}
	for _, f := range found.Flags {
		if !taken[f.Name] {
			flags[f.Name] = f
		}
	}
	for i := range r.keys {
		k := &r.keys[i]
		describe(k)
		f, hasFlag := flags[k.Key]
		isScalar := !slices.Contains([]string{"object", "list", "map", "map-of-integers", "any"}, k.Type)
		switch {
		case !isScalar || strings.ContainsAny(k.Key, "[*") || taken[k.Key]:
			continue
		case !hasFlag:
			k.HasNoFlag = true
			continue
		}
		delete(flags, k.Key)
		isBoolean := k.Type == "boolean"
		switch env := "LIVEKIT_" + strings.ToUpper(strings.ReplaceAll(k.Key, ".", "_")); {
		case f.Env == "" && isBoolean:
		case f.Env != env:
			return r, fmt.Errorf("%s: the server's variable is %q, expected %s", k.Key, f.Env, env)
		case isBoolean:
			r.addTrait(booleanVariables)
		}
		if f.IsDuration {
			r.addTrait(durationTexts)
		}
	}
	// Left are those inside of types that decode themselves, such as rtc.udp_port.start.
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		parent := name[:max(0, strings.LastIndexByte(name, '.'))]
		if !slices.ContainsFunc(r.keys, func(k key) bool { return k.Key == parent && k.HasNoFlag }) {
			return r, fmt.Errorf("the server makes a flag %s of no known key", name)
		}
		r.options = append(r.options, option{Flag: name, Env: flags[name].Env, Type: "string"})
	}
	return r, nil
}

// The traits.
const (
	// booleanVariables: booleans have variables, not flags alone.
	booleanVariables = "boolean-variables"
	// durationTexts: flags and variables take durations as "10s", not as whole
	// nanoseconds.
	durationTexts = "duration-texts"
)

func (r *release) addTrait(name string) {
	if t := (trait{name}); !slices.Contains(r.traits, t) {
		r.traits = append(r.traits, t)
	}
}

// flagKeys are the keys that the server sets by flags of its own. (--dev does
// more than development.)
var flagKeys = map[string]string{
	"bind": "bind_addresses", "key-file": "key_file", "keys": "keys", "region": "region", "node-ip": "rtc.node_ip",
	"udp-port": "rtc.udp_port", "redis-host": "redis.address", "redis-password": "redis.password",
	"turn-cert": "turn.cert_file", "turn-key": "turn.key_file", "dev": "development",
	"config": "", "config-body": "", "cpuprofile": "", "memprofile": "", "disable-strict-config": "",
}

// baseOptions reads the flags that the server lists in its main.go.
func baseOptions(path string) ([]option, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	base := parsed.Scope.Lookup("baseFlags") //nolint:staticcheck // resolves within the one file, which is all there is
	if base == nil {
		return nil, fmt.Errorf("%s has no baseFlags", path)
	}
	var options []option
	ast.Inspect(base.Decl.(ast.Node), func(n ast.Node) bool {
		flag, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		kind, ok := flag.Type.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		o := option{Type: map[string]string{
			"StringFlag": "string", "BoolFlag": "boolean", "StringSliceFlag": "array",
		}[kind.Sel.Name]}
		for _, element := range flag.Elts {
			field := element.(*ast.KeyValueExpr)
			switch field.Key.(*ast.Ident).Name {
			case "Name":
				o.Flag = firstText(field.Value)
			case "EnvVars", "Sources":
				o.Env = firstText(field.Value)
			}
		}
		if o.Flag == "keys" {
			o.Type = "object" // a text of YAML
		}
		key, isKnown := flagKeys[o.Flag]
		if !isKnown || o.Type == "" {
			err = fmt.Errorf("%s: flag %q, a %s, is not described in flagKeys", path, o.Flag, kind.Sel.Name)
		}
		o.Key = key
		options = append(options, o)
		return false
	})
	// Those of every program that is made with urfave/cli.
	return append(options, option{Flag: "help", Type: "boolean"}, option{Flag: "version", Type: "boolean"}), err
}

// firstText gives the first text in an expression.
func firstText(n ast.Node) string {
	text := ""
	ast.Inspect(n, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && text == "" {
			text, _ = strconv.Unquote(literal.Value)
		}
		return true
	})
	return text
}

// run runs a command in a folder of its own module.
func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOTOOLCHAIN=local", "GOWORK=off")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, problems.Bytes(), out)
	}
	return out, nil
}
