package convert

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// backendName is what the BackendConfig is called. The annotation of the Service
// names it, and takes no template, so it is the same in every release.
const backendName = "livekit-backend"

// cloud says what upstream's templates make of a loadBalancer.type, as rendered
// with chart 1.9.0. A type that is not among clouds gets a bare Ingress.
type cloud struct {
	serviceType string
	annotations map[string]any // of the Service
	className   string
	// noIngress says that the Service itself leads in.
	noIngress bool
	// backend says that there is a BackendConfig, and neg which groups of endpoints
	// the Service asks for, with {port} for the port.
	backend bool
	neg     string
}

var clouds = map[string]cloud{
	"disable": {noIngress: true},
	"alb":     {serviceType: "NodePort"},
	"aws": {serviceType: "LoadBalancer", annotations: map[string]any{
		"service.beta.kubernetes.io/aws-load-balancer-backend-protocol": "http",
		"service.beta.kubernetes.io/aws-load-balancer-type":             "nlb",
	}},
	"do":               {serviceType: "NodePort", className: "nginx"},
	"gke":              {serviceType: "NodePort", backend: true},
	"gke-managed-cert": {serviceType: "NodePort", backend: true},
	"gke-vpc-native":   {backend: true, neg: `{"ingress": true}`},
	"gclb": {serviceType: "NodePort", backend: true, noIngress: true,
		neg: `{"exposed_ports": {"{port}":{}}}`},
}

// loadBalancer makes plain settings of loadBalancer.type and what goes with it.
func (c *converter) loadBalancer() {
	kind := text(c.all, "loadBalancer", "type")
	cloud := clouds[kind]
	port := c.get("loadBalancer.servicePort")
	c.set("service.type", cmp.Or(cloud.serviceType, "ClusterIP"), "loadBalancer.type")
	c.set("service.port", port, "loadBalancer.servicePort")
	annotations := map[string]any{}
	maps.Copy(annotations, cloud.annotations)
	if cloud.backend {
		annotations["cloud.google.com/backend-config"] = fmt.Sprintf(`{"ports": {"%v":"%s"}}`, port, backendName)
		c.set("extraObjects", []any{map[string]any{
			"apiVersion": "cloud.google.com/v1",
			"kind":       "BackendConfig",
			"metadata":   map[string]any{"name": backendName},
			"spec":       c.get("gcp.backendConfig"),
		}}, "loadBalancer.type", "gcp.backendConfig")
	} else {
		c.lose("gcp.backendConfig", fmt.Sprintf("loadBalancer.type %s has no BackendConfig", kind))
	}
	if cloud.neg != "" {
		annotations["cloud.google.com/neg"] = strings.ReplaceAll(cloud.neg, "{port}", fmt.Sprint(port))
	}
	c.replace("service.annotations", annotations, "loadBalancer.type")
	if cloud.noIngress {
		c.mediaPorts()
		c.noIngress(kind)
		return
	}
	c.ingress(kind, cloud)
}

// mediaPorts opens the ports that upstream's Service has for media where it leads
// in by itself.
func (c *converter) mediaPorts() {
	port := func(name string, number any, protocol string) map[string]any {
		return map[string]any{"name": name, "port": number, "targetPort": name, "protocol": protocol}
	}
	var ports []any
	if tcp := c.get("livekit.rtc.tcp_port"); yamldoc.IsSet(tcp) {
		ports = append(ports, port("rtc-tcp", tcp, "TCP"))
	}
	udp := c.get("livekit.rtc.udp_port")
	if _, isText := udp.(string); yamldoc.IsSet(udp) && !isText && !c.has("livekit.rtc.port_range_start") {
		ports = append(ports, port("rtc-udp", udp, "UDP"))
	}
	if len(ports) > 0 {
		c.add(scaffolding.Setting{Key: "service.extraPorts", Value: ports, From: []string{"loadBalancer.type"},
			Comment: "As upstream."})
	}
}

func (c *converter) noIngress(kind string) {
	c.set("ingress.enabled", false, "loadBalancer.type")
	for _, key := range []string{"annotations", "tls", "staticIpName", "certificateName", "clusterIssuer"} {
		if c.has("loadBalancer." + key) {
			c.lose("loadBalancer."+key, fmt.Sprintf("loadBalancer.type %s has no Ingress", kind))
		}
	}
}

// ingress makes the Ingress that upstream's templates make.
func (c *converter) ingress(kind string, cloud cloud) {
	hosts, certificates := c.hosts()
	c.set("ingress.enabled", len(hosts) > 0, "loadBalancer.type")
	if len(hosts) == 0 {
		c.note("loadBalancer.tls", "it names no host, and Kubernetes refuses the Ingress that upstream makes of "+
			"that: name one in ingress.hosts and set ingress.enabled")
		return
	}
	annotations := c.ingressAnnotations(kind, len(certificates) > 0)
	maps.Copy(annotations, table(c.all, "loadBalancer", "annotations"))
	c.set("ingress.className", cloud.className, "loadBalancer.type")
	c.replace("ingress.annotations", annotations, "loadBalancer.annotations", "loadBalancer.type",
		"loadBalancer.staticIpName", "loadBalancer.certificateName", "loadBalancer.clusterIssuer")
	c.set("ingress.hosts", hosts, "loadBalancer.tls")
	c.set("ingress.tls", certificates, "loadBalancer.tls")
}

// hosts gives the hosts and certificates in the canonical shapes.
func (c *converter) hosts() (hosts, certificates []any) {
	entries, _ := c.get("loadBalancer.tls").([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		names, _ := entry["hosts"].([]any)
		for _, name := range names {
			path := map[string]any{"path": "/", "pathType": "Prefix"}
			hosts = append(hosts, map[string]any{"host": name, "paths": []any{path}})
		}
		certificate := map[string]any{"hosts": names}
		if yamldoc.IsSet(entry["secretName"]) {
			certificate["secretName"] = entry["secretName"]
		}
		certificates = append(certificates, certificate)
	}
	return hosts, certificates
}

// ingressAnnotations are those that upstream's templates add to the user's.
func (c *converter) ingressAnnotations(kind string, hasTLS bool) map[string]any {
	out := map[string]any{}
	add := func(annotation, key, otherwise string) {
		if value := cmp.Or(text(c.all, "loadBalancer", key), otherwise); value != "" {
			out[annotation] = value
		}
	}
	unused := []string{"clusterIssuer", "staticIpName", "certificateName"}
	switch kind {
	case "alb":
		out["kubernetes.io/ingress.class"] = "alb"
		out["alb.ingress.kubernetes.io/scheme"] = "internet-facing"
		if hasTLS {
			out["alb.ingress.kubernetes.io/listen-ports"] = `[{"HTTPS":443}]`
		}
	case "do":
		add("cert-manager.io/cluster-issuer", "clusterIssuer", "")
		unused = unused[1:]
	case "gke-managed-cert":
		out["kubernetes.io/ingress.class"] = "gce"
		add("kubernetes.io/ingress.global-static-ip-name", "staticIpName", "")
		add("networking.gke.io/managed-certificates", "certificateName", "managed-cert")
		unused = unused[:1]
	}
	for _, key := range unused {
		c.lose("loadBalancer."+key, fmt.Sprintf("loadBalancer.type %s does not use it", kind))
	}
	return out
}
