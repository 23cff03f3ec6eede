package comparison

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

// isTelling reports whether a name has some part that is no wildcard and no layer's name.
func isTelling(name string) bool {
	for _, layer := range []drift.Layer{drift.LayerVersion, drift.LayerValues, drift.LayerObjects} {
		name = strings.TrimPrefix(name, string(layer)+" ")
	}
	return strings.Trim(name, "*?/. ") != ""
}

// writeAccepted adds the accepted differences to the settings. One that names nothing is an error, and nothing is
// written then.
func (c *Comparison) writeAccepted(sheet *factsheet.Sheet, r *drift.Report, tree, target string) error {
	if len(c.Accept) == 0 {
		return nil
	}
	const step = "name it as the report does, such as 'Deployment/server spec.replicas'"
	var list []settings.Accepted
	for _, name := range slices.Compact(slices.Sorted(slices.Values(c.Accept))) {
		if !isTelling(name) {
			return remedy.Errorf(step, "--accept %q would accept whatever comes", name)
		}
		if !slices.ContainsFunc(r.Findings, isAccepted(name)) {
			return remedy.Errorf(step, "--accept %s: no drift is called so", name)
		}
		list = append(list, settings.Accepted{Finding: name, Reason: c.Reason})
	}
	file := filepath.Join(tree, settings.File)
	own := filepath.Join(target, settings.File)
	if info, err := os.Stat(own); err == nil && info.Mode().IsRegular() {
		file = own
	}
	if err := settings.AddAccepted(sheet, file, list); err != nil {
		return err
	}
	r.Written = append(r.Written, fmt.Sprintf("Accepted in %s.", filepath.ToSlash(file)))
	return nil
}

func isAccepted(name string) func(f drift.Finding) bool {
	return func(f drift.Finding) bool { return f.Class == drift.Accepted && f.IsNamed(name) }
}
