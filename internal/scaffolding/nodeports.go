package scaffolding

import (
	"fmt"
	"io/fs"
	"os"
	"path"
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

// maxValues is how much of a values file is read for its ports, in bytes.
const maxValues = 1 << 20

// portShift says how far the media ports have to lie above their defaults, so that no chart beside target names one of
// them in its values files. It notes why, and which files it could not look into.
func portShift(sheet *factsheet.Sheet, target string) (shift int, notes []string) {
	taken := map[int]string{}
	beside := os.DirFS(filepath.Dir(target))
	files, _ := fs.Glob(beside, "*/values*.y*ml") // the patterns are sound
	defaults, _ := fs.Glob(beside, "*/"+defaultsFile)
	files = append(files, defaults...)
	for _, file := range files {
		chart := path.Dir(file)
		if chart == filepath.Base(target) {
			continue
		}
		info, err := fs.Stat(beside, file)
		var text []byte
		if err == nil && info.Mode().IsRegular() && info.Size() <= maxValues {
			text, err = fs.ReadFile(beside, file)
		}
		if text == nil || err != nil {
			notes = append(notes, fmt.Sprintf(
				"%s was not searched for ports of the nodes: it is too large or cannot be read.", file))
		}
		for _, number := range nodePort.FindAllString(string(text), -1) {
			n, _ := strconv.Atoi(number)
			taken[n] = chart
		}
	}
	port := func(key string) int {
		n, _ := strconv.Atoi(sheet.Key(key).Default.Value)
		return n + shift
	}
	isTaken := func(key string) bool { return sheet.Key(key) != nil && taken[port(key)] != "" }
	because := ""
	for ; shift < 1000; shift += 10 {
		i := slices.IndexFunc(mediaPorts, isTaken)
		if i < 0 {
			break
		}
		n := port(mediaPorts[i])
		because = fmt.Sprintf(
			"Chart %s names port %d of the nodes, so the media ports here are other ones.", taken[n], n)
	}
	if because != "" {
		notes = append(notes, because)
	}
	return shift, notes
}
