package scaffolding

import (
	"cmp"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// kinds are the kinds of object that the embedded chart's templates hold, for the repository's names of files.
var kinds = map[string]string{
	"_helpers.tpl":        "helpers",
	"configmap.yaml":      "ConfigMap",
	"secret.yaml":         "Secret",
	"service.yaml":        "Service",
	"serviceaccount.yaml": "ServiceAccount",
	"ingress.yaml":        "Ingress",
	"ingressroute.yaml":   "IngressRoute",
	"pvc.yaml":            "PersistentVolumeClaim",
	"httproute.yaml":      "HTTPRoute",
	"hpa.yaml":            "HorizontalPodAutoscaler",
	"pdb.yaml":            "PodDisruptionBudget",
	"servicemonitor.yaml": "ServiceMonitor",
	"podmonitor.yaml":     "PodMonitor",
	"prometheusrule.yaml": "PrometheusRule",
	"networkpolicy.yaml":  "NetworkPolicy",
}

// fileName gives the repository's name of one of the embedded chart's files.
func (p *Paths) fileName(name string) string {
	below, ok := strings.CutPrefix(name, "templates/")
	if !ok {
		return name
	}
	kind := kinds[below]
	if below == "deployment.yaml" {
		kind = p.workload()
		below = strings.ToLower(kind) + ".yaml"
	}
	if named := p.convention.Files.Templates[kind]; named != "" && kind != "" {
		return "templates/" + named
	}
	if ext := p.convention.Files.Extension; ext != "" && strings.HasSuffix(below, ".yaml") {
		below = strings.TrimSuffix(below, "yaml") + ext
	}
	return "templates/" + below
}

// unused reports whether a template is for another kind of route than the repository's.
func (p *Paths) unused(name string) bool {
	traefik := p.convention.Kinds.Route == convention.RouteIngressRoute
	return name == "templates/ingress.yaml" && traefik || name == "templates/ingressroute.yaml" && !traefik
}

func (p *Paths) workload() string { return cmp.Or(p.convention.Kinds.Workload, "Deployment") }
