package drift

import (
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// A chart that has a port for each one of LiveKit's range is compared with a short range: 10,001 ports in two objects
// take gigabytes in all scenarios. What is too large all the same is left out by name.
func TestLongRangeOfPorts(t *testing.T) {
	in := Input{Chart: load(t, "testdata/portrange"), Upstream: load(t, standIn), Only: []string{"defaults", "image"}}
	r := run(t, in)
	const note = "in 2 of 2 scenarios both charts are compared with a range of four ports for media"
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], note) {
		t.Errorf("notes: %q", r.Notes)
	}
	ports := 0
	for _, f := range r.Findings {
		if f.Object == "Service/signalling" && strings.HasSuffix(f.Path.String(), "/UDP].port") {
			ports++
		}
	}
	if ports != 4 {
		t.Errorf("%d ports of media differ, want 4", ports)
	}

	in.Scenarios = []factsheet.Scenario{{Name: "large", Values: map[string]any{"livekit": map[string]any{
		"rtc": map[string]any{"port_range_start": nil, "port_range_end": nil}, "room": strings.Repeat("x", maxFile),
	}}}}
	in.Only = append(in.Only, "large")
	r = run(t, in)
	if !slices.ContainsFunc(r.Notes, func(note string) bool {
		return strings.HasPrefix(note, "scenario large is not compared, as one chart is too large in it: ")
	}) {
		t.Errorf("notes: %q", r.Notes)
	}
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return slices.Contains(f.Scenarios, "large") }) {
		t.Error("there are findings of a scenario that is not compared")
	}
}
