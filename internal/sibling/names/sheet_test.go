package names

import "github.com/helm-livekit/helm-livekit/internal/factsheet"

// serverSheet is the embedded one, which another test reads.
func serverSheet() *factsheet.Sheet {
	sheet, _ := factsheet.Load(factsheet.Server)
	return sheet
}
