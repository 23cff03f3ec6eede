// Package scaffold embeds the charts that `helm livekit scaffold` writes: text
// with [[ ]] as delimiters, so that {{ }} passes through untouched and each
// file reads like the file it becomes.
//
// A folder is a service. Its facts.yaml says all that is known of its values, its
// upstream.yaml what is known of upstream's chart; the rest is the chart.
//
// A line that holds nothing but [[ if ]], [[ else ]], [[ range ]] or [[ end ]]
// leaves no line behind. internal/scaffolding has the functions.
package scaffold

import (
	"embed"
	"fmt"
	"io/fs"
)

// all: because _helpers.tpl and .helmignore would be left out without it.
//
//go:embed all:server
var charts embed.FS

// Names of the files that are about a chart and not of it.
const (
	factsName    = "facts.yaml"
	upstreamName = "upstream.yaml"
)

// IsChartFile reports whether a file of a service's folder becomes one of the chart.
func IsChartFile(name string) bool { return name != factsName && name != upstreamName }

// Files gives the chart's files, their names relative to the chart.
func Files() fs.FS {
	sub, err := fs.Sub(charts, "server")
	if err != nil {
		// The folder is named above, so this cannot be.
		return embed.FS{}
	}
	return sub
}

// Facts gives the texts of a service's facts.yaml and upstream.yaml.
func Facts(service string) (facts, upstream []byte, err error) {
	if facts, err = charts.ReadFile(service + "/" + factsName); err != nil {
		return nil, nil, fmt.Errorf("no service is called %q: %w", service, err)
	}
	if upstream, err = charts.ReadFile(service + "/" + upstreamName); err != nil {
		return nil, nil, fmt.Errorf("no chart of upstream's is known for %q: %w", service, err)
	}
	return facts, upstream, nil
}
