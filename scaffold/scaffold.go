// Package scaffold embeds the charts that `helm livekit scaffold` writes: text
// with [[ ]] as delimiters, so that {{ }} passes through untouched and each
// file reads like the file it becomes. docs/templates.md says how to write them.
//
// Each of LiveKit's services has a folder, and common has what their charts
// share. In a service's folder facts.yaml says all that is known of its values, and
// upstream.yaml what is known of upstream's chart, and clouds.yaml which values fit
// where it runs; the rest is the chart. internal/scaffolding fills it in.
package scaffold

import (
	"embed"
	"fmt"
	"io/fs"
)

// all: because _helpers.tpl and .helmignore would be left out without it.
//
//go:embed all:common all:server
var folders embed.FS

// The files of a service's folder that are about its chart and not of it.
const (
	factsName    = "facts.yaml"
	upstreamName = "upstream.yaml"
	cloudsName   = "clouds.yaml"
)

// Files gives the files of a service's chart ("server") by their names relative to
// the chart: those of common, with the service's laid over them. Below blocks/ are
// the parts that templates name. Chart.yaml, values.yaml and its schema are not among
// them: they are made from the service's facts.
func Files(service string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, folder := range []string{"common", service} {
		if err := add(files, folder); err != nil {
			return nil, err
		}
	}
	delete(files, factsName)
	delete(files, upstreamName)
	delete(files, cloudsName)
	return files, nil
}

// add reads the files of one folder.
func add(files map[string][]byte, folder string) error {
	layer, err := fs.Sub(folders, folder)
	if err != nil {
		return err
	}
	return fs.WalkDir(layer, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("no service is called %q: %w", folder, err)
		}
		if entry.IsDir() {
			return nil
		}
		files[name], err = fs.ReadFile(layer, name)
		return err
	})
}

// Facts gives the texts of a service's facts.yaml and upstream.yaml.
func Facts(service string) (facts, upstream []byte, err error) {
	if facts, err = folders.ReadFile(service + "/" + factsName); err != nil {
		return nil, nil, fmt.Errorf("no service is called %q: %w", service, err)
	}
	if upstream, err = folders.ReadFile(service + "/" + upstreamName); err != nil {
		return nil, nil, fmt.Errorf("no chart of upstream's is known for %q: %w", service, err)
	}
	return facts, upstream, nil
}

// Clouds gives the text of a service's clouds.yaml: values that fit where its charts run.
func Clouds(service string) ([]byte, error) {
	clouds, err := folders.ReadFile(service + "/" + cloudsName)
	if err != nil {
		return nil, fmt.Errorf("no clouds are known for %q: %w", service, err)
	}
	return clouds, nil
}
