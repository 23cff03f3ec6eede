package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/call"
)

// write tells people what came of a call. With a hold, the last line is its JSON.
func write(w io.Writer, r call.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "room %s\n", r.Room)
	if r.Server.Version != "" {
		fmt.Fprintf(&b, "server %s, node %s\n", r.Server.Version, strings.Join(r.Server.Nodes, ", "))
	}
	failure(&b, "API", r.API.Error, r.API.Remedy)
	if r.API.OK {
		fmt.Fprintf(&b, "ok    API: room made, listed%s\n", map[bool]string{true: ", deleted"}[r.API.Deleted])
	}
	for _, p := range r.Paths {
		if p.OK {
			fmt.Fprintf(&b, "ok    %s: %s to %s%s, %d audio packets, %d lost, %d data packets, %.1f ms there "+
				"and back\n",
				p.Media, p.Local, p.Remote, behind(p.Peer), p.AudioPackets, p.AudioLost, p.DataPackets, p.RTT)
			continue
		}
		failure(&b, p.Media, p.Error, p.Remedy)
		for _, a := range p.Advertised {
			fmt.Fprintf(&b, "        the server told %s: %s\n", a.Address,
				map[bool]string{true: "tried", false: a.Skipped}[a.Tried])
		}
	}
	if r.Hold != nil {
		line, err := json.Marshal(r.Hold)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func behind(peer string) string {
	if peer == "" {
		return ""
	}
	return " and on to " + peer
}

func failure(b *strings.Builder, what, failed, step string) {
	if failed == "" {
		return
	}
	fmt.Fprintf(b, "FAIL  %s: %s\n", what, failed)
	if step != "" {
		fmt.Fprintf(b, "        %s\n", step)
	}
}
