package experiment

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// addDomain takes a host apart that is put together: the domain, which an
// application shares with others, and what stands before it, be it a value or
// the name of the release.
func (o *observation) addDomain(f *names.Facts) {
	var domain, host *located
	for _, finding := range o.result.Findings {
		for _, r := range finding.Reaches {
			if r.Effect != lineage.Inside || !isHostField(f.Sheet, r) || !o.isRelated(r.Object) {
				continue
			}
			if strings.HasPrefix(finding.Path[len(finding.Path)-1], "[") {
				continue // one of several
			}
			at := &located{way: finding.Path, declared: finding.IsDeclared, reach: r}
			switch {
			case domain == nil && r.After == "" && strings.HasSuffix(r.Before, "."):
				domain = at
			case host == nil && r.Before == "" && strings.HasPrefix(r.After, "."):
				host = at
			}
		}
	}
	if domain == nil {
		return
	}
	path := o.sibling.PathOf(domain.way)
	o.take(f, "ingress.domain", convention.Value{Path: path}, *domain)
	if host == nil {
		delete(f.Values, "ingress.hosts") // names in front of the domain
		return
	}
	if slices.ContainsFunc(host.way, func(segment string) bool { return strings.HasPrefix(segment, "[") }) {
		return // in a list of the sibling's own, whose other settings are unknown
	}
	path = o.sibling.PathOf(host.way)
	if len(yamldoc.SplitPath(path)) > 0 {
		o.take(f, "ingress.hosts", convention.Value{Path: path, Shape: convention.HostsSingle}, *host)
	}
}
