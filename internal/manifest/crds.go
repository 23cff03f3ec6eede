package manifest

import (
	_ "embed"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// crdFields says which fields the spec of a custom resource has, by its kind.
//
//go:embed crds.yaml
var crdFields []byte

// customResource is an object whose spec crdFields knows.
type customResource struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              any `json:"spec"`
	Status            any `json:"status,omitempty"`
}

func (p *problems) checkCustomResource(o Object) {
	kinds, err := Parse("crds.yaml", crdFields)
	if err != nil {
		p.add("", "%v", err)
		return
	}
	p.checkFields("spec", o.Get("spec"), kinds[0].Get(o.Kind()))
	switch o.Kind() {
	case "ServiceMonitor":
		p.addIf(len(o.List("spec", "endpoints")) == 0, "spec.endpoints", "has no entry: nothing would be scraped")
	case "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute":
		p.checkGatewayRoute(o)
	case "PodMonitor":
		list := o.List("spec", "podMetricsEndpoints")
		p.addIf(len(list) == 0, "spec.podMetricsEndpoints", "has no entry: nothing would be scraped")
	case "Certificate":
		p.checkCertificate(o)
	}
}

// checkFields compares a value with what stands for it in crdFields.
func (p *problems) checkFields(at string, value, known any) {
	if value == nil || known == nil {
		return
	}
	if reflect.TypeOf(value) != reflect.TypeOf(known) {
		p.add(at, "is of the wrong type, expected %s", plainType(reflect.TypeOf(known).String()))
		return
	}
	switch known := known.(type) {
	case map[string]any:
		fields := value.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			below, ok := known[name]
			if !ok {
				below, ok = known["<name>"]
			}
			p.addIf(!ok, at+"."+name, "unknown field")
			p.checkFields(at+"."+name, fields[name], below)
		}
	case []any:
		for here, item := range elements(at, value.([]any)) {
			p.checkFields(here, item, known[0])
		}
	}
}

// parts gives the maps in a list of an object with their paths.
func parts(at string, list []any) iter.Seq2[string, Object] {
	return func(yield func(string, Object) bool) {
		for here, item := range elements(at, list) {
			if fields, ok := item.(map[string]any); ok && !yield(here, Object{Fields: fields}) {
				return
			}
		}
	}
}

func (p *problems) checkGatewayRoute(o Object) {
	p.addIf(len(o.List("spec", "parentRefs")) == 0 && o.Text("spec", "useDefaultGateways") == "",
		"spec.parentRefs", "has no entry: no Gateway would take the route")
	for here, parent := range parts("spec.parentRefs", o.List("spec", "parentRefs")) {
		p.required(here+".name", parent.Text("name"))
	}
	for here, host := range elements("spec.hostnames", o.List("spec", "hostnames")) {
		p.checkHost(here, fmt.Sprint(host))
	}
	for at, rule := range parts("spec.rules", o.List("spec", "rules")) {
		for here, match := range parts(at+".matches", rule.List("matches")) {
			oneOf(p, here+".path.type", match.Text("path", "type"), "PathPrefix", "Exact", "RegularExpression")
		}
		for here, backend := range parts(at+".backendRefs", rule.List("backendRefs")) {
			p.required(here+".name", backend.Text("name"))
			kind, port := backend.Text("kind"), backend.Get("port")
			p.addIf((port == nil || port == int64(0)) && (kind == "" || kind == "Service"), here+".port", "is missing")
		}
	}
}

func (p *problems) checkCertificate(o Object) {
	p.required("spec.secretName", o.Text("spec", "secretName"))
	p.required("spec.issuerRef.name", o.Text("spec", "issuerRef", "name"))
	for _, subject := range []string{
		"commonName", "literalSubject", "dnsNames", "ipAddresses", "uris", "emailAddresses", "otherNames",
	} {
		if o.Text("spec", subject) != "" || len(o.List("spec", subject)) > 0 {
			return
		}
	}
	p.add("spec", "names nothing that the certificate is for: dnsNames is missing")
}
