// Package scaffold embeds the charts that `helm livekit scaffold` writes: text
// with [[ ]] as delimiters, so that {{ }} passes through untouched and each
// file reads like the file it becomes. docs/templates.md says how to write them.
//
// Each of LiveKit's services has a folder, and common has what their charts
// share. internal/scaffolding fills them in.
package scaffold

import (
	"embed"
	"fmt"
	"io/fs"
)

// Server is the service that has a chart so far: LiveKit's server.
const Server = "server"

// all: because _helpers.tpl and .helmignore would be left out without it.
//
//go:embed all:common all:server
var folders embed.FS

// factSheet is the file of a service's folder that is not one of its chart.
const factSheet = "values.yaml"

// Files gives the files of a service's chart by their names relative to the chart:
// those of common, with the service's laid over them. Below blocks/ are the parts
// that templates name. values.yaml and its schema are not among them: they are
// made from the service's facts.
func Files(service string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, folder := range []string{"common", service} {
		if err := add(files, folder); err != nil {
			return nil, err
		}
	}
	delete(files, factSheet)
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
			return fmt.Errorf("no service is called %q, there is %s: %w", folder, Server, err)
		}
		if entry.IsDir() {
			return nil
		}
		files[name], err = fs.ReadFile(layer, name)
		return err
	})
}
