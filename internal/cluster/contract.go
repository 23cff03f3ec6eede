// Package cluster finds and runs helm-livekit-cluster, which installs charts on a cluster to test them, and makes
// calls. That is a binary of its own because WebRTC and the Kubernetes client weigh as much as the plugin itself. The
// types that the two exchange are here: both import this package, so it imports nothing heavy.
package cluster

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PortSetLabel is the label of pods that says which of two sets of media ports they have, where the chart drains one
// server while the next one serves: the Service of the other set leads to no pod then.
const PortSetLabel = "livekit-media-ports"

// Plan says what to install and how. The plugin writes it as JSON to the standard
// input of helm-livekit-cluster, which is of the same version.
type Plan struct {
	Chart     string `json:"chart"`     // the chart's directory
	Helm      string `json:"helm"`      // the file of the Helm to use
	Release   string `json:"release"`   // the release's name
	Namespace string `json:"namespace"` // created for the test, unless Reuse is set
	Reuse     bool   `json:"reuse"`     // use a namespace that is there, and leave it
	Keep      bool   `json:"keep"`      // leave release and namespace for debugging
	Call      bool   `json:"call"`      // make calls

	ValueFiles []string        `json:"valueFiles"`
	Set        []string        `json:"set"`
	SetFlags   []string        `json:"setFlags,omitempty"` // Helm's further flags for values, with their arguments
	Timeout    metav1.Duration `json:"timeout"`            // of each wait

	Values ConfigValues `json:"places"`

	// Attached says that standard input stays open for as long as the test is wanted; Run sets it.
	Attached bool `json:"attached"`
}

// ConfigValues say where the chart has the settings of LiveKit that a test changes; nil where it has no such value.
type ConfigValues struct {
	Port     *Value `json:"port"`     // LiveKit's config.port
	TCPPort  *Value `json:"tcpPort"`  // config.rtc.tcp_port
	UDPPort  *Value `json:"udpPort"`  // config.rtc.udp_port
	LogLevel *Value `json:"logLevel"` // config.logging.level
}

// Value is a value of the chart: its keys from the root down, and the number that
// it has under the values of the test, 0 for what is no number.
type Value struct {
	Keys   []string `json:"keys"`
	Number int32    `json:"number"`
}

// String gives the value's path, as --set takes it.
func (v *Value) String() string { return strings.Join(v.Keys, ".") }

// The statuses of a check.
const (
	Pass = "pass"
	Fail = "fail"
	Warn = "warn"
	Skip = "skip"
)

// Check is the result of one check. Detail has a line for each finding, or says what is right or why there was
// nothing to check; Remedy has a line for each thing to do.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy"`
	// Failures are those of the findings in Detail that are no mere warnings.
	Failures []string `json:"-"`
}

// Report is what an install found.
type Report struct {
	Checks []Check `json:"checks"`
	Summary
}

// Summary is what a report says of an install beside its checks. Media are the kinds of media paths over which calls
// went through; Restarts counts those of all containers of the release's pods until they were last checked.
type Summary struct {
	Namespace string   `json:"namespace"`
	Release   string   `json:"release"`
	Helm      string   `json:"helm"` // its version
	Seconds   float64  `json:"seconds"`
	Restarts  int      `json:"restarts"`
	Media     []string `json:"media"`
}

// Failed says whether a check failed. Warnings are no failures.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Status == Fail })
}
