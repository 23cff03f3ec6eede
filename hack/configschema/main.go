// Command configschema writes what the project knows about the configuration
// of livekit-server, read from the server's own modules:
//
//	go run . -add v1.13.12      reads a release, and adds it
//	go run . -check v1.13.5     fails when what is known of a release is not what it takes
//	go run . -all               reads every known release again
//	go run . -missing           prints the releases that the module proxy lists and that are newer than those known
//	go run .                    writes the facts of the release in go.mod, and notes that have changed
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

const (
	livekitPackage = "../../internal/livekit"
	releasesFile   = livekitPackage + "/releases.json"
	factsFile      = livekitPackage + "/testdata/server-facts.json"
	changelog      = "../../CHANGELOG.md"
)

func main() {
	add := flag.String("add", "", "`releases` to read and add, separated by commas")
	check := flag.String("check", "", "`releases` to read and compare with what is known; none for the facts alone")
	all := flag.Bool("all", false, "read all known releases again")
	missing := flag.Bool("missing", false, "print the newer releases that could be added")
	flag.Parse()
	ctx := context.Background()
	var err error
	switch {
	case *missing:
		err = printMissing(ctx)
	case *check != "":
		err = errors.Join(checkReleases(ctx, releasesFile, list(*check)), writeFacts(ctx, true))
	case *all:
		err = addAll(ctx)
	case *add != "":
		err = addReleases(ctx, list(*add))
	default:
		err = errors.Join(rewriteData(), writeFacts(ctx, false))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "configschema:", err)
		os.Exit(1)
	}
}

func list(text string) []string { return strings.Split(text, ",") }

// addReleases reads releases, new ones or known ones again, and writes each as
// soon as it is read. A new one has its line in the changelog.
func addReleases(ctx context.Context, versions []string) error {
	for _, version := range versions {
		if !semver.IsValid(version) || semver.Prerelease(version) != "" {
			return fmt.Errorf("%q is no release: expected a version like v1.13.12", version)
		}
		fmt.Fprintln(os.Stderr, "reading livekit-server", version)
		r, err := readRelease(ctx, version)
		if err != nil {
			return err
		}
		known, err := readData(releasesFile)
		if err != nil {
			return err
		}
		if _, isKnown := known[version]; !isKnown {
			if err := noteInChangelog(version); err != nil {
				return err
			}
		}
		known[version] = r
		if err := writeData(known); err != nil {
			return err
		}
	}
	return nil
}

// addAll reads every known release again.
func addAll(ctx context.Context) error {
	known, err := readData(releasesFile)
	if err != nil {
		return err
	}
	return addReleases(ctx, known.versions())
}

func rewriteData() error {
	known, err := readData(releasesFile)
	if err != nil {
		return err
	}
	return writeData(known)
}

func writeData(d data) error {
	text, err := d.encode()
	if err != nil {
		return err
	}
	return os.WriteFile(releasesFile, text, 0o644)
}

// checkReleases reads releases again, and compares. What is known of the
// others stays, so that only comments could differ, and those are the newest's.
func checkReleases(ctx context.Context, path string, versions []string) error {
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	known, err := readData(path)
	if err != nil {
		return err
	}
	newest := known.versions()[len(known)-1]
	for _, version := range versions {
		if _, isKnown := known[version]; !isKnown {
			return fmt.Errorf("%s is not known: add it by `make livekit VERSION=%s`", version, version)
		}
		r, err := readRelease(ctx, version)
		if err != nil {
			return err
		}
		if version != newest {
			r.keepDocs(known[version])
		}
		known[version] = r
	}
	after, err := known.encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(before, after) {
		names := strings.Join(versions, ",")
		return fmt.Errorf("%s is not what %s takes: run `go run . -add %s` in hack/configschema, and see what changed",
			path, names, names)
	}
	return nil
}

// keepDocs takes the comments that are known.
func (r *release) keepDocs(known release) {
	docs := map[string]string{}
	for _, k := range known.keys {
		docs[k.Key] = k.Doc
	}
	for i := range r.keys {
		r.keys[i].Doc = docs[r.keys[i].Key]
	}
}

// printMissing lists the releases that came after those that are known.
func printMissing(ctx context.Context) error {
	known, err := readData(releasesFile)
	if err != nil {
		return err
	}
	newest := known.versions()[len(known)-1]
	text, err := run(ctx, ".", "go", "list", "-m", "-versions", serverModule)
	if err != nil {
		return err
	}
	for _, version := range strings.Fields(string(text))[1:] {
		if semver.Prerelease(version) == "" && semver.Compare(version, newest) > 0 {
			fmt.Fprintln(os.Stdout, version)
		}
	}
	return nil
}

// noteInChangelog adds a line to what is new and not yet released.
func noteInChangelog(version string) error {
	text, err := os.ReadFile(changelog)
	if err != nil {
		return err
	}
	const head = "\n### Added\n\n"
	before, after, ok := strings.Cut(string(text), head)
	if !ok {
		return fmt.Errorf("%s has no section Added: add one below Unreleased", changelog)
	}
	line := fmt.Sprintf("- The configuration of livekit-server %s is known.\n", version)
	return os.WriteFile(changelog, []byte(before+head+line+after), 0o644)
}

// writeFacts writes what the embedding package's tests hold its hand-written
// parts against, or checks it.
func writeFacts(ctx context.Context, check bool) error {
	text, err := serverFacts(ctx)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(factsFile, text, 0o644)
	}
	committed, err := os.ReadFile(factsFile)
	if err == nil && !bytes.Equal(committed, text) {
		err = fmt.Errorf("%s is out of date: run `go run .` in hack/configschema", filepath.Clean(factsFile))
	}
	return err
}

// encode is deterministic: encoding/json sorts the keys of maps.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return slices.Clip(buf.Bytes()), nil
}
