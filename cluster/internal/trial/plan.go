// Package trial tries a chart of LiveKit on a cluster: it installs it in a
// namespace of its own, looks at what seed users look at by hand, upgrades it,
// uninstalls it, and leaves nothing behind.
package trial

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Plan says what to try and how. The plugin writes it as JSON, so its fields are a
// contract between two binaries of one version.
type Plan struct {
	Chart     string `json:"chart"`     // the chart's directory
	Helm      string `json:"helm"`      // the file of the Helm to use
	Release   string `json:"release"`   // the release's name
	Namespace string `json:"namespace"` // made for the trial, unless Reuse is set
	Reuse     bool   `json:"reuse"`     // use a namespace that is there, and leave it
	Keep      bool   `json:"keep"`      // leave release and namespace for a look
	Call      bool   `json:"call"`      // make calls

	ValueFiles []string `json:"valueFiles"`
	Set        []string `json:"set"`
	Timeout    Duration `json:"timeout"` // of each wait

	Places Places `json:"places"`

	// Attached says that whoever sent the plan keeps standard input open for as
	// long as the trial is wanted.
	Attached bool `json:"attached"`
}

// Places are where the chart has what a trial changes; nil where it has no such value.
type Places struct {
	Port     *Place `json:"port"`     // LiveKit's config.port
	TCPPort  *Place `json:"tcpPort"`  // config.rtc.tcp_port
	UDPPort  *Place `json:"udpPort"`  // config.rtc.udp_port
	LogLevel *Place `json:"logLevel"` // config.logging.level
}

// Place is a value of the chart: its keys from the root down, and the number that
// it has with the values of the trial, 0 for what is no number.
type Place struct {
	Keys   []string `json:"keys"`
	Number int32    `json:"number"`
}

func (p *Place) String() string { return strings.Join(p.Keys, ".") }

// Duration is a time.Duration that is written as Go writes it ("3m0s").
type Duration time.Duration

// MarshalJSON writes it as text.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("timeout: %w", err)
	}
	*d = Duration(parsed)
	return nil
}

// Verdicts of a check, as in the plugin's verify.
const (
	Pass = "pass"
	Fail = "fail"
	Warn = "warn"
	Skip = "skip"
)

// Check is the verdict on one thing. Detail has a line for each finding or fact,
// Remedy a line for each thing to do.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy"`
}

// Report is what a trial found. Media are the ways of media over which calls went
// through; Restarts counts those of all containers of the release's pods until
// they were looked at last.
type Report struct {
	Checks    []Check  `json:"checks"`
	Namespace string   `json:"namespace"`
	Release   string   `json:"release"`
	Helm      string   `json:"helm"` // its version
	Seconds   float64  `json:"seconds"`
	Restarts  int      `json:"restarts"`
	Media     []string `json:"media"`
}

// Failed says whether a check failed. Warnings are no failures.
func (r *Report) Failed() bool {
	for _, c := range r.Checks {
		if c.Status == Fail {
			return true
		}
	}
	return false
}
