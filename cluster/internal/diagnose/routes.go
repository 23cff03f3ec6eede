package diagnose

import (
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// service says where a Service leads nowhere.
func (in *inspector) service(s core.Service) {
	object := "Service " + s.Name
	if s.Spec.Type == core.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
		f := Finding{
			Name: "load-balancer", Object: object,
			Detail: "it is of type LoadBalancer and has no address: nobody in the cluster gives it one",
			Remedy: "install a load balancer (MetalLB, kube-vip, the cloud's own), or choose media.type NodePort " +
				"and service.type ClusterIP",
		}
		if e, ok := in.lastEvent("Service", s.Name, "SyncLoadBalancerFailed", "AllocationFailed"); ok {
			f.Detail = "it is of type LoadBalancer and has no address: " + oneLine(e.Message)
		}
		in.add(f)
	}
	if len(s.Spec.Selector) == 0 || len(in.pods) == 0 {
		return
	}
	if !slices.ContainsFunc(in.pods, func(p core.Pod) bool { return kube.Selects(s.Spec.Selector, p.Labels) }) {
		in.add(Finding{
			Name: noEndpoints, Object: object,
			Detail: fmt.Sprintf("its selector (%s) matches no pod", labels.Set(s.Spec.Selector)),
			Remedy: "make the selector fit the pods' labels: kubectl -n " + in.namespace + " get pods --show-labels",
		})
	}
}

// ingress says why an Ingress is served by nobody.
func (in *inspector) ingress(i networking.Ingress) {
	object := "Ingress " + i.Name
	for _, t := range i.Spec.TLS {
		if t.SecretName != "" && !in.secrets.unknown && !in.secrets.names[t.SecretName] && !isIssued(i) {
			in.add(Finding{Name: ingressTLS, Object: object,
				Detail: fmt.Sprintf("its certificate is to be in the Secret %s, which is not there", t.SecretName),
				Remedy: "make the Secret, or let cert-manager do it: add its annotation to ingress.annotations"})
		}
	}
	if len(i.Status.LoadBalancer.Ingress) > 0 {
		return
	}
	var names []string
	for _, c := range in.ingressClasses {
		names = append(names, c.Name)
	}
	f := Finding{Name: ingressClass, Object: object}
	class := i.Spec.IngressClassName
	switch {
	case class == nil && i.Annotations["kubernetes.io/ingress.class"] != "":
		return // the old way of naming a controller: nothing says which there are
	case len(names) == 0:
		f.Name = noController
		f.Detail = "the cluster has no ingress controller (no IngressClass)"
		f.Remedy = "install one, or switch the Ingress off (ingress.enabled)"
		if class != nil {
			f.Detail = fmt.Sprintf("it asks for class %s, and %s", *class, f.Detail)
		}
	case class != nil && !slices.Contains(names, *class):
		f.Detail = fmt.Sprintf("it asks for class %s, and the cluster has %s", *class, strings.Join(names, ", "))
		f.Remedy = "set ingress.className to one of: " + strings.Join(names, ", ")
	default:
		return
	}
	in.add(f)
}

// isIssued says that cert-manager makes the certificate in its own time.
func isIssued(i networking.Ingress) bool {
	for name := range i.Annotations {
		if strings.HasPrefix(name, "cert-manager.io/") {
			return true
		}
	}
	return false
}
