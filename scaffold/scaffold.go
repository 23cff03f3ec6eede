// Package scaffold embeds the chart that `helm livekit scaffold` writes: text
// with [[ ]] as delimiters, so that {{ }} passes through untouched and each
// file reads like the file it becomes.
//
// A line that holds nothing but [[ if ]], [[ else ]], [[ range ]] or [[ end ]]
// leaves no line behind. internal/scaffolding has the functions.
package scaffold

import (
	"embed"
	"io/fs"
)

// all: because _helpers.tpl and .helmignore would be left out without it.
//
//go:embed all:server
var folders embed.FS

// Files gives the chart's files, their names relative to the chart.
func Files() fs.FS {
	sub, err := fs.Sub(folders, "server")
	if err != nil {
		// The folder is named above, so this cannot be.
		return embed.FS{}
	}
	return sub
}
