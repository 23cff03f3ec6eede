// Command metrics prints the metrics that the server registers, one a line: name, type, labels. The tests of alert
// rules and of the dashboard read it, as a server that runs shows a metric only once it has counted something.
//
//	go run ./metrics >../../internal/scaffolding/testdata/metrics.txt
package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/livekit"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// recorder is a registry that notes the descriptions of what it is given.
type recorder struct {
	client.Registerer
	lines []string
}

func (r *recorder) MustRegister(list ...client.Collector) {
	for _, c := range list {
		r.describe(c)
		r.Registerer.MustRegister(c)
	}
}

var description = regexp.MustCompile(`fqName: "(.*?)".* constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}`)

func (r *recorder) describe(c client.Collector) {
	descriptions := make(chan *client.Desc)
	go func() {
		c.Describe(descriptions)
		close(descriptions)
	}()
	for d := range descriptions {
		found := description.FindStringSubmatch(d.String())
		labels := strings.Split(found[3], ",")
		if strings.Contains(found[2], "node_id=") {
			labels = append(labels, "node_id", "node_type")
		}
		slices.Sort(labels)
		list := strings.Trim(strings.Join(labels, ","), ",")
		r.lines = append(r.lines, strings.TrimSpace(found[1]+" "+typeOf(c)+" "+list))
	}
}

// typeOf gives the type of a metric, or "any" for collectors that have metrics of several.
func typeOf(c client.Collector) string {
	name := strings.ToLower(fmt.Sprintf("%T", c))
	for _, t := range []string{"histogram", "counter", "gauge"} {
		if strings.Contains(name, t) {
			return t
		}
	}
	return "any"
}

func main() {
	r := &recorder{Registerer: client.NewRegistry()}
	client.DefaultRegisterer = r
	if err := prometheus.Init("node", livekit.NodeType_SERVER); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r.describe(collectors.NewGoCollector())
	r.describe(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	slices.Sort(r.lines)
	fmt.Fprintln(os.Stdout, strings.Join(r.lines, "\n"))
}
