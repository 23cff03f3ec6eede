package convention

import (
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// raiseDefaults takes example values that stand in no values file from what was
// rendered: classes, issuers and domains that templates have as literals. Those
// of a stranger's chart that the sibling wraps do not count.
func (o *observation) raiseDefaults(f *facts) {
	s := o.sibling
	if s.wrapped != nil && !strings.HasPrefix(s.wrapped.repository, "file://") {
		return
	}
	d := &f.defaults
	before := *d
	sc := newScan(s.values, s.name, s.others)
	sc.detect()
	for i, ref := range o.result.Refs {
		object := o.result.Objects[i]
		if !o.isRelated(ref) {
			continue
		}
		switch {
		case ref.Kind == RouteIngress, ref.Kind == RouteHTTPRoute:
			d.readRoute(object)
			if host := hostOf(object); d.HostPattern == "" && host != "" {
				d.HostPattern, d.Domain = s.hostPattern(host, sc)
			}
		case ref.Kind == "PersistentVolumeClaim":
			d.StorageClass = firstOf(d.StorageClass, literalText(object.Text("spec", "storageClassName")))
		case ref == o.workload:
			d.StorageClass = firstOf(d.StorageClass, literalText(object.Text("spec", "volumeClaimTemplates", "0", "spec", "storageClassName")))
		}
	}
	if d.Confidence == "" && (d.HostPattern != before.HostPattern || d.IngressClass != before.IngressClass ||
		d.ClusterIssuer != before.ClusterIssuer || d.StorageClass != before.StorageClass) {
		d.Fact = o.seen(o.workload, "as rendered")
	}
}

// readRoute takes class and issuer of a rendered route.
func (d *Defaults) readRoute(object manifest.Object) {
	annotations := object.Annotations()
	d.IngressClass = firstOf(d.IngressClass, literalText(object.Text("spec", "ingressClassName")), literalText(annotations[classAnnotation]))
	if d.ClusterIssuer != "" {
		return
	}
	for _, name := range issuerAnnotations {
		if issuer := literalText(annotations[name]); issuer != "" {
			d.ClusterIssuer, d.ClusterIssuerAnnotation = issuer, name
			if d.IngressAnnotations == nil {
				d.IngressAnnotations = map[string]string{}
			}
			d.IngressAnnotations[name] = issuer
			return
		}
	}
}

// literalText gives a text that no experiment made up and that can be a name.
func literalText(text string) string {
	if lineage.IsMade(text) || !objectName.MatchString(text) || text == "-" || text == "default" {
		return ""
	}
	return text
}

// hostOf gives the first host of a route, if it is one of a real domain. Its
// first part may be made up.
func hostOf(object manifest.Object) string {
	hosts := []string{object.Text("spec", "rules", "0", "host"), object.Text("spec", "hostnames", "0")}
	i := slices.IndexFunc(hosts, func(h string) bool { return h != "" })
	if i < 0 {
		return ""
	}
	host := strings.TrimPrefix(hosts[i], "*.")
	_, domain, ok := strings.Cut(host, ".")
	if !ok || !strings.Contains(domain, ".") || lineage.IsMade(domain) || placeholderHost.MatchString(host) || !hostPattern.MatchString(host) {
		return ""
	}
	return host
}
