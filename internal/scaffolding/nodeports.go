package scaffolding

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
)

// mediaPorts are the values that are ports of nodes by default, of which no two releases may have the same.
var mediaPorts = []string{"config.rtc.tcp_port", "config.rtc.udp_port", "draining.tcpPort", "draining.udpPort"}

// nodePort matches what may be a port of a node in a values file.
var nodePort = regexp.MustCompile(`\b3[0-2][0-9]{3}\b`)

// portShift says how far the media ports have to lie above their defaults, so that no chart beside target names one of
// them in its values files, and why.
func portShift(sheet *factsheet.Sheet, target string) (shift int, note string, err error) {
	taken := map[int]string{}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(target), "*", "values*.y*ml"))
	for _, file := range files {
		if filepath.Dir(file) == target || err != nil {
			continue
		}
		var text []byte
		text, err = os.ReadFile(file)
		for _, number := range nodePort.FindAllString(string(text), -1) {
			n, _ := strconv.Atoi(number)
			taken[n] = filepath.Base(filepath.Dir(file))
		}
	}
	if err != nil {
		return 0, "", fmt.Errorf("node ports of the charts beside %s: %w", target, err)
	}
	port := func(key string) int {
		n, _ := strconv.Atoi(sheet.Key(key).Default.Value)
		return n + shift
	}
	isTaken := func(key string) bool { return sheet.Key(key) != nil && taken[port(key)] != "" }
	for ; shift < 1000; shift += 10 {
		i := slices.IndexFunc(mediaPorts, isTaken)
		if i < 0 {
			break
		}
		n := port(mediaPorts[i])
		note = fmt.Sprintf("Chart %s names port %d of the nodes, so the media ports here are other ones.", taken[n], n)
	}
	return shift, note, nil
}
