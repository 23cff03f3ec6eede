package diagnose

import (
	"strings"

	core "k8s.io/api/core/v1"
)

// owners looks at what keeps Deployments and the like from making pods at all.
func (in *inspector) owners() {
	for _, e := range in.events {
		if e.Reason != "FailedCreate" || e.Type != core.EventTypeWarning || in.hasPods(e.InvolvedObject.Name) {
			continue
		}
		in.add(refusal(e.InvolvedObject.Kind+" "+e.InvolvedObject.Name, e.Message))
	}
}

// hasPods says that pods were made after all.
func (in *inspector) hasPods(owner string) bool {
	for _, p := range in.pods {
		for _, o := range p.OwnerReferences {
			if o.Name == owner {
				return true
			}
		}
	}
	return false
}

// refusal is a finding about an object that the API server does not let in. The
// texts are those of its admission plugins.
func refusal(object, message string) Finding {
	f := Finding{Object: object, Detail: oneLine(message), Final: true}
	switch {
	case strings.Contains(message, "violates PodSecurity"):
		f.Name = "pod-security"
		f.Remedy = "choose settings that the namespace's Pod Security level allows (no host network and no host " +
			"ports: media.type NodePort or LoadBalancer; podSecurityContext and securityContext as the chart has " +
			"them), or a namespace with another pod-security.kubernetes.io/enforce label"
	case strings.Contains(message, "exceeded quota"), strings.Contains(message, "failed quota"):
		f.Name = "quota"
		f.Remedy = "set resources (requests and limits) to what the namespace's ResourceQuota leaves, or have the " +
			"quota raised: kubectl describe resourcequota"
	case strings.Contains(message, "limitrange"), strings.Contains(message, "LimitRange"), strings.Contains(message,
		"usage per"):
		f.Name = "limit-range"
		f.Remedy = "set resources within the namespace's LimitRange: kubectl describe limitrange"
	case strings.Contains(message, "serviceaccount") && strings.Contains(message, "not found"):
		f.Name = "missing-service-account"
		f.Remedy = "let the chart make it (serviceAccount.create), or name one that is there (serviceAccount.name)"
	case strings.Contains(message, "admission webhook"):
		f.Name = "webhook"
		f.Remedy = "do what the cluster's policy asks for; the webhook's name in the message says whose it is"
	default:
		f.Name = "refused"
		f.Remedy = "change what the message names"
	}
	return f
}
