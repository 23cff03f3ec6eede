package drift

import (
	"context"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Case is a scenario with the values of both charts.
type Case struct {
	Name            string
	Upstream, Chart map[string]any
}

// Release is what both charts are rendered for.
func Release() helmchart.Release {
	return helmchart.Release{Name: releaseName, Namespace: releaseNamespace, KubeVersion: kubeVersion, APIVersions: apis, SkipSchema: true}
}

// Cases gives the scenarios of a comparison with the values of both sides, for
// those who render the charts themselves.
func Cases(ctx context.Context, in Input) ([]Case, error) {
	s, err := newSubject(ctx, in)
	if err != nil {
		return nil, err
	}
	wishes, err := choose(s.sheet, in)
	if err != nil {
		return nil, err
	}
	trials, err := s.trials(ctx, wishes)
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, t := range trials {
		out = append(out, Case{t.Name, t.Values, t.values})
	}
	return out, nil
}
