package call

import (
	"context"
	"fmt"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// signalNodes gives the ids of the nodes that the servers' addresses lead to,
// when that matters: when there are several addresses, or nodes are to differ.
func (o Options) signalNodes(ctx context.Context) ([]string, error) {
	if !o.NodesDiffer {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	var nodes []string
	for _, server := range o.Servers {
		node, err := server.NodeID(ctx, "helm-livekit "+o.Room)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	for i, node := range nodes {
		for j := range i {
			if nodes[j] == node {
				return nodes, remedy.Errorf("give the addresses of two pods with --url twice, and check that the "+
					"second pod is ready",
					"%s and %s lead to the same node, %s", o.Servers[j].URL, o.Servers[i].URL, node)
			}
		}
	}
	if len(nodes) < 2 {
		return nodes, fmt.Errorf("one address leads to one node, %s", nodes[0])
	}
	return nodes, nil
}
