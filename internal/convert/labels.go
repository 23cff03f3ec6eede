package convert

import (
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// workloadLabels gives the labels of the pods of the first workload, nil where
// there is none.
func workloadLabels(files []helmchart.File) (map[string]string, error) {
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".yaml") && !strings.HasSuffix(f.Name, ".yml") {
			continue
		}
		objects, err := manifest.Parse(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if labels := o.TextMap("spec", "template", "metadata", "labels"); len(labels) > 0 {
				return labels, nil
			}
		}
	}
	return nil, nil
}
