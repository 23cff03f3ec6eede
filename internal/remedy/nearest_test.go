package remedy

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"pdb", "turn", "metrics", "udp_port", "tcp_port", "replicaCount"}
	for key, want := range map[string]string{
		"pbd": "pdb", "turns": "turn", "metric": "metrics", "udpPort": "udp_port", "ucp_port": "udp_port tcp_port",
		"replicaCounts": "replicaCount", "terraform": "", "x": "",
	} {
		if got := strings.Join(Nearest(names, key), " "); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if got := DidYouMean(names, "ucp_port"); got != "did you mean udp_port or tcp_port?" {
		t.Error(got)
	}
	if got := DidYouMean(names, "terraform"); got != "" {
		t.Error(got)
	}
}
