package experiment

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// addDefaults takes example values that stand in no values file from what was rendered: classes, issuers and domains
// that templates have as literals. Those of a stranger's chart that the sibling wraps do not count.
func (o *observation) addDefaults(f *names.Facts) {
	s := o.sibling
	if s.Wrapped != nil && !strings.HasPrefix(s.Wrapped.Repository, "file://") {
		return
	}
	d := &f.Defaults
	before := *d
	for i, ref := range o.result.Refs {
		if o.unrelated[ref] {
			continue
		}
		switch {
		case slices.Contains(routeKinds, ref.Kind):
			o.readRoute(d, i)
			if host := o.hostOf(i); d.HostPattern == "" && host != "" {
				d.HostPattern, d.Domain = s.HostPattern(host)
			}
		case ref.Kind == "PersistentVolumeClaim":
			d.StorageClass = cmp.Or(d.StorageClass, o.literalAt(i, "spec", "storageClassName"))
		case ref == o.workload:
			d.StorageClass = cmp.Or(d.StorageClass,
				o.literalAt(i, "spec", "volumeClaimTemplates", "[0]", "spec", "storageClassName"))
		}
	}
	if d.Confidence == "" && (d.HostPattern != before.HostPattern || d.IngressClass != before.IngressClass ||
		d.ClusterIssuer != before.ClusterIssuer || d.StorageClass != before.StorageClass) {
		d.Fact = o.seen("as rendered")
	}
}

// readRoute takes class and issuer of a rendered route.
func (o *observation) readRoute(d *convention.Defaults, i int) {
	annotation := func(name string) string { return o.literalAt(i, "metadata", "annotations", name) }
	d.IngressClass = cmp.Or(d.IngressClass, o.literalAt(i, "spec", "ingressClassName"),
		annotation(names.ClassAnnotation))
	if issuer, by := names.Issuer(annotation); d.ClusterIssuer == "" && issuer != "" {
		d.ClusterIssuer, d.ClusterIssuerAnnotation = issuer, by
		d.IngressAnnotations[by] = issuer
	}
}

// literalAt gives the text of a field of the object at i where no experiment made it up and it can be a name.
func (o *observation) literalAt(i int, field ...string) string {
	text := o.textAt(i, field...)
	if lineage.IsMade(text) || !convention.IsObjectName(text) || text == "-" || text == "default" {
		return ""
	}
	return text
}

// textAt gives the text of a field of the object at i. Of a field that a value reaches that was only tried, it is the
// value that the chart has, or "" where that is not the whole field.
func (o *observation) textAt(i int, field ...string) string {
	if trial, reach, ok := o.triedAt(o.result.Refs[i], field); ok {
		was, isText := trial.Was.(string)
		if !isText || reach.Effect != lineage.Direct {
			return ""
		}
		return was
	}
	keys := slices.Clone(field)
	for n, key := range keys {
		if isElement(key) {
			keys[n] = strings.Trim(key, "[]") // as manifest.Object has it
		}
	}
	return o.result.Objects[i].Text(keys...)
}

// triedAt gives the value that reaches a field, if it is another one in what was rendered than in the chart.
func (o *observation) triedAt(ref lineage.Ref, field []string) (lineage.Trial, lineage.Reach, bool) {
	for _, trial := range o.result.Tried {
		isOfTrial := func(f lineage.Finding) bool { return slices.Equal(f.Path, trial.Path) }
		n := slices.IndexFunc(o.result.Findings, isOfTrial)
		if n < 0 {
			continue
		}
		for _, r := range o.result.Findings[n].Reaches {
			if r.Object == ref && slices.Equal(r.Field, field) && r.Effect != lineage.Switch {
				return trial, r, true
			}
		}
	}
	return lineage.Trial{}, lineage.Reach{}, false
}

// hostRule is the host in a rule of Traefik's IngressRoute.
var hostRule = regexp.MustCompile("\\bHost\\([`\"]([^`\"]+)[`\"]\\)")

// hostOf gives the first host of a route, if it is one of a real domain. Its first part may be made up.
func (o *observation) hostOf(i int) string {
	host := cmp.Or(o.textAt(i, "spec", "rules", "[0]", "host"), o.textAt(i, "spec", "hostnames", "[0]"))
	rule := hostRule.FindStringSubmatch(o.textAt(i, "spec", "routes", "[0]", "match"))
	if host == "" && rule != nil {
		host = rule[1]
	}
	host = strings.TrimPrefix(host, "*.")
	_, domain, ok := strings.Cut(host, ".")
	isReal := ok && strings.Contains(domain, ".") && !lineage.IsMade(domain) && !names.IsPlaceholder(host)
	if !isReal || !convention.IsHostPattern(host) {
		return ""
	}
	return host
}

// addDomain takes a host apart that is put together: the domain, which an application shares with others, and what
// stands before it, be it a value or the name of the release.
func (o *observation) addDomain(f *names.Facts) {
	var domain, host *located
	for _, finding := range o.result.Findings {
		for _, r := range finding.Reaches {
			isOneOfSeveral := isElement(finding.Path[len(finding.Path)-1])
			if r.Effect != lineage.Inside || !isHostField(f.Sheet, r) || o.unrelated[r.Object] || isOneOfSeveral {
				continue
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
	o.take(f, "ingress.domain", convention.Value{Path: o.sibling.PathOf(domain.way)}, *domain)
	switch {
	case host == nil:
		delete(f.Values, "ingress.hosts") // names in front of the domain
	case !slices.ContainsFunc(host.way, isElement): // else the list has other settings, which are unknown
		path := o.sibling.PathOf(host.way)
		o.take(f, "ingress.hosts", convention.Value{Path: path, Shape: convention.HostsSingle}, *host)
	}
}
